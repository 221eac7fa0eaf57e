"""Two worlds that differ in who bids for which lot leave the same trace until the first opening
(sealing.md, "thief of database, file store, their backups, broker, mail sink and logs")."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import structlog
from sqlalchemy.orm import Session

from guarantees.records import casebook
from guarantees.records.case import Case
from guarantees.values.ids import parse_id
from tests.databases import KINDS
from tests.secrecy import classes, schedule, trace
from tests.secrecy.classes import Class
from tests.secrecy.market import TENDERS
from tests.secrecy.schedule import REQUESTS, TENDER_OF
from tests.secrecy.trace import Played, Stand

SEEDS = (1, 2)
ENDING = {"end_lot", "archive_end", "finish_end"}
"""Messages of the end of a lot: compared in tests/app/jobs/test_endings_secret.py."""
PUBLIC = {"project", "project_version", "event"}
"""What the correction of a notice writes besides."""
OTHER_DICE = 1
ELSEWHERE = ("person", "lot_archive")
"""Tables with sealed columns that this play writes nothing into: nobody enrols, no lot ends."""


@pytest.fixture(scope="module", params=KINDS)
def stand(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stand]:
    """The same world for every play of this file."""
    with trace.stand(request.param, tmp_path_factory.mktemp("worlds")) as made:
        yield made


@pytest.fixture(scope="module")
def first(stand: Stand) -> Played:
    return stand.play(schedule.plan(0))


def test_plans_differ_in_who_bids_for_which_lot_and_in_nothing_else() -> None:
    plans = [schedule.plan(seed) for seed in (0, *SEEDS)]
    assert len({tuple(one) for one in plans}) == len(plans)
    asked = [{lot for lots in one for lot in lots} for one in plans]
    assert set().union(*asked) == set(range(len(TENDER_OF)))
    assert len({tuple(sorted(one)) for one in asked}) > 1  # some lots have bids in one world only
    for one in plans:
        bids = Counter(dict.fromkeys({request.who for request in REQUESTS}, 0))
        for request, lots in zip(REQUESTS, one, strict=True):
            bids[request.who] += len(lots)
            assert len({TENDER_OF[lot] for lot in lots}) == 1
        assert bids == {"supplier": 3, "rival": 3, "third": 3, "fourth": 3}
    assert len({one.deposit for one in TENDERS}) == len(TENDERS)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_traces_are_equal(stand: Stand, first: Played, seed: int) -> None:
    other = stand.play(schedule.plan(seed))
    for mine, its in zip(first.steps, other.steps, strict=True):
        assert mine == its
    assert first.metrics == other.metrics
    assert first.bank_calls == other.bank_calls
    assert first.timekeeper_calls == other.timekeeper_calls == 0


def test_everything_happened(first: Played) -> None:
    """A trace of nothing is equal to any other."""
    names = Counter(name.split(" ")[0] for name, _ in first.steps)
    assert {"half", "apply", "maker:", "checker:", "complete", "withdraw"} <= set(names)
    assert {"rehearse", "change", "remind"} <= set(names)
    assert names["apply"] == len(REQUESTS) and names["order"] == names["notice"] == 9
    sealed = {
        table
        for table, columns in classes.COLUMNS.items()
        if Class.SEALED in columns.values() and table not in ELSEWHERE
    }
    assert {one.table for each in first.transactions for one in each.changes} == {
        *sealed,
        *PUBLIC,
        "sealed_index",
        "log_leaf",
        *("opening_key", "rehearsal", "rehearsal_reminder", "event"),
    }
    assert len([name for name in first.sizes if name.startswith("files/sealed/")]) == 6
    assert len([name for name in first.sizes if name.startswith("mail/")]) > 40
    said = {one["event"] for one in first.lines}
    assert said == {"request", "done", "postponed", "begun", "complete"}
    done = {one["kind"] for one in first.lines if one["event"] == "done"}
    assert done == set(classes.MESSAGES) - ENDING
    assert "baohan_page_seconds_count" in first.metrics


def _in_a_bucket_by_amount(session: Session, case: Case) -> bytes:
    with mock.patch.object(casebook, "SIZES", casebook.SIZES[case.amount > TENDERS[0].deposit :]):
        return SEAL(session, case)


def _with_a_line(session: Session, case: Case) -> None:
    structlog.get_logger().info("saved", project=case.project)
    SAVE(session, case)


SEAL, SAVE = casebook.seal, casebook.save
LEAKS: Mapping[str, Callable[..., Any]] = {"seal": _in_a_bucket_by_amount, "save": _with_a_line}
"""Function of the casebook → one that tells something of the lot."""


@pytest.mark.parametrize("function", LEAKS)
def test_a_leak_shows_in_the_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.setattr(casebook, function, LEAKS[function])
    with trace.stand("sqlite", tmp_path) as stand:
        one, other = (stand.play(schedule.plan(seed)) for seed in (0, SEEDS[0]))
    assert one.steps != other.steps


# --- what lies there


def test_nothing_is_deleted_and_no_statement_is_unknown(first: Played) -> None:
    assert {one.verb for each in first.transactions for one in each.changes} <= {
        "INSERT",
        "UPDATE",
    }
    assert "?" not in {one.table for each in first.transactions for one in each.changes}


def test_nothing_of_the_opening_is_written_before_it(first: Played) -> None:
    assert {value for _, value in first.values(Class.OPENED)} <= {False, None, "sealed"}


def test_sealed_columns_and_files_have_few_sizes(first: Played) -> None:
    sizes: dict[str, set[int]] = {}
    for column, value in first.values(Class.SEALED):
        sizes.setdefault(column, set()).add(len(value))
    known = {name for name in classes.SIZES if name.partition(".")[0] not in ELSEWHERE}
    assert set(sizes) == known
    for column, found in sizes.items():
        assert found <= set(classes.SIZES[column]), column
        assert found == {min(classes.SIZES[column])}, f"{column}: of different buckets"
    letters = [size for name, size in first.sizes.items() if name.startswith("files/sealed/")]
    assert {size % classes.LETTER_STEP for size in letters} == {classes.LETTER_EXTRA}


def test_keyed_columns_are_the_vaults_tags_or_salted_leaves(first: Played) -> None:
    found: dict[str, set[bytes]] = {}
    for column, value in first.values(Class.KEYED):
        found.setdefault(column, set()).add(value)
    assert len(found) == 7
    [changed] = found.pop("key_change.leaf")
    assert found.pop("log_leaf.leaf") == first.leaves | {changed}
    for column, tags in found.items():
        assert tags <= first.keyed, column


def test_ids_are_random(stand: Stand, first: Played) -> None:
    """With other dice all are others, though all else is the same."""
    other = stand.play(schedule.plan(0), dice=OTHER_DICE)
    mine, its = ({value for _, value in one.values(Class.RANDOM)} for one in (first, other))
    assert len(mine) == len(its) > 50
    assert mine & its == set()
    assert all(parse_id(one) for one in mine | its)


def test_files_are_classified(first: Played) -> None:
    for name in first.sizes:
        if not name.startswith(("test.db", "keys/", "world.json")):
            assert classes.place_of(f"data/{name}") is not None, name


def test_log_lines_have_the_fields_that_were_classified(first: Played) -> None:
    known = {event: set(fields) for (_, event), fields in classes.LOG.items()}
    for line in first.lines:
        assert set(line) - {"event", "log_level"} == known[line["event"]]
