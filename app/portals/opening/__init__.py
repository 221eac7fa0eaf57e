"""The opening room of procurers and agencies."""
