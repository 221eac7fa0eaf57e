"""Every invariant that the records must keep, checked over all of them (`./baohan audit`).

Reads cases with the vault's keys, as the platform itself does; never opens a letter.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.ports import Files, Vault
from guarantees.records import archive, casebook, exposure, slots
from guarantees.records.case import Case
from guarantees.records.guarantee import COUNTED, OpenCase, OpeningResult
from guarantees.records.lot_end import LotEnd
from guarantees.records.organisation import Organisation
from guarantees.records.project import Opening
from guarantees.records.sealed import LogLeaf, SealedCase, SealedIndex
from guarantees.sums import limits
from guarantees.tables.lifecycle import states
from signing.seal import SealBroken, archive_fingerprint, leaf_hash, leaf_of, vault_unwrap

PAID = frozenset({"issuing", "issued"})


Scope = tuple[str, tuple[str, ...]]
"""Purpose and scope of slots."""


@dataclass(frozen=True)
class Broken:
    """One broken invariant: which, and of what."""

    rule: str
    subject: str
    """Noun and id; for cases the random id only."""


def broken(session: Session, files: Files, vault: Vault) -> Iterator[Broken]:
    """All broken invariants; none: the records are whole."""
    leaves = set(session.scalars(select(LogLeaf.leaf)))
    ended = set(session.scalars(select(Opening.lot_id).where(Opening.state == "ended")))
    used: dict[str, Counter[str]] = {}
    tags = 0
    guards: set[tuple[str, str]] = set()
    found: dict[Scope, set[str]] = {}
    for case_id in _case_ids(session):
        case = _read(session, case_id)
        if case is None:
            yield Broken("a case can be read", f"case {case_id}")
            continue
        yield from _case(case, leaves)
        yield from _letter(case, files, vault)
        yield from _slots(session, case, found)
        tags += len(case.payments)
        guards.add((case.lot, case.supplier))
        if _counts(case, ended):
            _count(used.setdefault(case.institution, Counter()), case)
    yield from _index(session, tags, guards)
    yield from _books(session, used)
    yield from _archives(session)
    yield from _openings(session)


def _case_ids(session: Session) -> list[str]:
    sealed = session.scalars(select(SealedCase.id).where(SealedCase.opened.is_(False)))
    return [*sealed, *session.scalars(select(OpenCase.id))]


def _read(session: Session, case_id: str) -> Case | None:
    try:
        return casebook.get(session, case_id)
    except (SealBroken, NotFound, ValueError, KeyError, TypeError):
        return None


def _case(case: Case, leaves: set[bytes]) -> Iterator[Broken]:
    settled = [one for one in case.payments if one.state == "settled"]
    entries: Counter[str] = Counter()
    for line in case.postings:
        entries[line.entry] += line.fen
    letter, guarantee = case.letter, case.guarantee
    checks = (
        ("the state is one of the table", case.state in states("application")),
        ("the lines of an entry sum to zero", not any(entries.values())),
        ("one entry for each settled payment", len(entries) == len(settled)),
        ("one settled payment at most", len(settled) <= 1),
        ("paid before it is issued", not _was_paid(case) or len(settled) == 1),
        ("an issued case has its letter", _issued(case) == (letter is not None)),
        (
            "what was withdrawn is withdrawn for good",
            (case.withdrawal is not None)
            == (letter is not None and letter.state == "withdrawn")
            == (guarantee is not None and guarantee.state == "withdrawn"),
        ),
        (
            "a withdrawal has its leaf in the log",
            case.withdrawal is None or case.withdrawal.leaf in leaves,
        ),
        ("a letter has its guarantee", (letter is None) == (guarantee is None)),
        ("a letter has its leaf in the log", letter is None or letter.leaf in leaves),
        ("a letter's PDF has its leaf in the log", letter is None or _letter_leaf(case) in leaves),
        (
            "the number is the reserved one",
            guarantee is None
            or (case.intent is not None and case.intent.number == guarantee.number),
        ),
    )
    for rule, holds in checks:
        if not holds:
            yield Broken(rule, f"case {case.id}")


def _issued(case: Case) -> bool:
    return case.state == "issued" or case.withdrawal is not None


def _was_paid(case: Case) -> bool:
    """It came as far as the payment: what lapsed did only if it was its letter that came late."""
    return case.state in PAID or any(one.what == "letter.lapsed" for one in case.events)


def _letter_leaf(case: Case) -> bytes | None:
    """Of the PDF, under the salt of the sealed envelope's."""
    if case.letter is None or case.intent is None:
        return None
    return leaf_of(case.intent.salt, case.letter.sha256)


def _letter(case: Case, files: Files, vault: Vault) -> Iterator[Broken]:
    """The stored envelope is there and is the one that the leaf commits to."""
    if case.letter is None or case.intent is None:
        return
    held = files.get(f"sealed/{case.intent.id}")
    if held is None:
        yield Broken("the sealed letter lies in the store", f"case {case.id}")
        return
    facts, envelope = held[:FACTS_SIZE], held[FACTS_SIZE:]
    try:
        vault.open("letter_facts", facts, case.intent.id.encode())
    except SealBroken:
        yield Broken("the facts before the envelope open", f"case {case.id}")
    if case.intent.archive and not _has_copy(envelope, case.letter.eid, vault):
        yield Broken("the letter has its archive copy", f"case {case.id}")
    if leaf_hash(case.intent.salt, envelope) != case.letter.leaf:
        yield Broken("the leaf commits to the stored envelope", f"case {case.id}")


def _has_copy(envelope: bytes, eid: bytes, vault: Vault) -> bool:
    """For its institution, which alone can open it: here only that it is there (GPL-42)."""
    try:
        return bool(archive_fingerprint(vault_unwrap(envelope, eid, vault.unlock)))
    except SealBroken:
        return False


def _slots(session: Session, case: Case, found: dict[Scope, set[str]]) -> Iterator[Broken]:
    """A sealed case is found by each of its slots; a payment by its reference.

    `found` keeps what each scope leads to, so that each is read once.
    """
    if case.sealed:
        for purpose, scope in casebook.scopes(case):
            if (purpose, scope) not in found:
                found[purpose, scope] = set(slots.all_in(session, purpose, scope))
            if case.id not in found[purpose, scope]:
                yield Broken(f"the case has its {purpose} slot", f"case {case.id}")
    for payment in case.payments:
        if slots.at(session, "payment", (payment.reference,), 0) != case.id:
            yield Broken("the payment leads to its case", f"case {case.id}")


def _index(session: Session, payments: int, guards: set[tuple[str, str]]) -> Iterator[Broken]:
    """No tag that belongs to nothing: a withheld or added case would leave one."""
    held = session.scalar(select(func.count()).select_from(SealedIndex)) or 0
    cases = session.scalar(select(func.count()).select_from(SealedCase)) or 0
    guard = sum(slots.count(session, "guard", scope) for scope in guards)
    expected = 3 * cases + payments + guard
    if held != expected:
        yield Broken(f"the index has {expected} tags, not {held}", "sealed index")


def _counts(case: Case, ended: set[str]) -> bool:
    """Whether it takes exposure: not after a release, and not once its lot has ended."""
    standing = case.guarantee is None or case.guarantee.state == "in_force"
    return case.state in COUNTED and standing and not (case.sealed and case.lot in ended)


def _count(book: Counter[str], case: Case) -> None:
    suppliers = [one.credit_code for one in case.applicants]
    for key in limits.keys(suppliers, case.policy or None):
        book[key] += case.amount.fen


def _books(session: Session, used: dict[str, Counter[str]]) -> Iterator[Broken]:
    """Each exposure book equals the sum of the cases that count."""
    for institution in session.scalars(
        select(Organisation.id).where(Organisation.role == "institution")
    ):
        _row, book = exposure.locked(session, institution)
        held = {key: fen for key, fen in book.used.items() if fen}
        if held != dict(used.get(institution, Counter())):
            yield Broken("the exposure book is the sum of its cases", f"institution {institution}")


def _openings(session: Session) -> Iterator[Broken]:
    """An opened lot has no sealed case left, and a verdict for each letter."""
    for opening in session.scalars(select(Opening).where(Opening.state == "opened")):
        for case_id in casebook.of_lot(session, opening.lot_id):
            row = session.get(SealedCase, case_id)
            if row is not None and not row.opened:
                yield Broken("an opened lot has no sealed case", f"case {case_id}")
        verdicts = session.scalar(
            select(func.count())
            .select_from(OpeningResult)
            .where(OpeningResult.opening_id == opening.id, OpeningResult.verdict != "withdrawn")
        )
        if verdicts != opening.total:
            yield Broken("one verdict for each letter", f"opening {opening.id}")


def _archives(session: Session) -> Iterator[Broken]:
    """Of every letter that will never be opened the recovery key has its share (GPL-42)."""
    ends = select(LotEnd).join(Opening, Opening.lot_id == LotEnd.lot_id)
    for end in session.scalars(ends.where(LotEnd.state == "ended", Opening.state == "ended")):
        try:
            kept = archive.kept_of(session, end.id)
        except (SealBroken, ValueError):
            kept = None
        if kept is None:
            yield Broken("an ended lot has its archive", f"end {end.id}")
            continue
        for case_id in casebook.of_lot(session, end.lot_id):
            case = _read(session, case_id)
            letter = case.letter if case else None
            if letter is not None and letter.state == "sealed" and case_id not in kept:
                yield Broken("the archive has a share of the letter", f"case {case_id}")


FACTS_SIZE = 4 * 1024
"""Facts stand before the envelope at this size (flow.steps.envelopes)."""
