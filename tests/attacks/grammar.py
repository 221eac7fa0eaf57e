"""Mutations of signed PDFs by the grammar of the format: what a forger or a broken disk would do.

Each mutation takes a random source and a file, and gives another file, or the same where it finds
nothing to change. `mutant` stacks a few of them, and now and then puts tables and byte ranges right
again, so that the change is reached instead of a broken table.
"""

import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

from tests.signing import papers

Mutation = Callable[[Random, bytes], bytes]

NAMES: Final = (
    b"Type", b"Pages", b"Page", b"Catalog", b"Kids", b"Count", b"Contents", b"Annots", b"AcroForm",
    b"Fields", b"V", b"FT", b"Sig", b"ByteRange", b"Filter", b"SubFilter", b"Length", b"Parent",
    b"Names", b"EmbeddedFiles", b"EF", b"UF", b"DSS", b"CRLs", b"Perms", b"DocMDP", b"Reference",
    b"TransformParams", b"P", b"Prev", b"Root", b"Size", b"XRefStm", b"ObjStm", b"XRef", b"W",
    b"Index", b"N", b"First", b"Extends", b"Encrypt", b"ID", b"OpenAction", b"JS", b"AP", b"Rect",
    b"M", b"Name", b"Reason", b"BAOHAN_Profile", b"DocTimeStamp", b"FlateDecode", b"Lock",
    b"ETSI.CAdES.detached", b"adbe.pkcs7.detached", b"ETSI.RFC3161", b"adbe.x509.rsa_sha1",
)  # fmt: skip
NUMBERS: Final = (-1, 0, 1, 2, 3, 4, 7, 255, 256, 65535, 2**31 - 1, 2**31, 2**63, 10**10, 10**40)
OBJECT_RE: Final = re.compile(rb"(?<!\d)(\d{1,10}) 0 obj\s(.*?)\sendobj", re.DOTALL)
STREAM_RE: Final = re.compile(rb"stream\r?\n(.+?)\r?\nendstream", re.DOTALL)
KEY_RE: Final = re.compile(rb"/[A-Za-z_.]+")
NUMBER_RE: Final = re.compile(rb"(?<![\w.])\d+(?![\w.])")
ENTRY_RE: Final = re.compile(rb"\d{10} \d{5} [nf]")
RANGE_RE: Final = re.compile(rb"/ByteRange\s*\[([^\]]*)\]")
VALUE_RE: Final = re.compile(rb"/Contents\s*<([0-9a-fA-F]*)>")
DEEPEST: Final = 4


def value(source: Random, depth: int = 0) -> bytes:
    """Any PDF value (ISO 32000-2, 7.3), seldom a sensible one."""
    kinds: list[Callable[[], bytes]] = [
        lambda: source.choice((b"null", b"true", b"false")),
        lambda: b"%d" % source.choice(NUMBERS),
        lambda: b"%.3f" % (source.random() * 1000),
        lambda: b"/" + source.choice(NAMES),
        lambda: b"(%s)" % bytes(source.choices(b"abc 123\\n", k=source.randrange(9))),
        lambda: b"<%s>" % source.randbytes(source.randrange(6)).hex().encode(),
        lambda: b"%d 0 R" % source.randrange(20),
    ]
    if depth < DEEPEST:
        kinds += [
            lambda: b"[" + b" ".join(_values(source, depth)) + b"]",
            lambda: dictionary(source, depth),
        ]
    return source.choice(kinds)()


def dictionary(source: Random, depth: int = 0) -> bytes:
    pairs = (b"/%s %s" % (source.choice(NAMES), one) for one in _values(source, depth))
    return b"<< " + b" ".join(pairs) + b" >>"


def _values(source: Random, depth: int) -> list[bytes]:
    return [value(source, depth + 1) for _ in range(source.randrange(5))]


def body(source: Random, pdf: bytes) -> bytes:
    """What may stand as an object: one of the file's own, a stream, or any value."""
    kind = source.randrange(4)
    if kind == 0:
        return source.choice(OBJECT_RE.findall(pdf) or [(b"", b"null")])[1]
    if kind == 1:
        data = b"BT /F1 12 Tf 72 720 Td (Guarantee 900000.00) Tj ET"
        packed = source.random() < 0.5
        entries = b"/Filter /FlateDecode" if packed else b""
        return papers.stream(zlib.compress(data) if packed else data, entries)
    return dictionary(source) if kind == 2 else value(source)


# Bytes


def flips(source: Random, pdf: bytes) -> bytes:
    changed = bytearray(pdf)
    for _ in range(source.choice((1, 1, 1, 2, 8))):
        changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def truncation(source: Random, pdf: bytes) -> bytes:
    ends = [found.end() for found in re.finditer(rb"%%EOF|endobj|xref|>>", pdf)]
    end = source.choice(ends) if ends and source.random() < 0.5 else source.randrange(len(pdf))
    return pdf[:end]


def cut(source: Random, pdf: bytes) -> bytes:
    start, end = _piece(source, pdf)
    return pdf[:start] + pdf[end:]


def repeat(source: Random, pdf: bytes) -> bytes:
    start, end = _piece(source, pdf)
    place = source.randrange(len(pdf) + 1)
    return pdf[:place] + pdf[start:end] + pdf[place:]


def insertion(source: Random, pdf: bytes) -> bytes:
    place = source.choice((0, len(pdf), source.randrange(len(pdf))))
    return pdf[:place] + b"\n" + value(source) + pdf[place:]


def _piece(source: Random, pdf: bytes) -> tuple[int, int]:
    start = source.randrange(len(pdf))
    return start, start + source.choice((1, 2, 16, 400, 4000))


# Objects, keys, numbers, streams


def swap(source: Random, pdf: bytes) -> bytes:
    """Two objects exchange their bodies."""
    found = list(OBJECT_RE.finditer(pdf))
    if len(found) < 2:
        return pdf
    one, other = sorted(source.sample(found, 2), key=lambda match: match.start())
    return (
        pdf[: one.start(2)] + other[2] + pdf[one.end(2) : other.start(2)] + one[2]
        + pdf[other.end(2) :]
    )  # fmt: skip


def rewritten(source: Random, pdf: bytes) -> bytes:
    """An object gets another body where it stands."""
    return _one(source, pdf, OBJECT_RE, lambda found: body(source, pdf), group=2)


def renumbered(source: Random, pdf: bytes) -> bytes:
    return _one(source, pdf, OBJECT_RE, lambda found: b"%d" % source.randrange(30), group=1)


def key(source: Random, pdf: bytes) -> bytes:
    """A name becomes another, goes, or stands twice."""

    def change(found: re.Match[bytes]) -> bytes:
        other = b"/" + source.choice(NAMES)
        return source.choice((other, b"", found[0] + b" " + value(source) + b" " + found[0]))

    return _one(source, pdf, KEY_RE, change)


def number(source: Random, pdf: bytes) -> bytes:
    def change(found: re.Match[bytes]) -> bytes:
        near = int(found[0][:18]) + source.choice((-1, 1, -256, 256))
        return b"%d" % source.choice((near, source.choice(NUMBERS)))

    return _one(source, pdf, NUMBER_RE, change)


def stream(source: Random, pdf: bytes) -> bytes:
    def change(found: re.Match[bytes]) -> bytes:
        data = found[1]
        return source.choice((flips(source, data), data[::-1], b"", data + b"\n" + data))

    return _one(source, pdf, STREAM_RE, change, group=1)


def _one(
    source: Random,
    pdf: bytes,
    pattern: re.Pattern[bytes],
    change: Callable[[re.Match[bytes]], bytes],
    group: int = 0,
) -> bytes:
    found = list(pattern.finditer(pdf))
    if not found:
        return pdf
    match = source.choice(found)
    return pdf[: match.start(group)] + change(match) + pdf[match.end(group) :]


# Tables, revisions


def entry(source: Random, pdf: bytes) -> bytes:
    """A line of a cross-reference table."""

    def change(found: re.Match[bytes]) -> bytes:
        place = source.choice((source.randrange(len(pdf)), int(found[0][:10]) + 1, 0))
        return b"%010d %05d %c" % (place, source.choice((0, 1)), source.choice(b"nf"))

    return _one(source, pdf, ENTRY_RE, change)


def start(source: Random, pdf: bytes) -> bytes:
    """Where the newest table, or the one before it, is said to be."""
    pattern = re.compile(rb"(?:startxref\s+|/Prev )(\d+)")
    places = [found.start() for found in re.finditer(rb"xref|(?<!\d)\d{1,10} 0 obj", pdf)]
    return _one(source, pdf, pattern, lambda found: b"%d" % source.choice(places), group=1)


def revision(source: Random, pdf: bytes) -> bytes:
    """One more revision with a table."""
    changed = {source.randrange(1, 24): body(source, pdf) for _ in range(source.randrange(4))}
    freed = {source.randrange(1, 24) for _ in range(source.choice((0, 0, 1)))} - changed.keys()
    places = {}
    if source.random() < 0.3:
        places[source.randrange(1, 24)] = source.randrange(len(pdf))
    entries = b"/Root %d 0 R" % source.randrange(1, 24) if source.random() < 0.2 else b""
    before = value(source) + b"\n" if source.random() < 0.2 else b""
    return papers.update(
        pdf, changed, freed=freed, places=places, entries=entries, before=before
    )  # fmt: skip


def table_stream(source: Random, pdf: bytes) -> bytes:
    """One more revision whose table is a stream."""
    numbers = sorted(source.sample(range(1, 24), source.randrange(1, 4)))
    out, rows, index = pdf + b"\n", b"", b""
    for one in numbers:
        rows += b"\1" + len(out).to_bytes(4, "big") + b"\0"
        index += b"%d 1 " % one
        out += b"%d 0 obj\n%s\nendobj\n" % (one, body(source, pdf))
    place = len(out)
    entries = b"/Type /XRef /W [1 4 1] /Size 30 /Root 1 0 R /Prev %d /Index [%s]" % (
        papers.last_xref(pdf), index,
    )  # fmt: skip
    out += b"29 0 obj\n%s\nendobj\n" % papers.stream(rows, entries)
    return out + b"startxref\n%d\n%%%%EOF\n" % place


def appended(source: Random, pdf: bytes) -> bytes:
    """Something behind the end, without a table."""
    tail = b"%d 0 obj\n%s\nendobj\n" % (source.randrange(1, 24), body(source, pdf))
    return pdf + source.choice((tail, tail + b"%%EOF\n", b"\n", b" ", b"%%EOF\n", b"\0" * 9))


# The signature itself


def byte_range(source: Random, pdf: bytes) -> bytes:
    def change(found: re.Match[bytes]) -> bytes:
        numbers = [int(one) for one in found[1].split()]
        place = source.randrange(len(numbers))
        numbers[place] = source.choice((numbers[place] + source.choice((-2, -1, 1, 2)), -1, 0))
        return b" ".join(b"%d" % one for one in numbers)

    def odd(found: re.Match[bytes]) -> bytes:
        return source.choice((b"", found[1] + b" 0 0", value(source), b"0 0 0 0"))

    return _one(source, pdf, RANGE_RE, source.choice((change, odd)), group=1)


def signature(source: Random, pdf: bytes) -> bytes:
    """The hexadecimal digits of the signature value."""

    def change(found: re.Match[bytes]) -> bytes:
        digits = bytearray(found[1])
        kind = source.randrange(5)
        if not digits or kind == 0:
            return b""
        if kind == 1:
            return bytes(digits).upper()
        if kind == 2:
            place = source.randrange(len(digits))
            return bytes(digits[:place]) + b" " + bytes(digits[place + 1 :])
        if kind == 3:
            return bytes(digits).rstrip(b"0")
        for _ in range(source.choice((1, 2, 16))):
            digits[source.randrange(len(digits))] = source.choice(b"0123456789abcdef")
        return bytes(digits)

    return _one(source, pdf, VALUE_RE, change, group=1)


def refitted(pdf: bytes) -> bytes:
    """The file with its tables and byte range put right, as a careful forger leaves it."""
    for _ in range(2):
        ranges, value_at = RANGE_RE.search(pdf), VALUE_RE.search(pdf)
        if ranges and value_at:
            first, second = value_at.start(1) - 1, value_at.end(1) + 1
            fitting = b"0 %d %d %d" % (first, second, len(pdf) - second)
            room = len(ranges[1])
            if len(fitting) <= room:
                fitting = fitting.ljust(room)
            pdf = pdf[: ranges.start(1)] + fitting + pdf[ranges.end(1) :]
        pdf = _tables(pdf)
    return pdf


def _tables(pdf: bytes) -> bytes:
    places = {int(found[1]): found.start() for found in OBJECT_RE.finditer(pdf)}

    def lines(found: re.Match[bytes]) -> bytes:
        number, out = int(found[1]), found[0][: found.start(2) - found.start()]
        for line in ENTRY_RE.findall(found[2]):
            place = places.get(number)
            out += b"%010d 00000 n \n" % place if place and line.endswith(b"n") else line + b" \n"
            number += 1
        return out

    pdf = re.sub(rb"(?<=\n)(\d+) \d+ ?\n((?:\d{10} \d{5} [nf] ?\r?\n)+)", lines, pdf)
    last = pdf.rfind(b"\nxref\n")
    if last < 0:
        return pdf
    head, mark, tail = pdf.rpartition(b"startxref\n")
    return head + mark + re.sub(rb"\A\d+", b"%d" % (last + 1), tail)


MUTATIONS: Final[tuple[Mutation, ...]] = (
    flips, truncation, cut, repeat, insertion, swap, rewritten, renumbered, key, number, stream,
    entry, start, revision, table_stream, appended, byte_range, signature,
)  # fmt: skip


def mutant(source: Random, pdf: bytes) -> tuple[bytes, str]:
    """A file that differs from `pdf`, and the names of the mutations that made it."""
    while True:
        changed, names = pdf, []
        for _ in range(source.choice((1, 1, 1, 2, 3))):
            mutation = source.choice(MUTATIONS)
            names.append(mutation.__name__)
            # An earlier mutation may have left nothing that this one could hold on to.
            with suppress(IndexError, ValueError):
                changed = mutation(source, changed)
        if source.random() < 0.25:
            names.append("refitted")
            changed = refitted(changed)
        if changed != pdf:
            return changed, "+".join(names)
