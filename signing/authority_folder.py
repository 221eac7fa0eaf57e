"""What lies in the folder of a development PKI, whatever its algorithms: keys, chains, settings,
and one file for each certificate that was revoked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from asn1crypto import pem

from signing import private_files
from signing.errors import KeyStoreError

MAX_FILE: Final = 64 * 1024
_SETTINGS: Final = "authority.json"


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate that is on every list from `when` on."""

    serial: int
    when: datetime
    reason: str
    """A CRLReason (RFC 5280, 5.3.1), as the library that writes the list calls it."""


def set_up(directory: Path, crl_url: str) -> None:
    """Keep the prefix of the distribution points. FileExistsError in a folder that has one."""
    content = json.dumps({"crl": crl_url}).encode()
    private_files.write_new(directory / _SETTINGS, content)


def crl_url(directory: Path) -> str:
    """What `set_up` kept. Raises KeyStoreError or ExposedFile."""
    private_files.check_folder(directory)
    path = directory / _SETTINGS
    if not path.exists():
        raise KeyStoreError(str(path), "is missing: make the development PKI first")
    url: str = json.loads(private_files.read(path, MAX_FILE))["crl"]
    return url


def store(directory: Path, name: str, key: bytes, chain: Iterable[bytes]) -> None:
    """Write `<name>.key.pem` and `<name>.pem`. key: PEM, encrypted; chain: DER, the key's first."""
    content = b"".join(pem.armor("CERTIFICATE", certificate) for certificate in chain)
    private_files.write_new(directory / f"{name}.key.pem", key)
    private_files.write_new(directory / f"{name}.pem", content)


def revoke(directory: Path, revocation: Revocation) -> None:
    """A second call for the same certificate changes nothing."""
    path = _path(directory, revocation.serial)
    if not path.exists():
        when = revocation.when.isoformat()
        entry = {"serial": revocation.serial, "when": when, "reason": revocation.reason}
        private_files.write_new(path, json.dumps(entry).encode())


def revoked(directory: Path, now: datetime) -> list[Revocation]:
    """Those that a list made `now` holds."""
    found = map(_read, sorted(directory.glob("revoked-*.json")))
    return [one for one in found if one.when <= now]


def revocation_of(directory: Path, serial: int) -> Revocation | None:
    """Of one certificate, if it is or will be revoked."""
    path = _path(directory, serial)
    return _read(path) if path.exists() else None


def _path(directory: Path, serial: int) -> Path:
    return directory / f"revoked-{serial:x}.json"


def _read(path: Path) -> Revocation:
    entry = json.loads(private_files.read(path, MAX_FILE))
    return Revocation(entry["serial"], datetime.fromisoformat(entry["when"]), entry["reason"])
