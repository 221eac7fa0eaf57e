"""Archive time-stamps (RFC 3161) that lie beside a letter, since its bytes never change.

Each is over the letter, all stamps before it, and the revocation data of the stamp before it
(renewal in the manner of RFC 4998, 5.2). A new one is made before the certificate of the last one
ends. Judged from the newest backwards: each proves that the one before, and what speaks for it,
existed while that one's certificate was in force.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from asn1crypto import x509

from signing.chain import build_chain
from signing.errors import EvidenceMissing, Malformed, TimestampError
from signing.evidence import BAD_ASN1, read_parts
from signing.longterm import fresh_lists
from signing.revocation import CLOCK_TOLERANCE, check_chain
from signing.timestamps import Timestamper, Token, read_token
from signing.trust import Purpose, Trust

RENEW_BEFORE: Final = timedelta(days=90)
"""A stamp gets a successor this long before its certificate ends."""
MOST_STAMPS: Final = 64
"""Of one letter; with certificates of five years, three centuries."""
_DOMAIN: Final = b"baohan archive time-stamp 1"


@dataclass(frozen=True, slots=True)
class ArchiveStamp:
    """One time-stamp of a letter."""

    token: bytes
    """DER of the token."""
    lists: tuple[bytes, ...] = ()
    """DER of revocation lists that speak for the stamp before; the token covers them."""

    def to_bytes(self) -> bytes:
        """JSON that `from_bytes` reads back."""
        lists = [b64encode(item).decode() for item in self.lists]
        return json.dumps({"token": b64encode(self.token).decode(), "lists": lists}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises Malformed."""
        try:
            document = json.loads(data)
            token = b64decode(document["token"], validate=True)
            return cls(token, tuple(b64decode(one, validate=True) for one in document["lists"]))
        except (ValueError, TypeError, KeyError):
            raise Malformed("archive time-stamp") from None


@dataclass(frozen=True, slots=True)
class Archived:
    """What a letter's stamps prove."""

    code: str
    """sound; or of the newest stamp that fails: broken, untrusted, revoked, no_list, ended (its
    certificate, before the next stamp), order, future; none without any stamp."""
    since: datetime | None = None
    """Since when the letter provably existed as it is, UTC; None unless it is sound."""
    until: datetime | None = None
    """End of the newest stamp's certificate."""


def covered(sha256: bytes, before: Sequence[ArchiveStamp], lists: Sequence[bytes]) -> bytes:
    """SHA-256 that the next stamp of a letter is about. `sha256` is the letter's own digest."""
    earlier = [part for stamp in before for part in (stamp.token, *_counted(stamp.lists))]
    hashed = hashlib.sha256(_DOMAIN)
    for part in (sha256, len(before).to_bytes(4, "big"), *earlier, *_counted(lists)):
        hashed.update(len(part).to_bytes(4, "big"))
        hashed.update(part)
    return hashed.digest()


def _counted(lists: Sequence[bytes]) -> list[bytes]:
    return [len(lists).to_bytes(4, "big"), *lists]


def stamp(
    sha256: bytes,
    before: Sequence[ArchiveStamp],
    timestamper: Timestamper,
    trust: Trust,
    now: datetime,
) -> ArchiveStamp:
    """The next stamp of a letter, over those it has.

    Raises EvidenceMissing if the last one can no longer be proven good (its certificate ended or
    was revoked, or no fresh list says otherwise), TimestampError if there is no new one.
    """
    lists = _speaking_for(before[-1].token, trust, now) if before else ()
    token = timestamper.token(covered(sha256, before, lists))
    return ArchiveStamp(token.der, lists)


def _speaking_for(token: bytes, trust: Trust, now: datetime) -> tuple[bytes, ...]:
    try:
        parts = read_parts(token)
    except BAD_ASN1:
        raise EvidenceMissing("no_anchor") from None
    chain = build_chain(parts.certificate, parts.others, trust, Purpose.TIMESTAMPING, now)
    if chain.fault:
        raise EvidenceMissing(chain.fault)
    return tuple(dict.fromkeys(fresh_lists(chain.certificates, trust.lists, now)))


def is_due(last: ArchiveStamp | None, now: datetime) -> bool:
    """Whether it is time for the next stamp."""
    return last is None or now >= ends_at(last) - RENEW_BEFORE


def ends_at(one: ArchiveStamp) -> datetime:
    """When the certificate of a stamp ends. Raises Malformed."""
    try:
        end: datetime = read_parts(one.token).certificate.not_valid_after
    except BAD_ASN1:
        raise Malformed("archive time-stamp") from None
    return end


def judge(sha256: bytes, stamps: Sequence[ArchiveStamp], trust: Trust, at: datetime) -> Archived:
    """What the stamps of a letter prove as of `at`. Never raises because of what is in them."""
    if not stamps or len(stamps) > MOST_STAMPS:
        return Archived("broken" if stamps else "none")
    moment, lists, until = at, trust.lists, None
    for index in reversed(range(len(stamps))):
        one = stamps[index]
        try:
            token = _token(sha256, stamps[:index], one)
            certificate = x509.Certificate.load(token.certificate)
            code = _judge_one(one, token, trust, lists, moment)
        except (TimestampError, *BAD_ASN1):
            return Archived("broken")
        if code:
            if code == "future" and index < len(stamps) - 1:
                code = "order"
            return Archived(code)
        until = until or certificate.not_valid_after
        moment, lists = token.time, one.lists
    return Archived("sound", moment, until)


def _token(sha256: bytes, before: Sequence[ArchiveStamp], one: ArchiveStamp) -> Token:
    digest = covered(sha256, before, one.lists)
    return read_token(one.token, lambda name: digest if name == "sha256" else b"")


def _judge_one(
    one: ArchiveStamp, token: Token, trust: Trust, lists: Sequence[bytes], moment: datetime
) -> str:
    """Code of what is wrong with a stamp as of `moment`, when it was last vouched for; or ""."""
    if token.time > moment + CLOCK_TOLERANCE:
        return "future"
    parts = read_parts(one.token)
    chain = build_chain(parts.certificate, parts.others, trust, Purpose.TIMESTAMPING, moment)
    if chain.fault:
        return "ended" if chain.fault == "expired" else "untrusted"
    # The stamp must be good when the next one took over, not only when it was made.
    status = check_chain(chain.certificates, lists, used=moment, at=moment, proven=False)
    return {"good": "", "revoked": "revoked"}.get(status.code, "no_list")
