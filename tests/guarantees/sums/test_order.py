import hashlib
import shutil
import subprocess
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarantees.sums.order import draw, neutral_order

DAY = date(2026, 3, 12)
SEED = "5c1e" + "0" * 56 + "a70f"
ids = st.lists(st.text("abcdef0123456789", min_size=4, max_size=8), unique=True, max_size=12)


@given(ids.flatmap(lambda drawn: st.tuples(st.just(drawn), st.permutations(drawn))))
def test_only_the_ids_count_not_how_they_come(both: tuple[list[str], list[str]]) -> None:
    one, other = (neutral_order(products, lot="L", day=DAY, seed=SEED) for products in both)
    assert one == other


@given(ids.filter(lambda drawn: len(drawn) > 1))
def test_a_product_more_moves_no_other_against_another(products: list[str]) -> None:
    every = [place.product for place in neutral_order(products, lot="L", day=DAY, seed=SEED)]
    fewer = [place.product for place in neutral_order(products[1:], lot="L", day=DAY, seed=SEED)]
    assert [product for product in every if product != products[0]] == fewer


def test_places_are_numbered_and_smallest_first() -> None:
    places = neutral_order(["p1", "p2", "p3", "p1"], lot="L", day=DAY, seed=SEED)
    assert [place.position for place in places] == [1, 2, 3]
    assert [place.draw for place in places] == sorted(place.draw for place in places)


def test_a_stranger_can_draw_again_with_a_shell() -> None:
    assert shutil.which("sha256sum"), "coreutils are part of every Debian"
    command = f"printf '%s\\n%s\\n%s\\n%s\\n%s' baohan/order/v1 {DAY} {SEED} lot-02 p1 | sha256sum"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == draw("p1", lot="lot-02", day=DAY, seed=SEED)


def test_lot_day_and_seed_each_change_the_draw() -> None:
    base = draw("p1", lot="L", day=DAY, seed=SEED)
    others = {
        draw("p2", lot="L", day=DAY, seed=SEED),
        draw("p1", lot="M", day=DAY, seed=SEED),
        draw("p1", lot="L", day=date(2026, 3, 13), seed=SEED),
        draw("p1", lot="L", day=DAY, seed="0" * 64),
    }
    assert base not in others
    assert len(others) == 4


def test_every_product_comes_first_about_as_often() -> None:
    products = [f"p{n}" for n in range(5)]
    firsts: Counter[str] = Counter()
    for n in range(2000):
        seed = hashlib.sha256(str(n).encode()).hexdigest()
        firsts[neutral_order(products, lot="L", day=DAY, seed=seed)[0].product] += 1
    # 400 expected, standard deviation 18: five of them either way.
    assert all(310 < firsts[product] < 490 for product in products)


@pytest.mark.parametrize("seed", ["", "x" * 64, "A" * 64, "0" * 63])
def test_other_seeds_are_refused(seed: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        draw("p", lot="L", day=DAY, seed=seed)


def test_line_breaks_cannot_mix_lot_and_product() -> None:
    with pytest.raises(ValueError, match="line breaks"):
        draw("b\nc", lot="a", day=DAY, seed=SEED)
    with pytest.raises(ValueError, match="line breaks"):
        draw("c", lot="a\nb", day=DAY, seed=SEED)
