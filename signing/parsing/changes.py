"""What was added to a file after a signature, and whether a signature tolerates it.

Everything that an incremental update redefines must be explained by one of a few roles: further
signatures in fields, validation data (/DSS), document time-stamps, metadata, and empty form fields
filled in. Annotations, pages, appearances of what was there, attachments, scripts: never. The roles
follow ISO 32000-2, 12.8.2.2 and ETSI EN 319 142-1, narrowed by the shadow attacks (a prefilled
field refilled, a hidden object brought up) and the attacks on certified documents (a visible field
laid over the text).
"""

import re
from typing import Final

from signing.errors import Malformed
from signing.parsing.document import Document, View
from signing.parsing.form_changes import read_lock, review_fields
from signing.parsing.review import Change, Review, differing, explain
from signing.parsing.sites import Site
from signing.parsing.syntax import Dictionary, Reference, Stream, Value, same, skip_gap
from signing.parsing.xref import FREE, IN_FILE, Entry, read_object

_CATALOG: Final = frozenset({"AcroForm", "DSS", "Extensions", "Metadata", "Version"})
_ACROFORM: Final = frozenset({"Fields", "SigFlags", "DR", "DA"})
_DSS: Final = frozenset({"Type", "VRI", "Certs", "OCSPs", "CRLs"})
_VRI: Final = frozenset({"Type", "Cert", "CRL", "OCSP", "TU", "TS"})
_INFO: Final = frozenset({
    "Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate",
    "Trapped",
})  # fmt: skip
_VRI_KEY_RE: Final = re.compile(r"[0-9A-Fa-f]{40}\Z")
_STRAY_RE: Final = re.compile(rb"[\0\t\n\f\r ]*(?:endobj)?")


def review_changes(document: Document, site: Site) -> list[Change]:
    """Everything after `site` that it does not tolerate; empty if nothing or only the tolerated."""
    last = len(document.sections) - 1
    if site.revision == last:
        return []
    old, new = document.view(site.revision), document.view(last)
    lock = read_lock(old, site)
    review = Review(document, old, new, site.permission, lock, site.revision)
    try:
        _review(review)
    except Malformed:
        review.found.append(Change("unreadable"))
    return review.found


def _review(review: Review) -> None:
    _check_places(review)
    _check_bytes(review)
    _explain_catalog(review)
    _explain_validation_data(review)
    review_fields(review)
    _explain_metadata(review)
    for number in sorted(_redefined(review)):
        if number not in review.explained and not _harmless(review, number):
            review.found.append(Change("object", number))


def _later_entries(review: Review) -> dict[int, Entry]:
    """Entries that later sections add or change."""
    result: dict[int, Entry] = {}
    for section in review.document.sections[review.revision + 1 :]:
        result |= section.entries
    return {n: entry for n, entry in result.items() if review.old.entries.get(n) != entry}


def _redefined(review: Review) -> list[int]:
    """Numbers of objects that were there when signed and now have another value."""
    numbers = []
    for number, entry in _later_entries(review).items():
        before = review.old.entries.get(number)
        if before is None or before.kind == FREE:
            continue
        if entry.kind == FREE or not same(review.old.object(number), review.new.object(number)):
            numbers.append(number)
    return numbers


def _check_places(review: Review) -> None:
    """A later section may not bring up bytes that stood, unlisted, in the signed part."""
    border = review.document.sections[review.revision].end
    for section in review.document.sections[review.revision + 1 :]:
        if section.hybrid:
            review.found.append(Change("hybrid"))
    for number, entry in _later_entries(review).items():
        if entry.kind == IN_FILE and entry.first < border:
            review.found.append(Change("hidden_object", number))


def _check_bytes(review: Review) -> None:
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


def _explain_catalog(review: Review) -> None:
    root = review.old.trailer.get("Root")
    if not same(root, review.new.trailer.get("Root")) or not same(
        review.old.trailer.get("Encrypt"), review.new.trailer.get("Encrypt")
    ):
        review.found.append(Change("trailer"))
    if differing(review.old.catalog, review.new.catalog) - _CATALOG:
        review.found.append(Change("catalog"))
    explain(review, root)
    old, new = review.old.catalog.get("AcroForm"), review.new.catalog.get("AcroForm")
    before, after = review.old.dictionary(old), review.new.dictionary(new)
    if differing(before, after) - _ACROFORM or after.duplicates or review.new.catalog.duplicates:
        review.found.append(Change("form"))
    fonts = review.old.dictionary(before.get("DR")).get("Font")
    later_fonts = review.new.dictionary(after.get("DR")).get("Font")
    if not _only_adds(review, fonts, later_fonts, 2) or (
        "DA" in before and not same(before["DA"], after.get("DA"))
    ):
        review.found.append(Change("form_resources"))
    explain(review, old)


def _only_adds(review: Review, old: Value, new: Value, depth: int) -> bool:
    """Whether the dictionary `new` holds all that `old` holds, unchanged, `depth` levels down."""
    before, after = review.old.follow(old), review.new.follow(new)
    if before is None or same(before, after):
        return True
    if not depth or not isinstance(before, Dictionary) or not isinstance(after, Dictionary):
        return False
    if all(_only_adds(review, before[key], after.get(key), depth - 1) for key in before):
        explain(review, old)
        return True
    return False


def _explain_validation_data(review: Review) -> None:
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


def _explain_tree(review: Review, value: Value, depth: int) -> None:
    """Dictionaries and arrays down to `depth`; never the streams at the leaves."""
    target = review.old.follow(value)
    if isinstance(target, Stream) or not isinstance(target, (Dictionary, list)):
        return
    explain(review, value)
    if depth:
        for item in target.values() if isinstance(target, Dictionary) else target:
            _explain_tree(review, item, depth - 1)


def _explain_metadata(review: Review) -> None:
    info = review.old.trailer.get("Info")
    old, new = review.old.dictionary(info), review.new.dictionary(info)
    if {*old} <= _INFO or not differing(old, new) - _INFO:
        explain(review, info)
    reference = review.old.catalog.get("Metadata")
    before, after = review.old.follow(reference), review.new.follow(reference)
    if (
        isinstance(before, Stream)
        and isinstance(after, Stream)
        and before.dictionary.get("Type") == after.dictionary.get("Type") == "Metadata"
    ):
        explain(review, reference)


def _harmless(review: Review, number: int) -> bool:
    """A page or list that only gained new signature fields; a section that replaced a section."""
    old, new = review.old.object(number), review.new.object(number)
    if isinstance(old, list) and isinstance(new, list):
        return _only_new_widgets(review, old, new)
    if isinstance(old, Stream) or isinstance(new, Stream):
        kinds = [value.dictionary.get("Type") for value in (old, new) if isinstance(value, Stream)]
        return kinds == ["XRef", "XRef"]
    if not isinstance(old, Dictionary) or not isinstance(new, Dictionary) or new.duplicates:
        return False
    if old.get("Type") != "Page" or differing(old, new) - {"Annots"}:
        return False
    before, after = review.old.array(old.get("Annots")), review.new.array(new.get("Annots"))
    return _only_new_widgets(review, before, after)


def _only_new_widgets(review: Review, old: list[Value], new: list[Value]) -> bool:
    added = new[len(old) :]
    return same(old, new[: len(old)]) and all(
        isinstance(item, Reference) and item.number in review.widgets for item in added
    )
