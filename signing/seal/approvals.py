"""What a trustee who keeps its own key is given, and what it answers: files for ./baohan trustee.

    request = {"schema", "opening", "about", "letters": [{"letter", "ctx", "com", "parts":
               [{"subset", "trustee", "fingerprint", "wrap"}, …]}, …]}
    answer  = {"schema", "opening", "parts": [{"letter", "subset", "trustee", "part"}, …]}

JSON, bytes in hex. "letter" is a name without meaning; "about" says in words what is approved. A
part that does not open is null: the others are approved all the same.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from signing.errors import SigningError
from signing.seal.broken import SealBroken
from signing.seal.envelope import TrusteeRequest, fingerprint_of_private
from signing.seal.shares import unwrap_part

REQUEST_SCHEMA = "baohan/trustee-request/v1"
ANSWER_SCHEMA = "baohan/trustee-answer/v1"

MAX_BYTES = 16 * 1024 * 1024
"""Of either file: a lot of 10,000 letters gives 8 MB."""


class NotAnApproval(SigningError):
    """A file is neither a request nor an answer of this kind, or of another opening."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Asked:
    """One part that a trustee is asked for."""

    letter: str
    request: TrusteeRequest


@dataclass(frozen=True, slots=True)
class Part:
    """One part that a trustee gives."""

    letter: str
    subset: int
    trustee: str
    part: bytes = field(repr=False)
    """32 bytes; empty: it could not be taken out."""


def request_file(opening: str, about: str, asked: Iterable[Asked]) -> bytes:
    letters: dict[str, dict[str, Any]] = {}
    for one in asked:
        request = one.request
        entry = letters.setdefault(
            one.letter,
            {"letter": one.letter, "ctx": request.ctx.hex(), "com": request.com.hex(), "parts": []},
        )
        entry["parts"].append(
            {
                "subset": request.subset,
                "trustee": request.trustee,
                "fingerprint": request.fingerprint.hex(),
                "wrap": request.enc_and_ct.hex(),
            }
        )
    document = {"opening": opening, "about": about, "letters": list(letters.values())}
    return _written(REQUEST_SCHEMA, document)


def read_request(data: bytes) -> tuple[str, str, list[Asked]]:
    """Opening, what it is about, what is asked for; NotAnApproval."""
    document = _read(data, REQUEST_SCHEMA)
    try:
        asked = [
            Asked(
                letter=_text(letter["letter"]),
                request=TrusteeRequest(
                    ctx=bytes.fromhex(letter["ctx"]),
                    com=bytes.fromhex(letter["com"]),
                    subset=_number(part["subset"]),
                    trustee=_text(part["trustee"]),
                    fingerprint=bytes.fromhex(part["fingerprint"]),
                    enc_and_ct=bytes.fromhex(part["wrap"]),
                ),
            )
            for letter in document["letters"]
            for part in letter["parts"]
        ]
        return _text(document["opening"]), _text(document["about"]), asked
    except (ValueError, KeyError, TypeError):
        raise NotAnApproval("not a request, or damaged") from None


def take_out(asked: Iterable[Asked], private_keys: Sequence[bytes]) -> list[Part]:
    """The parts that these keys are asked for; what was wrapped to other keys is left out."""
    held = {fingerprint_of_private(key): key for key in private_keys}
    return [
        Part(one.letter, *one.request.seat, _part(one.request, held[one.request.fingerprint]))
        for one in asked
        if one.request.fingerprint in held
    ]


def _part(request: TrusteeRequest, key: bytes) -> bytes:
    try:
        return unwrap_part(request, key)
    except SealBroken:
        return b""


def answer_file(opening: str, parts: Iterable[Part]) -> bytes:
    listed = [
        {
            "letter": one.letter,
            "subset": one.subset,
            "trustee": one.trustee,
            "part": one.part.hex() or None,
        }
        for one in parts
    ]
    return _written(ANSWER_SCHEMA, {"opening": opening, "parts": listed})


def read_answer(data: bytes, opening: str) -> list[Part]:
    """The parts; NotAnApproval, also for an answer of another opening."""
    document = _read(data, ANSWER_SCHEMA)
    try:
        parts = [
            Part(
                letter=_text(one["letter"]),
                subset=_number(one["subset"]),
                trustee=_text(one["trustee"]),
                part=bytes.fromhex(one["part"] or ""),
            )
            for one in document["parts"]
        ]
        its_opening = _text(document["opening"])
    except (ValueError, KeyError, TypeError):
        raise NotAnApproval("not an answer, or damaged") from None
    if its_opening != opening:
        raise NotAnApproval("the answer is of another opening")
    return parts


def _written(schema: str, document: dict[str, Any]) -> bytes:
    return json.dumps({"schema": schema, **document}, ensure_ascii=False, indent=1).encode() + b"\n"


def _read(data: bytes, schema: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise NotAnApproval(f"longer than {MAX_BYTES} bytes")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise NotAnApproval(f"not a file of {schema}")
    return document


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 16:
        raise TypeError("not a number of a subset")
    return value
