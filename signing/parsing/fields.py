"""Form fields (ISO 32000-2, 12.7) of one revision, flattened."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from signing.errors import LimitExceeded, Malformed
from signing.parsing.document import View
from signing.parsing.syntax import Dictionary, Name, Reference, Text, Value

MAX_FIELDS: Final = 20_000
_MAX_DEPTH: Final = 32


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can have a value."""

    path: tuple[str, ...]
    """Its partial names; what identifies it across revisions."""
    number: int | None
    """Object number, None for a direct object."""
    dictionary: Dictionary
    kind: str
    """/FT, inherited: Sig, Tx, Btn, Ch, or empty."""
    value: Value
    """/V, inherited, not followed."""
    widgets: tuple[int, ...]
    """Object numbers of its widgets: the field itself where they are merged, else its /Kids."""


def read_fields(view: View) -> list[Field]:
    """All terminal fields. Raises Malformed on a tree that loops, LimitExceeded on a huge one."""
    roots = view.array(view.dictionary(view.catalog.get("AcroForm")).get("Fields"))
    result: list[Field] = []
    seen: set[int] = set()
    for root in roots:
        for field in _walk(view, root, (), None, seen):
            result.append(field)
            if len(result) > MAX_FIELDS:
                raise LimitExceeded("form fields", MAX_FIELDS)
    return result


def _walk(
    view: View, node: Value, path: tuple[str, ...], parent: Field | None, seen: set[int]
) -> Iterator[Field]:
    if isinstance(node, Reference):
        if node.number in seen or len(path) > _MAX_DEPTH:
            raise Malformed("loop of form fields")
        seen.add(node.number)
    dictionary = view.dictionary(node)
    field = _field(view, node, dictionary, path, parent)
    named = [kid for kid in _kids(view, dictionary) if "T" in view.dictionary(kid)]
    if not named:
        yield field
    for kid in named:
        yield from _walk(view, kid, field.path, field, seen)


def _kids(view: View, dictionary: Dictionary) -> list[Value]:
    return view.array(dictionary.get("Kids"))


def _field(
    view: View, node: Value, dictionary: Dictionary, path: tuple[str, ...], parent: Field | None
) -> Field:
    name = view.follow(dictionary.get("T"))
    number = node.number if isinstance(node, Reference) else None
    kind = view.follow(dictionary.get("FT"))
    kids = [kid.number for kid in _kids(view, dictionary) if isinstance(kid, Reference)]
    return Field(
        path=(*path, name.text if isinstance(name, Text) else ""),
        number=number,
        dictionary=dictionary,
        kind=str(kind) if isinstance(kind, Name) else parent.kind if parent else "",
        value=dictionary.get("V", parent.value if parent else None),
        widgets=tuple(kids) or ((number,) if number is not None else ()),
    )
