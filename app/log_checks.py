"""What the log says of a receipt or a letter that somebody brings: numbered steps, one verdict."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.house import House
from app.text import _
from guarantees.queries import log as queries
from signing import log
from signing.report import Result
from signing.seal import leaf_of

LONGEST_RECEIPT = 64 * 1024
"""Bytes; with two proofs it has about five thousand."""

PDF = b"%PDF-"


@dataclass(frozen=True)
class Check:
    """One step."""

    name: str
    result: Result
    why: str
    advice: str = ""


@dataclass(frozen=True)
class Checked:
    checks: tuple[Check, ...]
    leaf: bytes = b""
    index: int | None = None

    @property
    def result(self) -> Result:
        """The worst of the steps: FAILED before INDETERMINATE before PASSED."""
        found = {one.result for one in self.checks}
        for result in (Result.FAILED, Result.INDETERMINATE):
            if result in found:
                return result
        return Result.PASSED


def check(house: House, data: bytes) -> Checked:
    """A receipt (JSON) or a letter (PDF)."""
    return _letter(house, data) if data[:1024].lstrip().startswith(PDF) else _receipt(house, data)


def _letter(house: House, pdf: bytes) -> Checked:
    """By its digest, in the register of opened letters."""
    with house.sessions.reading() as session:
        leaf = queries.leaf_of_letter(session, hashlib.sha256(pdf).digest())
    if leaf is None:
        return Checked((
            Check(
                _("文件指纹"),
                Result.FAILED,
                _("登记簿中没有这份文件。"),
                _("投标保函在开标前查不到；开标后仍查不到的，文件不是开函机构签发的原件。"),
            ),
        ))  # fmt: skip
    found = Check(_("文件指纹"), Result.PASSED, _("与登记簿中的函件逐字节一致。"))
    step, index = _included(house, leaf, _("日志叶"))
    return Checked((found, step), leaf, index)


def _receipt(house: House, data: bytes) -> Checked:
    told = _read(data)
    if told is None:
        return Checked((
            Check(
                _("回执格式"),
                Result.FAILED,
                _("文件不是本平台的回执，也不是 PDF。"),
                _("请提交下载的回执（JSON）原件，不要改动。"),
            ),
        ))  # fmt: skip
    leaf = _hash(told, "leaf")
    step, index = _included(house, leaf, _("日志叶"))
    checks = [Check(_("回执格式"), Result.PASSED, _("可以读出日志叶。")), step]
    checks += _proof(house, leaf, told.get("proof"), _("回执所附的证明"))
    for prefix, digest in (("letter_", "letter_sha256"), ("list_", "list_sha256")):
        checks += _of_content(house, told, prefix, digest)
    return Checked(tuple(checks), leaf, index)


def _read(data: bytes) -> dict[str, Any] | None:
    """None unless it is a JSON object with a leaf."""
    if len(data) > LONGEST_RECEIPT:
        return None
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and _hash(told, "leaf") else None


def _hash(told: dict[str, Any], name: str) -> bytes:
    """32 bytes of a hexadecimal field; empty if it has others."""
    value = told.get(name)
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
    return found if len(found) == 32 else b""


def _of_content(house: House, told: dict[str, Any], prefix: str, digest: str) -> Iterator[Check]:
    """A leaf over a file's digest, if the receipt names one: the letter, or the signed list."""
    leaf = _hash(told, f"{prefix}leaf")
    if not leaf:
        return
    salt, sha256 = _hash(told, f"{prefix}salt") or _hash(told, "salt"), _hash(told, digest)
    name = _("文件指纹与日志叶")
    if salt and sha256 and leaf_of(salt, sha256) == leaf:
        yield Check(name, Result.PASSED, _("日志叶由回执的盐和文件指纹算出，两者相符。"))
    else:
        yield Check(
            name, Result.FAILED, _("日志叶不是由回执的盐和文件指纹算出的。"), _("回执被改动过。")
        )
    yield _included(house, leaf, _("文件的日志叶"))[0]
    yield from _proof(house, leaf, told.get(f"{prefix}proof"), _("回执所附的文件证明"))


def _included(house: House, leaf: bytes, name: str) -> tuple[Check, int | None]:
    with house.sessions.reading() as session:
        place = queries.place(session, leaf)
    if place is None:
        advice = _("核对回执是否完整；确属本平台出具的，请向监管部门反映。")
        return Check(name, Result.FAILED, _("日志中没有，也没有等待收入。"), advice), None
    if place.index is None:
        why = _("已登记，尚未公布；下一批公布后再查。")
        return Check(name, Result.INDETERMINATE, why), None
    if not house.log.includes(leaf, place.index):
        advice = _("日志与登记不一致，请向监管部门反映。")
        why = _("日志第 %(n)d 条不是它。", n=place.index)
        return Check(name, Result.FAILED, why, advice), place.index
    why = _("日志第 %(n)d 条，由最新检查点证明。", n=place.index)
    return Check(name, Result.PASSED, why), place.index


def _proof(house: House, leaf: bytes, text: object, name: str) -> Iterator[Check]:
    """A proof that came along is checked by itself: it holds without this platform."""
    if not isinstance(text, str):
        return
    keys = house.log.folder.verifiers()
    try:
        opened = log.Bundle.read(text.encode()).check(leaf, keys[0], keys[1:])
    except (log.NoteInvalid, log.ProofInvalid, IndexError):
        yield Check(name, Result.FAILED, _("证明不成立。"), _("回执被改动过，或属于另一日志。"))
        return
    who = "、".join(one.verifier.name for one in opened.by)
    size = opened.checkpoint.size
    yield Check(
        name, Result.PASSED, _("成立：%(size)d 条时的检查点，%(who)s 签名。", size=size, who=who)
    )
