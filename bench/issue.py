"""Issuing: render, sign, timestamp, verify, seal, against WeasyPrint and pyHanko plainly used.

Compared are the phases that both sides have (render, sign, timestamp; then with verification);
sealing is ours alone and counted on our side.
"""

import random
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.cli.places import fonts, project
from app.processes import produce
from app.processes.produce import Commission
from app.processes.signer import settle_memory
from bench.letters import (
    CHECK_CODE,
    ISSUER,
    ISSUER_CODE,
    TEMPLATE,
    sample_terms,
    verify_url,
)
from bench.measure import Operation, Phases, Runs, alternate, machine, peak_memory_mb
from bench.plain import PlainPress, PlainSigner
from guarantees.letters import LetterPress
from guarantees.ports import LetterOrder
from signing.certificates import (
    Authority,
    create_authority,
    crl,
    issue_institution,
    issue_timestamping,
    root_crl,
)
from signing.keys.protocol import SigningKey
from signing.levels import Level
from signing.longterm import lasts
from signing.profiles import KeyKind
from signing.seal import make_key_pair
from signing.timekeeper.certificate import OpeningCertificate
from signing.timestamps import LocalTimestamper, TimeStampAuthority, Token
from signing.trust import Anchor, Trust

_PASSPHRASE = b"bench"
_MADE = ("render", "sign", "timestamp")
_CHECKED = (*_MADE, "verify")


@dataclass
class Workshop:
    """Everything that both sides work with, made once."""

    press: LetterPress
    key: SigningKey
    timestamper: LocalTimestamper
    trust: Trust
    opening: OpeningCertificate
    recipient: bytes
    recovery: bytes
    plain_press: PlainPress
    plain_signer: PlainSigner

    def ours(self, number: int, phases: Phases) -> None:
        """One letter as the signer makes it."""
        commission = self.commission(number)
        now = datetime.now(UTC)
        stamper = _Timed(self.timestamper, phases)
        with phases.phase("render"):
            pdf = produce.render(commission, self.press)
        with phases.phase("sign"):
            signed = produce.sign(pdf, "", self.key, stamper, self.trust, now, Level.B_LT)
        with phases.phase("verify"):
            report = produce.check(signed, self.key, self.trust, now)
            produce.check_terms(report, commission)
            if report.level != Level.B_LT or not lasts(signed, self.trust, report.time or now):
                raise RuntimeError("pyHanko does not confirm level B-LT")
        with phases.phase("seal"):
            produce.close(signed, report, commission, self.key)

    def plain(self, number: int, phases: Phases) -> None:
        """The same letter the plain way."""
        terms = sample_terms(number)
        with phases.phase("render"):
            pdf = self.plain_press.render(terms)
        with phases.phase("sign"):
            signed = self.plain_signer.sign(pdf, datetime.now(UTC), phases)
        with phases.phase("verify"):
            if not self.plain_signer.validate(signed, datetime.now(UTC)):
                raise RuntimeError("pyHanko does not accept its own letter")

    def signing(self, level: Level) -> Operation:
        """Nothing but signing, one letter over and over."""
        pdf = produce.render(self.commission(0), self.press)

        def sign(number: int, phases: Phases) -> None:
            stamper, now = _Timed(self.timestamper, phases), datetime.now(UTC)
            with phases.phase("sign"):
                produce.sign(pdf, str(number), self.key, stamper, self.trust, now, level)

        return sign

    def plain_signing(self) -> Operation:
        """The same with the plain signer, at B-T."""
        pdf = produce.render(self.commission(0), self.press)

        def sign(_number: int, phases: Phases) -> None:
            with phases.phase("sign"):
                self.plain_signer.sign(pdf, datetime.now(UTC), phases)

        return sign

    def commission(self, number: int) -> Commission:
        """The `number`-th letter to be made."""
        terms = sample_terms(number)
        order = LetterOrder(
            intent=f"{number:032x}",
            terms=terms.canonical().decode(),
            template=TEMPLATE.name,
            check_code=CHECK_CODE,
            verify_url=verify_url(terms),
            certificate=self.opening.to_bytes(),
            lot=self.opening.lot,
            recipients=(("procurer", self.recipient),),
            recovery=self.recovery,
        )
        return produce.read_order(order, datetime.now(UTC), None)


class _Timed:
    """A Timestamper whose time is a phase of its own."""

    def __init__(self, inner: LocalTimestamper, phases: Phases) -> None:
        self._inner, self._phases = inner, phases

    @property
    def last(self) -> Token | None:
        return self._inner.last

    def token(self, digest: bytes) -> Token:
        with self._phases.phase("timestamp", within="sign"):
            return self._inner.token(digest)


def run(count: int) -> dict[str, Any]:
    """`count` letters of each side; the figures as JSON would show them."""
    with tempfile.TemporaryDirectory() as folder:
        made = workshop(Path(folder) / "pki", datetime.now(UTC))
    settle_memory()  # as in the signer; the peer has its use of it too
    ours, plain = alternate(count, made.ours, made.plain)
    levels = {
        level: alternate(count, made.signing(level), made.plain_signing())
        for level in (Level.B_T, Level.B_LT)
    }
    return {
        "stage": "issue",
        "count": count,
        "machine": machine(),
        "ours": ours.summary(),
        "peer": {
            "name": "WeasyPrint (fresh FontConfiguration) + pyHanko SimpleSigner (RSA-2048)",
            **plain.summary(),
        },
        "times_less_cpu": _ratios(ours, plain)
        | {
            f"sign {level}, SimpleSigner at B-T": round(theirs.cpu("sign") / mine.cpu("sign"), 2)
            for level, (mine, theirs) in levels.items()
        },
        "sign_cpu_ms": {level: round(mine.cpu("sign"), 2) for level, (mine, _) in levels.items()},
        "peak_memory_mb": peak_memory_mb(),
    }


def _ratios(ours: Runs, plain: Runs) -> dict[str, float]:
    return {
        "render": round(plain.cpu("render") / ours.cpu("render"), 2),
        "sign": round(plain.cpu("sign") / ours.cpu("sign"), 2),
        "render+sign+timestamp": round(plain.cpu(*_MADE) / ours.cpu(*_MADE), 2),
        "with verification": round(plain.cpu(*_CHECKED) / ours.cpu(*_CHECKED), 2),
        "all, sealing ours only": round(plain.cpu() / ours.cpu(), 2),
    }


def workshop(folder: Path, now: datetime) -> Workshop:
    """A PKI in `folder`, keys, presses: what both sides of a stage work with."""
    pki = create_authority(folder, now, passphrase=_PASSPHRASE)
    key = issue_institution(pki, ISSUER, ISSUER_CODE, now)
    authority = TimeStampAuthority(issue_timestamping(pki, "测量用时间戳", now))
    press = LetterPress(fonts(), project() / "templates" / "letters")
    press.warm()
    stylesheet = project() / "templates" / "letters" / TEMPLATE.base / "letter.css"
    return Workshop(
        press=press,
        key=key,
        timestamper=LocalTimestamper(authority, lambda: datetime.now(UTC)),
        trust=Trust(
            anchors=(Anchor(pki.root_der),),
            intermediates=(pki.issuing_der,),
            lists=(crl(pki, now), root_crl(pki, now)),
        ),
        opening=_opening(now),
        recipient=make_key_pair().public_key,
        recovery=make_key_pair().public_key,
        plain_press=PlainPress(press, fonts(), stylesheet),
        plain_signer=_plain_signer(pki, authority, now),
    )


def _plain_signer(pki: Authority, authority: TimeStampAuthority, now: datetime) -> PlainSigner:
    rng = random.Random(2)  # nosec B311 - a credit code
    from guarantees.values.codes import make_credit_code

    code = make_credit_code("911401000", rng)
    key = issue_institution(pki, ISSUER, code, now, kind=KeyKind.RSA2048)
    pem = (pki.directory / f"{code}.key.pem").read_bytes()
    return PlainSigner(
        load_pem_private_key(pem, _PASSPHRASE),
        key.certificate,
        list(key.chain),
        x509.Certificate.load(pki.root_der),
        authority,
    )


def _opening(now: datetime) -> OpeningCertificate:
    unsigned = OpeningCertificate(
        opening="0" * 32,
        lot="1" * 32,
        opening_time=now + timedelta(days=1),
        deadline=now + timedelta(days=1),
        revision=1,
        issued_at=now,
        public_key=make_key_pair().public_key,
        key_id="0" * 16,
    )
    return unsigned.signed(Ed25519PrivateKey.generate())
