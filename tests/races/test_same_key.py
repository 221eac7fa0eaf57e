"""The same form arrives twice, the second one while the first is half-way."""

import threading
from pathlib import Path

import pytest

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from guarantees.flow import apply
from tests import world as worlds
from tests.conftest import Database
from tests.world import World

HALF_WAY = 0.7
"""Seconds that the first one waits for the second: it would be done in far less."""


@pytest.fixture
def world(own_database: Database, tmp_path: Path) -> World:
    schema.upgrade(own_database.engine)
    return worlds.build(Sessions(own_database.engine, Vault.create(tmp_path / "keys")))


def test_both_get_the_first_ones_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL the second one took the first one's case for another application."""
    real = apply._submit_all
    half_way, other_done = threading.Event(), threading.Event()
    answers: list[object] = []

    def slow(*args: object) -> object:
        if not half_way.is_set():
            half_way.set()
            other_done.wait(HALF_WAY)
        return real(*args)  # type: ignore[arg-type]

    def send() -> None:
        actor = world.as_("supplier")
        try:
            answers.append(
                world.run("apply", apply.submit, actor, world.now, world.form(), "one key")
            )
        except Exception as error:
            answers.append(error)
        finally:
            other_done.set()

    monkeypatch.setattr(apply, "_submit_all", slow)
    first, second = threading.Thread(target=send), threading.Thread(target=send)
    first.start()
    assert half_way.wait(30)
    second.start()
    first.join(60)
    second.join(60)
    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert isinstance(answers[0], list)
