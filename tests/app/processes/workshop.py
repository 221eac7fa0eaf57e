"""A signer's surroundings: a PKI with an institution, a platform and a time-stamping authority."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from app.processes.produce import produce
from app.processes.signing_keys import KeyRing, Use
from guarantees.ports import LetterOrder, Produced
from guarantees.tables.letter_forms import newest
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from signing import private_files, seal
from signing.certificates import (
    Authority,
    create_authority,
    crl,
    issue_institution,
    issue_platform,
    issue_timestamping,
    root_crl,
)
from signing.seal import SealContext
from signing.timekeeper.certificate import OpeningCertificate
from signing.timestamps import CONTENT_TYPE_REPLY, LocalTimestamper, TimeStampAuthority
from signing.trust import Trust
from tests.guarantees.letter_samples import CHECK_CODE, sample_terms, shared_press, verify_url

PASSPHRASE = b"only for tests"
ISSUER = sample_terms().issuer
assert ISSUER.credit_code is not None


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Surroundings:
    """What lies around a signer."""

    keys: Path
    """Its folder."""
    trust: Path
    """Certificates and lists that it trusts."""
    pki: Authority
    tsa: TimeStampAuthority
    timekeeper: Ed25519PrivateKey
    opening_key: X25519PrivateKey
    recipient: seal.KeyPair
    recovery: seal.KeyPair

    @property
    def timekeeper_keys(self) -> dict[str, bytes]:
        return {"0123456789abcdef": self.timekeeper.public_key().public_bytes_raw()}

    def opening(self, **changes: object) -> OpeningCertificate:
        now = datetime.now(UTC)
        fields: dict[str, object] = {
            "opening": "a" * 32,
            "lot": "b" * 32,
            "opening_time": now + timedelta(days=3),
            "deadline": now + timedelta(days=3),
            "revision": 1,
            "issued_at": now,
            "public_key": self.opening_key.public_key().public_bytes_raw(),
            "key_id": "0123456789abcdef",
        }
        unsigned = OpeningCertificate(**{**fields, **changes})  # type: ignore[arg-type]
        return unsigned.signed(self.timekeeper)

    def order(self, terms: Terms | None = None, /, **changes: object) -> LetterOrder:
        terms = terms or sample_terms()
        opening = self.opening()
        order = LetterOrder(
            intent="c" * 32,
            terms=terms.canonical().decode(),
            template=newest(terms.kind, terms.form).name,
            check_code=CHECK_CODE,
            verify_url=verify_url(terms),
            certificate=opening.to_bytes(),
            lot=opening.lot,
            recipients=(("procurer", self.recipient.public_key),),
            recovery=self.recovery.public_key,
        )
        return replace(order, **changes)  # type: ignore[arg-type]

    def opened(self, made: Produced, order: LetterOrder) -> bytes:
        """The letter, as the procurer gets it at the opening."""
        terms = Terms.from_canonical(order.terms.encode())
        opening = OpeningCertificate.from_bytes(order.certificate)
        context = SealContext(made.eid, terms.number, order.lot, opening.opening)
        envelope = seal.parse(made.inner)
        sp = seal.unwrap_sp(envelope, context.ctx, self.recipient.private_key)
        st = seal.unwrap_st(envelope.release_request(context), self.opening_key)
        letter = seal.open_envelope(envelope, context, sp, st)
        assert hashlib.sha256(letter).digest() == made.sha256
        assert len(letter) == made.size
        return letter

    @contextmanager
    def timestamping(self) -> Iterator[str]:
        """The authority over HTTP on a free port of this machine."""
        tsa = self.tsa

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = tsa.respond(body, datetime.now(UTC))
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPE_REPLY)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/"
            finally:
                server.shutdown()
                thread.join()


def surroundings(folder: Path) -> Surroundings:
    """Made new in `folder`."""
    now = datetime.now(UTC)
    pki = create_authority(folder / "pki", now, passphrase=PASSPHRASE)
    keys = folder / "keys"
    private_files.make_folder(keys)
    private_files.write_new(keys / "passphrase", PASSPHRASE + b"\n")
    issue_institution(pki, ISSUER.name, str(ISSUER.credit_code), now, directory=keys)
    issue_platform(pki, "测试平台", now, directory=keys)
    tsa = TimeStampAuthority(issue_timestamping(pki, "测试时间戳", now))
    trust = folder / "trust"
    trust.mkdir()
    for name, der in (("root", pki.root_der), ("issuing", pki.issuing_der)):
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        (trust / f"{name}.pem").write_bytes(pem)
    (trust / "issuing.crl").write_bytes(crl(pki, now))
    (trust / "root.crl").write_bytes(root_crl(pki, now))
    return Surroundings(
        keys=keys,
        trust=trust,
        pki=pki,
        tsa=tsa,
        timekeeper=Ed25519PrivateKey.generate(),
        opening_key=X25519PrivateKey.generate(),
        recipient=seal.make_key_pair(),
        recovery=seal.make_key_pair(),
    )


def another_issuer(terms: Terms) -> Terms:
    """The same terms of an institution that has no key."""
    return replace(terms, issuer=Party(terms.issuer.name, terms.beneficiary.credit_code, "issuer"))


def make(
    around: Surroundings, ring: KeyRing, trust: Trust, order: LetterOrder, **changes: Any
) -> Produced:
    """The letter of an order, by the institution's key."""
    use = Use(str(ISSUER.credit_code), "person", order.intent, "letter")
    arguments: dict[str, Any] = {
        "press": shared_press(),
        "key": ring.use(use),
        "timestamper": LocalTimestamper(around.tsa, clock),
        "trust": trust,
        "now": clock(),
        "timekeeper_keys": around.timekeeper_keys,
    }
    return produce(order, **{**arguments, **changes})
