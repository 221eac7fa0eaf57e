"""A person's authenticator: its secret stands in the person's row, sealed by the vault.

`totp_step` 0 with a secret: offered, not yet confirmed by a first code.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.records.person import Person
from guarantees.values import one_time_codes

SIZE = (4 * 1024,)
PURPOSE = "authenticator"


def enrolled(person: Person) -> bool:
    return person.totp_secret is not None and person.totp_step > 0


def offer(session: Session, person: Person) -> None:
    """A fresh secret for the person to enrol; one that was offered before is void."""
    place(session, person, one_time_codes.new_secret())
    person.totp_step = 0


def place(session: Session, person: Person, secret: str) -> None:
    person.totp_secret = session.info["vault"].seal(
        PURPOSE, secret.encode(), person.id.encode(), SIZE
    )


def remove(person: Person) -> None:
    person.totp_secret, person.totp_step = None, 0


def secret_of(session: Session, person: Person) -> str | None:
    if person.totp_secret is None:
        return None
    opened: bytes = session.info["vault"].open(PURPOSE, person.totp_secret, person.id.encode())
    return opened.decode()


def accept(session: Session, person: Person, typed: str, now: datetime) -> bool:
    """Whether `typed` is a code that counts now; if so it is used up (RFC 6238 section 5.2).

    The person's row must be locked: of two at once the second finds the step used.
    """
    secret = secret_of(session, person)
    step = secret and one_time_codes.matching_step(secret, typed, now, person.totp_step)
    if not step:
        return False
    person.totp_step = step
    return True
