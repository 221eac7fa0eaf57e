"""What a handler raises for a message that has to wait."""

from datetime import datetime


class Later(Exception):
    """Nothing failed, but it can't be done now: look again at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until
