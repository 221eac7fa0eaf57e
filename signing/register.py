"""Steps 8 to 12: what only a register can tell of a letter (保函), and its status."""

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

from signing.report import Report, Result, SignatureReport, Step, make_step, verdict
from signing.text import N_

STATUS_WORDS = {
    "in_force": N_("有效"),
    "released": N_("已解除"),
    "expired": N_("已到期"),
    "withdrawn": N_("已撤回"),
}
"""How the reason of step 12 calls them; other registers' words stay as they are."""


@dataclass(frozen=True)
class RegisterEntry:
    """What a register knows of a letter."""

    number: str
    sha256: str
    """Hex digest of the signed file."""
    issuer_credit_code: str
    """Unified social credit code of the institution (开函机构)."""
    terms: bytes
    """Canonical form of the terms (RFC 8785)."""
    status: str
    """in_force, released, expired, withdrawn, …"""
    status_reason: str = ""
    """A Chinese sentence, may be empty."""
    included_in_log: bool | None = None
    """None while the log has not been published yet."""


class Register(Protocol):
    """Whoever knows the letters that were issued."""

    def lookup(self, number: str) -> RegisterEntry | None:
        """The entry of that number; None for an unknown one and for an unopened letter alike."""


def judge(report: SignatureReport, *, register: Register | None) -> Report:
    """Add the steps that ask a register.

    Without register, or for a letter of another system (it carries no terms of ours), verdicts on
    letter and status are None. A letter is never PASSED by comparison of text alone.
    """
    number = _number(report.terms)
    if register is None or number is None:
        return Report(report, report.steps, None, None)
    entry = register.lookup(number)
    if entry is None:
        missing = make_step(9, Result.INDETERMINATE, "not_registered", number=number)
        return Report(report, (*report.steps, missing), Result.INDETERMINATE, None)
    letter = [
        _institution(report, entry),
        _bytes(report, entry),
        _log(entry),
        _terms(report, entry),
    ]
    # That the log leaf waits for its batch is said, and not held against the letter.
    counted = [step for step in letter if step.code != "log_pending"]
    result = verdict(counted)
    if letter[1].result == Result.FAILED:
        return Report(report, (*report.steps, *letter), result, None)
    word = STATUS_WORDS.get(entry.status, entry.status)
    status = make_step(12, Result.PASSED, "status_known", status=word)
    if entry.status_reason:
        status = replace(status, reason=f"{status.reason}{entry.status_reason}")
    return Report(report, (*report.steps, *letter, status), result, entry.status)


def _number(terms: bytes | None) -> str | None:
    document = _document(terms)
    number = document.get("number")
    return number if isinstance(number, str) else None


def _document(terms: bytes | None) -> dict[str, Any]:
    try:
        document = json.loads(terms or b"{}")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _institution(report: SignatureReport, entry: RegisterEntry) -> Step:
    if report.signature != Result.PASSED or report.signer is None:
        return make_step(8, Result.INDETERMINATE, "signer_unproven")
    found = report.signer.credit_code
    if len(report.signers) != 1 or found != entry.issuer_credit_code:
        return make_step(
            8, Result.FAILED, "other_institution",
            found=found or report.signer.name, expected=entry.issuer_credit_code,
        )  # fmt: skip
    return make_step(8, Result.PASSED, "named_institution", name=report.signer.name, code=found)


def _bytes(report: SignatureReport, entry: RegisterEntry) -> Step:
    same = report.sha256 == entry.sha256
    code = "registered" if same else "other_bytes"
    return make_step(9, Result.PASSED if same else Result.FAILED, code, number=entry.number)


def _log(entry: RegisterEntry) -> Step:
    if entry.included_in_log is None:
        return make_step(10, Result.INDETERMINATE, "log_pending")
    if entry.included_in_log:
        return make_step(10, Result.PASSED, "logged")
    return make_step(10, Result.FAILED, "not_logged")


def _terms(report: SignatureReport, entry: RegisterEntry) -> Step:
    if report.terms is None:
        return make_step(11, Result.FAILED, "terms_missing")
    same = report.terms == entry.terms
    return make_step(
        11, Result.PASSED if same else Result.FAILED, "terms_agree" if same else "terms_differ"
    )
