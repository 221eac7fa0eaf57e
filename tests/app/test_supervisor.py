"""Processes are started in order, started again, and ended without loss."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
from flask import Flask

from app.adapters.assemble import KeptIds
from app.adapters.vault import Vault, VaultKeyMissing
from app.demo.secrets import DemoSecrets
from app.processes import keeper, run_file
from app.processes.keeper import Keeper, Spec, StartFailed
from app.processes.loopback import listen
from app.processes.places import Places
from app.processes.run_file import Running
from app.processes.supervisor import Supervisor, pin_timekeeper
from app.processes.users import Users, make_folders
from app.processes.web_server import WebServer
from app.settings import COPIES, ROOT, BadSetting, Settings, read
from signing.seal import passphrase_faults
from tests.shell_app import shell_app

SLEEPER = "tests.app.sleeper"


def installation(home: Path, port: int = 8000) -> Settings:
    data = home / "data"
    return replace(
        read({}),
        database_url=f"sqlite:///{data / 'baohan.db'}",
        data=data,
        keys=home / "keys",
        timekeeper=home / "timekeeper",
        copies=home / COPIES,
        signer=home / "signer",
        run=home / "run",
        fonts=read().fonts,
        base_url=f"http://127.0.0.1:{port}",
    )


def eventually(done: Callable[[], bool], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


# --- the keeper


@dataclass
class Kept:
    keeper: Keeper
    said: list[str]

    def pid(self) -> int:
        return self.keeper.pids()["sleeper"]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    said: list[str] = []
    made = Kept(Keeper(tmp_path, said.append), said)
    yield made
    made.keeper.end(["sleeper", "guest"], 0, lambda: True)


def sleeper(*arguments: str) -> Spec:
    return Spec("sleeper", SLEEPER, arguments, Users.same().web)


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_what_dies_is_started_again_after_growing_pauses(kept: Kept) -> None:
    kept.keeper.start(sleeper())
    pauses = []
    for _ in range(2):
        before = kept.pid()
        os.kill(before, signal.SIGKILL)
        begun = time.monotonic()

        def again(before: int = before) -> bool:
            kept.keeper.tend()
            return kept.pid() != before

        assert eventually(again)
        pauses.append(time.monotonic() - begun)
    assert pauses[0] >= keeper.FIRST_PAUSE
    assert pauses[1] >= 2 * keeper.FIRST_PAUSE
    assert len(kept.said) == 2


def test_a_process_that_does_not_come_up_says_why(kept: Kept) -> None:
    kept.keeper.start(sleeper("--fail"))
    with pytest.raises(StartFailed) as failed:
        kept.keeper.wait_for("sleeper", lambda: False)
    assert failed.value.why.startswith("no such key")


def test_the_first_signal_drains_and_hurry_kills(kept: Kept, tmp_path: Path) -> None:
    mark = tmp_path / "drained"
    kept.keeper.start(sleeper("--drain", str(mark)))
    assert eventually(mark.with_suffix(".ready").exists)
    kept.keeper.end(["sleeper"], 20, lambda: False)
    assert mark.exists()

    mark.unlink()
    mark.with_suffix(".ready").unlink()
    kept.keeper.start(sleeper("--drain", str(mark), "--for", "60"))
    assert eventually(mark.with_suffix(".ready").exists)
    pid = kept.pid()
    begun = time.monotonic()
    kept.keeper.end(["sleeper"], 60, lambda: time.monotonic() - begun > 0.3)
    assert time.monotonic() - begun < 20
    assert not mark.exists()
    assert not alive(pid)


def test_an_armed_fault_strikes_once(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOHAN_FAULT", "some.point")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert keeper._environment(first=True)["BAOHAN_FAULT"] == "some.point"
    assert "BAOHAN_FAULT" not in keeper._environment(first=False)
    assert "HTTP_PROXY" not in keeper._environment(first=True)


# --- folders and files


def test_folders_are_private_but_for_sockets_and_trust(tmp_path: Path) -> None:
    settings = installation(tmp_path)
    places = Places(settings)
    make_folders(places, Users.same())
    private = (settings.data, settings.keys, settings.timekeeper, settings.signer, places.bank)
    private += (settings.copies,)
    for path in (*private, places.authority, places.escrow, places.logs):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (settings.run, places.trust, places.signer_socket.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    make_folders(places, Users.same())


def test_one_user_for_all_is_not_isolated() -> None:
    assert not Users.same().isolated


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    me = Users.same()
    stranger = replace(me.web, uid=me.web.uid + 12345)
    settings = installation(tmp_path)
    make_folders(Places(settings), me)
    with pytest.raises(BadSetting, match="belongs to user"):
        make_folders(Places(settings), replace(me, bank=stranger))


def test_the_run_file_is_read_as_written(tmp_path: Path) -> None:
    running = Running("http://127.0.0.1:1", "http://127.0.0.1:2", "aa", "http://127.0.0.1:3")
    run_file.write(tmp_path / "run.json", running)
    assert run_file.read(tmp_path / "run.json") == running
    assert running.timestamping == "http://127.0.0.1:3/tsa"


@pytest.mark.parametrize("content", [None, "", "[]", '{"web": "x", "colour": 1}'])
def test_without_a_run_file_nothing_runs(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadSetting, match="nothing runs"):
        run_file.read(path)


def test_another_timekeeper_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "timekeeper.json"
    pin_timekeeper(path, {"aa": bytes(32)})
    pin_timekeeper(path, {"aa": bytes(32)})
    with pytest.raises(BadSetting, match="another key"):
        pin_timekeeper(path, {"bb": bytes(32)})
    assert json.loads(path.read_text()) == {"aa": bytes(32).hex()}


def test_keys_of_other_data_stop_the_start(tmp_path: Path) -> None:
    kept = KeptIds(tmp_path / "vault-keys.json")
    first = Vault.create(tmp_path / "keys")
    kept.check(first)
    Vault.add_key(tmp_path / "keys")
    kept.check(Vault.load(tmp_path / "keys"))
    with pytest.raises(VaultKeyMissing):
        kept.check(first)  # the newest key is gone
    with pytest.raises(VaultKeyMissing):
        kept.check(Vault.create(tmp_path / "other"))


def test_demonstration_secrets_are_the_same_at_each_start(tmp_path: Path) -> None:
    first, again = DemoSecrets.of(tmp_path), DemoSecrets.of(tmp_path)
    (tmp_path / "other").mkdir()
    other = DemoSecrets.of(tmp_path / "other")
    for made in (DemoSecrets.password, DemoSecrets.passphrase, DemoSecrets.authenticator):
        assert made(first, "maker") == made(again, "maker")
        assert len({made(first, "maker"), made(first, "checker"), made(other, "maker")}) == 3
    assert passphrase_faults(first.passphrase("procurer"), ["procurer"]) == ()
    assert (tmp_path / "demonstration.key").stat().st_mode & 0o077 == 0


# --- the web server


@contextmanager
def served(app: Flask) -> Iterator[tuple[WebServer, str]]:
    with closing(listen()) as listener:
        server = WebServer(app, listener)
        server.start()
        yield server, f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_requests_under_way_end_and_later_ones_wait_for_the_next_process() -> None:
    app = shell_app()
    entered, go_on = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        entered.set()
        assert go_on.wait(30)
        return "done"

    answers: list[int] = []
    with served(app) as (server, url):
        asking = threading.Thread(
            target=lambda: answers.append(requests.get(f"{url}/slow", timeout=30).status_code)
        )
        asking.start()
        assert entered.wait(30)
        assert not server.drain(0.5)
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=5) as late:
            late.sendall(b"GET / HTTP/1.0\r\n\r\n")
            late.settimeout(0.5)
            with pytest.raises(TimeoutError):
                late.recv(1)  # the connection waits in the kernel, it is not refused
        go_on.set()
        assert server.drain(30)
        asking.join(30)
    assert answers == [200]


# --- all of it


def test_everything_starts_heals_and_ends(tmp_path: Path) -> None:
    """Short paths: a Unix socket's may have no more than a hundred bytes."""
    said: list[str] = []
    with closing(listen()) as web:
        settings = installation(tmp_path, web.getsockname()[1])
        supervisor = Supervisor(settings, Users.same(), web, said.append)
        stop = threading.Event()
        tending = threading.Thread(target=supervisor.tend_until, args=(stop,))
        try:
            supervisor.start()
            tending.start()
            _heals(supervisor, settings.base_url)
            _serves_elsewhere(supervisor)
        finally:
            stop.set()
            if tending.is_alive():
                tending.join()
            pids = list(supervisor.keeper.pids().values())
            supervisor.end()
    assert len(pids) == 5
    assert not [pid for pid in pids if alive(pid)]
    assert not Places(settings).run_file.exists()
    assert [line for line in said if line.startswith("timekeeper ended")]


def _heals(supervisor: Supervisor, url: str) -> None:
    assert parts(url) == dict.fromkeys(("database", "timekeeper", "signer", "jobs", "log"), "ok")
    pids = supervisor.keeper.pids()
    os.kill(pids["timekeeper"], signal.SIGKILL)
    assert eventually(lambda: parts(url)["timekeeper"] == "away", 10)
    assert requests.get(url, timeout=30).status_code == 200
    assert eventually(lambda: parts(url)["timekeeper"] == "ok", 60)
    os.kill(pids["web"], signal.SIGKILL)
    # The supervisor holds the socket: whoever asks now is answered by the next process.
    assert requests.get(f"{url}/healthz", timeout=60).status_code == 200
    for name in ("timekeeper", "web"):
        assert supervisor.keeper.pids()[name] != pids[name]
    for name in ("bank", "signer", "authority"):
        assert supervisor.keeper.pids()[name] == pids[name]


def _serves_elsewhere(supervisor: Supervisor) -> None:
    """wsgi.py, for other servers, over the same installation."""
    script = "import wsgi; print(wsgi.app.test_client().get('/readyz').json['ready'])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **supervisor.environment()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "True", done.stderr


def parts(url: str) -> dict[str, str]:
    found: dict[str, str] = requests.get(f"{url}/readyz", timeout=60).json()["parts"]
    return found
