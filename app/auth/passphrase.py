"""Passphrases typed at an opening: counted per person and organisation, wrong ones recorded."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.auth.login import limits
from app.context import now, write
from guarantees.errors import OtherKeyNeeded, PassphraseRefused
from guarantees.flow import open_lot
from guarantees.values.actor import Actor


@contextmanager
def counted_try(actor: Actor, lot: str) -> Iterator[None]:
    """Around what judges the passphrase; PassphraseResting before it is looked at.

    Only PassphraseRefused itself says that it was wrong.
    """
    tries = limits().passphrases
    tries.charge(actor, now())
    try:
        yield
    except OtherKeyNeeded:  # right, but of another key than what is left needs
        tries.refund(actor)
        raise
    except PassphraseRefused:
        write("passphrase", open_lot.note_refused, actor, now(), lot)
        raise
    except BaseException:
        tries.refund(actor)
        raise
    tries.refund(actor)
