"""Where cases lie: sealed in padded blobs before the opening, in ordinary rows after it.

The only place that knows the difference. A session carries its vault in `session.info`.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import LargeBinary, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from guarantees.errors import Conflict, NotFound
from guarantees.records import codec, plain, slots, summary
from guarantees.records.case import SCHEMA, Case
from guarantees.records.guarantee import OpenCase
from guarantees.records.project import OPENING_STATES, Lot, Opening, ProjectVersion
from guarantees.records.sealed import SealedCase, SealedIndex
from guarantees.records.summary import Summary
from signing.seal import SealBroken, Wrap, lp, parts_of

PURPOSE = "case"
SIZES = (16 * 1024, 64 * 1024, 256 * 1024)
"""Bytes of a blob: its head, the rest, the wraps made later."""

FAST = 1
"""zlib's level: three times smaller in a tenth of a millisecond."""

HEAD_PURPOSE = "case-head"
HEAD_SIZE = 2 * 1024
"""Bytes in which the summary is sealed by itself: lists read a thousand of them."""

REWRAPS_PURPOSE = "case-rewraps"
REWRAPS_SIZE = 4 * 1024
"""Bytes of a blob's last part, whatever it holds: else the cases of a lot whose procurer changed
its key would grow out of their size. Blobs of an earlier version have no such part."""

REWRAPS_ROOM = REWRAPS_SIZE - 128
"""Bytes for the wraps; each takes four more than `Wrap.encoded`."""

BEIJING = ZoneInfo("Asia/Shanghai")


def add(session: Session, case: Case, *, sealed: bool) -> None:
    """Store a new case. Sealed ones get their slots (lot, supplier, institution)."""
    case.sealed, case.row_version = sealed, 1
    if not sealed:
        plain.write_new(session, case)
        return
    session.execute(insert(SealedCase).values(id=case.id, blob=seal(session, case), version=1))
    for purpose, scope in scopes(case):
        slots.append(session, purpose, scope, case.id)


def scopes(case: Case) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Purpose and scope of the slots by which a sealed case is found."""
    month = _month(case.submitted_at)
    return (
        ("lot", (case.lot,)),
        ("supplier", (case.supplier, month)),
        ("institution", (case.institution, month)),
    )


def get(session: Session, case_id: str) -> Case:
    """The case, wherever it lies. `NotFound` if there is none."""
    row = session.execute(
        select(SealedCase.blob, SealedCase.version).where(
            SealedCase.id == case_id, SealedCase.opened.is_(False)
        )
    ).one_or_none()
    if row is None:
        return plain.read(session, case_id)
    case = _unseal(session, case_id, row.blob)
    case.sealed, case.row_version = True, row.version
    return case


def save(session: Session, case: Case) -> None:
    """Write the case back; `Conflict` if somebody else changed it since it was read."""
    if not case.sealed:
        plain.write_changed(session, case)
        return
    changed = session.execute(
        update(SealedCase)
        .where(
            SealedCase.id == case.id,
            SealedCase.version == case.row_version,
            SealedCase.opened.is_(False),
        )
        .values(blob=seal(session, case), version=case.row_version + 1)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]  # a CursorResult at run time
        raise Conflict(noun="case", id=case.id)
    case.row_version += 1


def to_plain(session: Session, case: Case) -> None:
    """At the opening: ordinary rows are written; the blob stays and is marked."""
    save(session, case)
    session.execute(update(SealedCase).where(SealedCase.id == case.id).values(opened=True))
    case.sealed, case.row_version = False, 1
    plain.write_new(session, case)


def unopened(session: Session) -> list[str]:
    """Ids of all sealed cases of the platform that are not opened."""
    return list(session.scalars(select(SealedCase.id).where(SealedCase.opened.is_(False))))


def make_room(case: Case, heirs: Mapping[bytes, bytes]) -> None:
    """Drop the wraps for retired keys (fingerprint → the heir's) whose heirs have one here."""
    held = {one.fingerprint for one in case.rewraps}
    case.rewraps = [one for one in case.rewraps if not held & _descent(one.fingerprint, heirs)]


def _descent(key: bytes, heirs: Mapping[bytes, bytes]) -> set[bytes]:
    """The key's heir, the heir's heir, and so on."""
    found: set[bytes] = set()
    while (heir := heirs.get(key)) is not None and heir not in found:
        found.add(heir)
        key = heir
    return found


def rewrap(case: Case, wrap: Wrap) -> bool:
    """Keep a wrap made later; False if there is no room, which several agencies in turn may take
    up: then the heir's inherited key opens what the wrap would have."""
    made = [*case.rewraps, wrap]
    if len(lp(*(one.encoded() for one in made))) > REWRAPS_ROOM:
        return False
    case.rewraps = made
    return True


def of_lot(session: Session, lot: str) -> list[str]:
    """Ids of all sealed cases of a lot, opened or not. Only the opening may ask."""
    return list(slots.all_in(session, "lot", (lot,)))


def sealed_of(
    session: Session, who: str, organisation: str, *, since: datetime, now: datetime
) -> Iterator[Summary]:
    """Unopened cases of a "supplier" or "institution" since then, newest month first."""
    scopes = [(organisation, month) for month in _months(since, now)]
    for month in slots.all_of(session, who, scopes, look=_heads):
        for case_id, head in reversed(month):
            if case_id is not None:
                yield _summary(session, case_id, head)


def oldest_sealed(session: Session) -> datetime | None:
    """No sealed case is older than the notice of a lot that has not been opened; None: no such lot.

    Without it every list would walk through all months since its organisation joined.
    """
    unopened = (
        select(Lot.project_id)
        .join(Opening, Opening.lot_id == Lot.id)
        .where(Opening.state.in_(set(OPENING_STATES) - {"opened"}))
    )
    return session.scalar(
        select(func.min(ProjectVersion.made_at)).where(
            ProjectVersion.number == 1, ProjectVersion.project_id.in_(unopened)
        )
    )


def holders(
    session: Session, who: str, organisations: Sequence[str], *, since: datetime, now: datetime
) -> set[str]:
    """Which of these suppliers or institutions have a case that was never opened, in whatever
    state; found by their own slots, as their own pages find them."""
    scopes = [(one, month) for one in organisations for month in _months(since, now)]
    found = slots.all_of(session, who, scopes, look=_heads)
    return {
        scope[0]
        for scope, listed in zip(scopes, found, strict=True)
        if any(case_id is not None for case_id, _head in listed)
    }


HEADS = (
    select(
        SealedIndex.tag,
        SealedCase.id,
        func.substr(SealedCase.blob, 1, HEAD_SIZE, type_=LargeBinary),
    )
    .outerjoin(SealedCase, (SealedCase.id == SealedIndex.case_id) & SealedCase.opened.is_(False))
    .where(SealedIndex.tag.in_(bindparam("tags", expanding=True)))
)


def _heads(session: Session, tags: Sequence[bytes]) -> Mapping[bytes, tuple[str | None, bytes]]:
    """Tag → case id and head of its blob; no id: the case was opened."""
    rows = session.execute(HEADS, {"tags": tags})
    return {tag: (case_id, head) for tag, case_id, head in rows}


def plain_summaries(rows: Iterable[OpenCase]) -> Iterator[Summary]:
    for row in rows:
        yield summary.from_dict(row.details["summary"], sealed=False)


def seal(session: Session, case: Case) -> bytes:
    """The blob: the summary that lists read, the whole case, the wraps made later; each sealed by
    itself.

    The case is compressed: as it is, one of a lot with long names comes so near to the end of the
    smallest size that a few sentences more would tell it from one of a lot with short names.
    """
    vault, aad = session.info["vault"], case.id.encode()
    head = json.dumps(summary.values_of(case), ensure_ascii=False, separators=(",", ":")).encode()
    rest = [size - HEAD_SIZE - REWRAPS_SIZE for size in SIZES]
    sealed: bytes = vault.seal(HEAD_PURPOSE, head, aad, HEAD_SIZE)
    sealed += vault.seal(PURPOSE, zlib.compress(codec.to_bytes(case), FAST), aad, rest)
    wraps = lp(*(one.encoded() for one in case.rewraps))
    sealed += vault.seal(REWRAPS_PURPOSE, wraps, aad, REWRAPS_SIZE)
    return sealed


def _unseal(session: Session, case_id: str, blob: bytes) -> Case:
    vault, aad = session.info["vault"], case_id.encode()
    try:
        plain: bytes = vault.open(PURPOSE, blob[HEAD_SIZE:-REWRAPS_SIZE], aad)
        wraps = [Wrap.decoded(one) for one in parts_of(_last(session, case_id, blob))]
    except SealBroken:  # of an earlier version, or damaged
        plain, wraps = vault.open(PURPOSE, blob[HEAD_SIZE:], aad), []
    document = json.loads(plain if plain.startswith(b"{") else zlib.decompress(plain))
    if document["schema"] > SCHEMA:
        raise NotFound(noun="case", id=case_id, reason="newer schema")
    case: Case = codec.load(Case, document)
    case.rewraps = wraps
    return case


def _last(session: Session, case_id: str, blob: bytes) -> bytes:
    part: bytes = session.info["vault"].open(
        REWRAPS_PURPOSE, blob[-REWRAPS_SIZE:], case_id.encode()
    )
    return part


def _summary(session: Session, case_id: str, head: bytes) -> Summary:
    plain: bytes = session.info["vault"].open(HEAD_PURPOSE, head, case_id.encode())
    # Of bytes json would guess the encoding.
    return summary.from_values(json.loads(str(plain, "utf-8")), sealed=True)


def _month(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m")


def _months(since: datetime, now: datetime) -> Iterator[str]:
    first, last = since.astimezone(BEIJING), now.astimezone(BEIJING)
    year, month = last.year, last.month
    while (year, month) >= (first.year, first.month):
        yield f"{year:04}-{month:02}"
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
