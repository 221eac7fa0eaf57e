"""Documents of the platform itself: the list of an opening (开标结果清单).

Input is a plain document (JSON), because it comes over a socket from the process that opened:

    {"schema": "baohan/opening-result/v1", "platform", "project_name", "project_number" | null,
     "lot_number", "lot_name", "procurer", "agency" | null, "opened_by",
     "opening_time", "closed_at": RFC 3339 with zone,
     "log": {"origin", "size", "root": hex, "at_deadline": size | null} | null,
     "letters": [{"word": "verified" | "fails" | "not_opened", "supplier" | null, "members": [],
                  "issuer" | null, "number" | null, "amount_fen" | null, "expires_on" | null,
                  "signature", "letter", "status": a verdict or null, "reason", "leaf": hex,
                  "index": place in the log | null}],
     "withdrawn": [leaves of letters taken back before the deadline: hex], may be left out}

It rides along in the PDF as `opening-result.json` (RFC 8785).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any

import rfc8785
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from guarantees.errors import N_, GuaranteeError
from guarantees.letter_engine import Attached, Engine, Page
from guarantees.letter_fields import chinese_date, chinese_time
from guarantees.letter_glyphs import Glyphs
from guarantees.values.money import Money

SCHEMA = "baohan/opening-result/v1"
DATA_FILE = "opening-result.json"

_TEXTS = (
    "platform", "project_name", "lot_number", "lot_name", "procurer", "opened_by",
    "opening_time", "closed_at",
)  # fmt: skip
_OPTIONAL = ("project_number", "agency")
_LETTER = (
    "word", "supplier", "members", "issuer", "number", "amount_fen", "expires_on", "signature",
    "letter", "status", "reason", "leaf", "index",
)  # fmt: skip
_WORDS = ("verified", "fails", "not_opened")


class BadOpeningResult(GuaranteeError):
    """The document is not one that the list can be made from; `field` says what is missing."""

    code = "bad_opening_result"
    text = N_("开标结果清单的数据不完整（%(field)s），请联系平台运营。")


class ReportPress:
    """Renders the platform's documents; one per process."""

    def __init__(self, fonts_dir: Path, templates_dir: Path, *, marking: str = "") -> None:
        """`templates_dir` holds `opening_result.html` and its stylesheet."""
        self._glyphs = Glyphs(fonts_dir)
        self._marking = marking
        self._styles = (templates_dir / "opening_result.css").read_text("utf-8")
        self._engine: Engine | None = None
        self._jinja = Environment(
            loader=FileSystemLoader(templates_dir), autoescape=True, undefined=StrictUndefined
        )

    def opening_result(self, document: Mapping[str, Any]) -> bytes:
        """The list as PDF/A-3a, unsigned; same document, same bytes.

        Raises BadOpeningResult, MissingGlyph, RenderFailed.
        """
        _check(document)
        canonical = rfc8785.dumps(dict(document))
        self._glyphs.check([(N_("开标结果清单"), text) for text in _texts(document)])
        closed = datetime.fromisoformat(document["closed_at"])
        page = Page(
            html=self._html(document),
            pictures={},
            attachments=[Attached(DATA_FILE, "开标结果数据（RFC 8785）", canonical)],
            identifier=hashlib.sha256(canonical).digest()[:16],
            dated=closed,
        )
        if self._engine is None:
            self._engine = Engine(self._glyphs, self._styles)
        return self._engine.render(page)

    def _html(self, document: Mapping[str, Any]) -> str:
        times = {name: datetime.fromisoformat(document[name]) for name in _MOMENTS}
        return self._jinja.get_template("opening_result.html").render(
            document={
                "withdrawn": [],
                **document,
                "letters": [_shown(one) for one in document["letters"]],
            },
            times={name: chinese_time(moment) for name, moment in times.items()},
            counts=dict.fromkeys(_WORDS, 0) | Counter(o["word"] for o in document["letters"]),
            data_file=DATA_FILE,
            marking=self._marking,
        )


_MOMENTS = ("opening_time", "closed_at")


def _check(document: Mapping[str, Any]) -> None:
    if document.get("schema") != SCHEMA:
        raise BadOpeningResult(field="schema")
    for name in _TEXTS:
        if not isinstance(document.get(name), str):
            raise BadOpeningResult(field=name)
    for name in _OPTIONAL:
        if not isinstance(document.get(name, ""), str | None):
            raise BadOpeningResult(field=name)
    for name in _MOMENTS:
        _check_moment(name, document[name])
    if not isinstance(document.get("log"), dict | None):
        raise BadOpeningResult(field="log")
    if not isinstance(document.get("letters"), list):
        raise BadOpeningResult(field="letters")
    for letter in document["letters"]:
        _check_letter(letter)
    _check_withdrawn(document.get("withdrawn", []))


def _check_withdrawn(withdrawn: Any) -> None:
    if not isinstance(withdrawn, list) or not all(isinstance(leaf, str) for leaf in withdrawn):
        raise BadOpeningResult(field="withdrawn")


def _check_moment(name: str, text: str) -> None:
    try:
        if datetime.fromisoformat(text).utcoffset() is not None:
            return
    except ValueError:
        pass
    raise BadOpeningResult(field=name)


def _check_letter(letter: Any) -> None:
    if not isinstance(letter, dict) or set(letter) != set(_LETTER):
        raise BadOpeningResult(field="letters")
    if letter["word"] not in _WORDS:
        raise BadOpeningResult(field="word")
    if not isinstance(letter["members"], list):
        raise BadOpeningResult(field="members")
    for name in ("amount_fen", "index"):
        if type(letter[name]) not in (int, NoneType):
            raise BadOpeningResult(field=name)
    if letter["expires_on"] is not None:
        _check_date("expires_on", letter["expires_on"])


def _check_date(name: str, text: Any) -> None:
    try:
        date.fromisoformat(text)
    except (ValueError, TypeError):
        raise BadOpeningResult(field=name) from None


def _shown(letter: Mapping[str, Any]) -> dict[str, Any]:
    fen, expires = letter["amount_fen"], letter["expires_on"]
    return {
        **letter,
        "amount": None if fen is None else Money(fen).yuan,
        "expires_on": None if expires is None else chinese_date(date.fromisoformat(expires)),
    }


def _texts(value: Any) -> list[str]:
    """Every string in the document."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return []
