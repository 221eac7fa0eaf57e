"""Verification: what passes, what is no letter at all, and what a report says."""

import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import signers
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigSeedSubFilter

from signing.certificates import crl, root_crl
from signing.reasons import REASONS
from signing.report import (
    SIGNATURE_STEPS,
    STEP_NAMES,
    Integrity,
    Report,
    Result,
    SignatureReport,
    make_step,
)
from signing.structure import MAX_BYTES
from signing.trust import Anchor, Trust
from signing.verify import judge, verify
from tests.signing import papers
from tests.signing.made import (
    LATER,
    NAME,
    NOW,
    approved,
    document_stamped,
    folder,
    judged,
    letter,
    pki,
    step,
)

PASSED: Final = ["readable", "intact", "nothing_after", "trusted", "good", "timestamped", "sound"]


def codes(report: SignatureReport) -> list[str]:
    return [step.code for step in report.steps]


def test_a_letter_passes_every_step() -> None:
    report = judged(letter())
    assert codes(report) == PASSED
    assert [step.number for step in report.steps] == list(SIGNATURE_STEPS)
    assert (report.signature, report.integrity) == (Result.PASSED, Integrity.INTACT)
    assert report.indication == "TOTAL-PASSED"


def test_the_answer_has_the_fields_of_the_design() -> None:
    answer = judge(judged(letter()), register=None).to_dict()
    assert list(answer) == [
        "signature", "integrity", "signer", "time", "letter", "status", "steps",
    ]  # fmt: skip
    assert answer["signature"] == "PASSED"
    assert answer["integrity"] == "intact"
    assert answer["signer"] == NAME
    assert answer["time"] == NOW.isoformat()
    assert answer["letter"] is None and answer["status"] is None
    assert all(list(item) == ["name", "result", "reason"] for item in answer["steps"])
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("pdf", [letter(), b"", b"text", papers.paper()])
def test_a_report_survives_the_way_out_of_a_worker(pdf: bytes) -> None:
    report = judged(pdf)
    assert SignatureReport.from_bytes(report.to_bytes()) == report


@pytest.mark.parametrize(
    ("pdf", "code", "integrity", "signature"),
    [
        (b"", "empty", "malformed", Result.FAILED),
        (b"Dear procurer", "header", "malformed", Result.FAILED),
        (b"%PDF-1.7\n", "malformed", "malformed", Result.FAILED),
        (papers.paper(), "unsigned", "unsigned", Result.FAILED),
        (papers.paper(form=True), "unsigned", "unsigned", Result.FAILED),
        (document_stamped(papers.paper()), "unsigned", "unsigned", Result.FAILED),
        (b"%PDF-" + bytes(MAX_BYTES), "too_big", "malformed", Result.INDETERMINATE),
    ],
    ids=["0 bytes", "no PDF", "header only", "unsigned", "form", "stamp only", "too big"],
)
def test_what_is_no_signed_letter(pdf: bytes, code: str, integrity: str, signature: Result) -> None:
    report = judged(pdf)
    assert (step(report, 1).code, report.integrity, report.signature) == (
        code, integrity, signature,
    )  # fmt: skip
    assert {item.result for item in report.steps[1:]} == {Result.NOT_RUN}
    assert report.signers == ()
    assert step(report, 1).reason and step(report, 1).advice


@given(st.binary(max_size=400), st.booleans())
def test_bytes_are_never_an_accident(tail: bytes, headed: bool) -> None:
    report = judged((b"%PDF-1.7\n" if headed else b"") + tail)
    assert report.signature in {Result.FAILED, Result.INDETERMINATE}
    assert report.integrity != Integrity.INTACT


def test_without_trust_the_signer_is_unknown_and_the_bytes_are_sound() -> None:
    report = judged(letter(), Trust())
    assert (report.signature, report.integrity) == (Result.INDETERMINATE, Integrity.INTACT)
    assert step(report, 4).code == "no_anchor"
    assert step(report, 5).result == Result.NOT_RUN
    assert report.indication == "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND"


def encrypted(password: str) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(papers.paper())))
    writer.encrypt("owner", password)
    out = BytesIO()
    writer.write(out)
    update = IncrementalPdfFileWriter(BytesIO(out.getvalue()))
    update.encrypt(password)
    signer = signers.SimpleSigner.load(
        **_files(), key_passphrase=None, ca_chain_files=(), signature_mechanism=None
    )
    meta = signers.PdfSignatureMetadata(field_name="Sig1", md_algorithm="sha256")
    return signers.sign_pdf(update, meta, signer=signer).getvalue()


def _files() -> dict[str, str]:
    """The signing key as files, as other programs want it."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    from signing.profiles import Usage, end_entity, subject_name

    private = ec.generate_private_key(ec.SECP256R1())
    certificate = end_entity(
        pki().authority.issuing, subject_name("外部机构"), private, Usage.SIGNING, NOW,
        timedelta(days=90), "",
    )  # fmt: skip
    place = folder()
    (place / "key").write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (place / "certificate").write_bytes(certificate.public_bytes(Encoding.PEM))
    return {"key_file": str(place / "key"), "cert_file": str(place / "certificate")}


def through_issuer(trust: Trust) -> Trust:
    return replace(trust, intermediates=(pki().authority.issuing_der,))


def test_an_encrypted_file_wants_its_password() -> None:
    pdf = encrypted("open sesame")
    for password in (None, "wrong"):
        report = judged(pdf, password=password)
        assert (report.integrity, report.signature) == ("encrypted", Result.INDETERMINATE)
    opened = judged(pdf, through_issuer(pki().trust), password="open sesame")
    assert (opened.integrity, opened.signature) == ("intact", Result.PASSED)


def test_an_encrypted_file_without_password_is_read() -> None:
    report = judged(encrypted(""), through_issuer(pki().trust))
    assert (report.integrity, report.signature) == ("intact", Result.PASSED)


def test_the_signature_of_another_program_passes() -> None:
    signer = signers.SimpleSigner.load(**_files())
    meta = signers.PdfSignatureMetadata(field_name="Sig1", md_algorithm="sha256")
    writer = IncrementalPdfFileWriter(BytesIO(papers.paper()))
    pdf = signers.sign_pdf(writer, meta, signer=signer).getvalue()
    report = judged(pdf, through_issuer(pki().trust))
    assert (report.integrity, report.signature) == ("intact", Result.PASSED)
    assert step(report, 6).code == "no_timestamp"
    assert report.time is None
    assert judge(report, register=None).letter is None


@pytest.mark.parametrize(
    "pdf",
    [
        approved(papers.paper()),
        approved(papers.paper(), stamped=True),
        approved(papers.paper(), subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED),
        approved(papers.paper(), permission=MDPPerm.FILL_FORMS),
        approved(approved(papers.paper()), "Signature2"),
        approved(approved(papers.paper()), "Signature2", box=(20, 20, 200, 80)),
        approved(approved(papers.paper(), permission=MDPPerm.FILL_FORMS), "Signature2"),
        document_stamped(approved(papers.paper())),
        document_stamped(approved(papers.paper(), permission=MDPPerm.NO_CHANGES)),
        papers.update(
            approved(papers.paper(form=True)), {papers.EMPTY: papers.text_field(b"Remark", b"ok")}
        ),
    ],
    ids=[
        "approval", "stamped", "adbe", "certified", "two", "two visible", "certified and two",
        "document stamp", "no changes but a stamp", "filled form",
    ],
)  # fmt: skip
def test_other_sound_files_pass(pdf: bytes) -> None:
    report = judged(pdf)
    assert (report.integrity, report.signature) == ("intact", Result.PASSED), report.steps


def test_both_signers_of_a_file_are_named() -> None:
    report = judged(approved(approved(papers.paper()), "Signature2"))
    assert [signer.name for signer in report.signers] == [NAME, NAME]
    assert Report(report, report.steps, None, None).to_dict()["signer"] == f"{NAME}；{NAME}"


def test_a_locked_field_stays_as_it_is() -> None:
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["Remark"])
    pdf = approved(papers.paper(form=True), lock=lock)
    filled = papers.update(pdf, {papers.EMPTY: papers.text_field(b"Remark", b"ok")})
    assert judged(pdf).integrity == "intact"
    assert judged(filled).integrity == "modified"


def test_lists_from_the_trust_serve_where_the_letter_has_none() -> None:
    pdf = approved(papers.paper())
    without = Trust(anchors=pki().trust.anchors)
    assert step(judged(pdf), 5).code == "good"
    assert step(judged(pdf, without), 5).code == "unknown"
    assert judged(pdf, without).indication == "INDETERMINATE/TRY_LATER"


def test_a_letter_is_good_long_after_its_lists_and_its_certificate_ended() -> None:
    years = NOW + timedelta(days=5 * 365)
    alone = Trust(anchors=(Anchor(pki().authority.root_der),))
    assert judged(letter(), alone, years).signature == Result.PASSED
    plain = judged(approved(papers.paper()), pki().trust, years)
    assert (plain.signature, step(plain, 4).code) == (Result.INDETERMINATE, "expired")


def test_a_list_that_ran_out_does_not_serve() -> None:
    late = LATER + timedelta(days=30)
    lists = (crl(pki().authority, NOW), root_crl(pki().authority, NOW))
    report = verify(approved(papers.paper()), trust=replace(pki().trust, lists=lists), at=late)
    assert (report.signature, step(report, 5).code) == (Result.INDETERMINATE, "stale")


def with_store(lists: bytes, entries: bytes = b"") -> bytes:
    """An approved file with validation data added, as other programs do."""
    pdf = approved(papers.paper())
    catalog = papers.body_of(pdf, papers.CATALOG)
    return papers.update(
        pdf,
        {
            papers.CATALOG: catalog[:-2] + b" /DSS 70 0 R >>",
            70: b"<< /CRLs [71 0 R 72 0 R] >>",
            71: papers.stream(lists, entries),
            72: papers.stream(pki().lists[1]),
        },
    )


def test_lists_that_were_added_later_serve_too() -> None:
    without = Trust(anchors=pki().trust.anchors)
    assert judged(with_store(pki().lists[0]), without).signature == Result.PASSED


@pytest.mark.parametrize(
    ("lists", "entries"),
    [
        (b"no list", b""),
        (b"", b""),
        (b"no stream", b"/Filter /FlateDecode"),
        (b"no stream", b"/Filter /LZWDecode"),
    ],
)
def test_lists_that_cannot_be_read_are_left_aside(lists: bytes, entries: bytes) -> None:
    pdf = with_store(lists, entries)
    assert judged(pdf).signature == Result.PASSED
    report = judged(pdf, Trust(anchors=pki().trust.anchors))
    assert (report.integrity, step(report, 5).code) == ("intact", "unknown")


def test_a_certificate_that_no_library_reads_is_not_held_against_the_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: object) -> None:
        raise ValueError("unknown elliptic curve")

    monkeypatch.setattr("signing.verify.build_chain", broken)
    report = judged(letter())
    assert (report.signature, report.integrity) == (Result.INDETERMINATE, Integrity.INTACT)
    assert step(report, 4).code == "unreadable_chain"
    assert report.signers == ()


def test_every_reason_can_be_said() -> None:
    class Any(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return key

    for code, reason in REASONS.items():
        assert reason.text.format_map(Any()).endswith("。"), code
        assert not reason.advice or reason.advice.endswith("。"), code


def test_a_step_carries_what_a_translation_needs() -> None:
    made = make_step(1, Result.PASSED, "readable", signatures=2)
    assert made.name == STEP_NAMES[1]
    assert made.reason == REASONS["readable"].text.format(signatures=2)
    assert made.parameters == {"signatures": "2"}
