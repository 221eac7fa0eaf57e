"""A development PKI of SM2: root, issuing CA, and two certificates for every institution.

Everything it makes is marked "demonstration". It lies in a folder of mode 0700 of its own, beside
the PKI of `signing.certificates` and laid out like it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from asn1crypto import pem, x509

from signing import authority_folder, private_files
from signing.authority_folder import MAX_FILE, Revocation
from signing.certificates import CRL_LIFE
from signing.errors import KeyStoreError
from signing.gm import pkcs8
from signing.gm.algorithms import Sm2Pair
from signing.gm.certificates import (
    GmIssuer,
    GmUsage,
    authority_certificate,
    end_entity,
    revocation_list,
    subject,
)
from signing.keys.sm2 import Sm2Key
from signing.profiles import YEAR, authority_name, list_url, subject_name

ENCRYPTION: Final = ".encryption"
"""What follows the credit code in the names of the files of the encryption key."""


@dataclass(frozen=True)
class GmAuthority:
    """The SM2 PKI in its folder."""

    directory: Path
    passphrase: bytes
    root: GmIssuer
    issuing: GmIssuer
    crl_url: str
    """Prefix of the distribution points; empty for none."""

    @property
    def root_der(self) -> bytes:
        """The trust anchor."""
        return bytes(self.root.certificate.dump())

    @property
    def issuing_der(self) -> bytes:
        """The certificate of the issuing CA."""
        return bytes(self.issuing.certificate.dump())


def create_authority(
    directory: Path, now: datetime, *, passphrase: bytes, crl_url: str = ""
) -> GmAuthority:
    """Make root and issuing CA in `directory`, which must not hold any. FileExistsError if it does.

    `crl_url` is the prefix under which `gm-root.crl` and `gm-issuing.crl` will be served.
    """
    private_files.make_folder(directory)
    root_pair, issuing_pair = Sm2Pair.generate(), Sm2Pair.generate()
    name = subject(authority_name("演示国密根证书"))
    root = GmIssuer(authority_certificate(name, root_pair, None, now, ""), root_pair)
    name = subject(authority_name("演示国密签发证书"))
    url = list_url(crl_url, "gm-root")
    issuing = GmIssuer(authority_certificate(name, issuing_pair, root, now, url), issuing_pair)
    _store(directory, passphrase, "root", root_pair, [root.certificate])
    _store(directory, passphrase, "issuing", issuing_pair, [issuing.certificate])
    authority_folder.set_up(directory, crl_url)
    return GmAuthority(directory, passphrase, root, issuing, crl_url)


def open_authority(directory: Path, *, passphrase: bytes) -> GmAuthority:
    """Read the PKI that `create_authority` made. Raises KeyStoreError or ExposedFile."""
    url = authority_folder.crl_url(directory)
    root, issuing = (_read_issuer(directory, name, passphrase) for name in ("root", "issuing"))
    return GmAuthority(directory, passphrase, root, issuing, url)


def issue_institution(
    authority: GmAuthority,
    name: str,
    credit_code: str,
    now: datetime,
    *,
    usage: GmUsage = GmUsage.SIGNING,
    life: timedelta = 3 * YEAR,
    directory: Path | None = None,
) -> Sm2Key:
    """A key of an institution (开函机构) with its certificate, stored under its credit code.

    The encryption key lies beside the signing key, its name with ENCRYPTION behind it.
    """
    pair = Sm2Pair.generate()
    named = subject(subject_name(name, credit_code))
    url = list_url(authority.crl_url, "gm-issuing")
    certificate = end_entity(authority.issuing, named, pair.public, usage, now, life, url)
    folder = directory or authority.directory
    private_files.make_folder(folder)
    file_name = credit_code + (ENCRYPTION if usage == GmUsage.ENCRYPTION else "")
    chain = [certificate, authority.issuing.certificate]
    _store(folder, authority.passphrase, file_name, pair, chain)
    return Sm2Key(pair, certificate.dump(), [authority.issuing_der])


def revoke(
    authority: GmAuthority,
    certificate: x509.Certificate,
    when: datetime,
    reason: str = "unspecified",
) -> None:
    """Put a certificate on the next list. A second call for the same one changes nothing."""
    revocation = Revocation(certificate.serial_number, when, reason)
    authority_folder.revoke(authority.directory, revocation)


def crl(authority: GmAuthority, now: datetime, *, life: timedelta = CRL_LIFE) -> bytes:
    """DER of the issuing CA's list of revoked certificates as of `now`."""
    revoked = authority_folder.revoked(authority.directory, now)
    return revocation_list(authority.issuing, revoked, now, life)


def root_crl(authority: GmAuthority, now: datetime, *, life: timedelta = CRL_LIFE) -> bytes:
    """DER of the root's list, which says that the issuing CA is not revoked."""
    return revocation_list(authority.root, [], now, life)


def _store(
    directory: Path,
    passphrase: bytes,
    name: str,
    pair: Sm2Pair,
    chain: list[x509.Certificate],
) -> None:
    ders = [certificate.dump() for certificate in chain]
    authority_folder.store(directory, name, pkcs8.lock(pair, passphrase), ders)


def _read_issuer(directory: Path, name: str, passphrase: bytes) -> GmIssuer:
    path = directory / f"{name}.key.pem"
    try:
        pair = pkcs8.unlock(private_files.read(path, MAX_FILE), passphrase)
        _, _, der = pem.unarmor(private_files.read(directory / f"{name}.pem", MAX_FILE))
    except FileNotFoundError as error:
        raise KeyStoreError(str(error.filename), "is missing: make the PKI anew") from None
    except ValueError:
        raise KeyStoreError(str(path), "does not open: passphrase or file is wrong") from None
    return GmIssuer(x509.Certificate.load(der), pair)
