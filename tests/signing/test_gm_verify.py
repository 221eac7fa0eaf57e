"""Our own verification of letters signed with SM2 and SM3."""

from datetime import timedelta

import pytest
from asn1crypto import cms, core, crl

from signing.authority_folder import Revocation
from signing.cms import SEQUENCE, CmsSigner, canonical, oid, tlv
from signing.gm import authority as gm_authority
from signing.gm.algorithms import (
    GBT_35275,
    SM2_WITH_SM3,
    SM3,
    Sm2Pair,
    on_sm2,
    sm3,
)
from signing.gm.certificates import GmUsage, revocation_list
from signing.keys.protocol import Algorithm, SigningKey
from signing.keys.sm2 import Sm2Key
from signing.profiles import KeyKind
from signing.report import Integrity, Result, SignatureReport
from signing.trust import Trust
from signing.worker import Pool
from tests.signing import papers
from tests.signing.gm_made import gm, gm_letter, gm_signed, value_of
from tests.signing.made import (
    CODE,
    LATER,
    MADE,
    NAME,
    NOW,
    PASSPHRASE,
    approved,
    folder,
    judged,
    key_of,
    letter,
    pki,
    step,
)


def report_on(pdf: bytes, trust: Trust | None = None) -> SignatureReport:
    return judged(pdf, trust or gm().trust)


def test_a_letter_passes_and_the_report_says_who_checked_what() -> None:
    report = report_on(gm_letter())
    assert report.signature == Result.PASSED, report.steps
    assert report.integrity == Integrity.INTACT
    assert report.signer is not None
    assert (report.signer.name, report.signer.credit_code) == (NAME, CODE)
    assert report.time == NOW
    assert report.terms == papers.TERMS_TEXT
    assert step(report, 2).code == "intact_sm2"
    # and nothing of it is said of others
    assert step(judged(letter(), gm().trust), 2).code == "intact"


def test_the_worker_says_the_same_and_gmssl_does_not_speak_up(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """GmSSL tells standard error of every signature that does not hold; a worker has none."""
    forged = gm_signed(
        Sm2Key(Sm2Pair.generate(), gm().key.certificate.dump(), [gm().authority.issuing_der])
    )
    with Pool(workers=1) as pool:
        said = [pool.verify(pdf, trust=gm().trust, at=LATER) for pdf in (gm_letter(), forged)]
    assert capfd.readouterr().err == ""
    assert said == [report_on(gm_letter()), report_on(forged)]
    assert [item.signature for item in said] == [Result.PASSED, Result.FAILED]


def test_the_letter_holds_no_other_hash_than_sm3() -> None:
    signed = cms.ContentInfo.load(value_of(gm_letter()))["content"]
    signer = signed["signer_infos"][0]
    assert canonical(value_of(gm_letter()))
    assert signer["digest_algorithm"]["algorithm"].dotted == SM3
    assert signer["signature_algorithm"]["algorithm"].dotted == SM2_WITH_SM3
    kinds = {item["type"].native: item["values"][0] for item in signer["signed_attrs"]}
    named = kinds["signing_certificate_v2"]["certs"]
    held = [item.chosen for item in signed["certificates"]]
    assert [item["cert_hash"].native for item in named] == [sm3(item.dump()) for item in held]
    assert all(on_sm2(item.public_key) for item in held)


@pytest.mark.parametrize("part", range(8))
def test_no_changed_byte_passes(part: int) -> None:
    """Each byte of the value is bound; of the file, every 400th is tried."""
    pdf = gm_letter()
    start, _, _ = papers.ranges(pdf)
    digits = 2 * len(value_of(pdf))
    places = [*range(0, start, 400), *range(start + 1, start + digits, 170), len(pdf) - 9]
    for place in places[part::8]:
        other = b"0" if pdf[place : place + 1] != b"0" else b"1"
        report = report_on(pdf[:place] + other + pdf[place + 1 :])
        assert report.signature != Result.PASSED, place
        assert report.integrity != Integrity.INTACT, place


def test_appended_bytes_are_a_modification() -> None:
    report = report_on(gm_letter() + b"\n% more")
    assert (report.signature, report.integrity) == (Result.FAILED, Integrity.MODIFIED)


def test_another_key_cannot_sign_in_the_institutions_name() -> None:
    forger = Sm2Key(Sm2Pair.generate(), gm().key.certificate.dump(), [gm().authority.issuing_der])
    report = report_on(gm_signed(forger))
    assert (report.signature, report.integrity) == (Result.FAILED, Integrity.BROKEN)
    assert step(report, 2).code == "signature"


def test_a_root_that_nobody_trusts() -> None:
    report = report_on(gm_letter(), pki().trust)
    assert report.integrity == Integrity.INTACT
    assert (step(report, 4).result, step(report, 4).code) == (Result.INDETERMINATE, "no_anchor")


def test_an_issuer_that_only_calls_itself_so() -> None:
    """A PKI with the same names and other keys."""
    other = gm_authority.create_authority(folder() / "other", MADE, passphrase=PASSPHRASE)
    key = gm_authority.issue_institution(other, NAME, CODE, MADE)
    report = report_on(gm_signed(key))
    assert report.integrity == Integrity.INTACT
    assert report.signature != Result.PASSED
    assert step(report, 4).result == Result.INDETERMINATE


def issued(**options: object) -> Sm2Key:
    return gm_authority.issue_institution(
        gm().authority, NAME, CODE, MADE, directory=folder() / "ring", **options
    )


def test_the_encryption_certificate_does_not_sign() -> None:
    report = report_on(gm_signed(issued(usage=GmUsage.ENCRYPTION)))
    assert (step(report, 4).result, step(report, 4).code) == (Result.INDETERMINATE, "usage")
    assert report.signature != Result.PASSED


def test_a_certificate_that_ended() -> None:
    report = report_on(gm_signed(issued(life=timedelta(hours=1))))
    assert (step(report, 4).result, step(report, 4).code) == (Result.FAILED, "signed_after_expiry")


def trust_with(*lists: bytes) -> Trust:
    return Trust(anchors=gm().trust.anchors, lists=(*lists, *pki().lists))


def without_lists(key: Sm2Key) -> bytes:
    return approved(papers.paper(), key=key, stamped=True)


def test_a_revoked_certificate() -> None:
    key = issued()
    entry = Revocation(key.certificate.serial_number, NOW - timedelta(hours=2), "key_compromise")
    listed = revocation_list(gm().authority.issuing, [entry], NOW, timedelta(days=2))
    report = report_on(without_lists(key), trust_with(listed, gm().lists[1]))
    assert (step(report, 5).result, step(report, 5).code) == (Result.FAILED, "revoked_before")


def test_a_revocation_after_the_time_stamp_takes_nothing_back() -> None:
    key = issued()
    entry = Revocation(key.certificate.serial_number, NOW + timedelta(minutes=1), "superseded")
    when = NOW + timedelta(minutes=2)
    listed = revocation_list(gm().authority.issuing, [entry], when, timedelta(days=2))
    report = report_on(without_lists(key), trust_with(listed, gm().lists[1]))
    assert (step(report, 5).result, step(report, 5).code) == (Result.PASSED, "revoked_later")


def test_a_list_of_somebody_else_says_nothing() -> None:
    key = issued()
    forged = gm().authority.issuing.certificate, Sm2Pair.generate()
    listed = revocation_list(type(gm().authority.issuing)(*forged), [], NOW, timedelta(days=2))
    good = report_on(without_lists(key), trust_with(*gm().lists[:2]))
    assert good.signature == Result.PASSED, good.steps
    report = report_on(without_lists(key), trust_with(listed, gm().lists[1]))
    assert (step(report, 5).result, step(report, 5).code) == (Result.INDETERMINATE, "unknown")


def test_revocation_is_kept_in_the_folder() -> None:
    authority = gm_authority.create_authority(folder() / "kept", MADE, passphrase=PASSPHRASE)
    key = gm_authority.issue_institution(authority, NAME, CODE, MADE)
    for _ in range(2):
        gm_authority.revoke(authority, key.certificate, NOW, "key_compromise")
    again = gm_authority.open_authority(authority.directory, passphrase=PASSPHRASE)
    found = crl.CertificateList.load(gm_authority.crl(again, LATER))["tbs_cert_list"]
    assert [item["user_certificate"].native for item in found["revoked_certificates"]] == [
        key.certificate.serial_number
    ]
    before = crl.CertificateList.load(gm_authority.crl(again, MADE))["tbs_cert_list"]
    assert isinstance(before["revoked_certificates"], core.Void)


# Mixtures, and formats that are not ours


class Mixed:
    """A key that states another hash than it goes with."""

    def __init__(self, key: SigningKey, digest: str) -> None:
        self._key = key
        self.key_id, self.certificate, self.chain = key.key_id, key.certificate, key.chain
        stated = key.algorithm
        self.algorithm = Algorithm(stated.name, digest, stated.identifier, stated.size)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def test_sm2_over_another_hash_is_told() -> None:
    report = report_on(without_lists(Mixed(gm().key, "sha256")), trust_with(*gm().lists[:2]))
    assert (report.signature, report.integrity) == (Result.INDETERMINATE, Integrity.INTACT)
    assert step(report, 7).code == "mixed_algorithms"


def test_sm3_under_another_signature_is_unsupported() -> None:
    report = report_on(without_lists(Mixed(key_of(KeyKind.P256), "sm3")))
    assert (report.signature, report.integrity) == (Result.INDETERMINATE, None)
    assert (step(report, 2).code, step(report, 2).parameters) == ("unsupported", {"what": "SM3"})


def test_the_format_of_gbt_35275_is_unsupported_and_not_invalid() -> None:
    class Other(CmsSigner):
        def sign(self, digest: bytes, **options: object) -> bytes:
            value = cms.ContentInfo.load(super().sign(digest, **options))
            return tlv(SEQUENCE, oid(f"{GBT_35275}2"), tlv(0xA0, value["content"].untag().dump()))

    pdf = approved(papers.paper(), key=gm().key)
    report = report_on(_resigned(pdf, Other(gm().key)))
    assert (report.signature, report.integrity) == (Result.INDETERMINATE, None)
    assert step(report, 2).code == "unsupported"
    assert "GB/T 35275" in step(report, 2).reason


def _resigned(pdf: bytes, signer: CmsSigner) -> bytes:
    """The same file with the value of another signer in the gap."""
    start, end, _ = papers.ranges(pdf)
    value = signer.sign(sm3(pdf[:start], pdf[end:])).hex().encode()
    return pdf[: start + 1] + value.ljust(end - start - 2, b"0") + pdf[end - 1 :]
