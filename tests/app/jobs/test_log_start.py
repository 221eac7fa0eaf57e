"""A log that is not as far as those who follow it have seen does not start, and says why."""

from pathlib import Path

import pytest
from sqlalchemy import update

from app.adapters import log_start
from app.adapters.log_folder import LogFolder
from app.house import House
from app.jobs.publishing import publish
from app.processes.log_signer import LogSigner
from app.settings import BadSetting
from guarantees.flow import publish_log
from guarantees.flow.publish_log import BATCH
from guarantees.records.log import LogState
from guarantees.records.sealed import LogLeaf
from signing import log
from signing.log.heads import MemoryHeads
from tests.app.jobs.log_steps import changed, indexes, leave, opened, state
from tests.log_house import ORIGIN, Signer, Timekeeper


def restore(house: House, size: int, root: bytes) -> None:
    """The database as it was at that size; the folder is the caller's business."""

    def back(session: object) -> None:
        session.execute(update(LogState).values(size=size, root=root, plan=None))  # type: ignore[attr-defined]
        session.execute(update(LogLeaf).where(LogLeaf.index >= size).values(index=None))  # type: ignore[attr-defined]

    house.sessions.write("demo_data", back)


def restored(signer: object) -> Signer:
    """The signer from a backup, too: the same key, and no memory of what it signed."""
    assert isinstance(signer, Signer)
    return Signer(LogSigner(signer.desk._key, MemoryHeads()))


def copy_of(folder: Path, where: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            target = where / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


def test_a_start_with_everything_in_place_is_a_start(house: House) -> None:
    log_start.check(house.sessions, house.log)
    publish(house)
    log_start.check(house.sessions, house.log)
    house.sessions.write("plan_batch", lambda session: publish_log.plan(session, house.now()))
    log_start.check(house.sessions, house.log)


def test_a_database_and_a_folder_from_a_backup_do_not_start(house: House, tmp_path: Path) -> None:
    """Timekeeper, and a witness outside: either is enough."""
    publish(house)
    before = state(house)
    copy_of(house.log.folder.folder, tmp_path / "backup")
    publish(house)
    log_start.check(house.sessions, house.log)
    restore(house, before.size, before.root)
    old = changed(house, folder=LogFolder(tmp_path / "backup"))
    with pytest.raises(log.RolledBack) as told:
        log_start.check(old.sessions, old.log)
    assert (told.value.theirs, told.value.ours) == (2 * BATCH, BATCH)
    assert "docs/log.md" in str(told.value)
    assert "\n" not in str(told.value)
    with pytest.raises(log.NotFollowed):
        publish(old)
    forgetful = changed(old, signer=restored(house.log.signer))
    with pytest.raises(log.RolledBack):
        publish(forgetful)
    assert opened(forgetful).checkpoint.size == BATCH


def test_an_empty_platform_does_not_start_beside_a_timekeeper_that_knows_better(
    house: House, tmp_path: Path
) -> None:
    publish(house)
    house.sessions.write("demo_data", lambda session: session.execute(LogState.__table__.delete()))
    empty = changed(house, folder=LogFolder(tmp_path / "empty"))
    with pytest.raises(log.RolledBack):
        log_start.check(empty.sessions, empty.log)


def test_database_and_folder_of_different_backups_do_not_start(house: House) -> None:
    publish(house)
    before = state(house)
    publish(house)
    restore(house, before.size, before.root)
    with pytest.raises(log.LogForked):
        log_start.check(house.sessions, house.log)


def test_a_log_without_its_files_does_not_start(house: House, tmp_path: Path) -> None:
    publish(house)
    lost = changed(house, folder=LogFolder(tmp_path / "lost"))
    with pytest.raises(log.LogForked):
        log_start.check(lost.sessions, lost.log)


def test_another_tree_of_the_same_size_does_not_start(house: House) -> None:
    publish(house)
    keeper = house.log.cosigners[0]
    assert isinstance(keeper, Timekeeper)
    keeper.heads.put(ORIGIN, log.Head(BATCH, bytes(32)))
    with pytest.raises(log.RolledBack):
        log_start.check(house.sessions, house.log)


def test_whoever_is_away_at_the_start_is_no_reason_not_to_start(house: House) -> None:
    publish(house)
    keeper = house.log.cosigners[0]
    assert isinstance(keeper, Timekeeper)
    keeper.away = True
    log_start.check(house.sessions, house.log)


def test_a_log_that_ended_is_followed_by_one_with_another_name(
    house: House, tmp_path: Path
) -> None:
    leaves = leave(house, 3)
    publish(house)
    publish(house)
    renamed = changed(house, origin="baohan.example/log-2", renamed=True)
    with pytest.raises(BadSetting, match=r"move .* away"):
        log_start.check(renamed.sessions, renamed.log)
    fresh = changed(renamed, folder=LogFolder(tmp_path / "log-2"))
    log_start.check(fresh.sessions, fresh.log)
    publish(fresh)
    assert state(fresh).origin == "baohan.example/log-2"
    assert opened(fresh).checkpoint.size == BATCH
    assert None not in indexes(fresh, leaves).values()
    log_start.check(fresh.sessions, fresh.log)
