"""Verification of a signed PDF: numbered steps, code in that order, three verdicts kept apart.

1 reading within limits, 2 integrity and coverage, 3 nothing after the signature but what policy
names, 4 chain and trust, 5 revocation, 6 time, 7 algorithms and form; all after ETSI EN 319 102-1.
Steps 8 to 12, which ask a register, are `judge`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from signing.certificates import credit_code_of, name_of
from signing.chain import Chain, build_chain, links_up
from signing.comparison import HOSTILE
from signing.errors import LimitExceeded, Malformed, Unreadable
from signing.evidence import Evidence, read_evidence
from signing.integrity import Judgement, judge_integrity
from signing.levels import Level
from signing.opinion import SecondReader
from signing.register import Register, RegisterEntry, judge
from signing.report import (
    SIGNATURE_STEPS,
    Integrity,
    Result,
    SignatureReport,
    Signer,
    Step,
    make_step,
    shown,
    verdict,
)
from signing.revocation import Status, check_chain
from signing.stamp import Stamp, read_stamp
from signing.structure import MAX_BYTES, Structure, attachment, examine, stored_lists
from signing.trust import Purpose, Trust

__all__ = ["TERMS_FILE", "Register", "RegisterEntry", "judge", "verify"]

TERMS_FILE: Final = "terms.json"
"""Name under which a letter carries its terms."""
_SEVERITY: Final = (Result.PASSED, Result.NOT_RUN, Result.INDETERMINATE, Result.FAILED)


@dataclass(frozen=True, slots=True)
class _Readable:
    """A file that both readers could open."""

    structure: Structure
    evidences: Sequence[Evidence]
    """Of every signature and document time-stamp."""
    second: SecondReader


@dataclass(frozen=True, slots=True)
class _Identity:
    """One signature whose bytes are sound, with what leads from it to trust and time."""

    evidence: Evidence
    stamp: Stamp
    chain: Chain
    moment: datetime
    """Time as of which the certificate is judged."""
    lists: Sequence[bytes]
    """Every revocation list at hand."""
    level: Level
    """What the file alone proves of it, with the anchors; to be believed if the steps passed."""


def verify(
    pdf: bytes, *, trust: Trust, at: datetime, password: str | None = None
) -> SignatureReport:
    """Verify all signatures of a file as of `at`. Never raises because of what is in the file.

    Validity is judged at the trusted time-stamp's time, else at `at`.
    """
    digest = hashlib.sha256(pdf).hexdigest()
    try:
        readable = _read(pdf, password)
        if isinstance(readable, _Stop):
            return _stopped(digest, readable)
        return _verify(readable, digest, trust, at)
    except (Malformed, LimitExceeded, Unreadable) as error:
        return _stopped(digest, _why_unreadable(error))
    except HOSTILE as error:
        # The one place where a hostile file's effect on libraries becomes a verdict.
        step = make_step(1, Result.FAILED, "reader_failed", what=type(error).__name__)
        return _stopped(digest, _Stop(step, Integrity.MALFORMED))


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why nothing beyond step 1 could be done."""

    step: Step
    integrity: Integrity | None


def unjudged(pdf: bytes, code: str, /, **parameters: object) -> SignatureReport:
    """The report on a file that could not be looked at to the end (a worker died on it)."""
    step = make_step(1, Result.INDETERMINATE, code, **parameters)
    return _stopped(hashlib.sha256(pdf).hexdigest(), _Stop(step, Integrity.MALFORMED))


def _stopped(digest: str, stop: _Stop) -> SignatureReport:
    rest = [make_step(number, Result.NOT_RUN, "not_run") for number in SIGNATURE_STEPS[1:]]
    steps = [stop.step, *rest]
    return SignatureReport(tuple(steps), verdict(steps), stop.integrity, digest)


# Step 1: reading within limits


def _read(pdf: bytes, password: str | None) -> _Readable | _Stop:
    if not pdf:
        return _Stop(make_step(1, Result.FAILED, "empty"), Integrity.MALFORMED)
    if len(pdf) > MAX_BYTES:
        step = make_step(1, Result.INDETERMINATE, "too_big", allowed=MAX_BYTES >> 20)
        return _Stop(step, Integrity.MALFORMED)
    second = SecondReader(pdf, password)
    structure = examine(pdf, second.open_stream)
    if structure.document.encrypted and not second.opens():
        return _Stop(make_step(1, Result.INDETERMINATE, "encrypted"), Integrity.ENCRYPTED)
    if all(site.is_timestamp for site in structure.sites):
        removed = structure.removed
        step = make_step(1, Result.FAILED, "signature_removed" if removed else "unsigned")
        return _Stop(step, Integrity.MODIFIED if removed else Integrity.UNSIGNED)
    evidences = [read_evidence(pdf, site) for site in structure.sites]
    return _Readable(structure, evidences, second)


def _why_unreadable(error: Malformed | LimitExceeded | Unreadable) -> _Stop:
    if isinstance(error, LimitExceeded):
        step = make_step(1, Result.INDETERMINATE, "limit", limit=error.limit, allowed=error.allowed)
        return _Stop(step, Integrity.MALFORMED)
    if isinstance(error, Unreadable):
        if error.what == "password":
            return _Stop(make_step(1, Result.INDETERMINATE, "encrypted"), Integrity.ENCRYPTED)
        step = make_step(1, Result.INDETERMINATE, "unreadable_part", what=error.what)
        return _Stop(step, Integrity.MALFORMED)
    if error.what == "header":
        return _Stop(make_step(1, Result.FAILED, "header"), Integrity.MALFORMED)
    step = make_step(1, Result.FAILED, "malformed", what=error.what, position=error.position or "?")
    return _Stop(step, Integrity.MALFORMED)


def _verify(file: _Readable, digest: str, trust: Trust, at: datetime) -> SignatureReport:
    steps = [make_step(1, Result.PASSED, "readable", signatures=len(file.evidences))]
    judgement = judge_integrity(file.structure, file.evidences, file.second)
    steps += [judgement.content, judgement.changes]
    if judgement.integrity != Integrity.INTACT:
        return _without_identity(steps, judgement, digest)
    try:
        return _with_identity(file, steps, digest, trust, at)
    except HOSTILE as error:
        # The bytes are what was signed; what cannot be read is who signed them.
        step = make_step(4, Result.INDETERMINATE, "unreadable_chain", what=type(error).__name__)
        return _without_identity([*steps, step], judgement, digest)


def _with_identity(
    file: _Readable, steps: list[Step], digest: str, trust: Trust, at: datetime
) -> SignatureReport:
    stored = stored_lists(file.structure)
    signatures = [item for item in file.evidences if not item.site.is_timestamp]
    identities = [_identify(item, trust, stored, at) for item in signatures]
    if any(not item.stamp.sound and item.evidence.declared for item in identities):
        broken = make_step(2, Result.FAILED, "timestamp_altered")
        judgement = Judgement(Integrity.BROKEN, broken, steps[2])
        return _without_identity([steps[0], broken, steps[2]], judgement, digest)
    steps = [
        *steps,
        _worst(identities, _chain_step),
        _worst(identities, lambda item: _revocation_step(item, at)),
        _worst(identities, lambda item: item.stamp.step),
        _worst(identities, lambda item: _constraints_step(item, trust)),
    ]
    return SignatureReport(
        steps=tuple(steps),
        signature=verdict(steps),
        integrity=Integrity.INTACT,
        sha256=digest,
        signers=tuple(_signer(item.evidence) for item in identities),
        time=identities[0].stamp.time,
        claimed_time=identities[0].evidence.claimed,
        terms=_terms(file.structure),
        level=min((item.level for item in identities), key=list(Level).index),
    )


def _without_identity(steps: list[Step], judgement: Judgement, digest: str) -> SignatureReport:
    """Of a file whose bytes are not sound nothing else is believed, not even who signed."""
    rest = [make_step(n, Result.NOT_RUN, "not_run") for n in SIGNATURE_STEPS[len(steps) :]]
    steps = [*steps, *rest]
    return SignatureReport(tuple(steps), verdict(steps), judgement.integrity, digest)


def _worst(identities: Sequence[_Identity], judge_one: Callable[[_Identity], Step]) -> Step:
    steps = [judge_one(identity) for identity in identities]
    return max(steps, key=lambda step: _SEVERITY.index(step.result))


def _identify(evidence: Evidence, trust: Trust, stored: Sequence[bytes], at: datetime) -> _Identity:
    """Time first, since the certificate is judged as of it; the steps keep their order."""
    parts = evidence.parts
    if parts is None:
        raise Malformed("signature value")
    stored = [*stored, *parts.lists]
    lists = list(dict.fromkeys([*trust.lists, *stored]))
    stamp = read_stamp(evidence, trust, lists, at)
    moment = stamp.time or at
    chain = build_chain(parts.certificate, parts.others, trust, Purpose.SIGNING, moment)
    level = _level(stamp, chain, stored, at)
    return _Identity(evidence, stamp, chain, moment, lists, level)


def _level(stamp: Stamp, chain: Chain, stored: Sequence[bytes], at: datetime) -> Level:
    """B-LT: what the file brings along suffices to judge both chains as of the stamp's time."""
    time = stamp.time
    if time is None:
        return Level.B_B
    if chain.fault:
        return Level.B_T
    statuses = [
        check_chain(certificates, lists, used=time, at=at, proven=True).code
        for certificates, lists in (
            (stamp.chain, [*stored, *stamp.lists]),
            (chain.certificates, stored),
        )
    ]
    return Level.B_LT if set(statuses) <= {"good", "revoked_later"} else Level.B_T


# Step 4: chain and trust


def _chain_step(identity: _Identity) -> Step:
    chain, time = identity.chain, shown(identity.moment)
    if not chain.fault:
        anchor = name_of(chain.certificates[-1])
        return make_step(4, Result.PASSED, "trusted", anchor=anchor)
    if chain.fault == "not_yet_valid":
        return make_step(4, Result.FAILED, "not_yet_valid", time=time)
    if chain.fault == "expired":
        claimed = identity.evidence.claimed
        if claimed and claimed > chain.certificates[0].not_valid_after:
            return make_step(4, Result.FAILED, "signed_after_expiry", time=shown(claimed))
    return make_step(4, Result.INDETERMINATE, chain.fault, time=time)


# Step 5: revocation


def _revocation_step(identity: _Identity, at: datetime) -> Step:
    if identity.chain.fault:
        return make_step(5, Result.NOT_RUN, "not_run")
    status = check_chain(
        identity.chain.certificates,
        identity.lists,
        used=identity.moment,
        at=at,
        proven=identity.stamp.time is not None,
    )
    result, code = _revocation_result(status, identity)
    name = name_of(status.certificate) if status.certificate else ""
    when = shown(status.when) if status.when else ""
    return make_step(5, result, code, name=name, when=when)


def _revocation_result(status: Status, identity: _Identity) -> tuple[Result, str]:
    if status.code in ("good", "revoked_later"):
        return Result.PASSED, status.code
    claimed = identity.evidence.claimed
    if status.code == "revoked" and status.when and claimed and claimed >= status.when:
        return Result.FAILED, "revoked_before"
    return Result.INDETERMINATE, status.code


# Step 7: algorithms and form


def _constraints_step(identity: _Identity, trust: Trust) -> Step:
    evidence, parts = identity.evidence, identity.evidence.parts
    reservations = [*evidence.reservations, *identity.stamp.reservations]
    if parts is not None:
        candidates = [
            *identity.chain.certificates,
            *parts.others,
            *trust.roots(Purpose.SIGNING),
            *trust.intermediate_certificates,
        ]
        if not all(links_up(item, candidates) for item in parts.others):
            reservations.append("loose_certificate")
        if "weak_digest" in reservations:
            what = parts.signer["digest_algorithm"]["algorithm"].native
            return make_step(7, Result.INDETERMINATE, "weak_digest", what=what)
    if evidence.declared == Level.B_LT and identity.level == Level.B_T and not identity.chain.fault:
        reservations.append("level_not_reached")
    if reservations:
        return make_step(7, Result.INDETERMINATE, reservations[0])
    return make_step(7, Result.PASSED, "sound", level=identity.level)


def _signer(evidence: Evidence) -> Signer:
    if evidence.parts is None:
        raise Malformed("signature value")
    certificate = evidence.parts.certificate
    fingerprint = hashlib.sha256(certificate.dump()).hexdigest()
    return Signer(name_of(certificate), credit_code_of(certificate), fingerprint)


def _terms(structure: Structure) -> bytes | None:
    try:
        return attachment(structure, TERMS_FILE)
    except (Malformed, Unreadable, LimitExceeded):
        return None
