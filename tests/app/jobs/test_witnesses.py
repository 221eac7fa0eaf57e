"""Outside witnesses over HTTP: they cosign, remember, and keep a rolled-back log from going on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters import log_start
from app.adapters.log_folder import LogFolder
from app.adapters.log_signers import HttpWitness, read_witnesses
from app.house import House
from app.jobs.publishing import publish
from app.settings import BadSetting
from guarantees.flow.publish_log import BATCH
from signing import log
from tests.app.jobs.log_steps import changed, state
from tests.app.jobs.test_log_start import copy_of, restore, restored
from tests.log_house import ORIGIN, Signer
from tests.peers.go_tlog import judge
from tests.signing.witness_server import Witness, serving


@pytest.fixture
def witness(house: House) -> Witness:
    """A witness that follows the house's log."""
    made = Witness()
    made.logs[ORIGIN] = house.log.signer.key(ORIGIN)
    return made


@pytest.fixture
def watched(house: House, witness: Witness) -> Iterator[House]:
    """The house with that witness beside its timekeeper."""
    with serving(witness) as url:
        outside = HttpWitness(witness.verifier, url, seconds=2.0)
        yield changed(house, cosigners=(*house.log.cosigners, outside))


def names(house: House) -> list[str]:
    opened = house.log.opened()
    assert opened is not None
    return [one.verifier.name for one in opened.cosigned]


def test_a_witness_cosigns_every_checkpoint(watched: House, witness: Witness) -> None:
    for number in range(1, 4):
        publish(watched)
        assert names(watched) == [f"{ORIGIN}/timekeeper", witness.name]
        assert witness.heads[ORIGIN].size == number * BATCH
    assert watched.log.folder.verifiers()[2] == witness.verifier


def test_go_accepts_what_timekeeper_and_witness_cosigned(watched: House, witness: Witness) -> None:
    for _ in range(3):
        publish(watched)
    opened, folder = watched.log.opened(), watched.log.folder
    assert opened is not None
    tree = log.Tree(opened.checkpoint.size, folder.read)
    log_key, *cosigners = folder.verifiers()
    task = {
        "key": log_key.vkey(),
        "cosigners": [one.vkey() for one in cosigners],
        "checkpoint": (folder.checkpoint() or b"").decode(),
        "entry": folder.entry(70, tree.size),
        "index": 70,
        "inclusion": list(tree.inclusion(70)),
        "oldSize": BATCH,
        "oldRoot": tree.root(BATCH),
        "consistent": list(tree.consistency(BATCH)),
        "tiles": str(folder.folder),
    }
    assert len(cosigners) == 2
    assert judge(task) == ""
    assert judge(task | {"entry": folder.entry(71, tree.size)}) != ""


def test_a_witness_that_was_down_catches_up(watched: House, witness: Witness) -> None:
    publish(watched)
    witness.down = True
    publish(watched)
    publish(watched)
    assert names(watched) == [f"{ORIGIN}/timekeeper"]
    witness.down = False
    publish(watched)
    assert witness.name in names(watched)
    assert witness.heads[ORIGIN].size == 4 * BATCH


def test_a_witness_that_nobody_reaches_holds_nothing_up(house: House, witness: Witness) -> None:
    gone = HttpWitness(witness.verifier, "http://127.0.0.1:9/w", seconds=1.0)
    lonely = changed(house, cosigners=(gone,))
    publish(lonely)
    assert names(lonely) == []
    log_start.check(lonely.sessions, lonely.log)


def test_a_witness_that_does_not_know_the_log_holds_nothing_up(
    watched: House, witness: Witness
) -> None:
    witness.logs.clear()
    publish(watched)
    assert names(watched) == [f"{ORIGIN}/timekeeper"]
    log_start.check(watched.sessions, watched.log)


@pytest.mark.parametrize("noise", ["— other.example AAAAAAAA\n", ""])
def test_lines_of_other_keys_are_passed_over(watched: House, witness: Witness, noise: str) -> None:
    witness.noise = noise
    publish(watched)
    assert witness.name in names(watched)


def test_a_signature_that_does_not_hold_is_left_out(watched: House, witness: Witness) -> None:
    forged = log.Signature(witness.name, witness.verifier.key_id, bytes(72)).line()
    witness.noise = forged
    publish(watched)
    assert names(watched) == [f"{ORIGIN}/timekeeper"]


def test_a_witness_alone_notices_a_platform_restored_from_a_backup(
    watched: House, witness: Witness, tmp_path: Path
) -> None:
    """Signer and timekeeper were restored with it: nobody else is left to remember."""
    publish(watched)
    before = state(watched)
    copy_of(watched.log.folder.folder, tmp_path / "backup")
    publish(watched)
    restore(watched, before.size, before.root)
    [_, outside] = watched.log.cosigners
    old = changed(
        watched,
        folder=LogFolder(tmp_path / "backup"),
        signer=restored(watched.log.signer),
        cosigners=(outside,),
    )
    with pytest.raises(log.RolledBack) as told:
        log_start.check(old.sessions, old.log)
    assert (told.value.name, told.value.theirs, told.value.ours) == (
        witness.name, 2 * BATCH, BATCH,
    )  # fmt: skip
    with pytest.raises(log.RolledBack):
        publish(old)
    with pytest.raises(log.RolledBack):
        publish(old)
    opened = old.log.opened()
    assert opened is not None
    assert opened.checkpoint.size == BATCH


def test_a_log_rewritten_with_its_own_key_is_not_cosigned(
    watched: House, witness: Witness, tmp_path: Path
) -> None:
    """Whoever has the log's key and the database makes another tree: the witness has the first."""
    publish(watched)
    restore(watched, 0, log.EMPTY_ROOT)
    [_, outside] = watched.log.cosigners
    assert isinstance(watched.log.signer, Signer)
    forged = changed(
        watched,
        folder=LogFolder(tmp_path / "forged"),
        signer=restored(watched.log.signer),
        cosigners=(outside,),
    )
    with pytest.raises(log.RolledBack):
        publish(forged)
    assert forged.log.opened() is None
    assert witness.heads[ORIGIN].size == BATCH


# --- the setting


def test_witnesses_are_read_from_a_file(tmp_path: Path, witness: Witness) -> None:
    file = tmp_path / "witnesses"
    file.write_text(f"# ours\n\n{witness.verifier.vkey()} https://witness.example/w1/\n")
    [found] = read_witnesses(str(file))
    assert replace(found) == HttpWitness(witness.verifier, "https://witness.example/w1")
    assert read_witnesses("") == ()


@pytest.mark.parametrize(
    "line",
    ["", "one", "key https://x", "{vkey}", "{vkey} ftp://x", "{vkey} https://x more", "{log}"],
)
def test_a_file_that_is_none_is_said(tmp_path: Path, witness: Witness, line: str) -> None:
    file = tmp_path / "witnesses"
    log_key = witness.logs[ORIGIN].vkey()
    filled = line.replace("{vkey}", witness.verifier.vkey()).replace(
        "{log}", f"{log_key} https://x"
    )
    file.write_text(f"{filled}\n")
    if not line:
        file.unlink()
    with pytest.raises(BadSetting, match="BAOHAN_LOG_WITNESSES"):
        read_witnesses(str(file))
