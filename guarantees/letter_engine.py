"""WeasyPrint, held so that it is quick, deterministic and can reach nothing but what it is given.

One FontConfiguration and one parsed stylesheet serve all documents of a press. The only resources
a document can name are the fonts and drawings handed over here, under the scheme `baohan:`.
"""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any

from weasyprint import CSS, HTML, Attachment
from weasyprint.text import ffi as weasyprint_libraries
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from guarantees.errors import N_, GuaranteeError
from guarantees.letter_drawings import Drawing
from guarantees.letter_glyphs import Glyphs
from guarantees.letter_pdf import finish

FONT_FAMILY, RARE_FAMILY, OTHER_FAMILY = "Baohan Serif", "Baohan Serif Rare", "Baohan Serif Other"
"""The families of all documents, one typeface: everyday characters, then all of it, then its
sister's. Each stylesheet names all three, in this order. Never two files under one name and weight:
WeasyPrint would take the glyph numbers of one for those of the other."""

PDF_VARIANT = "pdf/a-3a"
"""Tagged, archival, with attachments (ISO 19005-3 level A)."""


class RenderFailed(GuaranteeError):
    """WeasyPrint complained or reached for something foreign: the document is not used."""

    code = "render_failed"
    text = N_("保函文件未能生成（%(reason)s）。内容没有丢失，请联系平台运营。")


class SubsetLibraryMissing(GuaranteeError):
    """Without libharfbuzz-subset0 each letter takes ten times as long: no start."""

    code = "subset_library_missing"
    text = N_(
        "缺少系统软件包 libharfbuzz-subset0，无法生成保函。"
        "请运行：apt-get install libharfbuzz-subset0"
    )


@dataclass(frozen=True, slots=True)
class Attached:
    """One file inside the PDF (ISO 32000-1, 7.11.4), AFRelationship Data."""

    name: str
    description: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A document to be rendered."""

    html: str
    pictures: Mapping[str, Drawing]
    """By address, such as `baohan:seal`."""
    attachments: Sequence[Attached]
    identifier: bytes
    """First half of the PDF's /ID, 16 bytes; the same for the same document."""
    dated: datetime
    """Creation time written into the attachments; aware."""
    images: Mapping[str, bytes] = field(default_factory=dict)
    """PNG files by address."""


class Engine:
    """One stylesheet, made ready; `render` may be called from any thread, one at a time works."""

    def __init__(self, glyphs: Glyphs, stylesheet: str) -> None:
        if weasyprint_libraries.harfbuzz_subset is None:
            raise SubsetLibraryMissing()
        # Pango's font map is not made for several threads.
        self._lock = threading.Lock()
        self._fonts = FontConfiguration()
        self._colours = {"baohan-srgb": _Srgb()}
        with _no_complaints():
            fetcher = _resources(glyphs)
            self._css = CSS(
                string=_font_faces() + stylesheet,
                font_config=self._fonts,
                url_fetcher=fetcher,
            )

    def render(self, page: Page) -> bytes:
        """`page` as PDF bytes, the same for the same page; never touches a file or the network."""
        with self._lock, _no_complaints():
            html = HTML(string=page.html, url_fetcher=_Sealed(page.images), base_url=None)
            options = self._options(page)
            document = html.render(
                font_config=self._fonts,
                color_profiles=self._colours,
                stylesheets=[self._css],
                **options,
            )
            pdf: bytes = document.write_pdf(finisher=finish, **options)
        _check_fonts(document)
        return pdf

    @staticmethod
    def _options(page: Page) -> dict[str, Any]:
        return {
            "cache": {address: _Picture(drawing) for address, drawing in page.pictures.items()},
            "attachments": [_attachment(item, page.dated) for item in page.attachments],
            "pdf_variant": PDF_VARIANT,
            # Not "srgb": WeasyPrint would open its profile for every document and never close it.
            "output_intent": "baohan-srgb",
            "pdf_identifier": page.identifier.hex(),
        }


_FACES = (
    (FONT_FAMILY, "normal", "regular", "everyday"),
    (FONT_FAMILY, "bold", "bold", "everyday"),
    (RARE_FAMILY, "normal", "regular", "complete"),
    (RARE_FAMILY, "bold", "bold", "complete"),
    (OTHER_FAMILY, "normal", "regular", "other"),
    (OTHER_FAMILY, "bold", "bold", "other"),
)
"""Family, CSS weight, weight of the file, which part of the fonts (a method of Glyphs)."""


def _font_faces() -> str:
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
        f"src: url(baohan:font/{file}/{part}) }}\n"
        for family, weight, file, part in _FACES
    )


def _resources(glyphs: Glyphs) -> "_Sealed":
    parts = {"everyday": glyphs.everyday, "complete": glyphs.complete, "other": glyphs.other}
    return _Sealed({f"baohan:font/{file}/{part}": parts[part](file) for _, _, file, part in _FACES})


class _Sealed(URLFetcher):  # type: ignore[misc]  # WeasyPrint is not typed
    """Answers from memory; every other address stops the rendering."""

    def __init__(self, resources: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._resources = resources

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        del headers
        if (body := self._resources.get(url)) is None:
            raise PermissionError(f"not a resource of this document: {url}")
        return URLFetcherResponse(url, body)


class _Srgb:
    """What the colours mean, which PDF/A asks for, in the shape of WeasyPrint's colour profiles."""

    name = "sRGB2014"
    components = ("r", "g", "b")
    pdf_reference: bytes | None = None

    def __init__(self) -> None:
        self.content = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()


class _Picture:
    """A Drawing in the shape of WeasyPrint's images, painted without parsing SVG again.

    Put into WeasyPrint's own image cache under its address. A third of a letter's time went into
    reading the paths of QR code and seal; tests hold the result against WeasyPrint's SVG.
    """

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._operators = drawing.operators()

    def get_intrinsic_size(self, resolution: float, font_size: float) -> tuple[float, float, float]:
        del resolution, font_size
        return self._drawing.size, self._drawing.size, 1.0

    def draw(self, stream: Any, width: float, height: float, style: object) -> None:
        del style
        stream.transform(a=width / self._drawing.size, d=height / self._drawing.size)
        stream.set_color_rgb(*self._drawing.colour)
        stream.stream.append(self._operators)
        stream.fill()


def _attachment(item: Attached, dated: datetime) -> Attachment:
    return Attachment(
        string=item.content,
        name=item.name,
        description=item.description,
        created=dated,
        modified=dated,
        relationship="Data",
    )


def _check_fonts(document: Any) -> None:
    """A character that our fonts lack would have been drawn with some font of the system."""
    foreign = {font.family for font in document.fonts.values()} - {
        FONT_FAMILY,
        RARE_FAMILY,
        OTHER_FAMILY,
    }
    if foreign:
        raise RenderFailed(reason=f"font {', '.join(sorted(foreign))}")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.complaints.append(record.getMessage())


@contextmanager
def _no_complaints() -> Iterator[None]:
    """WeasyPrint logs what it skips; a letter with something skipped is no letter."""
    logger, collector = logging.getLogger("weasyprint"), _Collector()
    logger.addHandler(collector)
    try:
        yield
    except FatalURLFetchingError as error:
        raise RenderFailed(reason=str(error)) from error
    finally:
        logger.removeHandler(collector)
    if collector.complaints:
        raise RenderFailed(reason="; ".join(collector.complaints[:3]))
