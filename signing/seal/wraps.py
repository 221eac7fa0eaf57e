"""The wraps area of an envelope: who can unwrap which share (sealing.md, steps 5 to 7).

8 KiB, whatever it holds, so that the number of recipients does not show:

    area    = lp(content) ‖ zeros ‖ mac (32)
    content = lp("baohan/wraps/v1", eid, profile, wrap, wrap, …)
    wrap    = lp(role, kind, subset, label, fingerprint, data)

role: P procurer's share `sp` for a recipient, R the same share for the recovery key, T release
share `st` for the timekeeper's opening key, U a part of `st` for a trustee (no profile has it yet).
kind: how it is wrapped. subset: for U, 2-byte number of the allowed subset of trustees; else 0.
Wraps stand in the order of (role, subset, fingerprint), and no two agree in all three.

mac = HMAC-SHA256 over all before it, keyed by `sp` (see construction.py): AES-GCM cannot bind the
wraps, because a recipient may later re-wrap `sp` without being able to open the letter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from signing.seal import hpke
from signing.seal.encoding import lp, parts_of

VERSION = b"baohan/wraps/v1"
EID_BYTES = 16
SHARE_BYTES = 32
MAC_BYTES = 32
AREA_BYTES = 8 * 1024
MAX_LABEL = 64
"""Bytes of UTF-8."""

RECIPIENT = "P"
RECOVERY = "R"
TIMEKEEPER = "T"

HPKE = "hpke-x25519"
"""data = enc ‖ ct, 80 bytes."""

WRAP_BYTES: Mapping[str, int] = {HPKE: SHARE_BYTES + hpke.OVERHEAD}
"""Length of data by kind. The CMS AuthEnvelopedData of a recipient's token, kind "cms", is added
here, with a range of lengths, together with the code that makes and takes it."""

TIMEKEEPER_ALONE = "timekeeper"
"""Profile without trustees: `st` is wrapped to the opening key and to nobody else."""

PROFILES = frozenset({TIMEKEEPER_ALONE})


@dataclass(frozen=True, slots=True)
class Wrap:
    """One share, wrapped to one key."""

    role: str
    """One letter, P, R or T (see above)."""
    kind: str
    """A key of WRAP_BYTES."""
    label: str
    """Whose key it is, for people: "procurer", "agency"; the program goes by fingerprint."""
    fingerprint: bytes
    """32 bytes: SHA-256 of the X25519 public key (of the certificate, for a token)."""
    data: bytes = field(repr=False)
    subset: int = 0
    """Of trustees; 0 while there are none."""

    @property
    def place(self) -> tuple[str, int, bytes]:
        return self.role, self.subset, self.fingerprint

    def encoded(self) -> bytes:
        subset = self.subset.to_bytes(2, "big")
        return lp(self.role, self.kind, subset, self.label, self.fingerprint, self.data)


def area_of(eid: bytes, profile: str, wraps: Sequence[Wrap]) -> bytes:
    """The wraps area less its mac; ValueError if the wraps are not a whole set or do not fit."""
    ordered = sorted(wraps, key=lambda wrap: wrap.place)
    _check(eid, profile, ordered)
    area = lp(lp(VERSION, eid, profile, *(wrap.encoded() for wrap in ordered)))
    if len(area) > AREA_BYTES - MAC_BYTES:
        raise ValueError("the wraps do not fit their 8 KiB")
    return area.ljust(AREA_BYTES - MAC_BYTES, b"\x00")


def parse_area(area: bytes) -> tuple[bytes, str, tuple[Wrap, ...]]:
    """eid, profile, wraps of an area less its mac; ValueError for all but the one encoding."""
    content = area[4 : 4 + int.from_bytes(area[:4], "big")]
    version, eid, profile, *encoded = parts_of(content)
    if version != VERSION:
        raise ValueError("another version")
    wraps = tuple(_parse(wrap) for wrap in encoded)
    if area_of(eid, profile.decode(), wraps) != area or list(wraps) != sorted(
        wraps, key=lambda wrap: wrap.place
    ):
        raise ValueError("not the canonical encoding")
    return eid, profile.decode(), wraps


def _parse(encoded: bytes) -> Wrap:
    role, kind, subset, label, fingerprint, data = parts_of(encoded)
    return Wrap(
        role=role.decode(),
        kind=kind.decode(),
        subset=int.from_bytes(subset, "big"),
        label=label.decode(),
        fingerprint=fingerprint,
        data=data,
    )


def _check(eid: bytes, profile: str, wraps: Sequence[Wrap]) -> None:
    if len(eid) != EID_BYTES or profile not in PROFILES:
        raise ValueError("eid or profile is not one")
    roles = [wrap.role for wrap in wraps]
    if set(roles) != {RECIPIENT, RECOVERY, TIMEKEEPER}:
        raise ValueError("recipient, recovery and timekeeper belong to every envelope")
    if roles.count(RECOVERY) != 1 or roles.count(TIMEKEEPER) != 1:
        raise ValueError("one recovery key and one opening key")
    if len({wrap.place for wrap in wraps}) != len(wraps):
        raise ValueError("a recipient appears twice")
    for wrap in wraps:
        if len(wrap.data) != WRAP_BYTES.get(wrap.kind) or len(wrap.fingerprint) != 32:
            raise ValueError("a wrap of unknown kind or wrong length")
        if wrap.subset != 0 or len(wrap.label.encode()) > MAX_LABEL:
            raise ValueError("a wrap with a subset, or with too long a label")
