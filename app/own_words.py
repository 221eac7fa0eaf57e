"""The sentence that an error brings itself, its places filled, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime

from app.display import beijing
from app.text import _
from guarantees.errors import GuaranteeError
from signing.seal.passphrase import FAULTS
from signing.seal.private_keys import WeakPassphrase
from signing.timekeeper.refusals import REFUSALS, TimekeeperRefused

_ECHOED = frozenset({"given", "character"})
"""Fields that repeat what somebody typed: never looked up in a catalogue."""


def own_words(error: BaseException) -> str:
    """Empty if the error has none."""
    match error:
        case GuaranteeError():
            return _(error.text) % shown(error.parameters)
        case TimekeeperRefused() if error.code in REFUSALS:
            return _(REFUSALS[error.code]) % shown(error.detail)
        case WeakPassphrase():
            return "".join(_(FAULTS[fault]) for fault in error.faults)
        case _:
            return ""


def shown(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields as people read them: moments in Beijing time, marked texts translated."""
    return {name: value if name in _ECHOED else _shown(value) for name, value in fields.items()}


def _shown(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return beijing(value)
    return _(value) if isinstance(value, str) and value else value
