"""What a register adds: the letter's own verdict, and its status."""

from dataclasses import dataclass, field, replace

import pytest

from signing.report import Result, SignatureReport
from signing.trust import Trust
from signing.verify import Register, RegisterEntry, judge
from tests.signing import papers
from tests.signing.made import CODE, NOW, approved, judged, letter, pki, signed

REPORT = judged(letter())
ENTRY = RegisterEntry(
    number="BH-1",
    sha256=REPORT.sha256,
    issuer_credit_code=CODE,
    terms=papers.TERMS_TEXT,
    status="in_force",
    included_in_log=True,
)


@dataclass
class Book:
    """A register of some entries; notes what it was asked."""

    entries: dict[str, RegisterEntry] = field(default_factory=lambda: {"BH-1": ENTRY})
    asked: list[str] = field(default_factory=list)

    def lookup(self, number: str) -> RegisterEntry | None:
        self.asked.append(number)
        return self.entries.get(number)


def with_entry(**changes: object) -> Register:
    return Book({"BH-1": replace(ENTRY, **changes)})  # type: ignore[arg-type]


def found(register: Register | None, report: SignatureReport = REPORT) -> dict[int, str]:
    return {step.number: step.code for step in judge(report, register=register).steps[7:]}


def test_a_registered_letter() -> None:
    report = judge(REPORT, register=Book())
    assert (report.letter, report.status) == (Result.PASSED, "in_force")
    assert found(Book()) == {
        8: "named_institution", 9: "registered", 10: "logged", 11: "terms_agree",
        12: "status_known",
    }  # fmt: skip
    assert report.steps[:7] == REPORT.steps
    assert report.to_dict()["letter"] == "PASSED"


def test_without_register_nothing_is_said_of_the_letter() -> None:
    report = judge(REPORT, register=None)
    assert (report.letter, report.status, report.steps) == (None, None, REPORT.steps)


def test_the_signature_s_verdict_does_not_depend_on_the_register() -> None:
    for register in (None, Book(), Book({})):
        answer = judge(REPORT, register=register).to_dict()
        assert (answer["signature"], answer["integrity"]) == ("PASSED", "intact")


def test_an_unknown_number() -> None:
    report = judge(REPORT, register=Book({}))
    assert (report.letter, report.status) == (Result.INDETERMINATE, None)
    assert found(Book({})) == {9: "not_registered"}


def test_the_same_number_with_other_bytes_fails_loudly() -> None:
    report = judge(REPORT, register=with_entry(sha256="00" * 32))
    assert (report.letter, report.status) == (Result.FAILED, None)
    assert found(with_entry(sha256="00" * 32))[9] == "other_bytes"


def test_a_letter_signed_again_is_another() -> None:
    again = judged(signed(papers.paper(terms=papers.TERMS_TEXT)))
    assert again.signature == Result.PASSED
    assert judge(again, register=Book()).letter == Result.FAILED


def test_signed_by_another_institution() -> None:
    register = with_entry(issuer_credit_code="911100001000099999")
    assert judge(REPORT, register=register).letter == Result.FAILED
    assert found(register)[8] == "other_institution"


def test_two_signers_are_not_the_institution_named() -> None:
    pdf = approved(approved(papers.paper(terms=papers.TERMS_TEXT)), "Signature2")
    report = judged(pdf)
    assert report.signature == Result.PASSED
    register = with_entry(sha256=report.sha256)
    assert found(register, report)[8] == "other_institution"


def test_an_unproven_signer_is_not_the_institution_named() -> None:
    report = judged(letter(), Trust())
    assert report.signature == Result.INDETERMINATE
    assert judge(report, register=Book()).letter == Result.INDETERMINATE
    assert found(Book(), report)[8] == "signer_unproven"


@pytest.mark.parametrize(
    ("included", "code", "letter"),
    [
        (True, "logged", Result.PASSED),
        (None, "log_pending", Result.PASSED),
        (False, "not_logged", Result.FAILED),
    ],
)
def test_the_log(included: bool | None, code: str, letter: Result) -> None:
    register = with_entry(included_in_log=included)
    assert found(register)[10] == code
    assert judge(REPORT, register=register).letter == letter


def test_other_terms() -> None:
    register = with_entry(terms=papers.TERMS_TEXT.replace(b"12345", b"12346"))
    assert judge(REPORT, register=register).letter == Result.FAILED
    assert found(register)[11] == "terms_differ"


@pytest.mark.parametrize(
    "terms",
    [None, b"", b"[]", b"{}", b"no JSON", b'{"number": 7}', b"[" * 5000, b"\xff\xfe"],
)
def test_letters_without_terms_of_ours_are_not_looked_up(terms: bytes | None) -> None:
    register = Book()
    report = judged(signed(papers.paper(terms=terms)))
    assert report.signature == Result.PASSED
    judged_letter = judge(report, register=register)
    assert (judged_letter.letter, judged_letter.status) == (None, None)
    assert register.asked == []


def test_of_a_changed_letter_not_even_the_number_is_believed() -> None:
    register = Book()
    changed = judged(letter().replace(b"100000.00", b"900000.00"))
    assert changed.signature == Result.FAILED
    assert changed.terms is None and changed.signers == ()
    assert judge(changed, register=register).letter is None
    assert register.asked == []


def test_status_is_the_register_s_word_with_its_reason() -> None:
    report = judge(REPORT, register=with_entry(status="released", status_reason="受益人已解除。"))
    assert report.status == "released"
    assert report.steps[-1].reason.endswith("受益人已解除。")
    assert report.letter == Result.PASSED


def test_time_is_proven() -> None:
    assert REPORT.time == NOW
    assert pki().key.certificate.subject.native["organization_name"] in {
        signer.name for signer in REPORT.signers
    }
