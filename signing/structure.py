"""Our own check of integrity, by structure alone; pyHanko is the other.

Two readers that were written apart must come to the same end. This one is strict: it repairs
nothing, follows nothing it was not told to, and explains every byte after a signature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signing.errors import LimitExceeded, Malformed, Unreadable
from signing.parsing.changes import review_changes
from signing.parsing.document import Document, OpenStream, View
from signing.parsing.fields import read_fields
from signing.parsing.filters import decode
from signing.parsing.form_changes import touches_form
from signing.parsing.review import Change
from signing.parsing.sites import Site, read_sites
from signing.parsing.syntax import Dictionary, Stream, Text, Value
from signing.parsing.xref import read_revisions

MAX_BYTES: Final = 32 * 1024 * 1024
"""Largest file that is looked at; a letter has some hundred kilobytes."""
MAX_ATTACHMENT: Final = 1024 * 1024
"""Largest attached terms; ours have two kilobytes."""
MAX_LISTS: Final = 32
"""Embedded revocation lists and OCSP responses that are read."""
MAX_LIST: Final = 8 * 1024 * 1024
"""Bytes of one of them, decoded."""
_HEADER: Final = b"%PDF-"
_HEADER_WITHIN: Final = 1024
"""ISO 32000-1, note in Annex H: viewers look for the header this far."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What the file is made of, with what is wrong with it."""

    document: Document
    sites: tuple[Site, ...]
    trailing: bool
    """Whether bytes follow the end of the file."""
    removed: bool
    """Whether an earlier revision holds a signature and the newest holds none."""

    @property
    def view(self) -> View:
        """The newest revision."""
        return self.document.view(len(self.document.sections) - 1)

    def changes(self, site: Site) -> Sequence[Change]:
        """What came after the signature and is not tolerated."""
        found = list(review_changes(self.document, site)) if site.revision >= 0 else []
        if self._redefined(site):
            found.append(Change("signature_replaced", site.number))
        last = site.revision == len(self.document.sections) - 1
        if self.trailing or (last and not self.whole_file(site)):
            found.append(Change("appended"))
        return found

    def forms_changed(self, site: Site) -> bool:
        """Whether anything of the form was touched after the signature."""
        return touches_form(self.document, site)

    def whole_file(self, site: Site) -> bool:
        """Whether the signature covers everything but itself."""
        return site.end == len(self.document.data)

    def _redefined(self, site: Site) -> bool:
        """A later section that lists the signature's own object at another place."""
        if site.revision < 0:
            return False
        signed = self.document.view(site.revision).entries.get(site.number)
        return signed != self.view.entries.get(site.number)


def examine(data: bytes, open_stream: OpenStream | None = None) -> Structure:
    """Read the structure of a file.

    `open_stream` decrypts object streams of an encrypted file. Raises Malformed, LimitExceeded,
    Unreadable.
    """
    if len(data) > MAX_BYTES:
        raise LimitExceeded("file size", MAX_BYTES)
    if not 0 <= data.find(_HEADER) < _HEADER_WITHIN:
        raise Malformed("header", 0)
    document = Document(data, read_revisions(data), open_stream)
    sites = tuple(read_sites(document))
    trailing = bool(document.tail)
    return Structure(document, sites, trailing, not sites and _signed_before(document))


def _signed_before(document: Document) -> bool:
    views = [document.view(index) for index in range(len(document.sections) - 1)]
    return any(
        field.kind == "Sig" and view.follow(field.value) is not None
        for view in views
        for field in read_fields(view)
    )


def attachment(structure: Structure, name: str) -> bytes | None:
    """The embedded file of that name (ISO 32000-2, 7.11.4) in the newest revision, or None.

    Raises Malformed, Unreadable or LimitExceeded.
    """
    view = structure.view
    names = view.dictionary(view.dictionary(view.catalog.get("Names")).get("EmbeddedFiles"))
    for specification in _leaves(view, names, 0):
        found = view.follow(specification.get("UF", specification.get("F")))
        if not isinstance(found, Text) or found.text != name:
            continue
        stream = view.follow(view.dictionary(specification.get("EF")).get("F"))
        if not isinstance(stream, Stream):
            raise Malformed("embedded file")
        if structure.document.encrypted:
            raise Unreadable("encrypted attachment")
        return decode(stream, MAX_ATTACHMENT)
    return None


def stored_lists(structure: Structure) -> list[bytes]:
    """Revocation lists and OCSP responses in the document security store, each to prove itself.

    The store may stand in a part that nobody signed: what cannot be read in it is left aside.
    """
    if structure.document.encrypted:
        return []
    view = structure.view
    store = view.dictionary(view.catalog.get("DSS"))
    lists = [item for kind in ("CRLs", "OCSPs") for item in view.array(store.get(kind))]
    found = [_stored_list(view, item) for item in lists[:MAX_LISTS]]
    return [der for der in found if der is not None]


def _stored_list(view: View, item: Value) -> bytes | None:
    try:
        stream = view.follow(item)
        return decode(stream, MAX_LIST) if isinstance(stream, Stream) else None
    except (Malformed, Unreadable, LimitExceeded):
        return None


def _leaves(view: View, node: Dictionary, depth: int) -> list[Dictionary]:
    """File specifications in a name tree."""
    if depth > 16:
        raise Malformed("name tree")
    leaves = [view.dictionary(value) for value in view.array(node.get("Names"))[1::2]]
    for kid in view.array(node.get("Kids")):
        leaves += _leaves(view, view.dictionary(kid), depth + 1)
    return leaves
