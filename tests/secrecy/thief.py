"""The guessing program: it is given everything that a thief gets, and puts bids to lots.

It knows the product's source, the public notices and how soon bids come in after one. It tries, the
most telling first: (1) whatever names a lot, spelled out, as a number or under a plain hash;
(2) numbers that lie in as many heaps as there are lots; (3) values that fall into about as many
groups; (4) when the bids came in, with some weight for whatever lies next to them in any order.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean as mean
from typing import Any

from tests.secrecy.stock import RUSH, PublicLot
from tests.secrecy.trails import Haul, Trail
from tests.world import START

DAY = 86_400.0
SAMPLE = 6
"""Bids whose values are searched for names of lots, before all are."""
ENDS = 96
"""Bytes at both ends of a large blob that are looked into besides its readable parts."""
READABLE = re.compile(rb"[\x20-\x7e]{12,}")
GROUPS = (0.5, 1.25)
"""Groups for each lot that are taken for lots."""
STEEP = 1.5
"""The narrowest gap between heaps is so many times the widest one inside them."""
BESIDE = 0.15
"""Weight of what the neighbours in all orders say."""

Answer = Mapping[str, Hashable]
"""Case → what stands for its lot: the same for all bids that are put together."""


def guess(haul: Haul) -> Answer:
    """The first way that tells something."""
    for way in (_named, _heaped, _grouped):
        answer = way(haul)
        if answer is not None:
            return answer
    return _by_time(haul)


def score(answer: Answer, truth: Mapping[str, PublicLot]) -> float:
    """Share of bids in the right lot, when each group is named as well as can be: the largest
    overlaps first, no lot and no group twice."""
    overlaps = Counter((answer[case], lot.id) for case, lot in truth.items())
    right, used = 0, set[Hashable]()
    for (group, lot), size in overlaps.most_common():
        if not {("group", group), ("lot", lot)} & used:
            used |= {("group", group), ("lot", lot)}
            right += size
    return right / len(truth)


def _places(haul: Haul) -> list[str]:
    """That every bid has, with values that are not all the same; in a fixed order."""
    first, *others = (one.values for one in haul.trails)
    return sorted(
        place
        for place, value in first.items()
        if all(place in one for one in others) and any(one[place] != value for one in others)
    )


# --- 1: named


def _named(haul: Haul) -> Answer | None:
    best: dict[str, Hashable] = {}
    for place in _places(haul):
        if not any(_lot_in(one, place, haul.lots) for one in haul.trails[:SAMPLE]):
            continue
        told = {one.case: _lot_in(one, place, haul.lots) for one in haul.trails}
        found = {case: lot for case, lot in told.items() if lot}
        if len(found) > len(best) and len(set(found.values())) > 1:
            best = dict(found)
    if len(best) < len(haul.trails) / 2:
        return None
    return {one.case: best.get(one.case, "") for one in haul.trails}


def _lot_in(trail: Trail, place: str, lots: Sequence[PublicLot]) -> str:
    """The only lot that a value names, or ""."""
    value = trail.values[place]
    if isinstance(value, int | float):
        named = [lot.id for lot in lots if value in (lot.amount.fen, lot.premium.fen)]
    else:
        text = _looked_into(value) if isinstance(value, bytes) else str(value).encode()
        named = [lot.id for lot in lots if any(word in text for word in _words(trail, lot))]
    return named[0] if len(named) == 1 else ""


def _looked_into(value: bytes) -> bytes:
    if len(value) <= 2 * ENDS:
        return value
    return b"\0".join((value[:ENDS], value[-ENDS:], *READABLE.findall(value)))


_WORDS: dict[tuple[str, ...], tuple[bytes, ...]] = {}


def _words(trail: Trail, lot: PublicLot) -> tuple[bytes, ...]:
    """All ways to name a lot, by itself and with the people who had news of the bid."""
    people = tuple(dict.fromkeys(one.partition("@")[0] for one in trail.people))
    key = (lot.id, *people)
    if key not in _WORDS:
        _WORDS[key] = (*_of_lot(lot), *(_leaf(f"{lot.id} {one}") for one in people))
    return _WORDS[key]


def _of_lot(lot: PublicLot) -> Iterator[bytes]:
    texts = (lot.id, lot.number, lot.project, lot.project_number, lot.name, lot.page)
    numbers = (lot.amount.fen, lot.premium.fen)
    for text in (*texts, *map(str, numbers)):
        yield from _hashes(text.encode())
    for text in texts:
        yield text.encode()
    for number in numbers:
        yield b'"%d"' % number
        yield b"%012d" % number
        yield number.to_bytes(8, "big")


def _hashes(text: bytes) -> Iterator[bytes]:
    for make in (hashlib.sha256, hashlib.sha1, hashlib.md5):
        digest = make(text, usedforsecurity=False).digest()
        yield from (digest, digest.hex().encode())


def _leaf(text: str) -> bytes:
    """A leaf of the log, were it not salted."""
    return hashlib.sha256(b"\x01" + hashlib.sha256(text.encode()).digest()).digest()


# --- 2: heaped


def _heaped(haul: Haul) -> Answer | None:
    """By the numbers that lie in the most distinct heaps."""
    best: tuple[float, Answer] | None = None
    for place in _places(haul):
        for number in NUMBERS:
            numbers = _numbers(haul, place, number)
            if numbers is None:
                continue
            steepness, answer = _heaps(numbers, len(haul.lots))
            if steepness > STEEP and (best is None or steepness > best[0]):
                best = (steepness, answer)
    return best and best[1]


NUMBERS: tuple[Callable[[Any], float], ...] = (
    float,
    len,
    lambda value: float(int.from_bytes(value[:8], "big")),
)


def _numbers(haul: Haul, place: str, number: Callable[[Any], float]) -> dict[str, float] | None:
    try:
        return {one.case: number(one.values[place]) for one in haul.trails}
    except (TypeError, ValueError):
        return None


def _heaps(numbers: Mapping[str, float], heaps: int) -> tuple[float, Answer]:
    """How steep the narrowest of the widest gaps is, and the heaps between them."""
    cases = sorted(numbers, key=numbers.__getitem__)
    gaps = [numbers[after] - numbers[one] for one, after in pairwise(cases)]
    ranked = sorted(gaps, reverse=True)
    narrowest, widest = ranked[heaps - 2], ranked[heaps - 1]
    if narrowest <= 0:
        return 0.0, {}
    heap, answer = 0, {cases[0]: 0}
    for case, gap in zip(cases[1:], gaps, strict=True):
        heap += gap >= narrowest
        answer[case] = heap
    return narrowest / max(widest, 1e-9), answer


# --- 3: grouped

VIEWS: tuple[Callable[[Any], Hashable], ...] = (
    lambda value: value if isinstance(value, Hashable) else repr(value),
    len,
    *(lambda value, size=size: value[:size] for size in (4, 8, 16, 20, 28)),
    lambda value: value[-8:],
    lambda value: re.split(r"\W|\d{8,}", value)[0],
    lambda value: re.split(r"[/:_.-]", value)[1],
)
"""Of a value: itself, its length, its beginning, its end, its first words."""


def _grouped(haul: Haul) -> Answer | None:
    """By the place and view whose groups are nearest to the number of lots."""
    least, most = (factor * len(haul.lots) for factor in GROUPS)
    best: tuple[float, Answer] | None = None
    for place in _places(haul):
        for view in VIEWS:
            answer = _viewed(haul, place, view)
            groups = len(set(answer.values())) if answer else 0
            distance = abs(groups - len(haul.lots))
            if least <= groups <= most and (best is None or distance < best[0]):
                assert answer is not None
                best = (distance, answer)
    return best and best[1]


def _viewed(haul: Haul, place: str, view: Callable[[Any], Hashable]) -> Answer | None:
    try:
        return {one.case: view(one.values[place]) for one in haul.trails}
    except (TypeError, IndexError):
        return None


# --- 4: by time

ROUNDS = 8
"""In which odds and the share of each lot settle."""


def _by_time(haul: Haul) -> Answer:
    """The lot whose notice makes the time of the bid most likely. Neighbours in any order lend what
    sets them apart from all others."""
    own, shares = _settled([_odds(one, haul.lots) for one in haul.trails])
    answer: dict[str, Hashable] = {}
    for trail, odds, beside in zip(haul.trails, own, _neighbours(haul), strict=True):
        lent = [mean(column) for column in zip(*(own[one] for one in beside), strict=True)]
        apart = [its - share for its, share in zip(lent, shares, strict=True)]
        weights = [mine + BESIDE * more for mine, more in zip(odds, apart, strict=True)]
        answer[trail.case] = haul.lots[weights.index(max(weights))].id
    return answer


def _neighbours(haul: Haul) -> list[list[int]]:
    """For each bid the places of those before and after it, in every order."""
    beside: list[list[int]] = [[] for _ in haul.trails]
    for order in _orders(haul):
        for one, after in pairwise(order):
            beside[one].append(after)
            beside[after].append(one)
    return beside


def _settled(odds: list[list[float]]) -> tuple[list[list[float]], list[float]]:
    """Odds of each bid and shares of each lot that fit each other."""
    shares = [1 / len(odds[0])] * len(odds[0])
    for _ in range(ROUNDS):
        settled = [_fractions([a * b for a, b in zip(one, shares, strict=True)]) for one in odds]
        shares = _fractions([sum(column) for column in zip(*settled, strict=True)])
    return settled, shares


def _fractions(weights: list[float]) -> list[float]:
    whole = sum(weights) or 1.0
    return [one / whole for one in weights]


def _odds(trail: Trail, lots: Sequence[PublicLot]) -> list[float]:
    """How likely it is that a bid for each lot comes at this time."""
    day = (trail.times[0] - START).total_seconds() / DAY
    late = [day - lot.published for lot in lots]
    return _fractions([math.exp(-one / RUSH) if one > 0 else 0.0 for one in late])


def _orders(haul: Haul) -> Iterator[list[int]]:
    """Places of the bids by time, and by every value that is different for each."""
    bids = range(len(haul.trails))
    yield sorted(bids, key=lambda bid: haul.trails[bid].times)
    for place in _places(haul):
        values = [haul.trails[bid].values[place] for bid in bids]
        small = all(isinstance(one, int | float | str) or len(one) <= ENDS for one in values)
        if small and len({type(one) for one in values}) == 1 and len(set(values)) == len(values):
            yield sorted(bids, key=values.__getitem__)
