"""The layers of a piece of data: what it says once it is inflated, decoded, unescaped, extracted.

Raw deflate has no mark of its own: it is found at the beginning of the data and in zip members.
"""

import base64
import binascii
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

DEPTH = 3
"""Disguises worn one over the other, e.g. hex of base64 of deflate."""

INFLATED_LIMIT = 64 * 2**20
"""Bytes taken of one stream; nothing that the system writes inflates to more."""

PIECE = 4096
"""Bytes fed at a time: of a stream that breaks off, everything before the break is seen."""

LEAST_INFLATED = 8
LEAST_HEX, LEAST_BASE64 = 12, 8
"""Digits in a row; shorter ones cannot hold a secret of six bytes."""

ZLIB, GZIP, RAW = 15, 31, -15
"""`wbits` of zlib."""

COMPRESSED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08|PK\x03\x04")
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
HEX = b"0123456789abcdefABCDEF"
LINES = BASE64 + b"\r\n"
LEAST_LINE = 60
"""Characters of a line of base64 that goes on in the next one, as in mail and PEM."""

Way = tuple[str, ...]
"""Names of the disguises, the outermost first."""


def layers(data: bytes, depth: int = DEPTH) -> Iterator[tuple[Way, bytes]]:
    """The data itself, and all that can be got out of it."""
    yield (), data
    if depth == 0:
        return
    for name, inner in _unwrapped(data):
        for way, layer in layers(inner, depth - 1):
            yield (name, *way), layer


def _unwrapped(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _inflated(data)
    yield from _dehexed(data)
    yield from _debased(data)
    yield from _unescaped(data)
    for text in pdf_texts(data):
        yield "pdf text", text


# --- compression


def _inflated(data: bytes) -> Iterator[tuple[str, bytes]]:
    if (found := inflate(data, RAW)) is not None:
        yield "deflate", found
    for match in COMPRESSED.finditer(data):
        start = match.start()
        if match[0] == b"PK\x03\x04":
            found = _member(data, start)
            name = "zip"
        else:
            wbits = GZIP if match[0].startswith(b"\x1f") else ZLIB
            found = inflate(data, wbits, start)
            name = "gzip" if wbits == GZIP else "zlib"
        if found is not None:
            yield name, found


def _member(data: bytes, start: int) -> bytes | None:
    """Of a zip file, deflated; stored ones lie bare (APPNOTE.TXT 4.3.7)."""
    head = data[start : start + 30]
    if len(head) < 30 or head[8:10] != b"\x08\x00":
        return None
    names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    return inflate(data, RAW, start + 30 + names)


def inflate(data: bytes, wbits: int, start: int = 0) -> bytes | None:
    """As much as inflates from `start` on; None if that is next to nothing."""
    stream = zlib.decompressobj(wbits)
    out, place = bytearray(), start
    try:
        while place < len(data) and not stream.eof and len(out) < INFLATED_LIMIT:
            out += stream.decompress(data[place : place + PIECE])
            place += PIECE
    except zlib.error:
        pass  # what came before the break counts
    return bytes(out) if len(out) >= LEAST_INFLATED else None


# --- digits


def runs(data: bytes, characters: bytes, least: int) -> Iterator[bytes]:
    """Stretches of at least so many of these characters."""
    table = bytes(1 if byte in characters else 0 for byte in range(256))
    marked, wanted = data.translate(table), b"\x01" * least
    start = marked.find(wanted)
    while start >= 0:
        end = marked.find(b"\x00", start)
        end = len(data) if end < 0 else end
        yield data[start:end]
        start = marked.find(wanted, end)


def _dehexed(data: bytes) -> Iterator[tuple[str, bytes]]:
    found = [*runs(data, HEX, LEAST_HEX)]
    for skip in (0, 1):
        decoded = [binascii.unhexlify(_even(one[skip:])) for one in found]
        if decoded:
            yield "hex", b"\x00".join(decoded)


def _even(digits: bytes) -> bytes:
    return digits[: len(digits) // 2 * 2]


def _debased(data: bytes) -> Iterator[tuple[str, bytes]]:
    """At every alignment, with either alphabet, whether it stands in lines or not."""
    found = [*runs(data, BASE64, LEAST_BASE64)]
    found += [b"".join(one.split()) for one in runs(data, LINES, LEAST_LINE) if b"\n" in one]
    yield from (("base64", decoded) for decoded in _at_alignments(found))


def _at_alignments(found: Sequence[bytes]) -> Iterator[bytes]:
    standard = [one.replace(b"-", b"+").replace(b"_", b"/") for one in found]
    for skip in range(4):
        decoded = [_decoded(one[skip:]) for one in standard]
        if decoded:
            yield b"\x00".join(decoded)


def _decoded(digits: bytes) -> bytes:
    return base64.b64decode(digits + b"A" * (-len(digits) % 4))


# --- characters written out

AROUND = 40
"""Plain bytes taken along on both sides of escapes: a fact may have both."""


@dataclass(frozen=True)
class Escape:
    """A way to write characters out."""

    one: re.Pattern[bytes]
    row: re.Pattern[bytes]
    """Several, with a few plain bytes between them: single ones turn up by chance."""
    read: Callable[[re.Match[bytes]], bytes]


def _escape(one: bytes, least: int, read: Callable[[re.Match[bytes]], bytes]) -> Escape:
    """`one` begins with the character itself, which makes the search for rows fast."""
    row = rb"%s(?:[^\\%%=&]{0,3}+\\{0,3}%s){%d,}+" % (one, one, least - 1)
    return Escape(re.compile(rb"(?:\\{0,3}%s)+" % one), re.compile(row), read)


def _hex_pair(match: re.Match[bytes]) -> bytes:
    return binascii.unhexlify(b"".join(re.findall(rb"[x%=]([0-9a-fA-F]{2})", match[0])))


def _utf16(match: re.Match[bytes]) -> bytes:
    units = binascii.unhexlify(re.sub(rb"\\+u", b"", match[0]))
    return units.decode("utf-16-be", "replace").encode()


def _octal(match: re.Match[bytes]) -> bytes:
    return bytes(int(digits, 8) for digits in match[0].split(b"\\") if digits)


def _entity(match: re.Match[bytes]) -> bytes:
    return unescape(match[0].decode()).encode(errors="replace")


ESCAPES = {
    "\\u": _escape(rb"\\u[0-9a-fA-F]{4}", 1, _utf16),
    "\\x": _escape(rb"\\x[0-9a-fA-F]{2}", 4, _hex_pair),
    "octal": _escape(rb"\\[0-3][0-7]{2}", 4, _octal),
    "percent": _escape(rb"%[0-9a-fA-F]{2}", 4, _hex_pair),
    "quoted-printable": _escape(rb"=(?:[0-9a-fA-F]{2}|\r?\n)", 4, _hex_pair),
    "entity": _escape(rb"&#(?:x[0-9a-fA-F]{1,6}|[0-9]{1,7});", 2, _entity),
}


def _unescaped(data: bytes) -> Iterator[tuple[str, bytes]]:
    for name, escape in ESCAPES.items():
        rows = [
            escape.one.sub(escape.read, data[max(0, match.start() - AROUND) : match.end() + AROUND])
            for match in escape.row.finditer(data)
        ]
        if rows:
            yield name, b"\x00".join(rows)


# --- documents


def pdf_texts(data: bytes) -> Iterator[bytes]:
    """The text of every PDF in the data, UTF-8, without white space: lines break anywhere."""
    program = shutil.which("pdftotext")
    if program is None:
        raise FileNotFoundError("pdftotext (poppler-utils) is needed to look into PDFs")
    start = data.find(b"%PDF-")
    while start >= 0:
        following = data.find(b"%PDF-", start + 1)
        end = len(data) if following < 0 else following
        command = [program, "-raw", "-enc", "UTF-8", "-", "-"]
        done = subprocess.run(command, input=data[start:end], capture_output=True, check=False)
        if text := b"".join(done.stdout.split()):
            yield text
        start = following
