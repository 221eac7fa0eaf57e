"""What a verification trusts: anchors with their purpose, intermediates, revocation lists."""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from asn1crypto import crl, ocsp, pem, x509

from signing.errors import TrustMaterialError

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of one trust file; national revocation lists have a few million."""
_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer", ".der", ".crl", ".ors"})


class Purpose(StrEnum):
    """What an anchor is trusted for."""

    SIGNING = "signing"
    TIMESTAMPING = "timestamping"


@dataclass(frozen=True)
class Anchor:
    """A certificate that is believed without further question."""

    certificate: bytes
    """DER."""
    purposes: frozenset[Purpose] = frozenset(Purpose)


@dataclass(frozen=True)
class Trust:
    """All that a verdict rests on besides the file and the time."""

    anchors: tuple[Anchor, ...] = ()
    intermediates: tuple[bytes, ...] = ()
    """DER of certificates that may fill a gap in a chain; they are not believed by themselves."""
    lists: tuple[bytes, ...] = field(default=(), repr=False)
    """DER of revocation lists and OCSP responses; each is checked against its issuer."""

    def roots(self, purpose: Purpose) -> list[x509.Certificate]:
        """The anchors for one purpose."""
        return [
            certificate
            for anchor, certificate in zip(self.anchors, self._anchor_certificates, strict=True)
            if purpose in anchor.purposes
        ]

    @cached_property
    def _anchor_certificates(self) -> list[x509.Certificate]:
        return [x509.Certificate.load(anchor.certificate) for anchor in self.anchors]

    @cached_property
    def intermediate_certificates(self) -> list[x509.Certificate]:
        """The intermediates, parsed."""
        return [x509.Certificate.load(der) for der in self.intermediates]

    @cached_property
    def key(self) -> str:
        """Hex SHA-256 of the content; what a worker remembers it by."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """A form that `from_bytes` reads back."""
        document = {
            "anchors": [
                [base64.b64encode(anchor.certificate).decode(), sorted(anchor.purposes)]
                for anchor in self.anchors
            ],
            "intermediates": [base64.b64encode(der).decode() for der in self.intermediates],
            "lists": [base64.b64encode(der).decode() for der in self.lists],
        }
        return json.dumps(document).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        document = json.loads(data)
        return cls(
            anchors=tuple(
                Anchor(base64.b64decode(der), frozenset(map(Purpose, purposes)))
                for der, purposes in document["anchors"]
            ),
            intermediates=tuple(map(base64.b64decode, document["intermediates"])),
            lists=tuple(map(base64.b64decode, document["lists"])),
        )


def load_trust(path: Path) -> Trust:
    """Trust from a file or folder of certificates and revocation lists, PEM or DER.

    Self-signed certificates are anchors, the others intermediates; a file that holds only others
    makes anchors of them, since somebody named it. Raises TrustMaterialError.
    """
    files = _candidates(path)
    certificates: list[bytes] = []
    lists: list[bytes] = []
    for file in files:
        _read(file, certificates, lists)
    if not certificates:
        raise TrustMaterialError(str(path), "holds no certificate")
    parsed = {der: x509.Certificate.load(der) for der in dict.fromkeys(certificates)}
    roots = [der for der, item in parsed.items() if item.self_signed != "no"]
    if not roots and path.is_file():
        roots = list(parsed)
    return Trust(
        anchors=tuple(Anchor(der) for der in roots),
        intermediates=tuple(der for der, item in parsed.items() if der not in roots and item.ca),
        lists=tuple(dict.fromkeys(lists)),
    )


def _candidates(path: Path) -> Sequence[Path]:
    if path.is_dir():
        found = (file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES)
        return sorted(file for file in found if file.is_file() and not _is_key(file))
    if not path.is_file():
        raise TrustMaterialError(str(path), "does not exist")
    return [path]


def _is_key(file: Path) -> bool:
    """Private keys lie beside certificates in some folders; they are never opened."""
    return ".key" in file.suffixes


def _read(file: Path, certificates: list[bytes], lists: list[bytes]) -> None:
    try:
        if file.stat().st_size > MAX_FILE:
            raise TrustMaterialError(str(file), f"has more than {MAX_FILE} bytes")
        for der in _blocks(file.read_bytes()):
            if _is_list(der) or _is_answer(der):
                lists.append(der)
            elif x509.Certificate.load(der, strict=True).serial_number is not None:
                certificates.append(der)
    except OSError as error:
        raise TrustMaterialError(str(file), f"cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise TrustMaterialError(str(file), "is neither certificate nor revocation list") from None


def _blocks(content: bytes) -> Iterable[bytes]:
    if not pem.detect(content):
        return [content]
    return [
        der
        for kind, _, der in pem.unarmor(content, multiple=True)
        if kind in ("CERTIFICATE", "X509 CRL")
    ]


def _is_list(der: bytes) -> bool:
    """A list has a time or an algorithm where a certificate has its version and serial number."""
    try:
        parsed = crl.CertificateList.load(der, strict=True)
        return parsed["tbs_cert_list"]["this_update"].native is not None
    except (ValueError, TypeError):
        return False


def _is_answer(der: bytes) -> bool:
    """An OCSP response begins with its status where the others have a structure."""
    try:
        status = ocsp.OCSPResponse.load(der, strict=True)["response_status"].native
        return bool(status == "successful")
    except (ValueError, TypeError):
        return False
