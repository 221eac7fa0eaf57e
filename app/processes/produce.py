"""One letter from its order to its sealed bytes: render, sign, check, seal (design.md section 3).

Pure but for the key, the time stamp and random numbers: no database, no file. The plain letter
exists in this process's memory only (sealing.md); what goes out is sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.processes.letter_refusals import LetterNotMade
from guarantees.errors import GuaranteeError
from guarantees.letters import Design, LetterPress
from guarantees.ports import LetterOrder, Produced
from guarantees.values.terms import Terms
from signing.errors import EvidenceMissing, KeyUnavailable, LetterNotSignable, TimestampError
from signing.keys.protocol import SigningKey
from signing.levels import Level
from signing.longterm import check_confirmable, lasts
from signing.pdf import sign_letter
from signing.report import Integrity, Result, SignatureReport
from signing.seal import Envelope, NotSealable, Recipient, SealContext, seal
from signing.timekeeper.certificate import CertificateInvalid, OpeningCertificate
from signing.timestamps import Timestamper
from signing.trust import Trust
from signing.verify import verify

log = structlog.get_logger("signer")


@dataclass(frozen=True, slots=True)
class Commission:
    """An order that was read and checked: what the letter says and what it is sealed to."""

    order: LetterOrder
    terms: Terms
    opening: OpeningCertificate


def read_order(
    order: LetterOrder, now: datetime, timekeeper_keys: Mapping[str, bytes] | None
) -> Commission:
    """Refuse what must not be signed before anything is made of it.

    timekeeper_keys: key id to Ed25519 public key, pinned; None: the certificate's word is taken.
    """
    try:
        terms = Terms.from_canonical(order.terms.encode())
    except GuaranteeError as error:
        raise LetterNotMade("bad_order", error.code) from None
    try:
        opening = OpeningCertificate.from_bytes(order.certificate)
        if timekeeper_keys is not None:
            opening.verify(timekeeper_keys)
    except CertificateInvalid as error:
        raise LetterNotMade("wrong_opening", error.reason) from None
    if opening.lot != order.lot:
        raise LetterNotMade("wrong_opening", "lot")
    if now >= opening.opening_time:
        raise LetterNotMade("opening_begun")
    return Commission(order, terms, opening)


def produce(
    order: LetterOrder,
    *,
    press: LetterPress,
    key: SigningKey,
    timestamper: Timestamper,
    trust: Trust,
    now: datetime,
    timekeeper_keys: Mapping[str, bytes] | None = None,
    archive_key: bytes | None = None,
) -> Produced:
    """The signed letter, sealed until the opening of its lot, and what may be known of it.

    archive_key: the institution's own, for its copy of the legal 15 years; None: without one.

    Raises LetterNotMade; MissingGlyph, LetterFormMissing, RenderFailed of the press.
    """
    commission = read_order(order, now, timekeeper_keys)
    pdf = render(commission, press)
    reason = f"开立保函 {commission.terms.number}"
    signed, report = sign_and_check(pdf, reason, key, timestamper, trust, now)
    check_terms(report, commission)
    return close(signed, report, commission, key, archive_key)


def render(commission: Commission, press: LetterPress) -> bytes:
    """The unsigned PDF."""
    order = commission.order
    return press.render(
        commission.terms,
        verify_url=order.verify_url,
        check_code=order.check_code,
        template=order.template,
        design=Design(order.logo, order.seal),
    )


def sign_and_check(
    pdf: bytes,
    reason: str,
    key: SigningKey,
    timestamper: Timestamper,
    trust: Trust,
    now: datetime,
) -> tuple[bytes, SignatureReport]:
    """The signed letter, at the highest level (PAdES B-LT) that pyHanko confirms; else at B-T.

    It counts only if a verifier who knows nothing of its making accepts it. LetterNotMade.
    """
    try:
        check_confirmable(key)
        signed = sign(pdf, reason, key, timestamper, trust, now, Level.B_LT)
        report = check(signed, key, trust, now)
        if report.level == Level.B_LT and report.time and lasts(signed, trust, report.time):
            return signed, report
        why = "not confirmed"
    except EvidenceMissing as error:
        why = error.why
    log.warning("signed at a lower level", level=Level.B_T, why=why)
    signed = sign(pdf, reason, key, timestamper, trust, now, Level.B_T)
    return signed, check(signed, key, trust, now)


def sign(
    pdf: bytes,
    reason: str,
    key: SigningKey,
    timestamper: Timestamper,
    trust: Trust,
    now: datetime,
    level: Level,
) -> bytes:
    """A certification that allows no change. LetterNotMade; EvidenceMissing at B-LT."""
    try:
        return sign_letter(
            pdf,
            key=key,
            timestamper=timestamper,
            reason=reason,
            level=level,
            trust=trust,
            now=now,
            lists=trust.lists if level == Level.B_T else (),
        )
    except TimestampError as error:
        raise LetterNotMade("timestamp", error.reason) from None
    except KeyUnavailable as error:
        raise LetterNotMade("key_unavailable", error.reason) from None
    except LetterNotSignable as error:
        raise LetterNotMade("not_signable", error.why) from None


def check(signed: bytes, key: SigningKey, trust: Trust, now: datetime) -> SignatureReport:
    """PASSED, intact, in one signature of this key; else LetterNotMade."""
    report = verify(signed, trust=trust, at=now)
    if report.signature != Result.PASSED or report.integrity != Integrity.INTACT:
        codes = [step.code for step in report.steps if step.result != Result.PASSED]
        raise LetterNotMade("not_verified", ",".join(codes))
    if [signer.fingerprint for signer in report.signers] != [key.key_id]:
        raise LetterNotMade("not_verified", "signer")
    return report


def check_terms(report: SignatureReport, commission: Commission) -> None:
    """The letter carries the terms that were ordered; else LetterNotMade."""
    if report.terms != commission.terms.canonical():
        raise LetterNotMade("not_verified", "terms")


def close(
    signed: bytes,
    report: SignatureReport,
    commission: Commission,
    key: SigningKey,
    archive_key: bytes | None = None,
) -> Produced:
    """Seal to the opening and the recipients; nothing but the result outlives the call."""
    if report.time is None:
        raise LetterNotMade("not_verified", "time")
    envelope = _sealed(signed, commission, archive_key)
    return Produced(
        inner=envelope.inner,
        eid=envelope.eid,
        sha256=bytes.fromhex(report.sha256),
        size=len(signed),
        signed_at=report.time,
        certificate=bytes.fromhex(key.key_id),
    )


def _sealed(signed: bytes, commission: Commission, archive_key: bytes | None) -> Envelope:
    order = commission.order
    context = SealContext.new(commission.terms.number, order.lot, commission.opening.opening)
    try:
        return seal(
            signed,
            context,
            opening_key=commission.opening.public_key,
            recipients=[Recipient.read(label, public) for label, public in order.recipients],
            recovery=Recipient.of("recovery", order.recovery),
            archive=Recipient.of("institution", archive_key) if archive_key else None,
            profile=order.profile,
            trustees=[Recipient.of(role, public) for role, public in order.trustees],
        )
    except NotSealable as error:
        raise LetterNotMade("not_sealable", error.reason) from None
