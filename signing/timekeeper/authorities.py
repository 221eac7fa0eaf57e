"""Time-stamping authorities as time sources: RFC 3161 over HTTP, a fresh nonce each time."""

import hashlib
import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from asn1crypto import cms

from signing import timestamps
from signing.errors import TimestampError
from signing.timekeeper.clock import ZERO, Clock, SourceProblem


class Authority:
    """A TimeSource; may be asked by several threads."""

    def __init__(self, url: str, pinned: Collection[bytes] = ()) -> None:
        """pinned: SHA-256 of the certificates (DER) that may sign; empty: any time-stamping one.

        Unpinned, whoever sits on the network can answer: only for an authority on this machine.
        """
        self.name = url
        self._pinned = frozenset(pinned)

    def offset(self, clock: Clock) -> timedelta:
        """See TimeSource."""
        before = clock()
        try:
            token = timestamps.ask(self.name, os.urandom(32))
        except TimestampError as error:
            raise SourceProblem(f"{error.reason} {error.detail}".strip()) from None
        after = clock()
        if self._pinned and hashlib.sha256(token.certificate).digest() not in self._pinned:
            raise SourceProblem("signed by a certificate that is not pinned")
        return gap(before, after, *span(token.der))


def span(token: bytes) -> tuple[datetime, datetime]:
    """Earliest and latest moment a checked token can be of: genTime, its last digit, accuracy."""
    info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
    moment = info["gen_time"].native.astimezone(UTC)
    _, _, fraction = bytes(info["gen_time"].contents).rstrip(b"Z").partition(b".")
    digit = timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    accuracy = info["accuracy"].native or {}
    either_way = timedelta(
        seconds=accuracy.get("seconds") or 0,
        milliseconds=accuracy.get("millis") or 0,
        microseconds=accuracy.get("micros") or 0,
    )
    return moment - either_way, moment + digit + either_way


def gap(before: datetime, after: datetime, earliest: datetime, latest: datetime) -> timedelta:
    """How far the token's span lies from ours: negative if our clock is ahead, 0 if they meet."""
    if latest < before:
        return latest - before
    if earliest > after:
        return earliest - after
    return ZERO
