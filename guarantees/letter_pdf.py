"""Last touches to a PDF of WeasyPrint before it is written."""

import zlib
from typing import Any

import pydyf  # type: ignore[import-untyped]  # pydyf is not typed

_COMPRESSION = 3
"""zlib level; pydyf's 9 takes four times as long for five percent less."""


def finish(document: object, pdf: pydyf.PDF) -> None:
    """WeasyPrint's finisher: tidy /AF, then write each object out once.

    pydyf serialises and compresses everything twice, the first time only to hash it for /ID.
    """
    del document
    if "AF" in pdf.catalog:
        # WeasyPrint lists each attachment twice.
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for place, item in enumerate(pdf.objects):
        if item.free != "f":
            pdf.objects[place] = _Written(item)


class _Written(pydyf.Object):  # type: ignore[misc]  # pydyf is not typed
    """An object that holds its own bytes."""

    def __init__(self, item: Any) -> None:
        super().__init__()
        self.number, self.generation = item.number, item.generation
        self._compressible = bool(item.compressible)
        if isinstance(item, pydyf.Stream) and item.compress:
            _compress(item)
        self._data: bytes = item.data

    @property
    def data(self) -> bytes:
        return self._data

    @property
    def compressible(self) -> bool:
        return self._compressible


def _compress(stream: Any) -> None:
    raw = b"\n".join(_bytes(part) for part in stream.stream)
    stream.stream = [zlib.compress(raw, _COMPRESSION)]
    stream.extra = pydyf.Dictionary({**stream.extra, "Filter": "/FlateDecode"})
    stream.compress = False


def _bytes(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, pydyf.Object):
        return bytes(part.data)
    return str(part).encode("ascii")
