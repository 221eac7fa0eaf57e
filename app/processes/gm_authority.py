"""The part of the demonstration's authority that speaks SM2 (国密), where institutions ask for it.

It lies in a folder of its own below the authority's. An institution that chose the profile at the
first start has a signing key in the signer's folder and an encryption key here; the two are never
the same (GM/T 0034).
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from asn1crypto import pem

from app.demo.cast import CastOrganisation
from signing.gm import authority as gm
from signing.gm.authority import ENCRYPTION, GmAuthority
from signing.gm.certificates import GmUsage

FOLDER: Final = "gm"
CERTIFICATES: Final = ("gm-root.pem", "gm-issuing.pem")
LISTS: Final = ("gm-root.crl", "gm-issuing.crl")


def find(folder: Path, passphrase: bytes) -> GmAuthority | None:
    """What `equip` made in the authority's folder, or None if no institution ever asked for it."""
    if not (folder / FOLDER / "authority.json").exists():
        return None
    return gm.open_authority(folder / FOLDER, passphrase=passphrase)


def equip(
    folder: Path,
    passphrase: bytes,
    crl_url: str,
    institutions: Sequence[CastOrganisation],
    ring: Path,
    now: datetime,
) -> None:
    """Make what is lacking. An institution that has a signing key keeps it, of whatever kind."""
    authority = find(folder, passphrase) or gm.create_authority(
        folder / FOLDER, now, passphrase=passphrase, crl_url=crl_url
    )
    for one in institutions:
        if not (ring / f"{one.credit_code}.pem").exists():
            gm.issue_institution(authority, one.name, one.credit_code, now, directory=ring)
        if not (authority.directory / f"{one.credit_code}{ENCRYPTION}.pem").exists():
            gm.issue_institution(
                authority, one.name, one.credit_code, now, usage=GmUsage.ENCRYPTION
            )


def published(authority: GmAuthority, now: datetime) -> dict[str, bytes]:
    """Certificates and lists as of now, by name of file."""
    return {
        "gm-root.pem": pem.armor("CERTIFICATE", authority.root_der),
        "gm-issuing.pem": pem.armor("CERTIFICATE", authority.issuing_der),
        "gm-root.crl": gm.root_crl(authority, now),
        "gm-issuing.crl": gm.crl(authority, now),
    }
