"""The timekeeper's client with a fault point around every call that changes something."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from signing import faults
from signing.timekeeper import client
from signing.timekeeper.protocol import (
    ClockStatus,
    OpeningCertificate,
    Refusal,
    ReleaseRequest,
)

BEFORE = faults.declare("timekeeper.client.before_call")
AFTER = faults.declare("timekeeper.client.after_call")


QUICK = 3.0
"""Seconds to tell its time: pages and watchers wait for the answer."""


class TimekeeperClient(client.TimekeeperClient):
    """Satisfies signing.timekeeper.protocol.Timekeeper."""

    def __init__(self, path: Path, timeout: float = client.TIMEOUT) -> None:
        super().__init__(path, timeout)
        self._quick = client.TimekeeperClient(path, QUICK)

    def status(self) -> ClockStatus:
        return self._quick.status()

    def register(self, lot: str, opening_time: datetime, deadline: datetime) -> OpeningCertificate:
        faults.point(BEFORE)
        certificate = super().register(lot, opening_time, deadline)
        faults.point(AFTER)
        return certificate

    def postpone(self, opening: str, new_time: datetime, requested_by: str) -> OpeningCertificate:
        faults.point(BEFORE)
        certificate = super().postpone(opening, new_time, requested_by)
        faults.point(AFTER)
        return certificate

    def release(self, opening: str, requests: Sequence[ReleaseRequest]) -> list[bytes | Refusal]:
        faults.point(BEFORE)
        shares = super().release(opening, requests)
        faults.point(AFTER)
        return shares

    def withhold(self, wrap_digest: bytes, requested_by: str) -> None:
        faults.point(BEFORE)
        super().withhold(wrap_digest, requested_by)
        faults.point(AFTER)

    def erase(self, opening: str, reason: str, requested_by: str, confirmed_by: str) -> datetime:
        faults.point(BEFORE)
        due = super().erase(opening, reason, requested_by, confirmed_by)
        faults.point(AFTER)
        return due

    def keep(self, opening: str, requested_by: str) -> None:
        faults.point(BEFORE)
        super().keep(opening, requested_by)
        faults.point(AFTER)

    def archive(self, opening: str, requests: Sequence[ReleaseRequest]) -> list[bytes | Refusal]:
        faults.point(BEFORE)
        shares = super().archive(opening, requests)
        faults.point(AFTER)
        return shares
