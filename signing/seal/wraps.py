"""The wraps area of an envelope: who can unwrap which share (sealing.md, steps 5 to 7).

8 KiB, whatever it holds, so that the number of recipients does not show:

    area    = lp(content) ‖ zeros ‖ mac (32)
    content = lp("baohan/wraps/v1", eid, profile, wrap, wrap, …)
    wrap    = lp(role, kind, subset, label, fingerprint, data)

role: P procurer's share `sp` for a recipient, R the same share for the recovery key, T release
share `st_T` for the timekeeper's opening key, U a part of `u` for a trustee (profiles.py), A `sp ‖
st` for the archive of the institution, which knows its letter anyway. A part may be wrapped to
several keys of its trustee, whose role is the label.
kind: how it is wrapped. subset: for U, 2-byte number of the allowed subset of trustees; else 0.
Wraps stand in the order of (role, subset, fingerprint), and no two agree in all three.

mac = HMAC-SHA256 over all before it, keyed by `sp` (see construction.py): AES-GCM cannot bind the
wraps, because a recipient may later re-wrap `sp` without being able to open the letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from signing.seal import cms, hpke
from signing.seal.encoding import lp, parts_of
from signing.seal.profiles import PROFILES

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
TRUSTEE = "U"
ARCHIVE = "A"
ROLES = frozenset({RECIPIENT, RECOVERY, TIMEKEEPER, TRUSTEE, ARCHIVE})

HPKE = "hpke-x25519"
"""data = enc ‖ ct."""

CMS = "cms"
"""data = AuthEnvelopedData (cms.py): for a recipient only."""


@dataclass(frozen=True, slots=True)
class Wrap:
    """One share, wrapped to one key."""

    role: str
    """One letter, P, R, T, U or A (see above)."""
    kind: str
    """HPKE or CMS."""
    label: str
    """Whose key it is, for people: "procurer", "agency"; the program goes by fingerprint."""
    fingerprint: bytes
    """32 bytes: SHA-256 of the X25519 public key (of the certificate, for a token)."""
    data: bytes = field(repr=False)
    subset: int = 0
    """Number of the allowed subset of trustees, from 1; 0 for all roles but U."""

    @property
    def place(self) -> tuple[str, int, bytes]:
        return self.role, self.subset, self.fingerprint

    def encoded(self) -> bytes:
        subset = self.subset.to_bytes(2, "big")
        return lp(self.role, self.kind, subset, self.label, self.fingerprint, self.data)

    @classmethod
    def decoded(cls, data: bytes) -> "Wrap":
        """What `encoded` wrote; ValueError for anything else."""
        role, kind, subset, label, fingerprint, wrapped = parts_of(data)
        made = cls(
            role=role.decode(),
            kind=kind.decode(),
            subset=int.from_bytes(subset, "big"),
            label=label.decode(),
            fingerprint=fingerprint,
            data=wrapped,
        )
        made.check()
        if made.encoded() != data:
            raise ValueError("not the canonical encoding")
        return made

    def check(self) -> None:
        """ValueError unless its parts have the lengths and go together as they must."""
        if self.role not in ROLES or len(self.fingerprint) != 32 or not self._fits():
            raise ValueError("a wrap of unknown role or kind, or of a wrong length")
        if (self.role == TRUSTEE) != (self.subset != 0):
            raise ValueError("a trustee's part has a subset, and nothing else has one")
        if len(self.label.encode()) > MAX_LABEL:
            raise ValueError("a wrap with too long a label")

    def _fits(self) -> bool:
        if self.kind == CMS:
            return self.role == RECIPIENT and cms.MIN_BYTES <= len(self.data) <= cms.MAX_BYTES
        secret = 2 * SHARE_BYTES if self.role == ARCHIVE else SHARE_BYTES
        return self.kind == HPKE and len(self.data) == secret + hpke.OVERHEAD


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
    wraps = tuple(Wrap.decoded(wrap) for wrap in encoded)
    if area_of(eid, profile.decode(), wraps) != area or list(wraps) != sorted(
        wraps, key=lambda wrap: wrap.place
    ):
        raise ValueError("not the canonical encoding")
    return eid, profile.decode(), wraps


def _check(eid: bytes, profile: str, wraps: Sequence[Wrap]) -> None:
    if len(eid) != EID_BYTES or profile not in PROFILES:
        raise ValueError("eid or profile is not one")
    for wrap in wraps:
        wrap.check()
    roles = [wrap.role for wrap in wraps]
    if not {RECIPIENT, RECOVERY, TIMEKEEPER} <= set(roles):
        raise ValueError("recipient, recovery and timekeeper belong to every envelope")
    if roles.count(RECOVERY) != 1 or roles.count(TIMEKEEPER) != 1 or roles.count(ARCHIVE) > 1:
        raise ValueError("one recovery key, one opening key, one archive key at most")
    if len({wrap.place for wrap in wraps}) != len(wraps):
        raise ValueError("a recipient appears twice")
    trustees = [wrap for wrap in wraps if wrap.role == TRUSTEE]
    if {(wrap.subset, wrap.label) for wrap in trustees} != PROFILES[profile].seats:
        raise ValueError("the trustees are not those of the profile")
    holders = {(wrap.fingerprint, wrap.label) for wrap in trustees}
    if len({fingerprint for fingerprint, _ in holders}) != len(holders):
        raise ValueError("one key stands for two trustees")
