"""Pictures that an institution might upload."""

from io import BytesIO

from PIL import Image, ImageDraw

from app.adapters import pictures
from guarantees.letters import Design


def png(size: tuple[int, int] = (300, 80), colour: str = "#0e4a5c", **options: object) -> bytes:
    """A picture with something on it, transparent around."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((2, 2, size[0] - 3, size[1] - 3), fill=colour)
    out = BytesIO()
    picture.save(out, "PNG", **options)
    return out.getvalue()


def sample_design() -> Design:
    return Design(
        logo=pictures.clean(png(), pictures.LOGO),
        seal=pictures.clean(png((400, 400), "#c8171e"), pictures.SEAL),
    )
