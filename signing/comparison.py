"""pyHanko's comparison of a signed revision with what came after it, with two rules of our own."""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    StreamObject,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis import (
    DiffResult,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts
from pyhanko.sign.diff_analysis.constants import VALUE_UPDATE_KEYS
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules import (
    file_structure_rules,
    form_field_rules,
    metadata_rules,
)
from pyhanko.sign.diff_analysis.rules_api import Context, ReferenceUpdate, WhitelistRule
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm
from pyhanko.sign.general import SigningError as PyHankoError
from pyhanko.sign.validation.errors import SignatureValidationError

HOSTILE: Final = (
    PdfError, PyHankoError, SignatureValidationError, UnsupportedAlgorithm, struct.error,
    zlib.error, ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError,
    RecursionError, NotImplementedError, OverflowError, ZeroDivisionError, OSError, StopIteration,
)  # fmt: skip
"""What pyHanko, asn1crypto and cryptography raise on files that were made to break them."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What pyHanko says of one signature."""

    code: str
    """intact, covered (all but the signature value, which it cannot judge), other_value,
    coverage, digest, signature, changed, unsupported, unreadable."""
    detail: str = ""
    """pyHanko's own words or the kind of error, for the log."""


def compare_revisions(found: Any, *, forms: bool) -> Opinion:
    """Compare a signature's revision with the newest. `found` is an EmbeddedPdfSignature.

    With `forms` False no form field may have changed; pyHanko then need not read the form, which is
    fast, and works for field names that it refuses.
    """
    result = found.evaluate_modifications(_POLICY if forms else _WITHOUT_FORMS)
    if not isinstance(result, DiffResult):
        return Opinion("changed", str(result)[:300])
    level, permitted = result.modification_level, found.docmdp_level
    if level == ModificationLevel.OTHER or (permitted and level.value > permitted.value):
        return Opinion("changed", level.name)
    return Opinion("intact")


_VRI_KEY_RE: Final = re.compile(r"/(?:[0-9A-Fa-f]{40}|Type)\Z")
_STORE_KEYS: Final = frozenset({"/Type", "/VRI", "/Certs", "/CRLs", "/OCSPs"})
_ENTRY_KEYS: Final = frozenset({"/Type", "/Cert", "/CRL", "/OCSP", "/TU", "/TS"})


class StoreRule(WhitelistRule):
    """Lets the document security store grow and be rewritten in its own shape.

    pyHanko's rule takes an entry of /VRI that was written anew, as every extension of the store by
    the European reference implementation does, for a modification; ISO 32000-2, 12.8.4.3 allows it.
    Every reference is cleared for its place in the store only.
    """

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterator[ReferenceUpdate]:
        """Raises SuspiciousModification for a store that has another shape."""
        if "/DSS" not in new.root and "/DSS" in old.root:
            raise SuspiciousModification("/DSS was removed")
        if "/DSS" in new.root:
            _check_shape(new.root["/DSS"])
            yield from _clear(old, new, new.root, "/DSS", RawPdfPath("/Root", "/DSS"), 4)


def _check_shape(store: Any) -> None:
    entries = store["/VRI"] if "/VRI" in store else {}  # noqa: SIM401 - get() follows no reference
    if (
        not isinstance(store, DictionaryObject)
        or not isinstance(entries, dict)
        or not store.keys() <= _STORE_KEYS
        or not all(_VRI_KEY_RE.match(key) for key in entries)
    ):
        raise SuspiciousModification("/DSS has another shape")
    for key in entries.keys() - {"/Type"}:
        entry = entries[key]
        if not isinstance(entry, DictionaryObject) or not entry.keys() <= _ENTRY_KEYS:
            raise SuspiciousModification("/VRI has another shape")


def _clear(
    old: HistoricalResolver, new: HistoricalResolver, holder: Any, key: Any, path: Any, depth: int
) -> Iterator[ReferenceUpdate]:
    value = holder.raw_get(key) if isinstance(holder, (DictionaryObject, ArrayObject)) else None
    if isinstance(value, IndirectObject):
        reference = value.reference
        if old.is_ref_unassignable(reference):
            yield ReferenceUpdate(reference)
        elif not isinstance(new(reference), StreamObject):
            yield ReferenceUpdate(reference, Context.from_absolute(old, path))
        value = new(reference)
    if not depth or isinstance(value, StreamObject):
        return
    if isinstance(value, DictionaryObject):
        for inner in value:
            yield from _clear(old, new, value, inner, path + inner, depth - 1)
    elif isinstance(value, ArrayObject):
        for index in range(len(value)):
            yield from _clear(old, new, value, index, path + index, depth - 1)


# pyHanko types these in part only.
_FILE: Final[Any] = file_structure_rules
_FORM: Final[Any] = form_field_rules
_META: Final[Any] = metadata_rules
_GLOBAL: Final = [
    _FILE.CatalogModificationRule(),
    _META.DocInfoRule().as_qualified(ModificationLevel.LTA_UPDATES),
    _FILE.XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
    _FILE.ObjectStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
    StoreRule().as_qualified(ModificationLevel.LTA_UPDATES),
    _META.MetadataUpdateRule().as_qualified(ModificationLevel.LTA_UPDATES),
]


class QuickPolicy(StandardDiffPolicy):
    """pyHanko's policy, without reading the whole file where only a first /DSS was added.

    If no object but the catalog has another value, and the catalog differs in nothing but a store
    that it did not have, then nothing that was there can look otherwise.
    """

    def apply(
        self,
        old: HistoricalResolver,
        new: HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult:
        """Raises SuspiciousModification."""
        if _only_added_store(old, new):
            return DiffResult(ModificationLevel.LTA_UPDATES, set())
        return super().apply(old, new, field_mdp_spec, doc_mdp)


def _only_added_store(old: Any, new: Any) -> bool:
    redefined = [ref for ref in new.explicit_refs_in_revision() if not old.is_ref_unassignable(ref)]
    if redefined != [new.root_ref] or new.refs_freed_in_revision() or "/DSS" in old.root:
        return False
    if not compare_dicts(old.root, new.root, _STORE_ONLY, raise_exc=False):
        return False
    if "/DSS" in new.root:
        _check_shape(new.root["/DSS"])
    return True


_STORE_ONLY: Final = frozenset({"/DSS", "/Extensions", "/Version"})
_POLICY: Final = QuickPolicy(
    global_rules=_GLOBAL,
    form_rule=FormUpdatingRule(
        field_rules=[
            _FORM.SigFieldCreationRule(),
            _FORM.SigFieldModificationRule(),
            # A choice field may note the index of what was chosen (/I, Table 231).
            _FORM.GenericFieldModificationRule(value_update_keys=VALUE_UPDATE_KEYS | {"/I"}),
        ]
    ),
)
_WITHOUT_FORMS: Final = QuickPolicy(global_rules=_GLOBAL, form_rule=None)
