"""What every command shares: arguments with one-line errors, and the error that ends a command."""

import argparse
from typing import NoReturn


class CommandError(Exception):
    """Ends a command: `message` goes to standard error as one line, `status` is the exit status.

    The message says what is wrong, where, and what to do; it ends the sentence that begins with
    the command's name.
    """

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Arguments(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line and never guesses at abbreviations."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(prog=f"./baohan {command}", description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Bad arguments: one line, exit status 2."""
        raise CommandError(f"{message} (./baohan {self.prog.split()[-1]} --help says more)")
