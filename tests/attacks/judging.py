"""What every attack must come to."""

from signing.report import Integrity, Result, SignatureReport
from tests.signing.made import judged


def refused(pdf: bytes) -> SignatureReport:
    """The report on a forged file, which must have failed before anybody's name is told."""
    report = judged(pdf)
    assert report.signature == Result.FAILED, [(item.number, item.code) for item in report.steps]
    assert report.integrity not in {Integrity.INTACT, None}
    assert report.signers == ()
    assert report.terms is None
    return report


def failure(report: SignatureReport) -> tuple[int, str]:
    """Number and code of the first step that failed."""
    step = next(item for item in report.steps if item.result == Result.FAILED)
    return step.number, step.code
