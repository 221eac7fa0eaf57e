"""A verification report as pages show it and verdicts of an opening keep it."""

import json
from datetime import datetime
from typing import Any

from app.adapters.register import Register
from app.house import House
from app.text import _
from guarantees.errors import N_
from signing import verify
from signing.report import Integrity, Report, Result, Step

PARTS = {"signature": range(1, 8), "letter": range(8, 12), "status": range(12, 13)}
"""Numbers of the steps that each of the three verdicts rests on (signing.report)."""

INTEGRITY = {
    Integrity.INTACT: N_("与签署时一致"),
    Integrity.MODIFIED: N_("签署后被改动"),
    Integrity.BROKEN: N_("签名不成立"),
    Integrity.UNSIGNED: N_("没有签名"),
    Integrity.ENCRYPTED: N_("设有打开密码"),
    Integrity.MALFORMED: N_("文件损坏"),
}


def judged(house: House, pdf: bytes, now: datetime, password: str | None) -> Report:
    """Signature steps in the worker, then letter and status against the register."""
    evidence = house.verifier.verify(pdf, now, password)
    return verify.judge(evidence, register=Register(house.sessions, now, house.log))


def document(report: Report) -> dict[str, Any]:
    """JSON types: what is kept with a verdict, and what the templates read."""
    return {
        "signature": report.evidence.signature.value,
        "letter": report.letter.value if report.letter else "",
        "status": _status(report),
        "status_word": report.status or "",
        "integrity": report.evidence.integrity.value if report.evidence.integrity else "",
        "signer": "；".join(one.name for one in report.evidence.signers),
        "signed_at": report.evidence.time.isoformat() if report.evidence.time else "",
        "sha256": report.evidence.sha256,
        "steps": [_step(one) for one in report.steps],
    }


def for_page(report: Report) -> dict[str, Any]:
    """`document` with the conclusion on top and what to do."""
    told = document(report)
    tone, headline, explanation = _conclusion(report)
    integrity = report.evidence.integrity
    return {
        **told,
        "tone": tone,
        "headline": headline,
        "explanation": explanation,
        "advice": _advice(report),
        "integrity_word": _(INTEGRITY[integrity]) if integrity else "",
        "signed_at": report.evidence.time,
    }


def number_in(report: Report) -> str:
    """The letter number in the attached terms; empty for strangers' files."""
    try:
        found = json.loads(report.evidence.terms or b"{}").get("number")
    except (ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""


def _status(report: Report) -> str:
    """The verdict on the status: its step's result; empty without a register."""
    found = [one for one in report.steps if one.number in PARTS["status"]]
    return found[0].result.value if found and report.status is not None else ""


def _step(one: Step) -> dict[str, Any]:
    part = next(name for name, numbers in PARTS.items() if one.number in numbers)
    return {
        "number": one.number,
        "part": part,
        "name": one.name,
        "result": one.result.value,
        "reason": one.reason,
        "advice": one.advice,
    }


def _conclusion(report: Report) -> tuple[str, str, str]:
    """Tone, one sentence on top, and why: what the reader should do first."""
    verdicts = {report.evidence.signature, report.letter}
    if Result.FAILED in verdicts:
        return "bad", _("不要依据这份文件行事"), _reason(report, Result.FAILED)
    if Result.INDETERMINATE in verdicts:
        return "ask", _("暂不能得出全部结论"), _reason(report, Result.INDETERMINATE)
    if report.letter is None:
        return "ok", _("签名通过；这不是本平台登记的函件"), _("没有登记簿可比对，请核对签名人。")
    if report.status != "in_force":
        return "warn", _("签名和函件通过，保函已经失效"), _status_reason(report)
    return "ok", _("三项查验通过"), ""


def _status_reason(report: Report) -> str:
    return next((one.reason for one in report.steps if one.number in PARTS["status"]), "")


def _reason(report: Report, result: Result) -> str:
    return next((one.reason for one in report.steps if one.result is result), "")


def _advice(report: Report) -> list[str]:
    found = [one.advice for one in report.steps if one.advice and one.result is not Result.PASSED]
    return list(dict.fromkeys(found)) or [_("不需要您做什么，可以按函件内容使用。")]
