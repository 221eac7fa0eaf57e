"""The house: settings and ports that one process works with, made once at its start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.adapters.database import Sessions
from app.adapters.log import Log, no_log
from app.settings import Settings
from guarantees.ports import (
    Files,
    LetterFactory,
    Mailer,
    PaymentGateway,
    Printable,
    Verifier,
    anything_prints,
)
from signing.timekeeper.protocol import Timekeeper


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    settings: Settings
    sessions: Sessions
    files: Files
    gateway: PaymentGateway
    letters: LetterFactory
    timekeeper: Timekeeper
    verifier: Verifier
    mailer: Mailer
    recovery_key: bytes
    """Public half of the recovery key (sealing.md step 6)."""
    now: Callable[[], datetime] = clock
    printable: Printable = anything_prints
    """Refuses names that the letter fonts cannot draw, before anybody pays for a letter."""
    log: Log = field(default_factory=no_log)
    """Where nothing is published, its default; what is pending then waits."""
