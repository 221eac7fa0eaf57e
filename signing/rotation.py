"""An institution's key in the development PKI gets a successor, or is given up as compromised.

What was signed before stays: each letter brings its own certificate. `revoke` in
signing.certificates puts the certificate on the next list; a letter whose time-stamp is older than
the date of the revocation still verifies, every other one fails.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from asn1crypto import pem, x509

from signing import private_files
from signing.certificates import Authority, issue_institution, name_of
from signing.errors import KeyStoreError
from signing.keys.software import SoftwareKey, load_certificates
from signing.profiles import YEAR, KeyKind

_NEXT: Final = "next"
"""Folder where a successor is made before it takes its place."""


def rotate(
    authority: Authority,
    directory: Path,
    credit_code: str,
    now: datetime,
    *,
    kind: KeyKind = KeyKind.P256,
    life: timedelta = 3 * YEAR,
) -> SoftwareKey:
    """A new key and certificate in the place of an institution's; the old private key is erased.

    The former certificate stays beside it. May be repeated after a kill. Raises KeyStoreError for
    a key that is not here.
    """
    path = directory / f"{credit_code}.key.pem"
    made = directory / _NEXT
    if not path.exists() and not made.exists():
        raise KeyStoreError(str(path), "is missing: this key is not held here")
    former, issuers = load_certificates(directory / f"{credit_code}.pem")
    name = name_of(x509.Certificate.load(former))
    private_files.make_folder(made)
    for ending in (".key.pem", ".pem"):
        private_files.erase(made / f"{credit_code}{ending}")
    key = issue_institution(
        authority, name, credit_code, now, kind=kind, life=life, directory=made
    )  # fmt: skip
    _keep(directory / former_name(credit_code, former), [former, *issuers])
    private_files.erase(path)
    for ending in (".key.pem", ".pem"):
        (made / f"{credit_code}{ending}").replace(directory / f"{credit_code}{ending}")
    made.rmdir()
    private_files.sync_folder(directory)
    return key


def former_name(credit_code: str, certificate: bytes) -> str:
    """File of a certificate that had a successor."""
    return f"{credit_code}.{hashlib.sha256(certificate).hexdigest()[:16]}.former"


def certificates_of(directory: Path, credit_code: str) -> list[x509.Certificate]:
    """An institution's certificates, the one in use first, then the former ones by their end."""
    current, _ = load_certificates(directory / f"{credit_code}.pem")
    former = [
        x509.Certificate.load(load_certificates(path)[0])
        for path in directory.glob(f"{credit_code}.*.former")
    ]
    former.sort(key=lambda one: one.not_valid_after, reverse=True)
    return [x509.Certificate.load(current), *(one for one in former if one.dump() != current)]


def _keep(path: Path, chain: Sequence[bytes]) -> None:
    if not path.exists():
        content = b"".join(pem.armor("CERTIFICATE", der) for der in chain)
        private_files.write_new(path, content)
