"""What was added to a file after a signature, and whether a signature tolerates it.

Everything that an incremental update redefines must be explained by one of a few roles: further
signatures in fields, validation data (/DSS), document time-stamps, metadata, and empty form fields
filled in. Annotations, pages, appearances of what was there, attachments, scripts: never. The roles
follow ISO 32000-2, 12.8.2.2 and ETSI EN 319 142-1, narrowed by the shadow attacks (a prefilled
field refilled, a hidden object brought up) and the attacks on certified documents (a visible field
laid over the text).
"""

import re
from dataclasses import dataclass, field
from typing import Final

from signing.errors import Malformed
from signing.parsing.document import Document, View
from signing.parsing.fields import Field, read_fields
from signing.parsing.sites import Site
from signing.parsing.syntax import (
    Dictionary,
    Name,
    Reference,
    Stream,
    Text,
    Value,
    same,
    skip_gap,
)
from signing.parsing.xref import FREE, IN_FILE, Entry, read_object

MAX_WIDGET_SHARE: Final = 0.25
"""Part of a page that a signature field added later may cover; a bigger one hides the letter."""

_EDITABLE: Final = 1 << 18
"""Field flag Edit of a choice field (Table 233): any text may be typed in."""
_CATALOG: Final = frozenset({"AcroForm", "DSS", "Extensions", "Metadata", "Version"})
_ACROFORM: Final = frozenset({"Fields", "SigFlags", "DR", "DA"})
_SIGNED: Final = frozenset({"V", "AP", "AS", "F", "M", "Type", "Ff", "MK", "DA"})
_FILLED: Final = frozenset({"V", "AP", "AS", "M", "RV", "I", "Ff", "MK", "DA"})
_WIDGET: Final = frozenset({"AP", "AS", "M", "F", "MK"})
_DSS: Final = frozenset({"Type", "VRI", "Certs", "OCSPs", "CRLs"})
_VRI: Final = frozenset({"Type", "Cert", "CRL", "OCSP", "TU", "TS"})
_INFO: Final = frozenset({
    "Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate",
    "Trapped",
})  # fmt: skip
_VRI_KEY_RE: Final = re.compile(r"[0-9A-Fa-f]{40}\Z")
_STRAY_RE: Final = re.compile(rb"[\0\t\n\f\r ]*(?:endobj)?")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing found in a later revision that the signature does not tolerate."""

    code: str
    number: int = 0
    """Object number, 0 where it is not about one object."""


@dataclass(slots=True)
class _Review:
    document: Document
    old: View
    new: View
    permission: int | None
    locked: "Lock"
    revision: int
    found: list[Change] = field(default_factory=list)
    explained: set[int] = field(default_factory=set)
    widgets: set[int] = field(default_factory=set)
    """Object numbers of signature fields and widgets that later revisions added."""


@dataclass(frozen=True, slots=True)
class Lock:
    """FieldMDP (12.8.2.4): which fields a signature closes."""

    action: str = ""
    names: frozenset[bytes] = frozenset()

    def closes(self, path: tuple[bytes, ...]) -> bool:
        """Whether the field of that path may no longer be filled in."""
        named = any(b".".join(_plain(part) for part in path[:n]) in self.names
                    for n in range(1, len(path) + 1))  # fmt: skip
        return self.action == "All" or (self.action != "" and named == (self.action == "Include"))


def review_changes(document: Document, site: Site) -> list[Change]:
    """Everything after `site` that it does not tolerate; empty if nothing or only the tolerated."""
    last = len(document.sections) - 1
    if site.revision == last:
        return []
    old, new = document.view(site.revision), document.view(last)
    lock = _read_lock(old, site)
    review = _Review(document, old, new, site.permission, lock, site.revision)
    try:
        _review(review)
    except Malformed:
        review.found.append(Change("unreadable"))
    return review.found


def touches_form(document: Document, site: Site) -> bool:
    """Whether a later revision lists the form, a field or a widget, or has another set of them."""
    old, new = document.view(site.revision), document.view(len(document.sections) - 1)
    form = old.catalog.get("AcroForm")
    fields = read_fields(old)
    numbers = {number for item in fields for number in (item.number, *item.widgets)}
    numbers |= {part.number for part in (form, old.dictionary(form).get("Fields"))
                if isinstance(part, Reference)}  # fmt: skip
    if len(fields) != len(read_fields(new)) or not same(form, new.catalog.get("AcroForm")):
        return True
    later = document.sections[site.revision + 1 :]
    return any(
        number in section.entries and section.entries[number] != old.entries.get(number)
        for section in later
        for number in numbers
    )


def _review(review: _Review) -> None:
    _check_places(review)
    _check_bytes(review)
    _explain_catalog(review)
    _explain_validation_data(review)
    _explain_fields(review)
    _explain_metadata(review)
    for number in sorted(_redefined(review)):
        if number not in review.explained and not _harmless(review, number):
            review.found.append(Change("object", number))


def _later_entries(review: _Review) -> dict[int, Entry]:
    """Entries that later sections add or change."""
    result: dict[int, Entry] = {}
    for section in review.document.sections[review.revision + 1 :]:
        result |= section.entries
    return {n: entry for n, entry in result.items() if review.old.entries.get(n) != entry}


def _redefined(review: _Review) -> list[int]:
    """Numbers of objects that were there when signed and now have another value."""
    numbers = []
    for number, entry in _later_entries(review).items():
        before = review.old.entries.get(number)
        if before is None or before.kind == FREE:
            continue
        if entry.kind == FREE or not same(review.old.object(number), review.new.object(number)):
            numbers.append(number)
    return numbers


def _check_places(review: _Review) -> None:
    """A later section may not bring up bytes that stood, unlisted, in the signed part."""
    border = review.document.sections[review.revision].end
    for section in review.document.sections[review.revision + 1 :]:
        if section.hybrid:
            review.found.append(Change("hybrid"))
    for number, entry in _later_entries(review).items():
        if entry.kind == IN_FILE and entry.first < border:
            review.found.append(Change("hidden_object", number))


def _check_bytes(review: _Review) -> None:
    """Every byte of the later revisions belongs to an object that is listed, or to a section."""
    data, sections = review.document.data, review.document.sections
    for before, section in zip(
        sections[review.revision :], sections[review.revision + 1 :], strict=False
    ):
        position = before.end
        view = review.document.view(sections.index(section))
        starts = sorted(
            entry.first
            for entry in section.entries.values()
            if entry.kind == IN_FILE and before.end <= entry.first < section.offset
        )
        for start in starts:
            if not _only_gap(data, position, start):
                review.found.append(Change("stray_bytes"))
            position = read_object(data, start, view.follow)[2]
        if not _only_gap(data, position, section.offset):
            review.found.append(Change("stray_bytes"))


def _only_gap(data: bytes, position: int, end: int) -> bool:
    """Whether nothing but white space, comments and one `endobj` stands before `end`."""
    found = _STRAY_RE.match(data, position)
    return skip_gap(data, found.end() if found else position) >= end


def _differing(old: Dictionary, new: Dictionary) -> set[str]:
    return {key for key in old.keys() | new.keys() if not same(old.get(key), new.get(key))}


def _explain(review: _Review, value: Value) -> None:
    if isinstance(value, Reference):
        review.explained.add(value.number)


def _explain_catalog(review: _Review) -> None:
    root = review.old.trailer.get("Root")
    if not same(root, review.new.trailer.get("Root")) or not same(
        review.old.trailer.get("Encrypt"), review.new.trailer.get("Encrypt")
    ):
        review.found.append(Change("trailer"))
    if _differing(review.old.catalog, review.new.catalog) - _CATALOG:
        review.found.append(Change("catalog"))
    _explain(review, root)
    old, new = review.old.catalog.get("AcroForm"), review.new.catalog.get("AcroForm")
    before, after = review.old.dictionary(old), review.new.dictionary(new)
    if _differing(before, after) - _ACROFORM or after.duplicates or review.new.catalog.duplicates:
        review.found.append(Change("form"))
    fonts = review.old.dictionary(before.get("DR")).get("Font")
    later_fonts = review.new.dictionary(after.get("DR")).get("Font")
    if not _only_adds(review, fonts, later_fonts, 2) or (
        "DA" in before and not same(before["DA"], after.get("DA"))
    ):
        review.found.append(Change("form_resources"))
    _explain(review, old)


def _only_adds(review: _Review, old: Value, new: Value, depth: int) -> bool:
    """Whether the dictionary `new` holds all that `old` holds, unchanged, `depth` levels down."""
    before, after = review.old.follow(old), review.new.follow(new)
    if before is None or same(before, after):
        return True
    if not depth or not isinstance(before, Dictionary) or not isinstance(after, Dictionary):
        return False
    if all(_only_adds(review, before[key], after.get(key), depth - 1) for key in before):
        _explain(review, old)
        return True
    return False


def _explain_validation_data(review: _Review) -> None:
    """/DSS (ISO 32000-2, 12.8.4.3): may appear and grow; its parts keep their shape."""
    old, new = review.old.catalog.get("DSS"), review.new.catalog.get("DSS")
    for view, value in ((review.old, old), (review.new, new)):
        if not _is_validation_data(view, value):
            review.found.append(Change("validation_data"))
            return
    _explain_tree(review, old, 3)


def _is_validation_data(view: View, value: Value) -> bool:
    store = view.dictionary(value)
    entries = view.dictionary(store.get("VRI"))
    keys = entries.keys() - {"Type"}
    return (
        store.keys() <= _DSS
        and all(_VRI_KEY_RE.match(key) for key in keys)
        and all(view.dictionary(entries[key]).keys() <= _VRI for key in keys)
    )


def _explain_tree(review: _Review, value: Value, depth: int) -> None:
    """Dictionaries and arrays down to `depth`; never the streams at the leaves."""
    target = review.old.follow(value)
    if isinstance(target, Stream) or not isinstance(target, (Dictionary, list)):
        return
    _explain(review, value)
    if depth:
        for item in target.values() if isinstance(target, Dictionary) else target:
            _explain_tree(review, item, depth - 1)


def _explain_fields(review: _Review) -> None:
    before = {item.path: item for item in read_fields(review.old)}
    after = read_fields(review.new)
    for item in after:
        previous = before.pop(item.path, None)
        if previous is None:
            _added_field(review, item)
        elif previous.number != item.number or previous.kind != item.kind:
            review.found.append(Change("field", item.number or 0))
        else:
            _changed_field(review, previous, item)
    if before:
        review.found.append(Change("field_removed"))


def _added_field(review: _Review, item: Field) -> None:
    value = review.new.dictionary(item.value)
    stamp = value.get("Type") == "DocTimeStamp"
    if item.kind != "Sig" or item.number is None or (review.permission == 1 and not stamp):
        review.found.append(Change("field_added", item.number or 0))
        return
    for number in item.widgets:
        if not _widget_tolerated(review, review.new.dictionary(review.new.object(number))):
            review.found.append(Change("field_over_page", number))
    review.widgets.update({item.number, *item.widgets})
    if "Parent" in item.dictionary:
        _explain(review, item.dictionary["Parent"])


def _widget_tolerated(review: _Review, widget: Dictionary) -> bool:
    """Invisible; or, where nobody certified the file, small against its page."""
    area = _area(review.new.array(widget.get("Rect")))
    if area == 0.0:
        return True
    if review.permission is not None:
        return False
    page = review.new.dictionary(widget.get("P"))
    box = review.new.array(page.get("MediaBox"))
    return area <= MAX_WIDGET_SHARE * (_area(box) or 595.0 * 842.0)


def _area(box: list[Value]) -> float:
    sides = [float(side) for side in box if isinstance(side, (int, float))]
    return abs((sides[2] - sides[0]) * (sides[3] - sides[1])) if len(sides) == 4 else 0.0


def _changed_field(review: _Review, old: Field, new: Field) -> None:
    differing = _differing(old.dictionary, new.dictionary)
    for number in {*old.widgets} - {old.number}:
        before = review.old.dictionary(review.old.object(number))
        after = review.new.dictionary(review.new.object(number))
        differing |= {f"widget {key}" for key in _differing(before, after) - _WIDGET}
        if not differing or not same(old.value, new.value):
            review.explained.add(number)
    if not differing and same(old.value, new.value):
        return
    signed = old.kind == "Sig"
    allowed = differing <= (_SIGNED if signed else _FILLED) and old.widgets == new.widgets
    open_to = _was_empty(review.old, old) or _is_choice(old)
    if not allowed or not open_to or not _may_fill(review, new, signed):
        review.found.append(Change("field", old.number or 0))
    elif old.number is not None:
        review.explained.add(old.number)


def _was_empty(view: View, item: Field) -> bool:
    """Only an empty field may be filled; refilling one is how shadow attacks replace content."""
    value = view.follow(item.value)
    return (
        value is None
        or (isinstance(value, Text) and _plain(value.raw) in (b"", b"\xfe\xff"))
        or (isinstance(value, Name) and value == "Off")
        or value == []
    )


def _is_choice(item: Field) -> bool:
    """A list or box whose possible values are themselves signed; an editable list is none."""
    flags = item.dictionary.get("Ff", 0)
    return item.kind in ("Btn", "Ch") and isinstance(flags, int) and not flags & _EDITABLE


def _may_fill(review: _Review, item: Field, signed: bool) -> bool:
    if review.locked.closes(item.path):
        return False
    if review.permission == 1:
        return review.new.dictionary(item.value).get("Type") == "DocTimeStamp"
    return not signed or "V" in item.dictionary


def _plain(raw: bytes) -> bytes:
    return bytes.fromhex(raw[1:-1].decode("latin-1")) if raw.startswith(b"<") else raw[1:-1]


def _explain_metadata(review: _Review) -> None:
    info = review.old.trailer.get("Info")
    old, new = review.old.dictionary(info), review.new.dictionary(info)
    if {*old} <= _INFO or not _differing(old, new) - _INFO:
        _explain(review, info)
    reference = review.old.catalog.get("Metadata")
    before, after = review.old.follow(reference), review.new.follow(reference)
    if (
        isinstance(before, Stream)
        and isinstance(after, Stream)
        and before.dictionary.get("Type") == after.dictionary.get("Type") == "Metadata"
    ):
        _explain(review, reference)


def _harmless(review: _Review, number: int) -> bool:
    """A page or list that only gained new signature fields; a section that replaced a section."""
    old, new = review.old.object(number), review.new.object(number)
    if isinstance(old, list) and isinstance(new, list):
        return _only_new_widgets(review, old, new)
    if isinstance(old, Stream) or isinstance(new, Stream):
        kinds = [value.dictionary.get("Type") for value in (old, new) if isinstance(value, Stream)]
        return kinds == ["XRef", "XRef"]
    if not isinstance(old, Dictionary) or not isinstance(new, Dictionary) or new.duplicates:
        return False
    if old.get("Type") != "Page" or _differing(old, new) - {"Annots"}:
        return False
    before, after = review.old.array(old.get("Annots")), review.new.array(new.get("Annots"))
    return _only_new_widgets(review, before, after)


def _only_new_widgets(review: _Review, old: list[Value], new: list[Value]) -> bool:
    added = new[len(old) :]
    return same(old, new[: len(old)]) and all(
        isinstance(item, Reference) and item.number in review.widgets for item in added
    )


def _read_lock(view: View, site: Site) -> Lock:
    """FieldMDP of the signature, else of its field's /Lock."""
    parameters = view.dictionary(site.field.dictionary.get("Lock"))
    for item in view.array(site.dictionary.get("Reference")):
        reference = view.dictionary(item)
        if reference.get("TransformMethod") == "FieldMDP":
            parameters = view.dictionary(reference.get("TransformParams"))
    action = parameters.get("Action")
    names = [name.raw for name in view.array(parameters.get("Fields")) if isinstance(name, Text)]
    return Lock(str(action) if isinstance(action, Name) else "", frozenset(map(_plain, names)))
