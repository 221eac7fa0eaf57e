"""A development PKI: root, issuing CA, certificates for institutions, time-stamping and platform.

Everything it makes is marked "demonstration". Private keys lie as encrypted PKCS#8 in a folder of
mode 0700. The institution's unified social credit code (统一社会信用代码) is in the subject's
organizationIdentifier (2.5.4.97) as "NTRCN-<code>" (ETSI EN 319 412-1, 5.1.4).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from signing import authority_folder, private_files
from signing.authority_folder import Revocation
from signing.keys import sm2, software
from signing.keys.sm2 import Sm2Key
from signing.keys.software import PrivateKey, SoftwareKey
from signing.profiles import (
    YEAR,
    Issuer,
    KeyKind,
    Usage,
    authority_certificate,
    authority_name,
    end_entity,
    list_url,
    new_key,
    revocation_list,
    subject_name,
)

CRL_LIFE: Final = timedelta(days=2)
"""Time until the next list is due; ours is made anew every day."""
_CREDIT_CODE_RE: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}\Z")


@dataclass(frozen=True)
class Authority:
    """The development PKI in its folder."""

    directory: Path
    passphrase: bytes
    root: Issuer
    issuing: Issuer
    crl_url: str
    """Prefix of the distribution points, such as http://127.0.0.1:9000/crl; empty for none."""

    @property
    def root_der(self) -> bytes:
        """The trust anchor."""
        return self.root.certificate.public_bytes(Encoding.DER)

    @property
    def issuing_der(self) -> bytes:
        """The certificate of the issuing CA."""
        return self.issuing.certificate.public_bytes(Encoding.DER)


def create_authority(
    directory: Path,
    now: datetime,
    *,
    passphrase: bytes,
    crl_url: str = "",
    kind: KeyKind = KeyKind.P256,
) -> Authority:
    """Make root and issuing CA in `directory`, which must not hold any. FileExistsError if it does.

    `crl_url` is the prefix under which `root.crl` and `issuing.crl` will be served.
    """
    private_files.make_folder(directory)
    root_key, issuing_key = new_key(kind), new_key(kind)
    root = authority_certificate(authority_name("演示根证书"), root_key, None, now, "")
    above = Issuer(root, root_key)
    issuing = authority_certificate(
        authority_name("演示签发证书"), issuing_key, above, now, list_url(crl_url, "root")
    )
    authority = Authority(directory, passphrase, above, Issuer(issuing, issuing_key), crl_url)
    _store(directory, passphrase, "root", root_key, [root])
    _store(directory, passphrase, "issuing", issuing_key, [issuing])
    authority_folder.set_up(directory, crl_url)
    return authority


def open_authority(directory: Path, *, passphrase: bytes) -> Authority:
    """Read the PKI that `create_authority` made. Raises KeyStoreError or ExposedFile."""
    url = authority_folder.crl_url(directory)
    root, issuing = (_read_issuer(directory, name, passphrase) for name in ("root", "issuing"))
    return Authority(directory, passphrase, root, issuing, url)


def issue_institution(
    authority: Authority,
    name: str,
    credit_code: str,
    now: datetime,
    *,
    kind: KeyKind = KeyKind.P256,
    life: timedelta = 3 * YEAR,
    directory: Path | None = None,
) -> SoftwareKey:
    """A signing key for an institution (开函机构), kept in the folder under its credit code."""
    if not _CREDIT_CODE_RE.match(credit_code):
        raise ValueError("credit_code must be the 18 characters of GB 32100-2015")
    subject = subject_name(name, credit_code)
    return issue(
        authority,
        subject,
        Usage.SIGNING,
        credit_code,
        now,
        kind=kind,
        life=life,
        directory=directory,
    )


def issue_timestamping(
    authority: Authority,
    name: str,
    now: datetime,
    *,
    kind: KeyKind = KeyKind.P256,
    life: timedelta = 5 * YEAR,
    directory: Path | None = None,
) -> SoftwareKey:
    """The key of a time-stamping authority (critical extended key usage, RFC 3161, 2.3)."""
    return issue(authority, subject_name(name), Usage.TIMESTAMPING, "tsa", now,
        kind=kind, life=life, directory=directory,
    )  # fmt: skip


def issue_platform(
    authority: Authority,
    name: str,
    now: datetime,
    *,
    kind: KeyKind = KeyKind.P256,
    life: timedelta = 3 * YEAR,
    directory: Path | None = None,
) -> SoftwareKey:
    """The key with which the platform signs what it attests (log, reports)."""
    return issue(authority, subject_name(name), Usage.PLATFORM, "platform", now,
        kind=kind, life=life, directory=directory,
    )  # fmt: skip


def issue(
    authority: Authority,
    subject: x509.Name,
    usage: Usage,
    file_name: str,
    now: datetime,
    *,
    kind: KeyKind,
    life: timedelta,
    directory: Path | None = None,
) -> SoftwareKey:
    """An end-entity certificate and its key, stored as `<file_name>.key.pem` and `.pem`.

    They go to `directory` (the folder of the process that signs with it), else beside the CA.
    """
    private = new_key(kind)
    url = list_url(authority.crl_url, "issuing")
    certificate = end_entity(authority.issuing, subject, private, usage, now, life, url)
    folder = directory or authority.directory
    private_files.make_folder(folder)
    chain = [certificate, authority.issuing.certificate]
    _store(folder, authority.passphrase, file_name, private, chain)
    der = certificate.public_bytes(Encoding.DER)
    return SoftwareKey(private, der, [authority.issuing_der])


def load_key(directory: Path, file_name: str, *, passphrase: bytes) -> SoftwareKey | Sm2Key:
    """A key that was issued before: a credit code, `tsa` or `platform`. Raises KeyStoreError."""
    key_file, certificate_file = directory / f"{file_name}.key.pem", directory / f"{file_name}.pem"
    load = sm2.load if sm2.speaks_for_sm2(certificate_file) else software.load
    return load(key_file, certificate_file, passphrase)


def revoke(
    authority: Authority,
    certificate: asn1.Certificate,
    when: datetime,
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
) -> None:
    """Put a certificate on the next list. A second call for the same one changes nothing."""
    revocation = Revocation(certificate.serial_number, when, reason.value)
    authority_folder.revoke(authority.directory, revocation)


def revoked_at(authority: Authority, certificate: asn1.Certificate) -> datetime | None:
    """As of when a certificate is revoked; None if it is not."""
    found = authority_folder.revocation_of(authority.directory, certificate.serial_number)
    return found.when if found else None


def crl(authority: Authority, now: datetime, *, life: timedelta = CRL_LIFE) -> bytes:
    """DER of the issuing CA's list of revoked certificates as of `now`."""
    revoked = [
        x509.RevokedCertificateBuilder()
        .serial_number(one.serial)
        .revocation_date(one.when)
        .add_extension(x509.CRLReason(x509.ReasonFlags(one.reason)), critical=False)
        .build()
        for one in authority_folder.revoked(authority.directory, now)
    ]
    return revocation_list(authority.issuing, revoked, now, life)


def root_crl(authority: Authority, now: datetime, *, life: timedelta = CRL_LIFE) -> bytes:
    """DER of the root's list, which says that the issuing CA is not revoked."""
    return revocation_list(authority.root, [], now, life)


def credit_code_of(certificate: asn1.Certificate) -> str | None:
    """The unified social credit code that a certificate's subject carries, or None.

    Read from organizationIdentifier "NTRCN-<code>", else from serialNumber, where Chinese
    authorities put it.
    """
    names = certificate.subject.native
    for value, prefix in ((names.get("organization_identifier"), "NTRCN-"),
                          (names.get("serial_number"), "")):  # fmt: skip
        if isinstance(value, str) and value.startswith(prefix):
            code = value.removeprefix(prefix)
            if _CREDIT_CODE_RE.match(code):
                return code
    return None


def name_of(certificate: asn1.Certificate) -> str:
    """The name to show for a certificate: organization, common name or the whole subject."""
    names = certificate.subject.native
    value = names.get("organization_name") or names.get("common_name")
    return value if isinstance(value, str) else str(certificate.subject.human_friendly)


def _store(
    directory: Path,
    passphrase: bytes,
    name: str,
    private: PrivateKey,
    chain: Sequence[x509.Certificate],
) -> None:
    key = private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    )
    ders = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    authority_folder.store(directory, name, key, ders)


def _read_issuer(directory: Path, name: str, passphrase: bytes) -> Issuer:
    private = software.load_private(directory / f"{name}.key.pem", passphrase)
    certificate, _ = software.load_certificates(directory / f"{name}.pem")
    return Issuer(x509.load_der_x509_certificate(certificate), private)
