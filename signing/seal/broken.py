"""The one error of opening, and how everything becomes it."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from cryptography.exceptions import InvalidTag

from signing.errors import SigningError

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class SealBroken(SigningError):
    """Something sealed does not open. Deliberately says nothing more: no cause, no place, no field.

    Whoever could tell a wrong share from a flipped byte or a bad padding could learn from it.
    """

    def __init__(self) -> None:
        super().__init__("sealed data cannot be opened")


def opaque(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Lets a function fail as SealBroken only; what it had in its hands goes with its frame."""

    @functools.wraps(function)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        try:
            return function(*args, **kwargs)
        except (InvalidTag, ValueError, SealBroken):
            pass
        del args, kwargs
        raise SealBroken  # outside the handler: the real error is neither cause nor context

    return guarded
