"""The demonstration's certificate authority: `python -m app.processes.authority`.

GET /crl/root.crl, /crl/issuing.crl; GET /root.pem, /issuing.pem; POST /tsa (RFC 3161). It keeps the
public folder of trust up to date, from which web process and signer read. At its first start it
makes its own keys, the time-stamping key, the platform's, and those of the demonstration's
institutions in the signer's folder (--ring), those named by --gm with SM2.
"""

import argparse
import secrets
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import ClassVar

import structlog
from asn1crypto import pem

from app.demo.cast import institutions
from app.processes import child, gm_authority
from app.processes.loopback import HOST, Answer, Handler, Route, Server, as_json, inherited, listen
from app.processes.signing_keys import PLATFORM, archive_name
from signing import certificates, private_files
from signing.certificates import Authority
from signing.errors import SigningError
from signing.seal.hpke import public_of
from signing.seal.private_keys import make_key_pair
from signing.timestamps import CONTENT_TYPE_REPLY, TimeStampAuthority

PASSPHRASE_FILE = "passphrase"  # nosec B105 - a file's name
TSA = "tsa"
TSA_NAME = "保函平台演示时间戳"
PLATFORM_NAME = "保函平台"
CERTIFICATES = ("root.pem", "issuing.pem", "tsa.pem", *gm_authority.CERTIFICATES)
LISTS = ("root.crl", "issuing.crl", *gm_authority.LISTS)
REFRESH_SECONDS = 3600.0
"""A list is made anew this often; it names the next one two days ahead."""
WATCH_SECONDS = 1.0
"""And within this time after a certificate was revoked (./baohan key)."""

LONGEST_PASSPHRASE = 4096

log = structlog.get_logger("authority")


class AuthorityService:
    """An authority and its time-stamping key, as they answer."""

    def __init__(self, authority: Authority, trust: Path) -> None:
        self.authority = authority
        self.trust = trust
        self.gm = gm_authority.find(authority.directory, authority.passphrase)
        self.stamps = TimeStampAuthority(
            certificates.load_key(authority.directory, TSA, passphrase=authority.passphrase)
        )

    def publish(self) -> None:
        """Certificates and lists as of now, readable for everybody."""
        now = _now()
        tsa = certificates.load_key(
            self.authority.directory, TSA, passphrase=self.authority.passphrase
        )
        for name, content in {
            "root.pem": pem.armor("CERTIFICATE", self.authority.root_der),
            "issuing.pem": pem.armor("CERTIFICATE", self.authority.issuing_der),
            "tsa.pem": pem.armor("CERTIFICATE", tsa.certificate.dump()),
            "root.crl": certificates.root_crl(self.authority, now),
            "issuing.crl": certificates.crl(self.authority, now),
            **(gm_authority.published(self.gm, now) if self.gm else {}),
        }.items():
            publish(self.trust / name, content)

    def publish_until(self, stop: threading.Event) -> None:
        due, known = 0.0, self._revoked()
        while not stop.wait(WATCH_SECONDS):
            if time.monotonic() >= due or self._revoked() != known:
                due, known = time.monotonic() + REFRESH_SECONDS, self._revoked()
                self.publish()

    def _revoked(self) -> set[str]:
        return {path.name for path in self.authority.directory.glob("revoked-*.json")}


def publish(path: Path, content: bytes) -> None:
    """Replace a public file at once."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.chmod(0o644)
    new.replace(path)


def _now() -> datetime:
    return datetime.now(UTC)


def set_up(folder: Path, ring: Path, crl_url: str, gm: Sequence[str] = ()) -> Authority:
    """Make what is lacking; what stands is left alone, so that it may be repeated after a kill.

    gm: credit codes of the institutions that sign with SM2.
    """
    private_files.make_folder(folder)
    private_files.make_folder(ring)
    passphrase = _passphrase(folder)
    authority = _authority(folder, passphrase, crl_url)
    _keep(ring / PASSPHRASE_FILE, passphrase)
    now = _now()
    if not (folder / f"{TSA}.pem").exists():
        certificates.issue_timestamping(authority, TSA_NAME, now)
    if not (ring / f"{PLATFORM}.pem").exists():
        certificates.issue_platform(authority, PLATFORM_NAME, now, directory=ring)
    if chosen := [one for one in institutions() if one.credit_code in gm]:
        gm_authority.equip(folder, passphrase, crl_url, chosen, ring, now)
    for institution in institutions():
        if not (ring / f"{institution.credit_code}.pem").exists():
            certificates.issue_institution(
                authority, institution.name, institution.credit_code, now, directory=ring
            )
        _archive_key(ring, institution.credit_code)
    return authority


def _archive_key(ring: Path, institution: str) -> None:
    """The demonstration's institutions keep theirs with the signer's user."""
    private, public = ring / archive_name(institution), ring / archive_name(institution, "pub")
    if not private.exists():
        private_files.write_new(private, make_key_pair().private_key.hex().encode() + b"\n")
    if not public.exists():
        held = bytes.fromhex(private_files.read(private, LONGEST_PASSPHRASE).decode())
        private_files.write_new(public, public_of(held))


def _authority(folder: Path, passphrase: bytes, crl_url: str) -> Authority:
    if (folder / "authority.json").exists():
        return certificates.open_authority(folder, passphrase=passphrase)
    return certificates.create_authority(folder, _now(), passphrase=passphrase, crl_url=crl_url)


def _passphrase(folder: Path) -> bytes:
    path = folder / PASSPHRASE_FILE
    if not path.exists():
        private_files.write_new(path, secrets.token_hex(32).encode())
    return private_files.read(path, LONGEST_PASSPHRASE)


def _keep(path: Path, content: bytes) -> None:
    if not path.exists():
        private_files.write_new(path, content)


def _stamp(request: Handler, rest: str) -> Answer:
    response = request.service.stamps.respond(request.body(), _now())
    return Answer(200, response, CONTENT_TYPE_REPLY)


def _public(kind: str, names: Sequence[str]) -> Route:
    def show(request: Handler, rest: str) -> Answer:
        if rest not in names or not (request.service.trust / rest).exists():
            return as_json(404, {"error": "not found"})
        return Answer(200, (request.service.trust / rest).read_bytes(), kind)

    return show


class AuthorityHandler(Handler):
    routes: ClassVar[dict[tuple[str, str], Route]] = {
        ("POST", "/tsa"): _stamp,
        ("GET", "/crl/"): _public("application/pkix-crl", LISTS),
        ("GET", "/"): _public("application/x-pem-file", CERTIFICATES),
    }


def main(argv: list[str]) -> int:
    """Exit code: 0 ended when asked, 1 could not start (one line says why)."""
    parser = argparse.ArgumentParser(prog="python -m app.processes.authority", allow_abbrev=False)
    parser.add_argument("--folder", type=Path, required=True, help="own folder, 0700")
    parser.add_argument("--trust", type=Path, required=True, help="public folder of trust")
    parser.add_argument("--ring", type=Path, required=True, help="the signer's key folder, 0700")
    parser.add_argument("--gm", nargs="*", default=(), help="institutions that sign with SM2")
    parser.add_argument("--fd", type=int, help="a listening socket that was handed down")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(argv)
    stop = child.begin("authority")
    try:
        listener = listen(given.port) if given.fd is None else inherited(given.fd)
        crl_url = f"http://{HOST}:{listener.getsockname()[1]}/crl"
        authority = set_up(given.folder, given.ring, crl_url, given.gm)
        _serve(AuthorityService(authority, given.trust), listener, stop)
    except (SigningError, OSError) as error:
        log.error("cannot run", why=str(error))
        return 1
    return 0


def _serve(service: AuthorityService, listener: socket, stop: threading.Event) -> None:
    service.publish()
    refresher = threading.Thread(target=service.publish_until, args=(stop,))
    refresher.start()
    handler = type("BoundAuthorityHandler", (AuthorityHandler,), {"service": service})
    Server(listener, handler).run_until(stop)
    refresher.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
