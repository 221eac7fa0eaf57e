"""What the web application's user, and any other, can get of the timekeeper and the signer: nothing
but what they answer to the web application.

Where all processes run under one user these separations do not exist, and the start says so; what
hardening gives then (no ptrace, no cores, private folders) is tested all the same.
"""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.processes.loopback import listen
from app.processes.users import User, find_or_make
from app.settings import ROOT, BadSetting, read
from tests.secrecy import intruder
from tests.secrecy.installation import Installation, installed
from tests.signing.timekeeper_process import FORKS, as_user

STRANGER = 64017
"""A user of this machine who belongs to nothing."""


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    with installed() as made:
        yield made


def below(*folders: Path) -> list[str]:
    """The folders and everything in them; root sees all."""
    return [str(path) for folder in folders for path in (folder, *folder.rglob("*"))]


def belongings(running: Installation) -> dict[str, tuple[User, tuple[Path, ...]]]:
    """Each part's user, and what it alone may read."""
    settings, places, users = running.settings, running.places, running.users
    return {
        "web": (users.web, (settings.data, settings.keys)),
        "timekeeper": (users.time, (settings.timekeeper, settings.copies)),
        "signer": (users.sign, (settings.signer, places.authority)),
        "bank": (users.bank, (places.bank,)),
        "supervisor": (User("", os.geteuid(), 0), (places.escrow, places.logs)),
    }


# --- files


def test_every_private_folder_is_closed_to_every_other_user(running: Installation) -> None:
    owned = belongings(running)
    for owner, (user, folders) in owned.items():
        paths = below(*folders)
        assert len(paths) > len(folders), owner
        others = {one.uid for one, _ in owned.values()} | {STRANGER}
        for other in others - {user.uid, 0} if running.users.isolated else ():
            assert as_user(other, intruder.openable, paths) == [], (owner, other)
            assert as_user(other, intruder.changeable, paths) == [], (owner, other)
        if user.uid != 0:  # root needs no right
            assert as_user(user.uid, intruder.openable, paths) == paths, owner


def test_every_private_folder_has_its_owner_and_no_rights_for_others(running: Installation) -> None:
    for user, folders in belongings(running).values():
        for path in map(Path, below(*folders)):
            found = path.lstat()
            assert found.st_uid == user.uid, path
            assert stat.S_IMODE(found.st_mode) & 0o077 == 0 or path not in folders, path


def test_nobody_can_stand_in_for_another(running: Installation) -> None:
    """Sockets, addresses and trusted certificates are not the web user's to replace."""
    places = running.places
    shared = (places.timekeeper_socket, places.signer_socket, places.run_file)
    paths = [*map(str, shared), *below(places.trust), *(str(one.parent) for one in shared)]
    users = {running.users.web.uid, running.users.bank.uid, STRANGER}
    for uid in users if running.users.isolated else ():
        assert as_user(uid, intruder.changeable, paths) == [], uid
    for path in paths:
        assert Path(path).lstat().st_mode & 0o002 == 0 or Path(path).is_socket(), path


# --- sockets


def test_only_the_web_user_is_answered(running: Installation) -> None:
    places, users = running.places, running.users
    sockets = ((places.timekeeper_socket, "status"), (places.signer_socket, "certificates"))
    for socket, operation in sockets:
        assert as_user(users.web.uid, intruder.call, socket, operation) == "answered"
        if users.isolated:
            owner = socket.stat().st_uid
            for uid in {users.time.uid, users.sign.uid, users.bank.uid, STRANGER} - {owner}:
                answer = as_user(uid, intruder.call, socket, operation)
                assert answer == "peer_refused", (socket, uid)


# --- memory


def test_no_process_can_be_looked_into(running: Installation) -> None:
    """Not by the web user, not even by its own: the PDF workers run as the web user, too."""
    for name, pid in running.supervisor.keeper.pids().items():
        for uid in (running.users.web.uid, _owner(pid)):
            if uid != 0:
                ways = set(as_user(uid, intruder.memory, pid)) - {"signal"}
                assert ways == set(), (name, uid)
        if running.users.isolated and name != "web":
            assert as_user(running.users.web.uid, intruder.memory, pid) == [], name


def _owner(pid: int) -> int:
    """Its user, whoever /proc shows as owner of what cannot be dumped."""
    return int(_status(pid)["Uid"].split()[1])


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_intruder_gets_into_what_is_not_hardened() -> None:
    """Else the tests above would prove nothing."""
    victim = FORKS.Process(target=time.sleep, args=(60,), daemon=True)
    victim.start()
    folder = Path(tempfile.mkdtemp())
    (folder / "file").touch()
    try:
        ways = as_user(os.geteuid(), intruder.memory, victim.pid)
        assert {*intruder.OF_A_PROCESS, "signal"} - {*ways} <= {"stack", "syscall", "map_files"}
        assert as_user(os.geteuid(), intruder.openable, below(folder)) == below(folder)
        assert as_user(os.geteuid(), intruder.changeable, below(folder)) == below(folder)
        if os.geteuid() == 0:
            assert {"ptrace", "process_vm_readv", "pidfd_getfd"} <= {*ways}
    finally:
        victim.kill()
        victim.join()
        shutil.rmtree(folder)


def test_processes_leave_no_cores_and_have_no_rights_but_their_users(running: Installation) -> None:
    users = running.users
    expected = {
        "web": users.web,
        "timekeeper": users.time,
        "signer": users.sign,
        "authority": users.sign,
        "bank": users.bank,
    }
    pids = running.supervisor.keeper.pids()
    assert {*pids} == {*expected}
    for name, pid in pids.items():
        status = _status(pid)
        assert {int(uid) for uid in status["Uid"].split()} == {expected[name].uid}, name
        assert status["NoNewPrivs"] == "1", name
        # What cannot be dumped belongs to root in /proc, whoever runs it (proc(5)).
        assert Path(f"/proc/{pid}/environ").stat().st_uid == 0, name
        if users.isolated:
            assert status["CapPrm"] == status["CapEff"] == "0" * 16, name
            assert status["Groups"] == "", name
    for process in running.processes():
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), process.pid


def test_processes_inherit_nothing_that_is_not_theirs(running: Installation) -> None:
    """Open files below the installation: their own, and the log that root opened for them."""
    base = str(running.base)
    for name, (user, folders) in belongings(running).items():
        pid = running.supervisor.keeper.pids().get(name)
        if pid is None:
            continue
        allowed = (*map(str, folders), str(running.places.logs / f"{name}.log"), f"{base}/tmp")
        handles = Path(f"/proc/{pid}/fd").iterdir()
        targets = [str(handle.readlink()) for handle in handles]
        inside = [target for target in targets if target.startswith(base)]
        assert [target for target in inside if not target.startswith(allowed)] == [], user


# --- places


def test_the_vaults_keys_lie_outside_the_data(running: Installation) -> None:
    for settings in (running.settings, read({})):
        secret = (settings.keys, settings.timekeeper, settings.signer)
        assert not [path for path in secret if path.is_relative_to(settings.data)]


@pytest.mark.parametrize("place", ["/srv/data/keys", "/srv/data", "/srv/other/../data/keys"])
def test_keys_below_the_data_stop_the_start(place: str) -> None:
    with pytest.raises(BadSetting, match="outside"):
        read({"BAOHAN_DATA": "/srv/data", "BAOHAN_KEYS": place})
    assert read({"BAOHAN_DATA": "/srv/data", "BAOHAN_KEYS": "/srv/data-keys"})


# --- one user for all


def test_a_start_under_one_user_says_that_nothing_is_isolated() -> None:
    """As a user who can become no other, started as people start it."""
    home = Path(tempfile.mkdtemp(prefix="bh-", dir="/tmp"))
    places = ("data", "keys", "timekeeper", "signer", "run")
    environment = {f"BAOHAN_{name.upper()}": str(home / name) for name in places}
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home)}
    with listen() as free:
        port = str(free.getsockname()[1])
    other: dict[str, Any] = {}
    if find_or_make().isolated:
        os.chown(home, STRANGER, STRANGER)
        other = {"user": STRANGER, "group": STRANGER, "extra_groups": []}
    command = [sys.executable, "-P", "-m", "app.cli", "serve", "--port", port]
    process = subprocess.Popen(
        command, env=environment, cwd="/", stdout=subprocess.PIPE, text=True, **other
    )
    try:
        assert process.stdout is not None
        assert "not isolated" in process.stdout.readline()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        shutil.rmtree(home)
