"""`python -m app.cli COMMAND …`: finds the command, runs it, turns failures into one line."""

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from app.cli.arguments import CommandError
from app.cli.commands import COMMANDS, module_name

TRACEBACK = "BAOHAN_TRACEBACK"  # set to 1, an unexpected failure shows where it came from
BROKEN_PIPE = 141  # 128 + SIGPIPE: what a shell reports of a writer whose reader went away
INTERRUPTED = 130  # 128 + SIGINT


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit status; bad input is 2 and one line on standard error."""
    if not argv or argv[0] not in COMMANDS:
        given = f"unknown command {argv[0]!r}" if argv else "no command given"
        print(f"baohan: {given}; there are: {' '.join(COMMANDS)}", file=sys.stderr)
        return 2
    command = argv[0]
    try:
        return load(command)(list(argv[1:]))
    except CommandError as error:
        return failed(command, error.message, error.status)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is left in the buffer has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return failed(command, unexpected(error), 1)


def load(command: str) -> Callable[[list[str]], int]:
    """The command's `main`; only this one command is imported, so that each starts quickly."""
    name = module_name(command)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise CommandError("this version does not have the command yet") from None
    return cast(Callable[[list[str]], int], module.main)


def failed(command: str, message: str, status: int) -> int:
    """Say in one line what ended the command."""
    print(f"baohan {command}: {' '.join(message.split())}", file=sys.stderr)
    return status


def unexpected(error: Exception) -> str:
    """What a person needs to report a fault of ours: type, words and place."""
    if os.environ.get(TRACEBACK) == "1":
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"unexpected {type(error).__name__} at {place}: {error} (set {TRACEBACK}=1 to see more)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
