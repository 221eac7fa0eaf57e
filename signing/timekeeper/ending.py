"""How openings end otherwise than by being opened: bids withdrawn, tenders failed (step 11).

    erasing --ERASE_DELAY--> erased        keep: back to where it was

Two people ask for an erasure. Until it takes effect nothing is released, it can be taken back, and
the letters' shares can be wrapped to the recovery key for the legal years of keeping. Once such a
share has gone out before T the erasure stands: else the recovery key could open letters early.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import faults
from signing.seal.envelope import Recipient
from signing.seal.shares import archive_st
from signing.timekeeper import checks
from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.clock import ClockRule
from signing.timekeeper.desk import Desk, journaled
from signing.timekeeper.journal import Event, Journal
from signing.timekeeper.protocol import ERASE_REASONS, Refusal, ReleaseRequest
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.store import KeyStore
from signing.timekeeper.times import to_text

ERASE_DELAY = timedelta(hours=72)
"""Time for others to notice a wrong erasure, which nothing can undo."""

ERASING = faults.declare("timekeeper.erase.journaled")
UNWRAPPED = faults.declare("timekeeper.shares.unwrapped")

log = logging.getLogger("signing.timekeeper")


class Ending(Desk):
    """A desk that withholds, erases and archives."""

    def __init__(
        self,
        store: KeyStore,
        journal: Journal,
        events: Sequence[Event],
        clock: ClockRule,
        recovery_key: bytes | None,
    ) -> None:
        super().__init__(journal, events, clock)
        self._store = store
        self._recovery = recovery_key
        openings = self._state.openings.items()
        self._unfinished = {opening for opening, known in openings if known.erased}
        """Erased by the journal, perhaps not yet in the store."""

    # --- withdrawn

    @journaled
    def withhold(self, wrap_digest: bytes, requested_by: str, *, peer: int | None = None) -> None:
        """See Timekeeper."""
        by = checks.name(requested_by, "requested_by")
        if len(wrap_digest) != 32:
            raise TimekeeperRefused("bad_request", reason="a digest has 32 bytes")
        digest = wrap_digest.hex()
        if digest not in self._state.withheld:
            self._write("withheld", {"digest": digest, "requested_by": by, "peer": peer})

    # --- failed or cancelled

    @journaled
    def erase(
        self,
        opening: str,
        reason: str,
        requested_by: str,
        confirmed_by: str,
        *,
        peer: int | None = None,
    ) -> datetime:
        """See Timekeeper."""
        by = checks.name(requested_by, "requested_by")
        second = checks.name(confirmed_by, "confirmed_by")
        if reason not in ERASE_REASONS:
            allowed = " or ".join(sorted(ERASE_REASONS))
            raise TimekeeperRefused("bad_request", reason=f"reason is {allowed}")
        if by == second:
            raise TimekeeperRefused("same_person")
        known = self._state.of(opening)
        if known.erasure_due is not None:
            return known.erasure_due
        due = self._now() + ERASE_DELAY
        fields = {"opening": opening, "reason": reason, "due": to_text(due)}
        people = {"requested_by": by, "confirmed_by": second, "peer": peer}
        self._write("erasing", fields | people)
        return due

    @journaled
    def keep(self, opening: str, requested_by: str, *, peer: int | None = None) -> None:
        """See Timekeeper."""
        by = checks.name(requested_by, "requested_by")
        known = self._state.unerased(opening)
        if known.archived_early:
            raise TimekeeperRefused("archived", opening=opening)
        if known.erasing:
            self._write("kept", {"opening": opening, "requested_by": by, "peer": peer})

    def tend(self) -> None:
        """Erases what is due. While clock or journal cannot be relied on it waits."""
        with self.lock:
            try:
                self._erase_due()
            except TimekeeperRefused as refused:
                log.warning("an erasure waits: %s", refused.code)
            for opening in list(self._unfinished):
                self._erase_key(opening)

    def _erase_due(self) -> None:
        pending = {o: known for o, known in self._state.openings.items() if known.erasing}
        if not pending:
            return
        now = self._confirmed_now()
        for opening, known in pending.items():
            if known.erasure_due is not None and known.erasure_due <= now:
                self._write("erased", {"opening": opening})
                self._unfinished.add(opening)
                faults.point(ERASING)

    def _erase_key(self, opening: str) -> None:
        try:
            self._store.erase(opening)
        except OSError as error:
            log.warning("a key could not be erased yet: %s", error.strerror)
        else:
            self._unfinished.discard(opening)

    # --- kept for the recovery key

    def archive(
        self, opening: str, requests: Sequence[ReleaseRequest], *, peer: int | None = None
    ) -> list[bytes | Refusal]:
        """See Timekeeper."""
        return self._archive(opening, requests, self._asked(opening), peer=peer)

    @journaled
    def _archive(
        self,
        opening: str,
        requests: Sequence[ReleaseRequest],
        answers: Mapping[str, Any],
        *,
        peer: int | None = None,
    ) -> list[bytes | Refusal]:
        checks.batch(requests)
        if self._recovery is None:
            raise TimekeeperRefused("no_recovery_key")
        known = self._state.unerased(opening)
        confirmed = self._clock.take(answers)
        early = not self._has_come(known.certificate)
        if early and not known.erasing:
            self._check_time(known.certificate)
        key, to = self._key_of(opening), Recipient.of("recovery", self._recovery)
        shares = [self._archived(request, key, to, known.erasing) for request in requests]
        ahead = early and any(isinstance(share, bytes) for share in shares)
        fields = {"early": ahead, "clock": confirmed, "peer": peer}
        return self._answered("archived", opening, requests, shares, fields)

    def _archived(
        self, request: ReleaseRequest, key: X25519PrivateKey, to: Recipient, erasing: bool
    ) -> bytes | Refusal:
        if not erasing and request.digest.hex() not in self._state.withheld:
            return Refusal("not_withheld")
        st = checks.share(request, key)
        return st if isinstance(st, Refusal) else archive_st(st, request, to)

    def _has_come(self, certificate: OpeningCertificate) -> bool:
        try:
            self._check_time(certificate)
        except TimekeeperRefused:
            return False
        return True

    # --- what releasing needs, too

    def _answered(
        self,
        event: str,
        opening: str,
        requests: Sequence[ReleaseRequest],
        shares: list[bytes | Refusal],
        fields: dict[str, Any],
    ) -> list[bytes | Refusal]:
        """The shares, once it is written down for each wrap whether it was `event` or why not."""
        faults.point(UNWRAPPED)
        told = {"opening": opening, "wraps": checks.outcomes(requests, shares, event)}
        self._write(event, told | fields)
        return shares

    def _asked(self, opening: str) -> Mapping[str, Any]:
        """The authorities' answers; none is troubled while our own clock refuses anyway."""
        with self.lock:
            known = self._state.openings.get(opening)
            early = known is None or self._clock.now() < known.certificate.opening_time
        return {} if early else self._clock.ask()

    def _key_of(self, opening: str) -> X25519PrivateKey:
        key = self._store.opening_key(opening)
        if key is None:
            raise TimekeeperRefused("key_missing", opening=opening)
        return key
