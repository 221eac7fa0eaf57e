"""A guarantee's terms as its letter (保函文本): Terms in, PDF bytes out (WeasyPrint).

The same terms, address and code always give the same bytes, in any process, so that a retry of the
same intent can be recognised. The canonical terms ride along as `terms.json`. Templates are folders
`<kind>/v<n>` that never change once a letter was issued from them; a correction is a new version.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from guarantees.letter_drawings import Drawing, SealMaker, qr_code
from guarantees.letter_engine import Attached, Engine, Page, RenderFailed, SubsetLibraryMissing
from guarantees.letter_fields import (
    BEIJING,
    Numbers,
    field_label,
    letter_fields,
    shown_check_code,
)
from guarantees.letter_glyphs import FontMissing, Glyphs, MissingGlyph
from guarantees.tables.letter_forms import TEMPLATES, LetterFormMissing, Template, named
from guarantees.terms_xml import xml_of
from guarantees.values.terms import Terms

__all__ = [
    "TERMS_FILE",
    "FontMissing",
    "LetterFormMissing",
    "LetterPress",
    "MissingGlyph",
    "RenderFailed",
    "SubsetLibraryMissing",
]

TERMS_FILE, TERMS_XML = "terms.json", "terms.xml"
"""Names of the attachments that hold the canonical terms."""

SEAL_CAPTION = "电子保函专用章"

_CONSORTIUM = {"lead": "申请人·牵头人", "member": "申请人·成员"}
"""What the rows of a consortium (联合体) are called in bid/v1; later templates have own words."""


@dataclass(frozen=True, slots=True)
class Design:
    """An institution's own pictures, as app/adapters/pictures.py wrote them."""

    logo: bytes = b""
    """PNG for the head of the first page; empty: none."""
    seal: bytes = b""
    """PNG; empty: the seal is drawn from the issuer's name."""

    def images(self) -> dict[str, bytes]:
        """By the address that the templates name."""
        named = {"baohan:logo": self.logo, "baohan:seal": self.seal}
        return {address: image for address, image in named.items() if image}


PLAIN = Design()


class LetterPress:
    """Renders letters; costly to make (fonts are read), so one per process."""

    def __init__(self, fonts_dir: Path, templates_dir: Path, *, marking: str = "") -> None:
        """`templates_dir` holds `bid/v1`…; `marking` stands on every letter and in the seal of an
        environment whose letters bind nobody (demonstration), "" elsewhere.
        """
        self._templates_dir = templates_dir
        self._marking = marking
        self._glyphs = Glyphs(fonts_dir)
        self._seals = SealMaker(self._glyphs)
        self._engines: dict[str, Engine] = {}
        self._jinja = Environment(
            loader=FileSystemLoader(templates_dir),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
        )

    def warm(self) -> None:
        """Make every template ready, and fail now if a font or library is missing."""
        for base in sorted({versions[-1].base for versions in TEMPLATES.values()}):
            self._engine(base)
        self._glyphs.check([("marking", self._marking + SEAL_CAPTION)])

    def check(self, terms: Terms) -> None:
        """Raise MissingGlyph if a character of the terms can't be printed."""
        self._fields(terms, Numbers(terms.number, ""))

    def render(
        self,
        terms: Terms,
        *,
        verify_url: str,
        check_code: str,
        template: str,
        design: Design = PLAIN,
    ) -> bytes:
        """The letter, unsigned: PDF/A-3a with `terms.json` and `terms.xml` attached.

        verify_url: what the QR code says. check_code: as stored (8 characters).
        Raises MissingGlyph, LetterFormMissing, RenderFailed.
        """
        form = named(template, terms.kind, terms.form)
        html = self.html(terms, check_code=check_code, template=template, design=design)
        canonical = terms.canonical()
        drawings = {"baohan:qr": qr_code(verify_url)}
        if not design.seal:
            drawings["baohan:seal"] = self.seal(terms)
        return self._engine(form.base).render(
            Page(
                html=html,
                pictures=drawings,
                images=design.images(),
                attachments=_attachments(canonical, form),
                identifier=_identifier(canonical, design, template, verify_url, check_code),
                dated=_midnight(terms),
            )
        )

    def specimen(self, terms: Terms, *, template: str, design: Design = PLAIN) -> bytes:
        """The same letter as a specimen (样张): no number, code or data; a watermark.

        A seal only where the design has one: who adapts its letters must see it.
        """
        form = named(template, terms.kind, terms.form)
        numbers = Numbers("样张，开立时编号", "开立时生成")
        html = self._html(terms, numbers, form, design, specimen=True)
        return self._engine(form.base).render(
            Page(
                html=html,
                pictures={},
                images=design.images(),
                attachments=[],
                identifier=_identifier(terms.canonical(), design, template, "specimen", ""),
                dated=_midnight(terms),
            )
        )

    def html(self, terms: Terms, *, check_code: str, template: str, design: Design = PLAIN) -> str:
        """The letter before it is laid out: what the press is measured against starts here."""
        numbers = Numbers(terms.number, shown_check_code(check_code))
        form = named(template, terms.kind, terms.form)
        return self._html(terms, numbers, form, design, specimen=False)

    def seal(self, terms: Terms) -> Drawing:
        """The issuer's seal, at `baohan:seal` in the HTML."""
        return self._seals.draw(terms.issuer.name, SEAL_CAPTION, self._marking and "演示")

    def _html(
        self,
        terms: Terms,
        numbers: Numbers,
        template: Template,
        design: Design = PLAIN,
        *,
        specimen: bool,
    ) -> str:
        fields = self._fields(terms, numbers)
        words = self._jinja.get_template(f"{template.name}/words.html") if template.words else None
        html = self._jinja.get_template(f"{template.base}/{terms.form}.html").render(
            terms=terms,
            form=terms.form,
            fields=fields,
            template=template.name,
            base=template.base,
            words=words and words.module,
            specimen=specimen,
            logo=bool(design.logo),
            sealed=bool(design.seal) or not specimen,
            marking=self._marking,
            consortium=_CONSORTIUM if len(terms.applicants) > 1 else {},
            created=_midnight(terms).isoformat(),
        )
        # An old template has no place for what later terms can say.
        if unseen := [field for field in fields if f'data-f="{field}"' not in html]:
            raise RenderFailed(reason=f"{template.name} does not show {', '.join(unseen)}")
        return html

    def _fields(self, terms: Terms, numbers: Numbers) -> dict[str, str]:
        fields = letter_fields(terms, numbers)
        self._glyphs.check((field_label(field), text) for field, text in fields.items())
        return fields

    def _engine(self, base: str) -> Engine:
        if base not in self._engines:
            stylesheet = (self._templates_dir / base / "letter.css").read_text("utf-8")
            self._engines[base] = Engine(self._glyphs, stylesheet)
        return self._engines[base]


def _attachments(canonical: bytes, template: Template) -> list[Attached]:
    attached = [Attached(TERMS_FILE, "保函条款数据（RFC 8785）", canonical)]
    if template.xml:
        attached.append(Attached(TERMS_XML, "保函条款数据（XML）", xml_of(canonical)))
    return attached


def _midnight(terms: Terms) -> datetime:
    # The letter says the day only; the moment of signing is in the signature and its time stamp.
    return datetime.combine(terms.issued_on, time(), BEIJING)


def _identifier(canonical: bytes, design: Design, *parts: str) -> bytes:
    digest = hashlib.sha256(canonical + design.logo + design.seal)
    for part in parts:
        digest.update(b"\0" + part.encode())
    return digest.digest()[:16]
