"""Tiles and tree, against the definition, against pymerkle, and against alterations."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from signing import log
from signing.log.hashing import perfect_root
from signing.log.tiles import bundle, cut
from tests.signing.logs import MemoryLog, entry

SIZES = st.integers(1, 700)
"""Two full tiles and a partial one."""


def merkle(entries: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, as it is written there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + merkle(entries[:k]) + merkle(entries[k:])).digest()


def made(size: int) -> MemoryLog:
    one = MemoryLog()
    one.add([entry(number) for number in range(size)])
    return one


@pytest.fixture(scope="module")
def big() -> MemoryLog:
    """The example of tlog-tiles: three levels."""
    return made(70_000)


@given(size=SIZES)
@settings(max_examples=40)
def test_the_root_is_that_of_the_definition_and_of_pymerkle(size: int) -> None:
    entries = [entry(number) for number in range(size)]
    peer = InmemoryTree()
    peer.append_entries(entries)
    assert made(size).tree.root() == merkle(entries) == peer.get_root()


@given(size=SIZES, data=st.data())
@settings(max_examples=40)
def test_inclusion_proofs_are_those_of_pymerkle(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    peer = InmemoryTree()
    peer.append_entries([entry(number) for number in range(size)])
    assert list(made(size).tree.inclusion(index)) == peer.prove_inclusion(index + 1).path[1:]


@given(steps=st.lists(st.integers(0, 300), min_size=1, max_size=6))
@settings(max_examples=40)
def test_tiles_are_the_same_however_the_log_grew(steps: list[int]) -> None:
    one, total = MemoryLog(), 0
    for step in steps:
        one.add([entry(number) for number in range(total, total + step)])
        total += step
    at_once = made(total)
    assert one.tree.root() == at_once.tree.root()
    assert at_once.tiles.items() <= one.tiles.items()


@given(size=SIZES, data=st.data())
@settings(max_examples=60)
def test_inclusion_holds_for_the_entry_alone(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = made(size).tree
    proof, root, hashed = tree.inclusion(index), tree.root(), log.entry_hash(entry(index))
    log.check_inclusion(hashed, index, size, proof, root)
    wrong = [
        (log.entry_hash(entry(size)), index, size, proof, root),
        (hashed, (index + 1) % size, size, proof, root) if size > 1 else None,
        (hashed, index, index, proof, root),
        (hashed, index, size, (*proof, bytes(32)), root),
        (hashed, index, size, proof[:-1], root) if proof else None,
        (hashed, index, size, proof, bytes(32)),
    ]
    for arguments in filter(None, wrong):
        with pytest.raises(log.ProofInvalid):
            log.check_inclusion(*arguments)


@given(size=SIZES, data=st.data())
@settings(max_examples=60)
def test_a_flipped_bit_of_a_proof_is_noticed(size: int, data: st.DataObject) -> None:
    tree = made(size).tree
    index = data.draw(st.integers(0, size - 1))
    proof = list(tree.inclusion(index))
    if proof:
        place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        number = int.from_bytes(proof[place], "big") ^ (1 << bit)
        proof[place] = number.to_bytes(32, "big")
        with pytest.raises(log.ProofInvalid):
            log.check_inclusion(log.entry_hash(entry(index)), index, size, proof, tree.root())


@given(size=SIZES, data=st.data())
@settings(max_examples=60)
def test_every_earlier_tree_is_part_of_the_later_one(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, size))
    tree = made(size).tree
    proof = tree.consistency(old)
    log.check_consistency(old, tree.root(old), size, tree.root(), proof)
    wrong = [
        (old, bytes(32), size, tree.root(), proof),
        (old, tree.root(old), size, bytes(32), proof) if old else None,
        (old, tree.root(old), size, tree.root(), (*proof, bytes(32))),
        (old, tree.root(old), size, tree.root(), proof[:-1]) if proof else None,
        (size + 1, tree.root(old), size, tree.root(), proof),
    ]
    for arguments in filter(None, wrong):
        with pytest.raises(log.ProofInvalid):
            log.check_consistency(*arguments)


@given(size=st.integers(2, 400), data=st.data())
@settings(max_examples=40)
def test_a_rewritten_log_has_no_proof(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    honest = made(size)
    other = MemoryLog()
    other.add([entry(number if number != changed else 10**6) for number in range(size)])
    proof = other.tree.consistency(old)
    with pytest.raises(log.ProofInvalid):
        log.check_consistency(old, honest.tree.root(old), size, other.tree.root(), proof)


def test_a_tree_of_three_levels_has_the_tiles_of_the_specification(big: MemoryLog) -> None:
    levels = [path for path in big.tiles if not path.startswith("tile/entries/")]
    full = [path for path in levels if ".p/" not in path]
    assert sum(path.startswith("tile/0/") for path in full) == 273
    assert sorted(path for path in levels if path not in full) == [
        "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1",
    ]  # fmt: skip
    assert [path for path in full if path.startswith("tile/1/")] == ["tile/1/000"]
    assert len(big.tiles["tile/1/000"]) == 8192
    assert len(big.tiles["tile/entries/272"]) == 256 * 34


@pytest.mark.parametrize("index", [0, 255, 256, 65_535, 65_536, 69_999])
def test_proofs_through_three_levels(big: MemoryLog, index: int) -> None:
    tree = big.tree
    log.check_inclusion(
        log.entry_hash(entry(index)), index, tree.size, tree.inclusion(index), tree.root()
    )
    log.check_consistency(index, tree.root(index), tree.size, tree.root(), tree.consistency(index))


def test_the_tree_of_nothing() -> None:
    assert MemoryLog().tree.root() == log.EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert MemoryLog().tree.consistency(0) == ()


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", log.Tile(0, 0)),
        ("tile/0/x001/x234/067", log.Tile(0, 1_234_067)),
        ("tile/3/999.p/1", log.Tile(3, 999, 1)),
        ("tile/63/x001/000", log.Tile(63, 1000)),
        ("tile/entries/x012/345.p/255", log.Tile(log.ENTRIES, 12_345, 255)),
    ],
)
def test_paths_as_in_the_specification(path: str, tile: log.Tile) -> None:
    assert tile.path() == path
    assert log.Tile.of_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/0", "tile/00/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/x000/001", "tile/0/../checkpoint", "tile/0/001/234",
        "tile/data/000", "tile/0/000/", "/tile/0/000", "tile/0/000.p/", "tile/-1/000",
        "tile/0/٠٠٠", "tile/0/000\n",
    ],
)  # fmt: skip
def test_no_other_path_is_one(path: str) -> None:
    with pytest.raises(ValueError, match="path of a tile"):
        log.Tile.of_path(path)


@given(level=st.integers(-1, 63), index=st.integers(0, 10**12), width=st.integers(1, 256))
def test_a_path_leads_back_to_its_tile(level: int, index: int, width: int) -> None:
    tile = log.Tile(level, index, width)
    assert log.Tile.of_path(tile.path()) == tile


def test_a_partial_tile_may_be_cut_from_the_full_one() -> None:
    one = made(256)
    full = one.tiles["tile/0/000"]
    assert cut(log.Tile(0, 0, 3), full) == full[:96]
    assert cut(log.Tile(log.ENTRIES, 0, 2), one.tiles["tile/entries/000"]) == bundle(
        [entry(0), entry(1)]
    )


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(63)])
def test_a_short_tile_is_no_tile(content: bytes) -> None:
    with pytest.raises(log.TilesBroken):
        cut(log.Tile(0, 0, 2), content)


@pytest.mark.parametrize("content", [b"", bundle([entry(1)]), bundle([entry(1), entry(2)])[:-1]])
def test_a_short_bundle_is_no_bundle(content: bytes) -> None:
    with pytest.raises(log.TilesBroken):
        cut(log.Tile(log.ENTRIES, 0, 2), content)


def test_a_perfect_root_folds_pairs() -> None:
    leaves = [log.entry_hash(entry(number)) for number in range(4)]
    assert perfect_root(leaves) == merkle([entry(number) for number in range(4)])
