"""The levels of a PAdES signature (ETSI EN 319 142-1, 6), and what the highest needs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PROFILE_KEY: Final = "BAOHAN_Profile"
"""Key of the signature dictionary in which a letter says what it is, under its own signature. A
reader holds it to that: without the time-stamp of its level, or with a byte off the canonical form,
it is broken. The value is a Level."""


class Level(StrEnum):
    """What a signature brings along to be judged by; the value is what a letter says of itself."""

    B_B = "PAdES-B-B"
    """The signature alone."""
    B_T = "PAdES-B-T"
    """With a time-stamp on the signature value."""
    B_LT = "PAdES-B-LT"
    """With the certificates and revocation data of the signer and of the time-stamp besides."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a letter's document security store holds (ISO 32000-2, 12.8.4.3); all DER."""

    certificates: tuple[bytes, ...] = ()
    """Of both chains, anchors included."""
    lists: tuple[bytes, ...] = ()
    """Revocation lists."""
    responses: tuple[bytes, ...] = ()
    """OCSP responses."""

    def __bool__(self) -> bool:
        return bool(self.certificates or self.lists or self.responses)
