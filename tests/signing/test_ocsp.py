"""OCSP responses: in a letter's store, from a trust folder, and those that do not count."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import profiles
from signing.levels import Level
from signing.longterm import gather, lasts
from signing.pdf import sign_letter
from signing.profiles import Issuer, KeyKind, new_key
from signing.report import Result
from signing.structure import examine
from signing.trust import Anchor, Trust, load_trust
from tests.signing import papers
from tests.signing.made import LATER, MADE, NOW, judged, key_of, pki, step
from tests.signing.strangers import letter_of

DAY = timedelta(days=1)
ANCHOR = Trust(anchors=(Anchor(pki().authority.root_der),))


def issuer_of(certificate: asn1.Certificate) -> Issuer:
    authority = pki().authority
    return authority.root if certificate.dump() == authority.issuing_der else authority.issuing


def response(
    certificate: asn1.Certificate,
    at: datetime = NOW,
    *,
    revoked: datetime | None = None,
    life: timedelta = DAY,
    by: Issuer | None = None,
    delegates: Sequence[x509.Certificate] = (),
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
) -> bytes:
    """What the issuer, or `by`, says of a certificate."""
    issuer = issuer_of(certificate)
    signer = by or issuer
    builder = ocsp.OCSPResponseBuilder().add_response(
        x509.load_der_x509_certificate(certificate.dump()),
        issuer.certificate,
        hashes.SHA256(),
        ocsp.OCSPCertStatus.REVOKED if revoked else status,
        at,
        at + life,
        revoked,
        x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    if delegates:
        builder = builder.certificates(list(delegates))
    return builder.sign(signer.private, hashes.SHA256()).public_bytes(Encoding.DER)


def chain() -> list[asn1.Certificate]:
    """The signer's, the authority's of time-stamps, and their issuer's."""
    token = pki().stamps.token(bytes(32))
    issuing = asn1.Certificate.load(pki().authority.issuing_der)
    return [pki().key.certificate, asn1.Certificate.load(token.certificate), issuing]


def all_good(at: datetime = NOW) -> tuple[bytes, ...]:
    return tuple(response(one, at) for one in chain())


def with_answers(*answers: bytes) -> Trust:
    return replace(ANCHOR, lists=answers)


def test_a_letter_brings_answers_instead_of_lists() -> None:
    letter = sign_letter(
        papers.paper(), key=pki().key, timestamper=pki().stamps, reason="签发", now=NOW,
        level=Level.B_LT, trust=with_answers(*all_good()),
    )  # fmt: skip
    view = examine(letter).view
    store = view.dictionary(view.catalog["DSS"])
    assert len(view.array(store["OCSPs"])) == 3
    assert "CRLs" not in store
    assert lasts(letter, ANCHOR, NOW)
    late = LATER + 4000 * DAY
    for at in (LATER, late):
        report = judged(letter, ANCHOR, at)
        assert (report.signature, report.level) == (Result.PASSED, Level.B_LT)


def test_lists_and_answers_go_together() -> None:
    found = gather(
        pki().key,
        pki().stamps.token(bytes(32)),
        replace(
            pki().trust, lists=(*pki().lists, response(chain()[0], NOW + timedelta(minutes=1)))
        ),
        NOW + timedelta(minutes=2),
    )
    assert (len(found.responses), len(found.lists)) == (1, 2)


def bare() -> bytes:
    return letter_of(papers.paper(), pki().key, Level.B_T)


def code_with(*answers: bytes, at: datetime = LATER) -> str:
    """Code of step 5 for a letter that brings nothing along."""
    return step(judged(bare(), with_answers(*answers), at), 5).code


def test_answers_of_the_verifier_count() -> None:
    assert code_with(*all_good()) == "good"
    assert code_with() == "unknown"
    signer, *others = chain()
    rest = [response(one) for one in others]
    assert code_with(*rest) == "unknown"
    assert code_with(*rest, response(signer, revoked=NOW - DAY)) == "revoked_before"
    known = NOW + timedelta(minutes=30)
    assert code_with(*rest, response(signer, known, revoked=known)) == "revoked_later"
    # One that says revoked weighs more than any number that say good.
    assert code_with(*all_good(), response(signer, revoked=NOW - DAY)) == "revoked_before"


def test_answers_that_are_too_old_or_from_the_future() -> None:
    signer, *others = chain()
    rest = [response(one) for one in others]
    assert code_with(*rest, response(signer, NOW - 3 * DAY)) == "stale"
    assert code_with(*rest, response(signer, LATER + DAY)) == "unknown"


def test_answers_of_others_do_not_count() -> None:
    signer, *others = chain()
    rest = [response(one) for one in others]
    stranger = issuer_of(chain()[2])  # the root did not issue the signer's
    assert code_with(*rest, response(signer, by=stranger)) == "unknown"
    assert code_with(*rest, response(key_of(KeyKind.P384).certificate)) == "unknown"
    unknown = response(signer, status=ocsp.OCSPCertStatus.UNKNOWN)
    assert code_with(*rest, unknown) == "unknown"
    altered = bytearray(response(signer))
    altered[-1] ^= 1
    assert code_with(*rest, bytes(altered)) == "unknown"
    refusal = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert code_with(*rest, refusal.public_bytes(Encoding.DER), b"", b"0") == "unknown"


@pytest.mark.parametrize(
    ("purpose", "no_check", "begins", "code"),
    [
        (ExtendedKeyUsageOID.OCSP_SIGNING, True, MADE, "good"),
        (ExtendedKeyUsageOID.OCSP_SIGNING, False, MADE, "unknown"),
        (ExtendedKeyUsageOID.OCSP_SIGNING, True, NOW + DAY, "unknown"),
        (ExtendedKeyUsageOID.TIME_STAMPING, True, MADE, "unknown"),
    ],
)
def test_a_responder_must_be_delegated(
    purpose: x509.ObjectIdentifier, no_check: bool, begins: datetime, code: str
) -> None:
    authority, private = pki().authority, new_key(KeyKind.P256)
    builder = profiles._builder(
        profiles.subject_name("答复者"),
        private,
        authority.issuing.certificate.subject,
        begins,
        DAY * 9,
    ).add_extension(x509.ExtendedKeyUsage([purpose]), False)
    if no_check:
        builder = builder.add_extension(x509.OCSPNoCheck(), False)
    made = builder.sign(authority.issuing.private, hashes.SHA256())
    signer, *others = chain()
    told = response(signer, by=Issuer(made, private), delegates=[made])
    assert code_with(*(response(one) for one in others), told) == code


def test_a_trust_folder_may_hold_answers(tmp_path: Path) -> None:
    (tmp_path / "root.der").write_bytes(pki().authority.root_der)
    for number, der in enumerate(all_good()):
        (tmp_path / f"{number}.ors").write_bytes(der)
    assert len(load_trust(tmp_path).lists) == 3
    assert judged(bare(), load_trust(tmp_path)).signature == Result.PASSED
