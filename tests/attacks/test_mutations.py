"""Letters changed at random: whatever the change, the file is no letter any more."""

from functools import cache
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from signing.report import Integrity, Result
from tests.attacks import grammar, mutate
from tests.signing import papers
from tests.signing.made import approved, judged, letter

ANYWHERE = st.floats(0, 1, exclude_max=True)


@cache
def gap() -> tuple[int, int]:
    start, end, _ = papers.ranges(letter())
    return start, end


def place(share: float, start: int, end: int) -> int:
    return start + int(share * (end - start))


def gone(pdf: bytes) -> None:
    """Neither passed nor intact, and no name told."""
    report = judged(pdf)
    assert report.signature != Result.PASSED
    assert report.integrity != Integrity.INTACT
    assert report.signers == ()


@settings(max_examples=150)
@given(ANYWHERE, st.integers(1, 255), st.booleans())
def test_a_byte_outside_the_value(share: float, difference: int, before: bool) -> None:
    start, end = gap()
    where = place(share, 0, start + 1) if before else place(share, end - 1, len(letter()))
    changed = bytearray(letter())
    changed[where] ^= difference
    report = judged(bytes(changed))
    assert report.signature == Result.FAILED, (where, difference)
    assert report.integrity != Integrity.INTACT


@settings(max_examples=200)
@given(ANYWHERE, st.sampled_from(b"0123456789abcdefABCDEF <>\0"))
def test_a_byte_inside_the_value(share: float, new: int) -> None:
    start, end = gap()
    changed = bytearray(letter())
    where = place(share, start + 1, end - 1)
    if changed[where] != new:
        changed[where] = new
        gone(bytes(changed))


@settings(max_examples=60)
@given(ANYWHERE, st.integers(1, 3000))
def test_a_piece_cut_out(share: float, size: int) -> None:
    where = place(share, 0, len(letter()))
    gone(letter()[:where] + letter()[where + size :])


@settings(max_examples=60)
@given(ANYWHERE, ANYWHERE, st.integers(1, 3000))
def test_a_piece_repeated(share: float, to: float, size: int) -> None:
    where, there = place(share, 0, len(letter())), place(to, 0, len(letter()) + 1)
    piece = letter()[where : where + size]
    gone(letter()[:there] + piece + letter()[there:])


@settings(max_examples=60)
@given(ANYWHERE, st.binary(min_size=1, max_size=40))
def test_something_put_in(share: float, piece: bytes) -> None:
    where = place(share, 0, len(letter()) + 1)
    gone(letter()[:where] + piece + letter()[where:])


OBJECTS = st.dictionaries(
    st.integers(1, 14),
    st.sampled_from(
        [
            b"null", b"[]", b"<< >>", b"1 0 R", b"<< /Type /Catalog >>", b"(text)",
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Fields [] >>", b"<< /FT /Sig /T (Signature1) >>",
            papers.stream(b"BT (900000.00) Tj ET"), papers.objects()[papers.PAGE],
        ]
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


@settings(max_examples=120)
@given(OBJECTS, st.lists(st.integers(1, 14), max_size=2))
def test_objects_redefined(changed: dict[int, bytes], freed: list[int]) -> None:
    gone(papers.update(letter(), changed, freed=set(freed) - changed.keys()))


@settings(max_examples=80)
@given(OBJECTS)
def test_objects_of_an_approved_file_redefined(changed: dict[int, bytes]) -> None:
    """An approval tolerates more, but nothing that anybody would see."""
    pdf = approved(papers.paper())
    known = {number: body for number, body in changed.items() if number <= papers.FONT}
    report = judged(papers.update(pdf, changed))
    if known and any(papers.body_of(pdf, number) != body for number, body in known.items()):
        assert report.integrity != Integrity.INTACT


MUTANTS = 2500
"""In every run of the tests; 100,000 by `python -m tests.attacks.mutate`."""


def test_mutants_by_grammar_through_the_worker() -> None:
    tally = mutate.run(MUTANTS, seed=2026)
    assert tally.bad == []
    assert tally.count == tally.words.total() == MUTANTS
    # They are no noise alone: many are read to the end and fail for what was done to them.
    assert tally.words["modified"] > MUTANTS / 50
    assert tally.words["broken"] > MUTANTS / 20
    assert len(tally.codes) > 15


def test_every_mutation_changes_letters() -> None:
    for mutation in grammar.MUTATIONS:
        changed = [mutation(Random(seed), letter()) != letter() for seed in range(40)]
        assert sum(changed) > 10, mutation.__name__


def test_an_accepted_mutant_would_be_told() -> None:
    tally = mutate.Tally()
    accepted = mutate.Judged(7, "none", letter(), judged(letter()), 0.1)
    assert tally.add(accepted)
    assert tally.bad == ["7 none: accepted"]
    assert not tally.add(mutate.Judged(8, "cut", b"", judged(letter()[:-100]), 0.1))


def test_a_letter_tolerates_nothing_after_it_and_no_other_way_to_write_it() -> None:
    start, end = gap()
    digits = letter()[start:end]
    assert judged(letter()[:start] + digits.upper() + letter()[end:]).integrity == Integrity.BROKEN
    for changed in ({}, {60: b"<< /Type /XObject >>"}):
        report = judged(papers.update(letter(), changed))
        assert report.integrity == Integrity.MODIFIED
        assert report.steps[2].code == "appended"
