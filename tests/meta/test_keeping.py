"""What belongs to a project is not deleted by any part of the platform (GPL-42: 15 years)."""

import re
from datetime import date
from pathlib import Path

import pytest

from guarantees import ports
from guarantees.queries.keeping import Kept
from guarantees.sums.retention import kept_until

ROOT = Path(__file__).resolve().parents[2]
FORGETTING = re.compile(r"(delete|remove|unlink|erase|purge|prune)", re.IGNORECASE)


def test_the_store_can_only_put_and_get() -> None:
    assert [name for name in vars(ports.Files) if name[0] != "_"] == ["put_once", "get"]


def test_no_migration_drops_what_is_kept_on_its_way_up() -> None:
    kept = ("sealed_case", "sealed_index", "letter", "guarantee", "lot_archive", "event")
    for path in sorted((ROOT / "migrations/versions").glob("*.py")):
        upgrade = path.read_text().partition("def upgrade")[2].partition("def downgrade")[0]
        for table in kept:
            assert f'drop_table("{table}")' not in upgrade, path.name


def test_no_flow_is_named_after_forgetting() -> None:
    """`finish_end` has the timekeeper's key destroyed, which is no record."""
    for path in (ROOT / "guarantees/flow").rglob("*.py"):
        found = re.findall(r"^def (\w+)", path.read_text(), re.MULTILINE)
        assert not [name for name in found if FORGETTING.search(name)], path.name


@pytest.mark.parametrize(
    ("ended", "until"),
    [
        (date(2026, 3, 17), date(2041, 3, 17)),
        (date(2028, 2, 29), date(2043, 2, 28)),
        (date(2026, 12, 31), date(2041, 12, 31)),
    ],
)
def test_fifteen_years_by_the_calendar(ended: date, until: date) -> None:
    assert kept_until(ended) == until


def test_a_hold_outlives_the_term_and_no_end_no_term() -> None:
    day = date(2041, 3, 18)
    assert Kept(date(2041, 3, 17), held=False).deletable(day)
    assert not Kept(date(2041, 3, 17), held=False).deletable(date(2041, 3, 17))
    assert not Kept(date(2041, 3, 17), held=True).deletable(day)
    assert not Kept(None, held=False).deletable(day)
