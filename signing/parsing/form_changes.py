"""Form fields after a signature: new signatures in fields, empty fields filled in, nothing else.

A prefilled field that is refilled is how shadow attacks replace content; a visible field laid over
the text is how certified documents are attacked.
"""

from typing import Final

from signing.parsing.document import Document, View
from signing.parsing.fields import Field, read_fields
from signing.parsing.review import Change, Lock, Review, differing, explain
from signing.parsing.sites import Site
from signing.parsing.syntax import Dictionary, Name, Reference, Text, Value, same

MAX_WIDGET_SHARE: Final = 0.25
"""Part of a page that a signature field added later may cover; a bigger one hides the letter."""
_EDITABLE: Final = 1 << 18
"""Field flag Edit of a choice field (Table 233): any text may be typed in."""
_SIGNED: Final = frozenset({"V", "AP", "AS", "F", "M", "Type", "Ff", "MK", "DA"})
_FILLED: Final = frozenset({"V", "AP", "AS", "M", "RV", "I", "Ff", "MK", "DA"})
_WIDGET: Final = frozenset({"AP", "AS", "M", "F", "MK"})


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


def review_fields(review: Review) -> None:
    """Compare the fields of both revisions."""
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


def _added_field(review: Review, item: Field) -> None:
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
        explain(review, item.dictionary["Parent"])


def _widget_tolerated(review: Review, widget: Dictionary) -> bool:
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


def _changed_field(review: Review, old: Field, new: Field) -> None:
    keys = differing(old.dictionary, new.dictionary)
    for number in {*old.widgets} - {old.number}:
        before = review.old.dictionary(review.old.object(number))
        after = review.new.dictionary(review.new.object(number))
        keys |= {f"widget {key}" for key in differing(before, after) - _WIDGET}
        if not keys or not same(old.value, new.value):
            review.explained.add(number)
    if not keys and same(old.value, new.value):
        return
    signed = old.kind == "Sig"
    allowed = keys <= (_SIGNED if signed else _FILLED) and old.widgets == new.widgets
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
        or (isinstance(value, Text) and value.text == "")
        or (isinstance(value, Name) and value == "Off")
        or value == []
    )


def _is_choice(item: Field) -> bool:
    """A list or box whose possible values are themselves signed; an editable list is none."""
    flags = item.dictionary.get("Ff", 0)
    return item.kind in ("Btn", "Ch") and isinstance(flags, int) and not flags & _EDITABLE


def _may_fill(review: Review, item: Field, signed: bool) -> bool:
    if review.locked.closes(item.path):
        return False
    if review.permission == 1:
        return review.new.dictionary(item.value).get("Type") == "DocTimeStamp"
    return not signed or "V" in item.dictionary


def read_lock(view: View, site: Site) -> Lock:
    """FieldMDP of the signature, else of its field's /Lock."""
    parameters = view.dictionary(site.field.dictionary.get("Lock"))
    for item in view.array(site.dictionary.get("Reference")):
        reference = view.dictionary(item)
        if reference.get("TransformMethod") == "FieldMDP":
            parameters = view.dictionary(reference.get("TransformParams"))
    action = parameters.get("Action")
    names = {name.text for name in view.array(parameters.get("Fields")) if isinstance(name, Text)}
    return Lock(str(action) if isinstance(action, Name) else "", frozenset(names))
