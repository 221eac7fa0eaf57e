"""Where the signatures of a file stand, and whether what each covers is what it must cover.

ISO 32000-2, 12.8.1: a signature covers two byte ranges, everything but its own value. Wrapping,
incremental saving and universal forgery all live from a reader that takes the file's word for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from signing.errors import LimitExceeded, Malformed
from signing.parsing.der import measure
from signing.parsing.document import Document, View
from signing.parsing.fields import Field, read_fields
from signing.parsing.syntax import Dictionary, Name, Reference, Text, Value
from signing.parsing.xref import IN_FILE, end_of_line

MAX_SIGNATURES: Final = 64

_LOWER_RE: Final = re.compile(rb"(?:[0-9a-f]{2})+\Z")
_UPPER_RE: Final = re.compile(rb"(?:[0-9A-F]{2})+\Z")


@dataclass(frozen=True, slots=True)
class Site:
    """One signature or document time-stamp, as it stands in the file."""

    field: Field
    name: str
    """Field name, for people."""
    number: int
    """Object that holds the signature dictionary."""
    dictionary: Dictionary
    gap: tuple[int, int]
    """Offsets between which the file is not covered."""
    end: int
    """Offset up to which it is covered."""
    cms: bytes
    """The signature value without its padding; empty where it could not be read."""
    revision: int
    """Index of the section whose revision it covers; -1 where it covers none."""
    permission: int | None
    """DocMDP: 1 nothing may change, 2 forms, 3 forms and annotations; None for an approval."""
    faults: tuple[str, ...]
    """Codes of what is wrong with it; empty for a sound one."""

    @property
    def is_timestamp(self) -> bool:
        """Whether it is a document time-stamp and nobody's signature."""
        return self.dictionary.get("Type") == "DocTimeStamp"

    @property
    def restricts(self) -> bool:
        """Whether it forbids changes that a plain approval tolerates (DocMDP, FieldMDP)."""
        return "Reference" in self.dictionary or "Lock" in self.field.dictionary

    @property
    def subfilter(self) -> str:
        """/SubFilter, the format of the signature value."""
        value = self.dictionary.get("SubFilter")
        return str(value) if isinstance(value, Name) else ""


def read_sites(document: Document) -> list[Site]:
    """All filled signature fields of the newest revision, in the order in which they cover."""
    view = document.view(len(document.sections) - 1)
    sites: list[Site] = []
    for field in read_fields(view):
        value = view.follow(field.value)
        if field.kind == "Sig" and value is not None:
            site = _read(document, view, field, value)
            shared = any(other.number == site.number for other in sites)
            sites.append(replace(site, faults=(*site.faults, "shared")) if shared else site)
    if len(sites) > MAX_SIGNATURES:
        raise LimitExceeded("signatures", MAX_SIGNATURES)
    return sorted(sites, key=lambda site: site.end)


def _read(document: Document, view: View, field: Field, value: Value) -> Site:
    if not isinstance(value, Dictionary):
        raise Malformed("signature dictionary")
    holder = field.value.number if isinstance(field.value, Reference) else field.number
    faults: list[str] = []
    if value.duplicates:
        faults.append("duplicate_keys")
    gap, end = _ranges(document.data, value, faults)
    cms = _contents(value, gap, faults)
    entry = view.entries.get(holder or 0)
    if entry is None or entry.kind != IN_FILE:
        faults.append("not_in_file")
    revision = _revision(document, end)
    faults.extend(_coverage(document, gap, end, revision))
    return Site(
        field=field,
        name=".".join(field.path),
        number=holder or 0,
        dictionary=value,
        gap=gap,
        end=end,
        cms=cms,
        revision=revision,
        permission=_permission(view, value, field),
        faults=tuple(dict.fromkeys(faults)),
    )


def _ranges(data: bytes, dictionary: Dictionary, faults: list[str]) -> tuple[tuple[int, int], int]:
    value = dictionary.get("ByteRange")
    numbers = [item for item in value if type(item) is int] if isinstance(value, list) else []
    if len(numbers) != 4 or not isinstance(value, list) or len(value) != 4:
        faults.append("byte_range")
        return (0, 0), 0
    zero, first, second, length = numbers
    if zero != 0 or not 0 < first < second <= second + length <= len(data):
        faults.append("byte_range")
        return (0, 0), 0
    return (first, second), second + length


def _contents(dictionary: Dictionary, gap: tuple[int, int], faults: list[str]) -> bytes:
    """The signature value: hexadecimal in one case, filling the gap, padded with zeros only."""
    value = dictionary.get("Contents")
    if not isinstance(value, Text) or not value.is_hex:
        faults.append("contents")
        return b""
    if (value.start, value.end) != gap:
        faults.append("gap")
    digits = value.raw[1:-1]
    if not (_LOWER_RE.match(digits) or _UPPER_RE.match(digits)):
        faults.append("hex")
        return b""
    raw = bytes.fromhex(digits.decode("ascii"))
    try:
        length = measure(raw)
    except Malformed:
        faults.append("encoding")
        return b""
    if raw[length:].strip(b"\0"):
        faults.append("padding")
    return raw[:length]


def _revision(document: Document, end: int) -> int:
    """The section that closes exactly where the signature's coverage ends, or -1."""
    for index, section in enumerate(document.sections):
        rest = document.data[section.end : end] if section.end <= end <= section.end + 2 else None
        if rest is not None and rest == end_of_line(rest):
            return index
    return -1


def _coverage(document: Document, gap: tuple[int, int], end: int, revision: int) -> Iterator[str]:
    if revision < 0:
        yield "coverage"
        return
    for index, section in enumerate(document.sections):
        if (index <= revision) != (section.offset < end):
            yield "coverage"
        if index <= revision and any(
            entry.kind == IN_FILE and (entry.first >= end or gap[0] <= entry.first < gap[1])
            for entry in section.entries.values()
        ):
            yield "outside"


def _permission(view: View, dictionary: Dictionary, field: Field) -> int | None:
    """DocMDP's /P (12.8.2.2), or that of the field's /Lock (12.7.5.5)."""
    for item in view.array(dictionary.get("Reference")):
        reference = view.dictionary(item)
        if reference.get("TransformMethod") == "DocMDP":
            value = view.follow(view.dictionary(reference.get("TransformParams")).get("P", 2))
            return value if value in (1, 2, 3) and isinstance(value, int) else 1
    lock = view.follow(view.dictionary(field.dictionary.get("Lock")).get("P"))
    return lock if isinstance(lock, int) and lock in (1, 2, 3) else None
