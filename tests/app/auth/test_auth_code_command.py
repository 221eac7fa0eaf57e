"""`./baohan code LOGIN`: app/cli/code.py."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from app.cli import code
from app.cli.arguments import CommandError
from guarantees.values.one_time_codes import PERIOD, step_at
from tests.accounts import START, Accounts, populate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOHAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BAOHAN_KEYS", str(tmp_path / "keys"))
    for name in ("DATABASE_URL", "BAOHAN_TEST_SERVER"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def world(home: Path) -> Iterator[Accounts]:
    engine = make_engine(f"sqlite:///{home / 'data' / 'baohan.db'}")
    schema.upgrade(engine)
    people = populate(Sessions(engine, Vault.create(home / "keys")))
    yield people
    engine.dispose()


def call(world: Accounts, mode: str) -> None:
    world.sessions.write("make_database", lambda s: schema.ensure_mode(s, mode, START))


def test_it_prints_the_code_that_counts(
    world: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    call(world, "demonstration")
    assert code.main([" ANNA"]) == 0
    assert re.fullmatch(r"\d{6}\n", capsys.readouterr().out)
    printed, wait = code.code_for(world.sessions, "anna", START)
    assert (printed, wait) == (world.code("anna", START), 0)


def test_a_used_code_is_followed_by_the_next_and_then_by_waiting(world: Accounts) -> None:
    call(world, "demonstration")
    world.change("anna", totp_step=step_at(START))
    later = START + timedelta(seconds=PERIOD)
    assert code.code_for(world.sessions, "anna", START) == (world.code("anna", later), 0)
    world.change("anna", totp_step=step_at(later))
    printed, wait = code.code_for(world.sessions, "anna", START)
    assert printed == world.code("anna", later + timedelta(seconds=PERIOD))
    assert 0 < wait <= PERIOD


def test_in_production_it_tells_nothing(world: Accounts) -> None:
    call(world, "production")
    with pytest.raises(CommandError, match="demonstration database only"):
        code.main(["anna"])


def test_a_database_that_does_not_say_what_it_is_tells_nothing(world: Accounts) -> None:
    with pytest.raises(CommandError, match="demonstration database only"):
        code.main(["anna"])


def test_unknown_logins_and_people_without_authenticator(world: Accounts) -> None:
    call(world, "demonstration")
    with pytest.raises(CommandError, match="nobody has the login"):
        code.main(["nobody"])
    world.change("anna", totp_secret=None, totp_step=0)
    with pytest.raises(CommandError, match="no authenticator yet"):
        code.main(["anna"])


def test_before_the_first_start_it_says_what_to_do(home: Path) -> None:
    with pytest.raises(CommandError, match=r"baohan serve|vault key"):
        code.main(["anna"])
    Vault.create(home / "keys")
    with pytest.raises(CommandError, match=r"\./baohan serve"):
        code.main(["anna"])


def test_a_login_must_be_named() -> None:
    with pytest.raises(CommandError, match="login"):
        code.main([])
