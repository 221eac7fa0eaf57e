"""Pictures that institutions upload: what is taken, and what becomes of it."""

import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.adapters.pictures import LARGEST, LOGO, SEAL, PictureRefused, clean
from tests.guarantees.design_samples import png


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)


def _claims(width: int, height: int) -> bytes:
    """A PNG that says it is larger than it is."""
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 6, 0, 0, 0])
    data = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"\0" * 64)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def _gif() -> bytes:
    out = BytesIO()
    Image.new("P", (80, 80)).save(out, "GIF")
    return out.getvalue()


def test_what_is_kept_is_ours() -> None:
    told = PngInfo()
    told.add_text("Comment", "made by somebody at a place")
    cleaned = clean(png((1500, 500), pnginfo=told) + b"<script>alert(1)</script>", LOGO)
    with Image.open(BytesIO(cleaned)) as picture:
        assert picture.size == (540, 180)
        assert picture.mode == "RGB"
        assert picture.getpixel((0, 0)) == (255, 255, 255)
        assert picture.getpixel((270, 90)) == (14, 74, 92)
        assert not picture.info
    assert b"somebody" not in cleaned
    assert b"script" not in cleaned
    assert clean(cleaned, LOGO) == cleaned


def test_a_small_picture_is_not_made_larger() -> None:
    with Image.open(BytesIO(clean(png((60, 60)), SEAL))) as picture:
        assert picture.size == (60, 60)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "PNG"),
        (_gif(), "PNG"),
        (b"\x89PNG\r\n\x1a\n", "损坏"),
        (png()[:200], "损坏"),
        (png().replace(b"IDAT", b"IDAX"), "损坏"),
        (_claims(30_000, 30_000), "像素"),
        (_claims(2**31 - 1, 2**31 - 1), "像素"),
        (png((300, 20)), "40 像素"),
        (png() + b"\0" * LARGEST, "512 KB"),
    ],
)
def test_what_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(PictureRefused, match=said):
        clean(data, LOGO)
