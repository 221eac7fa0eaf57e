"""Passphrases typed at an opening: counted per person and organisation, wrong ones recorded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from app.auth.login import limits
from app.context import now, write
from guarantees.errors import OtherKeyNeeded, PassphraseRefused
from guarantees.flow import open_lot
from guarantees.values.actor import Actor

Note = Callable[[Session, Actor, datetime, str], None]


@contextmanager
def counted_try(
    actor: Actor, lot: str, note: Note | None = open_lot.note_refused
) -> Iterator[None]:
    """Around what judges the passphrase; PassphraseResting before it is looked at.

    Only PassphraseRefused itself says that it was wrong; `note` then writes it down.
    """
    tries = limits().passphrases
    tries.charge(actor, now())
    try:
        yield
    except OtherKeyNeeded:  # right, but of another key than what is left needs
        tries.refund(actor)
        raise
    except PassphraseRefused:
        if note is not None:
            write("passphrase", note, actor, now(), lot)
        raise
    except BaseException:
        tries.refund(actor)
        raise
    tries.refund(actor)
