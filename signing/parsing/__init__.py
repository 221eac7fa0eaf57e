"""Our own reader of PDF structure, kept apart from pyHanko's so that two readers must agree."""
