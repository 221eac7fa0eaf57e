"""The timekeeper itself: what it does, refuses, and writes down before it answers.

One call at a time. Every change is journaled (durable) before its answer, every refusal too; what
cannot be journaled is refused. Keys are stored before the journal names them and erased after it
has said so, so that a crash between the two loses nothing and frees nothing. How openings end is in
ending.py.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import faults
from signing.seal.private_keys import make_key_pair
from signing.timekeeper import checks, escrow
from signing.timekeeper.certificate import OpeningCertificate, key_id_of
from signing.timekeeper.clock import ClockRule
from signing.timekeeper.desk import journaled
from signing.timekeeper.ending import Ending
from signing.timekeeper.journal import Event, Journal
from signing.timekeeper.protocol import ClockStatus, Refusal, ReleaseRequest, SourceStatus
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.store import KeyStore, StoreDamaged
from signing.timekeeper.times import to_text

KEY_STORED = faults.declare("timekeeper.register.key_stored")


class TimekeeperService(Ending):
    """Satisfies protocol.Timekeeper. `peer` is the caller's user id, for the journal."""

    def __init__(
        self,
        store: KeyStore,
        journal: Journal,
        events: Sequence[Event],
        clock: ClockRule,
        quorum: escrow.Quorum | None = None,
        recovery_key: bytes | None = None,
    ) -> None:
        """events: what the journal held at start. quorum: None makes no escrow copies.

        recovery_key: X25519 public key, 32 bytes, pinned; None: nothing can be archived.
        """
        super().__init__(store, journal, events, clock, recovery_key)
        self._quorum = quorum
        self._public = store.signing_key.public_key().public_bytes_raw()
        self._key_id = key_id_of(self._public)
        if events and events[0].fields.get("key_id") != self._key_id:
            raise StoreDamaged(Path("signing.key"), "is not the key that this journal began with")
        if not events:
            self._write("store_made", {"key_id": self._key_id, "public_key": self._public.hex()})
        self.tend()
        self._complete_copies()

    def _complete_copies(self) -> None:
        """Of keys that were made while no quorum was named, or before a copy was written."""
        if self._quorum is None:
            return
        signing = self._store.signing_key.private_bytes_raw()
        if self._store.escrow(escrow.SIGNING) is None:
            copy = escrow.escrow(self._quorum, escrow.SIGNING, signing)
            self._store.put_escrow(escrow.SIGNING, copy)
        for opening, known in self._state.openings.items():
            key = None if known.erased else self._store.opening_key(opening)
            if key is not None and self._store.escrow(opening) is None:
                copy = escrow.escrow(self._quorum, opening, key.private_bytes_raw())
                self._store.put_escrow(opening, copy)

    # --- registering

    @journaled
    def register(
        self, lot: str, opening_time: datetime, deadline: datetime, *, peer: int | None = None
    ) -> OpeningCertificate:
        """See Timekeeper."""
        opening_time, deadline = checks.moment(opening_time), checks.moment(deadline)
        known = self._state.of_lot(checks.name(lot, "lot"))
        if known is not None:
            return checks.same_or_refused(known, opening_time, deadline)
        now = self._now()
        if opening_time < deadline:
            raise TimekeeperRefused(
                "time_before_deadline",
                opening_time=to_text(opening_time),
                deadline=to_text(deadline),
            )
        if opening_time <= now:
            raise TimekeeperRefused(
                "time_past", opening_time=to_text(opening_time), now=to_text(now)
            )
        opening = secrets.token_hex(16)
        certificate = OpeningCertificate(
            opening=opening,
            lot=lot,
            opening_time=opening_time,
            deadline=deadline,
            revision=1,
            issued_at=now,
            public_key=self._make_key(opening),
            key_id=self._key_id,
        )
        return self._certify("registered", certificate, {"peer": peer})

    def _make_key(self, opening: str) -> bytes:
        pair = make_key_pair()
        copy = None
        if self._quorum is not None:
            copy = escrow.escrow(self._quorum, opening, pair.private_key)
        try:
            self._store.put(opening, pair.private_key, copy)
        except OSError as error:
            raise TimekeeperRefused("store_unavailable", reason=str(error.strerror)) from None
        faults.point(KEY_STORED)
        return pair.public_key

    def _certify(
        self, event: str, certificate: OpeningCertificate, fields: dict[str, Any]
    ) -> OpeningCertificate:
        signed = certificate.signed(self._store.signing_key)
        self._write(event, fields | {"certificate": signed.to_bytes().decode()})
        return signed

    @journaled
    def postpone(
        self, opening: str, new_time: datetime, requested_by: str, *, peer: int | None = None
    ) -> OpeningCertificate:
        """See Timekeeper."""
        new_time, by = checks.moment(new_time), checks.name(requested_by, "requested_by")
        current = self._state.standing(opening).certificate
        if new_time == current.opening_time:
            return current
        now, at = self._now(), to_text(current.opening_time)
        if new_time < current.opening_time:
            raise TimekeeperRefused("time_not_later", opening_time=at)
        if now >= current.opening_time:
            raise TimekeeperRefused("opening_passed", opening_time=at)
        later = replace(
            current, opening_time=new_time, revision=current.revision + 1, issued_at=now
        )
        return self._certify("postponed", later, {"requested_by": by, "peer": peer})

    # --- releasing

    def release(
        self, opening: str, requests: Sequence[ReleaseRequest], *, peer: int | None = None
    ) -> list[bytes | Refusal]:
        """See Timekeeper; asks the authorities first, without holding up other calls."""
        return self._release(opening, requests, self._asked(opening), peer=peer)

    @journaled
    def _release(
        self,
        opening: str,
        requests: Sequence[ReleaseRequest],
        answers: Mapping[str, Any],
        *,
        peer: int | None = None,
    ) -> list[bytes | Refusal]:
        checks.batch(requests)
        known = self._state.standing(opening)
        confirmed = self._clock.take(answers)
        self._check_time(known.certificate)
        key = self._key_of(opening)
        shares = [self._share(request, key) for request in requests]
        fields = {"clock": confirmed, "peer": peer}
        return self._answered("released", opening, requests, shares, fields)

    def _share(self, request: ReleaseRequest, key: X25519PrivateKey) -> bytes | Refusal:
        if request.digest.hex() in self._state.withheld:
            return Refusal("withheld")
        return checks.share(request, key)

    # --- telling

    def confirm_clock(self) -> None:
        """Asks the authorities, so that a fresh answer is at hand should they be away at T."""
        answers = self._clock.ask()
        with self.lock:
            confirmed = self._clock.take(answers)
            if confirmed:
                self._write("clock_confirmed", {"clock": confirmed})

    def status(self) -> ClockStatus:
        """See Timekeeper; asks nobody."""
        with self.lock:
            now = self._clock.now().astimezone(UTC)
            sources = tuple(self._source_status(source.name) for source in self._clock.sources)
            try:
                correction = self._clock.correction(self._now())
            except TimekeeperRefused as refused:
                return ClockStatus(now, 0.0, sources, False, refused.refusal)
            return ClockStatus(now, correction.total_seconds(), sources, True)

    def _source_status(self, name: str) -> SourceStatus:
        last = self._clock.confirmed.get(name)
        problem = self._clock.problems.get(name, "")
        if last is None:
            return SourceStatus(name, None, None, problem)
        return SourceStatus(name, last.offset.total_seconds(), last.at, problem)

    def public(self) -> Mapping[str, bytes]:
        """See Timekeeper."""
        return {self._key_id: self._public}
