"""Step 6: the time-stamp on a signature, and whether its time may be relied on."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asn1crypto import x509

from signing.certificates import name_of
from signing.chain import build_chain, links_up
from signing.cms import plain
from signing.errors import TimestampError
from signing.evidence import BAD_ASN1, Evidence, names_signer, read_parts
from signing.report import Result, Step, make_step, shown
from signing.revocation import CLOCK_TOLERANCE, check_chain
from signing.timestamps import read_token
from signing.trust import Purpose, Trust

_STRONG: Final = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})
_REVOCATION: Final = {"unknown": "timestamp_unchecked", "stale": "timestamp_unchecked"}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is known of the time of one signature."""

    step: Step
    time: datetime | None = None
    """The proven time; None where nothing proves one."""
    sound: bool = True
    """Whether the token is about this signature and unaltered."""
    reservations: tuple[str, ...] = ()
    chain: tuple[x509.Certificate, ...] = ()
    """Of the authority's certificate, up to the anchor."""
    lists: tuple[bytes, ...] = ()
    """DER of revocation lists in the token."""


def read_stamp(evidence: Evidence, trust: Trust, lists: Iterable[bytes], at: datetime) -> Stamp:
    """Judge the time-stamp of a signature as of `at`."""
    if evidence.token is None or evidence.parts is None:
        return Stamp(make_step(6, Result.PASSED, "no_timestamp", time=shown(at)))
    value = evidence.parts.signer["signature"].native

    def imprint(name: str) -> bytes:
        return hashlib.new(name, value).digest() if name in _STRONG else b""

    try:
        token = read_token(evidence.token, imprint)
        parts = read_parts(evidence.token)
        # A letter of ours was verified when it was made: its token had no loose end then.
        tidy = plain(evidence.token, parts.certificate)
        ours = evidence.declared is not None
        intact = names_signer(parts, all_named=ours) and (tidy or not ours)
    except (TimestampError, *BAD_ASN1):
        intact = False
    if not intact:
        return Stamp(make_step(6, Result.FAILED, "timestamp_broken"), sound=False)
    time = token.time
    if time > at + CLOCK_TOLERANCE:
        return Stamp(make_step(6, Result.INDETERMINATE, "timestamp_future", time=shown(time)))
    others = [*parts.others, *evidence.parts.others]
    chain = build_chain(parts.certificate, others, trust, Purpose.TIMESTAMPING, time)
    if chain.fault:
        return Stamp(make_step(6, Result.INDETERMINATE, "timestamp_untrusted"))
    known = [*lists, *parts.lists]
    status = check_chain(chain.certificates, known, used=time, at=at, proven=True)
    if status.code != "good":
        code = _REVOCATION.get(status.code, "timestamp_revoked")
        return Stamp(make_step(6, Result.INDETERMINATE, code))
    candidates = [*chain.certificates, *others]
    loose = [item for item in parts.others if not links_up(item, candidates)]
    untidy = loose or not tidy
    authority = name_of(parts.certificate)
    step = make_step(6, Result.PASSED, "timestamped", time=shown(time), authority=authority)
    reservations = ("untidy_timestamp",) if untidy else ()
    return Stamp(step, time, True, reservations, chain.certificates, tuple(parts.lists))
