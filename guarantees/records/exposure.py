"""An institution's exposure (敞口) as one sealed book, locked with each change."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.records import codec
from guarantees.records.sealed import ExposureBook

SIZES = (64 * 1024, 256 * 1024, 1024 * 1024)
"""The largest has room for some 20,000 suppliers with letters in force at one institution."""

PURPOSE = "exposure"


@dataclass
class Book:
    """Fen that count against each limit: "policy:<id>", "supplier:<id>", "total"."""

    used: dict[str, int] = field(default_factory=dict)


def create(session: Session, institution_id: str) -> None:
    """With the institution itself, so that no first use can race."""
    session.add(
        ExposureBook(
            institution_id=institution_id, blob=_seal(session, institution_id, Book()), version=1
        )
    )


def locked(session: Session, institution_id: str) -> tuple[ExposureBook, Book]:
    """The book, its row locked until the commit (SQLite: the transaction already is)."""
    row = session.scalars(
        select(ExposureBook)
        .where(ExposureBook.institution_id == institution_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound(noun="exposure book", id=institution_id)
    return row, _open(session, row)


def held(session: Session, institution_id: str) -> Book:
    """The book as it stands, for reading only: nothing is locked."""
    row = session.get(ExposureBook, institution_id)
    if row is None:
        raise NotFound(noun="exposure book", id=institution_id)
    return _open(session, row)


def write(session: Session, row: ExposureBook, book: Book) -> None:
    row.blob = _seal(session, row.institution_id, book)
    session.flush()


def _open(session: Session, row: ExposureBook) -> Book:
    plain = session.info["vault"].open(PURPOSE, row.blob, row.institution_id.encode())
    book: Book = codec.from_bytes(Book, plain)
    return book


def _seal(session: Session, institution_id: str, book: Book) -> bytes:
    sealed: bytes = session.info["vault"].seal(
        PURPOSE, codec.to_bytes(book), institution_id.encode(), SIZES
    )
    return sealed
