"""Another implementation, not ours, verifies checkpoint, inclusion and consistency of our log, and
rejects altered ones."""

import base64
from pathlib import Path
from typing import Any

import pytest

from signing import log
from tests.peers.go_tlog import judge
from tests.signing.logs import Cosigner, MemoryLog, entry

INDEX, OLD, SIZE = 321, 200, 70_000


@pytest.fixture(scope="module")
def filled() -> MemoryLog:
    one = MemoryLog()
    one.add([entry(number) for number in range(SIZE)])
    return one


@pytest.fixture(scope="module")
def keeper() -> Cosigner:
    return Cosigner()


@pytest.fixture(scope="module")
def task(filled: MemoryLog, keeper: Cosigner) -> dict[str, Any]:
    """Everything that Go is to find in order."""
    tree = filled.tree
    note = filled.note(None, keeper.sign(filled.head().text()))
    return {
        "key": filled.verifier.vkey(),
        "cosigners": [keeper.verifier.vkey()],
        "checkpoint": note.decode(),
        "entry": entry(INDEX),
        "index": INDEX,
        "inclusion": list(tree.inclusion(INDEX)),
        "oldSize": OLD,
        "oldRoot": tree.root(OLD),
        "consistent": list(tree.consistency(OLD)),
    }


def test_go_finds_everything_in_order(task: dict[str, Any]) -> None:
    assert judge(task) == ""


@pytest.mark.parametrize(("index", "old"), [(0, 1), (255, 256), (65_536, 65_536), (69_999, 69_999)])
def test_at_the_edges_of_tiles(
    filled: MemoryLog, task: dict[str, Any], index: int, old: int
) -> None:
    tree = filled.tree
    more = {
        "entry": entry(index), "index": index, "inclusion": list(tree.inclusion(index)),
        "oldSize": old, "oldRoot": tree.root(old), "consistent": list(tree.consistency(old)),
    }  # fmt: skip
    assert judge(task | more) == ""


@pytest.mark.parametrize("size", [1, 2, 3, 64, 255, 256, 257, 65_536, 65_537, 70_000])
def test_go_makes_the_same_proofs_from_our_tiles(size: int, tmp_path: Path) -> None:
    one = MemoryLog()
    one.add([entry(number) for number in range(size)])
    for path, content in one.tiles.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    index, old = size * 2 // 3, (size + 1) // 2
    assert judge(
        {
            "key": one.verifier.vkey(), "checkpoint": one.note().decode(),
            "entry": entry(index), "index": index, "inclusion": list(one.tree.inclusion(index)),
            "oldSize": old, "oldRoot": one.tree.root(old),
            "consistent": list(one.tree.consistency(old)), "tiles": str(tmp_path),
        }
    ) == ""  # fmt: skip


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def altered(task: dict[str, Any], what: str, filled: MemoryLog) -> dict[str, Any]:
    """The task with one thing in it that is not so."""
    checkpoint: str = task["checkpoint"]
    root = base64.b64encode(filled.tree.root()).decode()
    other = base64.b64encode(flipped(filled.tree.root())).decode()
    changes: dict[str, dict[str, Any]] = {
        "the root": {"checkpoint": checkpoint.replace(root, other)},
        "the size": {"checkpoint": checkpoint.replace("\n70000\n", "\n70001\n")},
        "the origin": {"checkpoint": checkpoint.replace("log.example", "log.examp1e", 1)},
        "the log's key": {"key": MemoryLog().verifier.vkey()},
        "the cosigner's key": {"cosigners": [Cosigner().verifier.vkey()]},
        "the entry": {"entry": flipped(task["entry"])},
        "the index": {"index": INDEX + 1},
        "the path": {"inclusion": [flipped(task["inclusion"][0]), *task["inclusion"][1:]]},
        "the path's length": {"inclusion": task["inclusion"][:-1]},
        "the old root": {"oldRoot": flipped(task["oldRoot"])},
        "the old size": {"oldSize": OLD + 1},
        "the consistency": {"consistent": [*task["consistent"][:-1], bytes(32)]},
    }
    return task | changes[what]


@pytest.mark.parametrize(
    "what",
    [
        "the root", "the size", "the origin", "the log's key", "the cosigner's key", "the entry",
        "the index", "the path", "the path's length", "the old root", "the old size",
        "the consistency",
    ],
)  # fmt: skip
def test_go_rejects_what_was_altered(filled: MemoryLog, task: dict[str, Any], what: str) -> None:
    made = altered(task, what, filled)
    assert made != task
    assert judge(made) != ""


def test_go_rejects_the_time_of_a_cosignature_that_was_altered(
    filled: MemoryLog, task: dict[str, Any], keeper: Cosigner
) -> None:
    real = keeper.sign(filled.head().text())
    later = log.Signature(real.name, real.key_id, bytes([0] * 7 + [1]) + real.value[8:])
    assert judge(task | {"checkpoint": filled.note(None, later).decode()}) != ""
