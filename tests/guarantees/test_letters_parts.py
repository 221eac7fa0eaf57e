"""The parts of a letter: templates and their fields, drawings, glyphs, the sealed engine."""

import re
import threading
from datetime import UTC, datetime
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno
from PIL import Image, ImageChops

from app.cli.places import fonts
from guarantees import letter_engine
from guarantees.letter_drawings import SealMaker, qr_code
from guarantees.letter_engine import Engine, Page, RenderFailed, SubsetLibraryMissing
from guarantees.letter_fields import Numbers, field_label, letter_fields
from guarantees.letter_glyphs import FontMissing, Glyphs, _everyday_characters
from guarantees.letters import LetterPress
from guarantees.tables.letter_forms import TEMPLATES
from tests.guarantees.letter_samples import FOLDER, raster, sample_terms, shared_press, text_of

NOW = datetime(2026, 3, 12, tzinfo=UTC)
STYLE = """
body { font: 12pt "Baohan Serif", "Baohan Serif Rare", "Baohan Serif Other" }
img { width: 300pt; height: 300pt }
"""


@pytest.fixture(scope="module")
def glyphs() -> Glyphs:
    return Glyphs(fonts())


@pytest.fixture(scope="module")
def engine(glyphs: Glyphs) -> Engine:
    return Engine(glyphs, STYLE)


def page(body: str, **pictures: object) -> Page:
    html = f'<!doctype html><html lang="zh-CN"><title>t</title><body>{body}</body></html>'
    addresses = {f"baohan:{name}": drawing for name, drawing in pictures.items()}
    return Page(html, addresses, [], bytes(16), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["independent", "accessory"])
@pytest.mark.parametrize("members", [0, 3])
@pytest.mark.parametrize("agency", [True, False])
def test_every_field_stands_once_under_its_own_id(form: str, members: int, agency: bool) -> None:
    terms = sample_terms(form, members, **({} if agency else {"agency": None}))  # type: ignore[arg-type]
    numbers = Numbers(terms.number, "7K3F-9M2Q")
    html = shared_press()._html(terms, numbers, TEMPLATES["bid"][0], specimen=False)
    found = re.findall(r'<span data-f="([^"]+)">([^<]*)</span>', html)
    assert [(name, unescape(text)) for name, text in found] == list(
        letter_fields(terms, numbers).items()
    )


def test_templates_use_only_everyday_characters(glyphs: Glyphs) -> None:
    for template in sorted(FOLDER.rglob("*.html")):
        used = {ord(character) for character in template.read_text("utf-8")} - {0x0A}
        assert used <= _everyday_characters(), template
    assert _everyday_characters() - {0x30FB} <= glyphs.characters | {0x20}


def test_labels_for_people() -> None:
    assert field_label("applicant-3.name") == "申请人"
    assert field_label("document-2") == "应交单据"
    assert field_label("sign.signatory") == "授权签署人"
    assert field_label("head.issuer") == "开立人"


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/hostname" alt="x">',
        '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="x">',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<link rel="stylesheet" href="https://example.invalid/a.css">',
        "<style>@font-face { font-family: F; src: url(file:///etc/hostname) }</style>",
        '<p style="background: url(http://example.invalid/a.png)">x</p>',
        '<object data="file:///etc/hostname"></object>',
        '<img src="baohan:unknown" alt="x">',
    ],
)
def test_nothing_outside_can_be_reached(engine: Engine, body: str) -> None:
    with pytest.raises(RenderFailed):
        engine.render(page(body))


def test_no_request_leaves_the_process(engine: Engine) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/logo.png"
            with pytest.raises(RenderFailed):
                engine.render(page(f'<img src="{address}" alt="x">'))
        finally:
            server.shutdown()
            thread.join()
    assert asked == []


def test_what_is_skipped_is_an_error(engine: Engine) -> None:
    with pytest.raises(RenderFailed) as caught:
        engine.render(page('<p style="colour: blue">x</p>'))
    assert "colour" in str(caught.value)
    engine.render(page("<p>又好了</p>"))


def test_a_font_of_the_system_is_never_used(engine: Engine) -> None:
    with pytest.raises(RenderFailed):
        engine.render(page("<p>𫚉</p>"))


def test_characters_beyond_the_everyday_font_come_from_the_complete_one(engine: Engine) -> None:
    assert "陈垚䶮𠮷" in text_of(engine.render(page("<p>陈垚䶮𠮷</p>")))


def test_without_the_subset_library_there_is_no_press(
    glyphs: Glyphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letter_engine.weasyprint_libraries, "harfbuzz_subset", None)
    with pytest.raises(SubsetLibraryMissing) as caught:
        Engine(glyphs, "")
    assert "libharfbuzz-subset0" in str(caught.value)


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    with pytest.raises(FontMissing) as caught:
        LetterPress(tmp_path, FOLDER).warm()
    assert str(tmp_path) in str(caught.value)


def same_picture(first: Path, second: Path) -> bool:
    with Image.open(first) as one, Image.open(second) as other:
        difference = ImageChops.difference(one.convert("L"), other.convert("L"))
        return max(difference.get_flattened_data()) <= 2


def test_drawings_look_as_weasyprint_draws_their_svg(
    engine: Engine, glyphs: Glyphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = SealMaker(glyphs).draw("北岳商业银行股份有限公司太原分行", "电子保函专用章", "演示")
    code = qr_code("https://baohan.example.cn/verify?number=BH26-0000-0000-0000-0&code=7K3F9M2Q")
    for name, drawing in (("seal", seal), ("qr", code)):
        ours = engine.render(page(f'<img src="baohan:{name}" alt="x">', **{name: drawing}))
        with monkeypatch.context() as patch:
            sealed = letter_engine._Sealed({f"baohan:{name}": drawing.svg().encode()})
            patch.setattr(letter_engine, "_Sealed", lambda _, sealed=sealed: sealed)
            theirs = engine.render(page(f'<img src="baohan:{name}" alt="x">'))
        (tmp_path / name / "a").mkdir(parents=True)
        (tmp_path / name / "b").mkdir()
        assert same_picture(
            raster(ours, tmp_path / name / "a", 1), raster(theirs, tmp_path / name / "b", 1)
        )


def test_the_qr_code_is_segnos_matrix() -> None:
    url = "https://baohan.example.cn/verify?number=BH26-1234-5678-9012-3&code=7K3F9M2Q"
    drawing, matrix = qr_code(url), segno.make_qr(url, error="m", boost_error=False, mask=2).matrix
    dark = set()
    for run in drawing.path.split("Z"):
        if numbers := re.findall(r"\d+", run):
            x, y, right = int(numbers[0]), int(numbers[1]), int(numbers[2])
            dark |= {(column, y) for column in range(x, right)}
    expected = {(x + 4, y + 4) for y, row in enumerate(matrix) for x, bit in enumerate(row) if bit}
    assert dark == expected
    assert drawing.size == len(matrix) + 8


@pytest.mark.parametrize("name", ["甲", "砥石融资担保有限公司", "Bank of 北岳 (China)", "长" * 60])
def test_seals_of_any_name_stay_in_their_ring(glyphs: Glyphs, name: str) -> None:
    drawing = SealMaker(glyphs).draw(name, "电子保函专用章", "")
    root = ElementTree.fromstring(drawing.svg())
    path = root[0].attrib["d"]
    assert set(re.findall("[A-Za-z]", path)) <= set("MLCZ")
    inside = path.split("Z", 2)[2]
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d", inside)]
    for x, y in zip(numbers[::2], numbers[1::2], strict=True):
        assert (x - 500) ** 2 + (y - 500) ** 2 <= 462**2


def test_the_marking_of_a_demonstration_is_everywhere() -> None:
    press = LetterPress(fonts(), FOLDER, marking="演示环境开立，不具法律效力")
    terms = sample_terms()
    made = {"verify_url": "https://x.cn/", "check_code": "7K3F9M2Q", "template": "bid/v2"}
    marked = press.render(terms, **made)
    assert text_of(marked).count("演示环境开立，不具法律效力") == 3
    plain = shared_press().render(terms, **made)
    assert "演示" not in text_of(plain)
