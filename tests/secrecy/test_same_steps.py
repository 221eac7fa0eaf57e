"""What is written and asked takes the same steps for few bids and many, for one lot and another."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from guarantees.records import casebook, codec, kept_form, slots
from guarantees.records.base import Base
from guarantees.records.kept_form import KeptForm
from guarantees.records.sealed import SealedCase, SealedIndex
from guarantees.values.ids import new_id
from tests.secrecy import stock
from tests.secrecy.written import written
from tests.world import START

PAGE = "/supplier/lots/0dj3hjvkzawzd2whq9hnh6v4sq/apply"


@pytest.fixture
def sessions(tmp_path: Path, vault: Vault) -> Iterator[Sessions]:
    """Over a database of its own: what is counted goes through its engine."""
    engine = make_engine(f"sqlite:///{tmp_path / 'test.db'}")
    Base.metadata.create_all(engine)
    yield Sessions(engine, vault)
    engine.dispose()


@pytest.mark.parametrize("taken", [0, 1, 99, 100, 101, 250, 10_000, 10_101])
def test_slots_are_counted_in_three_statements(sessions: Sessions, taken: int) -> None:
    scope = ("a lot",)

    def fill(session: Session) -> None:
        tags = slots.tags(session, "lot", scope, range(taken))
        session.bulk_save_objects([SealedIndex(tag=one, case_id=new_id()) for one in tags])

    sessions.write("apply", fill)
    with sessions.reading() as session, written(sessions.engine) as seen:
        assert slots.count(session, "lot", scope) == taken
        assert slots.count(session, "lot", ("another lot",)) == 0
    assert seen.statements == 2 * len(slots.STRIDES)


def test_a_form_that_is_kept_again_takes_a_row_of_its_own(sessions: Sessions) -> None:
    """Like that of another page."""

    def keep(page: str, day: int) -> list[tuple[str, str]]:
        form = KeptForm(page, START + timedelta(days=day), {"contact": [str(day)]})
        with written(sessions.engine) as seen:
            assert sessions.write("draft", lambda session: kept_form.put(session, "person", form))
        return [(one.verb, one.table) for one in seen.changes]

    pages = (PAGE, PAGE, PAGE.replace("4sq", "4sr"))
    assert [keep(page, day) for day, page in enumerate(pages)] == [[("INSERT", "draft")]] * 3
    with sessions.reading() as session:
        held = kept_form.find(session, "person", PAGE)
        assert held is not None and held.fields == {"contact": ["1"]}
        kept_form.clear(session, "person", PAGE)
        assert kept_form.find(session, "person", PAGE) is None


def test_cases_that_were_sealed_before_they_were_compressed_can_be_read(sessions: Sessions) -> None:
    desk = stock.Desk(random.Random(1), stock.market(random.Random(1)))
    case = desk._case(stock.bids(desk.rng, desk.lots)[0])
    rest = [size - casebook.HEAD_SIZE for size in casebook.SIZES]

    def sealed_plainly(session: Session) -> None:
        casebook.add(session, case, sealed=True)
        old = sessions.vault.seal("case", codec.to_bytes(case), case.id.encode(), rest)
        row = session.get_one(SealedCase, case.id)
        row.blob = row.blob[: casebook.HEAD_SIZE] + old

    sessions.write("apply", sealed_plainly)
    with sessions.reading() as session:
        assert codec.to_bytes(casebook.get(session, case.id)) == codec.to_bytes(case)
