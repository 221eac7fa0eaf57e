"""What is left of a play, with everything random and every moment taken out, to be compared."""

import json
from collections import Counter
from email import message_from_bytes
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.adapters import log_audit
from app.adapters.files_local import LocalFiles
from app.adapters.log_folder import LogFolder
from app.jobs.opened_files import list_name
from guarantees.flow.steps.rehearsals import SHOWN_DIGITS
from guarantees.queries import audit
from guarantees.records import archive, casebook, codec, exposure, slots
from guarantees.records.base import Base
from guarantees.records.case import Case
from guarantees.records.guarantee import EventRow, OpeningResult
from guarantees.records.key_change import KeyChange
from guarantees.records.lot_end import LotEnd
from guarantees.records.outbox import PURPOSE, Message
from guarantees.records.person import OpeningKey
from guarantees.records.project import Opening
from guarantees.records.sealed import LogLeaf, OutboxMessage
from signing.seal import leaf_hash, leaf_of
from tests.faults.outside import Bank
from tests.faults.stage import Stage

RANDOM = frozenset(
    {"id", "salt", "eid", "digest", "leaf", "check_code", "certificate", "entry", "sha256"}
)
"""Fields of a case that differ from run to run; others are compared once the names are put in."""

Names = dict[str, str]
"""Random word → what it is."""


def summarise(stage: Stage, bank: Bank) -> dict[str, Any]:
    """Normalised state of database, files, bank and mails. AssertionError where it contradicts
    itself: a leaf that is not the letter's, a file that does not open, an entry out of balance."""
    notes = stage.notes()
    lot = notes["lots"][0]
    names = _names(notes)
    with stage.sessions() as sessions, sessions.reading() as session:
        names |= _names_of_rows(session, names)
        cases = [casebook.get(session, one) for one in slots.all_in(session, "lot", (lot,))]
        for case in cases:
            names |= _names_of(case, names)
        stored = LocalFiles(stage.folder / "files")
        assert [*audit.broken(session, stored, sessions.vault)] == []
        return {
            "rows": _rows(session),
            "cases": sorted((_case(case, names) for case in cases), key=str),
            "leaves": _leaves(session, cases, stage),
            "outbox": _outbox(session, names),
            "events": _events(session, names),
            "verdicts": _verdicts(session, names),
            "openings": _openings(session, names),
            "ends": _ends(session, names),
            "exposure": _exposure(session, notes, names),
            "files": _files(session, stage, cases, notes["openings"][lot], names),
            "orders": _orders(bank, stage, names),
            "mails": _mails(stage.folder / "mail"),
        }


def glimpse(stage: Stage) -> dict[str, Any]:
    """Rows of every table, and how far the openings are: right after a kill."""
    names = _names(stage.notes())
    with stage.sessions() as sessions, sessions.reading() as session:
        return {"rows": _rows(session), "openings": _openings(session, names)}


def _names(notes: dict[str, Any]) -> Names:
    people = notes["people"].items()
    return {
        **{actor["person_id"]: who for who, actor in people},
        **{actor["organisation_id"]: actor["organisation_role"] for _, actor in people},
        **{notes["people"][who]["organisation_id"]: f"{who} Co" for who in ("supplier", "rival")},
        **{made: f"{word} product" for word, made in notes["products"].items()},
        **{made: f"lot {place}" for place, made in enumerate(notes["lots"])},
        **dict.fromkeys(notes["openings"].values(), "opening"),
        notes["project"]: "project",
        notes["policy"]: "policy",
    }


def _names_of_rows(session: Session, names: Names) -> Names:
    """Ends of lots, and keys as they stand in what people read."""
    found = {}
    for end in session.scalars(select(LotEnd)):
        lot = names[end.lot_id]
        found |= {end.id: f"end of {lot}", end.request: f"wish of {lot}"}
    for key in session.scalars(select(OpeningKey)):
        found[key.fingerprint.hex()[:SHOWN_DIGITS]] = f"{key.state} key"
    return found


def _names_of(case: Case, names: Names) -> Names:
    who = names[case.supplier]
    found = {case.id: f"case of {who}", case.reference: "SQ", case.lead.credit_code: f"code {who}"}
    for payment in case.payments:
        found[payment.reference] = f"payment of {who}"
    if case.intent is not None:
        found |= {case.intent.id: f"intent of {who}", case.intent.number: f"number of {who}"}
    return found


def _put_in(names: Names, text: str) -> str:
    for word, name in names.items():
        text = text.replace(word, name)
    return text


def _case(case: Case, names: Names) -> dict[str, Any]:
    """AssertionError unless every entry balances."""
    entries: Counter[str] = Counter()
    for posting in case.postings:
        entries[posting.entry] += posting.fen
    assert not any(entries.values()), "an entry is out of balance"
    made: dict[str, Any] = _scrubbed(codec.dump(case), names)
    made["events"] = sorted(made["events"], key=str)
    counted = {"entries": len(entries), "rewraps": len(case.rewraps)}
    return {**made, **counted, "sealed": case.sealed}


def _scrubbed(value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if name not in RANDOM}
        return {
            name: _scrubbed(item, names) if not _moment(name) else item is not None
            for name, item in kept.items()
        }
    if isinstance(value, list):
        return [_scrubbed(item, names) for item in value]
    return _put_in(names, value) if isinstance(value, str) else value


def _moment(name: str) -> bool:
    return name == "at" or name.endswith("_at") or name == "valid_until"


def _rows(session: Session) -> dict[str, int]:
    """Rows of every table: nothing is there twice, nothing is missing."""
    count = func.count
    return {
        table.name: session.scalar(select(count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def _leaves(session: Session, cases: list[Case], stage: Stage) -> int:
    """One for each envelope, over exactly what the store holds, and one for each PDF; the log is
    whole at any moment, killed or not."""
    assert [*log_audit.broken(session, LogFolder(stage.folder / "log"))] == []
    held = Counter(session.scalars(select(LogLeaf.leaf)))
    for case in cases:
        if case.letter is not None and case.intent is not None:
            stored = (stage.folder / "files" / "sealed" / case.intent.id).read_bytes()
            assert leaf_hash(case.intent.salt, stored[4096:]) == case.letter.leaf
            assert held[case.letter.leaf] == 1
            assert held[leaf_of(case.intent.salt, case.letter.sha256)] == 1
    return held.total()


def _outbox(session: Session, names: Names) -> list[Any]:
    """Every message: kind, arguments, whether done, failures."""
    vault = session.info["vault"]
    found = []
    for row in session.scalars(select(OutboxMessage)):
        body = vault.open(PURPOSE, row.blob, row.id.encode())
        message: Message = codec.from_bytes(Message, body)
        told = {key: _put_in(names, value) for key, value in message.arguments.items()}
        found.append((message.kind, sorted(told.items()), row.done, row.attempts))
    return sorted(found)


def _events(session: Session, names: Names) -> list[Any]:
    rows = session.scalars(select(EventRow))
    known = [row for row in rows if row.subject.partition(":")[2] in names]
    told = ((row.subject, row.what, row.note) for row in known)
    return sorted(tuple(_put_in(names, word) for word in words) for words in told)


def _verdicts(session: Session, names: Names) -> list[Any]:
    """With whether the letter's leaf is published: at an opening it has to be."""
    rows = session.execute(
        select(OpeningResult, LogLeaf.index).join(LogLeaf, LogLeaf.leaf == OpeningResult.leaf)
    )
    return sorted(
        (names[row.case_id], row.verdict, row.reason, place is not None) for row, place in rows
    )


def _openings(session: Session, names: Names) -> list[Any]:
    found = session.scalars(select(Opening))
    return sorted([names[one.lot_id], one.state, one.total] for one in found)


def _ends(session: Session, names: Names) -> list[Any]:
    """Each with how many shares lie in its archive; keys, and how far their changes are."""
    kept = [
        (names[one.lot_id], one.state, len(archive.kept_of(session, one.id) or ()))
        for one in session.scalars(select(LotEnd)).all()
    ]
    changed = [(one.state, one.digest is not None) for one in session.scalars(select(KeyChange))]
    keys = [one.state for one in session.scalars(select(OpeningKey))]
    return [sorted(kept), sorted(changed), sorted(keys)]


def _exposure(session: Session, notes: dict[str, Any], names: Names) -> dict[str, int]:
    institution = notes["people"]["maker"]["organisation_id"]
    _, book = exposure.locked(session, institution)
    return {_put_in(names, key): fen for key, fen in book.used.items()}


def _files(
    session: Session, stage: Stage, cases: list[Case], opening: str, names: Names
) -> list[str]:
    """Names in the store. What was opened is the letter, and the list names every letter."""
    folder, vault = stage.folder / "files", session.info["vault"]
    for case in cases:
        if case.letter is not None and case.letter.state == "opened":
            assert case.intent is not None
            held = (folder / case.letter.file).read_bytes()
            letter = vault.unlock(held, case.id.encode())
            assert letter == b"%PDF-1.7 " + case.intent.terms.encode()
    listed = folder / list_name(opening)
    if listed.exists():
        text = vault.unlock(listed.read_bytes(), opening.encode()).decode()
        assert all(text.count(case.guarantee.number) == 1 for case in cases if case.guarantee)
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(_put_in(names, name) for name in found)


def _orders(bank: Bank, stage: Stage, names: Names) -> list[Any]:
    orders = bank.orders.get(stage.run, {}).values()
    return sorted((_put_in(names, one["reference"]), one["amount_fen"]) for one in orders)


def _mails(sink: Path) -> list[Any]:
    """Distinct mails: one whose process was killed before its commit may have gone out twice."""
    found = set()
    for path in sink.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes())
        found.add((mail["To"], mail["Subject"], str(mail.get_payload())))
    return sorted(found)


def as_text(summary: dict[str, Any]) -> str:
    """For a comparison that pytest can show line by line."""
    return json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True)
