"""The sums behind imports and corrections, by their properties."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guarantees.sums.correction_limits import refusals
from guarantees.sums.corrections import breaks, changes
from guarantees.sums.notices import merged
from guarantees.values.money import Money
from guarantees.values.notice import ACCEPTED, CATEGORIES, LotNotice, ProjectNotice, missing
from guarantees.values.notice_faults import gaps
from tests.world import START

WORDS = st.sampled_from(["甲", "乙", "丙"])
AMOUNTS = st.builds(Money, st.integers(1, 3))
TIMES = st.builds(lambda days: START + timedelta(days=days), st.integers(1, 4))
LOTS = st.lists(
    st.builds(
        LotNotice,
        number=st.sampled_from(["1", "2", "3"]),
        name=WORDS | st.just(""),
        budget=st.none() | AMOUNTS,
        deposit=st.none() | AMOUNTS,
    ),
    max_size=3,
    unique_by=lambda lot: lot.number,
)
NOTICES = st.builds(
    ProjectNotice,
    source_system=st.just("s"),
    source_id=st.just("1"),
    name=WORDS,
    number=st.none() | WORDS,
    method=st.none() | WORDS,
    category=st.none() | st.sampled_from(sorted(CATEGORIES)),
    region=st.none() | WORDS,
    procurer_name=st.none() | WORDS,
    agency_name=st.none() | WORDS,
    budget=st.none() | AMOUNTS,
    deposit=st.none() | AMOUNTS,
    guarantee_accepted=st.sampled_from(sorted(ACCEPTED)),
    basic_account_demanded=st.booleans(),
    bid_validity_days=st.none() | st.integers(60, 62),
    submission_deadline=st.none() | TIMES,
    opening_time=st.none() | TIMES,
    lots=LOTS.map(tuple),
)
FACTS = [one.name for one in fields(ProjectNotice) if one.name not in ("lots", "remarks")]


def said(value: Any) -> bool:
    return value not in (None, "", "unknown", False)


@given(NOTICES, NOTICES)
def test_a_source_that_repeats_itself_changes_nothing(
    base: ProjectNotice, now: ProjectNotice
) -> None:
    assert merged(base, now, base) == now


@given(NOTICES, NOTICES)
def test_what_only_the_source_wrote_follows_it(base: ProjectNotice, new: ProjectNotice) -> None:
    made = merged(base, base, new)
    for name in FACTS:
        given_ = getattr(new, name)
        assert getattr(made, name) == (given_ if said(given_) else getattr(base, name))
    if new.lots:
        assert {lot.number for lot in made.lots} == {lot.number for lot in new.lots}


@given(NOTICES, NOTICES, NOTICES)
def test_nothing_that_was_known_is_lost(
    base: ProjectNotice, now: ProjectNotice, new: ProjectNotice
) -> None:
    made = merged(base, now, new)
    for name in FACTS:
        assert said(getattr(made, name)) or not said(getattr(now, name))


@given(NOTICES)
def test_a_notice_does_not_differ_from_itself(one: ProjectNotice) -> None:
    assert changes(one, replace(one, remarks="别的备注")) == ()
    assert breaks(one, one) == ()


@given(NOTICES, NOTICES)
def test_a_change_is_listed_whenever_something_differs(
    before: ProjectNotice, after: ProjectNotice
) -> None:
    plain = [name for name in FACTS if getattr(before, name) != getattr(after, name)]
    listed = changes(before, after)
    assert [one.field for one in listed if not one.lot] == plain
    assert bool(listed) or before.effective_lots() == after.effective_lots()
    assert all(str(one) for one in breaks(before, after))


@given(NOTICES, NOTICES)
def test_no_correction_moves_the_opening_earlier_or_leaves_gaps(
    before: ProjectNotice, after: ProjectNotice
) -> None:
    refused = {one.reason.code for one in refusals(before, after, START)}
    if missing(after):
        assert "gap" in refused
        assert len(list(gaps(after))) == len(missing(after))
    if before.opening_time and after.opening_time and after.opening_time < before.opening_time:
        assert "opening_earlier" in refused
    if not refused:
        assert after.opening_time is not None
        assert after.submission_deadline is not None
        assert after.opening_time >= after.submission_deadline > START
