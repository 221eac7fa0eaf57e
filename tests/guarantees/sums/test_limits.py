import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.sums import limits
from guarantees.sums.limits import Limits
from guarantees.values.money import Money

letters = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True),
        st.sampled_from([None, "p", "q"]),
        st.integers(1, 10**9).map(Money),
    ),
    max_size=12,
)


@given(letters)
def test_the_book_is_the_sum_of_the_letters_in_force(
    drawn: list[tuple[list[str], str | None, Money]],
) -> None:
    book: dict[str, int] = {}
    for suppliers, policy, amount in drawn:
        book = limits.taken(book, limits.keys(suppliers, policy), amount)
    assert book.get("total", 0) == sum(amount.fen for _, _, amount in drawn)
    for name in "abc":
        theirs = sum(amount.fen for suppliers, _, amount in drawn if name in suppliers)
        assert book.get(f"supplier:{name}", 0) == theirs
    for suppliers, policy, amount in reversed(drawn):
        book = limits.released(book, limits.keys(suppliers, policy), amount)
    assert book == {}


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(0, 1000))
def test_a_limit_holds_to_the_fen(used: int, asked: int, allowed: int) -> None:
    book = {"total": used}
    broken = limits.excesses(Limits(total=Money(allowed)), book, limits.keys(["a"]), Money(asked))
    assert bool(broken) == (used + asked > allowed)
    assert all(one.room == Money(max(allowed - used, 0)) for one in broken)


def test_every_limit_broken_is_named() -> None:
    book = {"total": 900, "supplier:a": 50, "supplier:b": 400, "policy:p": 100}
    set_limits = Limits(
        letter=Money(100), supplier=Money(500), policy=Money(600), total=Money(1000)
    )
    broken = limits.excesses(set_limits, book, limits.keys(["a", "b"], "p"), Money(150))
    assert [(one.limit, one.key) for one in broken] == [
        ("letter", "letter"),
        ("total", "total"),
        ("supplier", "supplier:b"),
    ]
    assert [one.room.fen for one in broken] == [100, 100, 100]


def test_without_limits_all_fits() -> None:
    assert limits.excesses(Limits(), {}, limits.keys(["a"], "p"), Money(10**12)) == ()


def test_the_given_book_is_left_alone() -> None:
    book = {"total": 5}
    limits.taken(book, ("total",), Money(3))
    limits.released(book, ("total",), Money(5))
    assert book == {"total": 5}


def test_more_than_was_taken_is_not_released() -> None:
    with pytest.raises(ValueError, match="below zero"):
        limits.released({"total": 5}, ("total",), Money(6))


@pytest.mark.parametrize("amount", [0, -1])
def test_only_real_amounts_move_the_book(amount: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        limits.taken({}, ("total",), Money(amount))
    with pytest.raises(ValueError, match="above zero"):
        limits.released({}, ("total",), Money(amount))
