"""Logos and seals that institutions upload: PNG only, within limits, written anew by ourselves.

What is stored are our own bytes: pixels on white, nothing else of the file (no text, profile,
animation or what was appended), so that the same picture always gives the same letter.
"""

import warnings
from io import BytesIO

from PIL import Image

from guarantees.errors import N_, GuaranteeError

LARGEST = 512 * 1024
"""Bytes of an upload; a logo has some ten thousand."""
MOST_PIXELS = 4_000_000
SMALLEST = 40
"""Pixels of the shorter side."""
LOGO, SEAL = (720, 180), (640, 640)
"""Largest width and height that is kept: 300 dots an inch at the size on the letter."""

_SIZE = N_("短边应不少于 40 像素，总共不超过 400 万像素")
_MAGIC = b"\x89PNG\r\n\x1a\n"


class PictureRefused(GuaranteeError):
    """The upload is no picture that a letter can carry; `reason` says why."""

    code = "picture_refused"
    text = N_("图片不能使用：%(reason)s。")


def clean(data: bytes, largest: tuple[int, int]) -> bytes:
    """`data` as a PNG of ours, at most `largest` pixels wide and high. PictureRefused."""
    if len(data) > LARGEST:
        raise PictureRefused(reason=N_("文件超过 512 KB"))
    if not data.startswith(_MAGIC):
        raise PictureRefused(reason=N_("只接受 PNG 文件"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _written(data, largest)
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(reason=_SIZE) from error
    except Exception as error:  # what Pillow raises on broken files has no common base
        raise PictureRefused(reason=N_("文件不完整或者已损坏")) from error


def _written(data: bytes, largest: tuple[int, int]) -> bytes:
    with Image.open(BytesIO(data), formats=("PNG",)) as whole:
        whole.verify()  # every chunk to the end: pixels alone may be missing without an error
    with Image.open(BytesIO(data), formats=("PNG",)) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS or min(width, height) < SMALLEST:
            raise PictureRefused(reason=_SIZE)
        picture = opened.convert("RGBA")
    picture.thumbnail(largest)
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    out = BytesIO()
    paper.convert("RGB").save(out, "PNG", optimize=True)
    return out.getvalue()
