"""Who signed, when, and whether it still counted: each wrong fails at its own step."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from signing import profiles
from signing.certificates import (
    Authority,
    create_authority,
    crl,
    issue_institution,
    issue_timestamping,
    revoke,
    root_crl,
)
from signing.chain import build_chain
from signing.keys.protocol import Algorithm
from signing.keys.software import SoftwareKey
from signing.pdf import sign_letter
from signing.profiles import KeyKind, Usage, new_key, subject_name
from signing.report import Integrity, Result, SignatureReport
from signing.trust import Anchor, Purpose, Trust
from tests.signing import papers
from tests.signing.made import (
    CODE,
    LATER,
    MADE,
    NAME,
    NOW,
    PASSPHRASE,
    approved,
    judged,
    letter,
    pki,
    stamps_at,
    step,
)

DAY = timedelta(days=1)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A PKI for one test, which may revoke in it."""
    return create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)


def signed_at(
    authority: Authority,
    key: SoftwareKey,
    stamped: datetime,
    claimed: datetime | None = None,
    stamps: SoftwareKey | None = None,
) -> bytes:
    """A letter with a time-stamp of `stamped`."""
    stamps = stamps or issue_timestamping(authority, "时间戳", MADE)
    return sign_letter(
        papers.paper(),
        key=key,
        timestamper=stamps_at(stamps, stamped),
        reason="签发",
        now=claimed or stamped,
    )


def trust_at(authority: Authority, when: datetime) -> Trust:
    """The authority with its lists of that time."""
    lists = (crl(authority, when), root_crl(authority, when))
    return Trust(anchors=(Anchor(authority.root_der),), lists=lists)


def outcome(report: SignatureReport, number: int) -> tuple[Result, str, Result]:
    found = step(report, number)
    return found.result, found.code, report.signature


def sound_bytes(report: SignatureReport) -> bool:
    """Steps 1 to 3: the trouble is not in the file."""
    return report.integrity == Integrity.INTACT and {item.result for item in report.steps[:3]} == {
        Result.PASSED
    }


def test_expired_before_the_time_stamp(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE, life=2 * DAY)
    stamped = NOW + 3 * DAY
    pdf = signed_at(authority, key, stamped)
    report = judged(pdf, trust_at(authority, stamped), stamped + DAY)
    assert sound_bytes(report)
    assert outcome(report, 4) == (Result.FAILED, "signed_after_expiry", Result.FAILED)
    assert report.indication == "TOTAL-FAILED/EXPIRED"
    early = signed_at(authority, key, stamped, claimed=NOW, stamps=_tsa(authority))
    report = judged(early, trust_at(authority, stamped), stamped + DAY)
    assert outcome(report, 4) == (Result.INDETERMINATE, "expired", Result.INDETERMINATE)


def _tsa(authority: Authority) -> SoftwareKey:
    folder = authority.directory.parent / "tsa"
    return issue_timestamping(authority, "时间戳二", MADE, directory=folder)


def test_expired_after_the_time_stamp_is_good(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE, life=2 * DAY)
    pdf = signed_at(authority, key, NOW)
    report = judged(pdf, trust_at(authority, NOW), NOW + 9 * DAY)
    assert report.signature == Result.PASSED


def test_a_remembered_chain_is_none_before_and_after_its_certificates(
    authority: Authority,
) -> None:
    key = issue_institution(authority, NAME, CODE, MADE, life=2 * DAY)
    trust = trust_at(authority, NOW)
    moments = (NOW, MADE - DAY, NOW + 3 * DAY, NOW)
    chains = [build_chain(key.certificate, key.chain, trust, Purpose.SIGNING, at) for at in moments]
    assert [chain.fault for chain in chains] == ["", "not_yet_valid", "expired", ""]
    stranger = Trust(anchors=pki().trust.anchors)
    chain = build_chain(key.certificate, key.chain, stranger, Purpose.SIGNING, NOW)
    assert chain.fault == "no_anchor"
    stamping = replace(trust, anchors=(Anchor(authority.root_der, frozenset({Purpose.SIGNING})),))
    chain = build_chain(key.certificate, key.chain, stamping, Purpose.TIMESTAMPING, NOW)
    assert chain.fault == "no_anchor"


def test_signed_before_the_certificate_began(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, NOW + DAY)
    pdf = signed_at(authority, key, NOW)
    report = judged(pdf, trust_at(authority, NOW + 2 * DAY), NOW + 2 * DAY)
    assert sound_bytes(report)
    assert outcome(report, 4) == (Result.FAILED, "not_yet_valid", Result.FAILED)
    assert report.indication == "TOTAL-FAILED/NOT_YET_VALID"


def test_revoked_before_it_was_signed(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    revoke(authority, key.certificate, NOW - timedelta(hours=2))
    pdf = signed_at(authority, key, NOW)
    report = judged(pdf, trust_at(authority, NOW))
    assert sound_bytes(report)
    assert outcome(report, 5) == (Result.FAILED, "revoked_before", Result.FAILED)
    assert report.indication == "TOTAL-FAILED/REVOKED"
    backdated = signed_at(
        authority, key, NOW, claimed=NOW - timedelta(hours=3), stamps=_tsa(authority)
    )
    report = judged(backdated, trust_at(authority, NOW))
    assert outcome(report, 5) == (Result.INDETERMINATE, "revoked", Result.INDETERMINATE)
    assert report.indication == "INDETERMINATE/REVOKED_NO_POE"


def test_revoked_after_the_time_stamp_is_good_and_said(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    pdf = signed_at(authority, key, NOW)
    revoke(authority, key.certificate, NOW + DAY)
    report = judged(pdf, trust_at(authority, NOW + 2 * DAY), NOW + 2 * DAY)
    assert outcome(report, 5) == (Result.PASSED, "revoked_later", Result.PASSED)


def test_revoked_without_time_stamp_proves_nothing(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    pdf = approved(papers.paper(), key=key)
    revoke(authority, key.certificate, NOW + DAY)
    report = judged(pdf, trust_at(authority, NOW + 2 * DAY), NOW + 2 * DAY)
    assert outcome(report, 5) == (Result.INDETERMINATE, "revoked", Result.INDETERMINATE)


def test_a_revoked_authority_takes_its_certificates_along(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    issuing = key.chain[0]
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(issuing.serial_number)
        .revocation_date(NOW - DAY)
        .build()
    )
    lists = (
        crl(authority, NOW),
        profiles.revocation_list(authority.root, [entry], NOW, DAY),
    )
    trust = replace(trust_at(authority, NOW), lists=lists)
    report = judged(approved(papers.paper(), key=key), trust)
    assert step(report, 5).code == "revoked_before"


def test_a_list_of_somebody_else_does_not_count(authority: Authority, tmp_path: Path) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    other = create_authority(tmp_path / "other", MADE, passphrase=PASSPHRASE)
    trust = replace(trust_at(authority, NOW), lists=trust_at(other, NOW).lists)
    report = judged(approved(papers.paper(), key=key), trust)
    assert outcome(report, 5) == (Result.INDETERMINATE, "unknown", Result.INDETERMINATE)


@pytest.mark.parametrize(
    ("extensions", "code"),
    [
        ([(profiles._usage("key_encipherment"), True)], "usage"),
        ([(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False)], "usage"),
        ([(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING]), True)], "usage"),
        ([(profiles._usage("digital_signature"), True)], "trusted"),
        ([(x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")]), False)],
         "trusted"),
    ],
    ids=["encryption", "web server", "time-stamping", "signature", "document signing"],
)  # fmt: skip
def test_what_the_certificate_is_for(
    extensions: Sequence[tuple[x509.ExtensionType, bool]], code: str
) -> None:
    key = certified(extensions)
    report = judged(approved(papers.paper(), key=key))
    assert sound_bytes(report)
    assert step(report, 4).code == code
    assert (report.signature == Result.PASSED) == (code == "trusted")


def certified(extensions: Sequence[tuple[x509.ExtensionType, bool]]) -> SoftwareKey:
    """A key whose certificate says just this about its use."""
    issuing = pki().authority.issuing
    private = new_key(KeyKind.P256)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name("别的用途"))
        .issuer_name(issuing.certificate.subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MADE)
        .not_valid_after(MADE + 90 * DAY)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(issuing.private, hashes.SHA256())
    return SoftwareKey(
        private, certificate.public_bytes(Encoding.DER), [pki().authority.issuing_der]
    )


def test_a_time_stamping_key_signs_no_letters(authority: Authority) -> None:
    pdf = signed_at(authority, issue_timestamping(authority, "时间戳", MADE), NOW,
                    stamps=_tsa(authority))  # fmt: skip
    report = judged(pdf, trust_at(authority, NOW))
    assert outcome(report, 4) == (Result.INDETERMINATE, "usage", Result.INDETERMINATE)


def test_a_self_made_certificate_of_the_same_name(tmp_path: Path) -> None:
    forger = create_authority(tmp_path / "forger", MADE, passphrase=PASSPHRASE)
    key = issue_institution(forger, NAME, CODE, MADE)
    report = judged(signed_at(forger, key, NOW))
    assert sound_bytes(report)
    assert outcome(report, 4) == (Result.INDETERMINATE, "no_anchor", Result.INDETERMINATE)
    assert step(report, 6).code == "timestamp_untrusted"
    assert report.time is None


def test_an_authority_may_be_trusted_for_one_purpose_only() -> None:
    root = pki().authority.root_der
    for purpose, code, stamp in (
        (Purpose.SIGNING, "trusted", "timestamp_untrusted"),
        (Purpose.TIMESTAMPING, "no_anchor", "timestamped"),
    ):
        trust = replace(pki().trust, anchors=(Anchor(root, frozenset({purpose})),))
        report = judged(letter(), trust)
        assert (step(report, 4).code, step(report, 6).code) == (code, stamp)
        assert report.signature == Result.INDETERMINATE


def test_a_revoked_time_stamping_key_proves_no_time(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    stamps = issue_timestamping(authority, "时间戳", MADE)
    pdf = signed_at(authority, key, NOW, stamps=stamps)
    revoke(authority, stamps.certificate, NOW - timedelta(hours=1))
    report = judged(pdf, trust_at(authority, NOW))
    assert outcome(report, 6) == (
        Result.INDETERMINATE, "timestamp_revoked", Result.INDETERMINATE,
    )  # fmt: skip


def test_an_expired_time_stamping_key_proves_no_time(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    stamps = issue_timestamping(authority, "时间戳", MADE, life=DAY / 2)
    pdf = signed_at(authority, key, NOW, stamps=stamps)
    report = judged(pdf, trust_at(authority, NOW))
    assert outcome(report, 6)[1] == "timestamp_untrusted"


def test_a_time_stamp_from_the_future_is_not_believed(authority: Authority) -> None:
    key = issue_institution(authority, NAME, CODE, MADE)
    pdf = signed_at(authority, key, NOW + DAY)
    report = judged(pdf, trust_at(authority, NOW), LATER)
    assert outcome(report, 6) == (
        Result.INDETERMINATE, "timestamp_future", Result.INDETERMINATE,
    )  # fmt: skip


class WeakKey:
    """Signs with SHA-1, as nobody should."""

    def __init__(self) -> None:
        self.inner = pki().key
        self.certificate, self.chain = self.inner.certificate, self.inner.chain
        self.key_id = self.inner.key_id
        identifier = bytes.fromhex("300906072a8648ce3d0401")
        self.algorithm = Algorithm("sha1_ecdsa", "sha1", identifier, 80)

    def sign(self, data: bytes) -> bytes:
        return bytes(PRIVATE.sign(data, ec.ECDSA(hashes.SHA1())))


PRIVATE = new_key(KeyKind.P256)


def test_a_weak_digest_is_told_from_a_wrong_one() -> None:
    key = WeakKey()
    issued = profiles.end_entity(
        pki().authority.issuing,
        subject_name(NAME, CODE),
        PRIVATE,
        Usage.SIGNING,
        MADE,
        90 * DAY,
        "",
    )
    key.certificate = type(key.certificate).load(issued.public_bytes(Encoding.DER))
    report = judged(approved(papers.paper(), key=key))
    assert sound_bytes(report)
    assert outcome(report, 7) == (Result.INDETERMINATE, "weak_digest", Result.INDETERMINATE)
    assert step(report, 7).parameters == {"what": "sha1"}
    assert report.indication == "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
