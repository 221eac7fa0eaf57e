"""Steps 2 and 3: are the signed bytes what was signed, and what came after them?

Both readers must agree before a file counts as intact: our own structural check and pyHanko. What
our own finds wrong needs no second opinion. Of an SM2 signature pyHanko judges coverage, digest and
changes only; that its value was checked by one program is what the step says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signing.evidence import Evidence
from signing.opinion import SecondReader
from signing.parsing.review import Change
from signing.report import Integrity, Result, Step, make_step
from signing.structure import Structure

_SPECIAL_CHANGES: Final = ("signature_replaced", "hidden_object", "field_over_page", "appended")
_AROUND: Final = frozenset({"gap", "padding"})
"""Faults that a change after the signature leaves; alone with one they mean "modified"."""

_UNREADABLE: Final = frozenset({"encoding", "cms"})
"""Faults that leave nothing to check."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Both steps, and the word for what became of the bytes."""

    integrity: Integrity | None
    content: Step
    changes: Step


def judge_integrity(
    structure: Structure, evidences: Sequence[Evidence], second: SecondReader
) -> Judgement:
    """Judge all signatures of a file together: it is as good as the worst of them."""
    found = _faults(structure, evidences) or _unsupported(structure, evidences)
    if found:
        return found
    changed = _own_changes(structure, evidences)
    # Of a file that was changed anyway it is enough to know that its first signature was good.
    found = _second_content(evidences[:1] if changed else evidences, second)
    if found and changed and found.integrity != Integrity.BROKEN:
        return Judgement(Integrity.MODIFIED, found.content, changed)
    if found:
        return found
    single = any(evidence.by_one_reader for evidence in evidences)
    content = make_step(2, Result.PASSED, "intact_sm2" if single else "intact")
    changed = changed or _second_changes(structure, evidences, second)
    if changed:
        return Judgement(Integrity.MODIFIED, content, changed)
    whole = all(structure.whole_file(evidence.site) for evidence in evidences)
    step = make_step(3, Result.PASSED, "nothing_after" if whole else "tolerated_after")
    return Judgement(Integrity.INTACT, content, step)


def _stopped(word: Integrity | None, step: Step) -> Judgement:
    return Judgement(word, step, make_step(3, Result.NOT_RUN, "not_run"))


def _faults(structure: Structure, evidences: Sequence[Evidence]) -> Judgement | None:
    """What our own reading found wrong."""
    faults = [fault for evidence in evidences for fault in evidence.faults]
    if not faults:
        return None
    changes = _own_changes(structure, evidences)
    if changes and _AROUND.issuperset(faults):
        failed = make_step(2, Result.FAILED, faults[0])
        return Judgement(Integrity.MODIFIED, failed, changes)
    # The digest tells most; the others say how it was done.
    code = "digest" if "digest" in faults else faults[0]
    word = Integrity.MALFORMED if _UNREADABLE.issuperset(faults) else Integrity.BROKEN
    return _stopped(word, make_step(2, Result.FAILED, code))


def _unsupported(structure: Structure, evidences: Sequence[Evidence]) -> Judgement | None:
    what = [item for evidence in evidences for item in evidence.unsupported]
    if not what:
        return None
    changes = _own_changes(structure, evidences)
    step = make_step(2, Result.INDETERMINATE, "unsupported", what=", ".join(what))
    if changes:
        return Judgement(Integrity.MODIFIED, step, changes)
    return _stopped(None, step)


def _second_content(evidences: Sequence[Evidence], second: SecondReader) -> Judgement | None:
    """Digest, signature value and coverage as pyHanko sees them."""
    for evidence in evidences:
        code = second.judge(evidence.site, compare=False).code
        if code == "unreadable":
            step = make_step(2, Result.INDETERMINATE, "second_reader", what=code)
            return _stopped(Integrity.MALFORMED, step)
        if code == "unsupported":
            step = make_step(2, Result.INDETERMINATE, code, what="pyHanko")
            return _stopped(None, step)
        if code == "signature":
            return _stopped(Integrity.BROKEN, make_step(2, Result.FAILED, "signature"))
        # What pyHanko leaves open must have been checked by our own reading.
        if code != ("covered" if evidence.by_one_reader else "intact"):
            step = make_step(2, Result.FAILED, "second_reader", what=code)
            return _stopped(Integrity.BROKEN, step)
    return None


def _own_changes(structure: Structure, evidences: Sequence[Evidence]) -> Step | None:
    changes = [change for evidence in evidences for change in structure.changes(evidence.site)]
    if any(item.declared and not structure.whole_file(item.site) for item in evidences):
        # The bytes of a letter of ours never change: not even by what its certification allows.
        changes.append(Change("appended"))
    if not changes:
        # The bytes of a letter never change: what PDF allows after it, its own profile does not.
        letters = [item for item in evidences if item.declared]
        whole = all(structure.whole_file(item.site) for item in letters)
        return None if whole else make_step(3, Result.FAILED, "appended")
    for code in _SPECIAL_CHANGES:
        if any(change.code == code for change in changes):
            return make_step(3, Result.FAILED, code)
    first = changes[0]
    what = f"PDF {first.code} {first.number}".removesuffix(" 0")
    return make_step(3, Result.FAILED, "changed", what=what)


def _second_changes(
    structure: Structure, evidences: Sequence[Evidence], second: SecondReader
) -> Step | None:
    # What came after the first signature holds what came after each; those that forbid more than
    # it does are asked too.
    later = [item for item in evidences if not structure.whole_file(item.site)]
    for evidence in [item for item in later if item is later[0] or item.site.restricts]:
        forms = structure.forms_changed(evidence.site)
        code = second.judge(evidence.site, compare=True, forms=forms).code
        if code == "changed":
            return make_step(3, Result.FAILED, "changed", what="pyHanko")
        if code != "intact":
            return make_step(3, Result.INDETERMINATE, "second_reader", what=code)
    return None
