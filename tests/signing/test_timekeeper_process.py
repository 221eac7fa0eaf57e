"""The timekeeper as a process: killed everywhere, its disk full, its user's reach, its start."""

import ctypes
import io
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from signing import faults, private_files, seal, wire
from signing.timekeeper import __main__, cosigner, ending, journal, server, service
from signing.timekeeper.client import TimekeeperClient
from signing.timekeeper.ending import ERASE_DELAY
from signing.timekeeper.escrow import Quorum
from signing.timekeeper.journal import FileJournal
from signing.timekeeper.protocol import OpeningCertificate, Refusal, TimekeeperRefused
from tests.signing.timekeeper_process import FORKS, LETTER, Running, Sealed, as_user

POINTS = (
    private_files.WRITTEN,
    private_files.LINKED,
    journal.WRITING,
    journal.WRITTEN,
    journal.SYNCED,
    service.KEY_STORED,
    ending.UNWRAPPED,
    ending.ERASING,
    server.REPLY,
)
HOUR = timedelta(hours=1)


def in_an_hour() -> datetime:
    return datetime.now(UTC) + HOUR


@pytest.fixture
def quorum_file(tmp_path: Path) -> Path:
    quorum = Quorum(1, (("one", seal.make_key_pair().public_key),))
    (tmp_path / "quorum.json").write_bytes(quorum.to_bytes())
    (tmp_path / "recovery.key").write_bytes(seal.make_key_pair().public_key)
    return tmp_path / "quorum.json"


def offline(quorum_file: Path) -> tuple[str, ...]:
    """Options naming the keys that are kept elsewhere."""
    recovery = quorum_file.with_name("recovery.key")
    return "--escrow-key", str(quorum_file), "--recovery-key", str(recovery)


def with_copies(folder: Path, quorum_file: Path) -> Running:
    return Running(folder, *offline(quorum_file), "--copies", str(folder / "copies"))


@pytest.fixture
def running(tmp_path: Path, quorum_file: Path) -> Iterator[Running]:
    made = Running(tmp_path, *offline(quorum_file))
    yield made
    if made.process.is_alive():
        made.kill()


def whole_way(running: Running) -> None:
    """Register, withhold, refuse, release, erase: each as if nothing had happened."""
    client, persist = running.client, running.persist
    t = in_an_hour()
    certificate = persist(lambda: client.register("lot", t, t))
    certificate.verify(persist(client.public))
    kept, gone = Sealed(certificate, "1"), Sealed(certificate, "2")
    requests = [kept.request, gone.request]
    persist(lambda: client.withhold(gone.request.digest, "x"))
    with pytest.raises(TimekeeperRefused, match="early"):
        persist(lambda: client.release(certificate.opening, requests))
    running.move_clock(HOUR)
    shares = persist(lambda: client.release(certificate.opening, requests))
    assert kept.opened(shares[0]) == LETTER
    assert shares[1] == Refusal("withheld")
    due = persist(lambda: client.erase(certificate.opening, "failed", "x", "y"))
    kept_shares = persist(lambda: client.archive(certificate.opening, requests))
    assert [len(share) for share in kept_shares if isinstance(share, bytes)] == [80, 80]
    running.move_clock(due - datetime.now(UTC))
    t += HOUR + ERASE_DELAY
    assert persist(lambda: client.register("lot-2", t + HOUR, t)).lot == "lot-2"
    with pytest.raises(TimekeeperRefused, match="erased"):
        persist(lambda: client.release(certificate.opening, requests))
    assert running.stop() == 0
    check_store(running, certificate.opening)


def check_store(running: Running, erased: str) -> None:
    kept = FileJournal(running.store / "journal.jsonl")
    kept.close()
    events = [event.event for event in kept.events]
    assert (events.count("registered"), events.count("withheld"), events.count("erased")) == (
        2,
        1,
        1,
    )
    copies = running.store.with_name("copies")
    assert (copies / "journal.jsonl").read_bytes() == (running.store / "journal.jsonl").read_bytes()
    folders = (running.store, copies)
    left = [path.name for one in folders for path in one.rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith((".", erased))]


COSIGNING = {private_files.REPLACING, private_files.REPLACED, cosigner.REMEMBERED}
"""Of the log's checkpoints: killed in test_timekeeper_cosigner.py."""


def test_no_point_of_the_process_is_left_out() -> None:
    assert as_user(os.geteuid(), faults.names) == set(POINTS) | COSIGNING


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_point_the_retry_ends_like_an_undisturbed_run(
    tmp_path: Path, quorum_file: Path, point: str
) -> None:
    kills = 0
    for number in range(1, 30):
        folder = tmp_path / str(number)
        folder.mkdir()
        running = with_copies(folder, quorum_file)
        if not running.start(f"{point}:{number}"):
            assert running.exit_code == faults.EXIT_CODE
            assert running.start()
        whole_way(running)
        if running.starts == 1:
            break
        kills += 1
    assert 1 <= kills < 29


def test_killed_at_random_nothing_is_early_nothing_lost(running: Running) -> None:
    assert running.start()
    choose = random.Random(2)
    t = in_an_hour()
    answered: dict[str, OpeningCertificate] = {}
    stop = threading.Event()

    def register() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with suppress(wire.Unavailable):
                certificate = running.client.register(f"lot-{number}", t, t)
                answered[certificate.lot] = certificate

    thread = threading.Thread(target=register)
    thread.start()
    for _ in range(12):
        time.sleep(choose.uniform(0.005, 0.1))
        running.kill()
        assert running.start()
    stop.set()
    thread.join()
    assert len(answered) > 5
    for lot, certificate in answered.items():
        assert running.client.register(lot, t, t) == certificate
        with pytest.raises(TimekeeperRefused, match="early"):
            running.client.release(certificate.opening, [])
    assert running.stop() == 0


def test_on_a_full_disk_it_refuses_and_goes_on_when_there_is_room(running: Running) -> None:
    assert running.start()
    t = in_an_hour()
    certificate = running.client.register("lot", t, t)
    letter = Sealed(certificate)
    running.move_clock(HOUR)
    pid = running.process.pid or 0
    room = (running.store / "journal.jsonl").stat().st_size + 100
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    for _ in range(3):
        with pytest.raises(TimekeeperRefused, match=r"journal_unavailable.*File too large"):
            running.client.release(certificate.opening, [letter.request])
    assert (running.store / "journal.jsonl").stat().st_size == room - 100
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    (share,) = running.client.release(certificate.opening, [letter.request])
    assert letter.opened(share) == LETTER
    assert running.stop() == 0


def test_the_web_servers_clock_and_zone_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller says nothing of the time: its own clock is not even asked."""
    for number, zone in enumerate(("Asia/Shanghai", "America/Los_Angeles")):
        monkeypatch.setenv("TZ", zone)
        folder = tmp_path / str(number)
        folder.mkdir()
        running = Running(folder)
        assert running.start()
        t = in_an_hour()
        certificate = running.client.register("lot", t, t)
        with pytest.raises(TimekeeperRefused, match="early"):
            running.client.release(certificate.opening, [])
        assert running.stop() == 0


def test_an_early_request_is_in_the_journal_with_the_callers_user(running: Running) -> None:
    assert running.start()
    t = in_an_hour()
    certificate = running.client.register("lot", t, t)
    with pytest.raises(TimekeeperRefused):
        running.client.release(certificate.opening, [Sealed(certificate).request])
    running.kill()
    kept = FileJournal(running.store / "journal.jsonl")
    kept.close()
    fields = kept.events[-1].fields
    assert (fields["code"], fields["peer"]) == ("early", os.geteuid())
    assert fields["about"] == certificate.opening


# --- isolation ----------------------------------------------------------------------------------

AS_ROOT = os.geteuid() == 0
KEEPER, WEB = (64001, 64002) if AS_ROOT else (os.geteuid(), os.geteuid())


class Part(ctypes.Structure):
    """struct iovec"""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def attack(pid: int, files: list[str]) -> list[str]:
    """What this process can get of another, forked from the same parent: files and memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    got = []
    for path in files:
        with suppress(OSError):
            Path(path).open("rb").close()
            got.append(path)
    if libc.ptrace(PTRACE_ATTACH, pid, None, None) == 0:
        got.append("ptrace")
        os.waitpid(pid, 0)
        libc.ptrace(PTRACE_DETACH, pid, None, None)
    buffer = ctypes.create_string_buffer(8)
    mine, theirs = Part(ctypes.addressof(buffer), 8), Part(id(None), 8)
    if libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) == 8:
        got.append("process_vm_readv")
    return got


PTRACE_ATTACH, PTRACE_DETACH = 16, 17


@pytest.fixture
def isolated() -> Iterator[Running]:
    """Under a user of its own, if we may choose one; in a folder that others can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="baohan-timekeeper-"))
    folder.chmod(0o711)
    if AS_ROOT:
        os.chown(folder, KEEPER, KEEPER)
    made = Running(folder, uid=KEEPER)
    made.options = ("--allow-uid", str(WEB), "--allow-uid", str(os.geteuid()))
    made.ahead.chmod(0o644)
    assert made.start()
    yield made
    assert made.stop() == 0
    shutil.rmtree(folder)


def reach(isolated: Running) -> tuple[list[str], list[str]]:
    """Files of the process, and files of the store."""
    process = [f"/proc/{isolated.process.pid}/{name}" for name in ("mem", "maps", "environ")]
    return process, [str(isolated.store / name) for name in ("signing.key", "journal.jsonl")]


def test_its_memory_is_out_of_reach_even_for_its_own_user(isolated: Running) -> None:
    process, store = reach(isolated)
    got = as_user(KEEPER, attack, isolated.process.pid, process + store)
    assert got == store


def test_the_attack_succeeds_where_nothing_is_hardened() -> None:
    """Else the test above would prove nothing."""
    victim = FORKS.Process(target=time.sleep, args=(30,), daemon=True)
    victim.start()
    files = [f"/proc/{victim.pid}/{name}" for name in ("mem", "maps", "environ")]
    got = as_user(os.geteuid(), attack, victim.pid, files)
    victim.kill()
    victim.join()
    assert got == [*files, "ptrace", "process_vm_readv"]


def test_the_web_user_gets_nothing_but_the_socket(isolated: Running) -> None:
    process, store = reach(isolated)
    allowed = [] if AS_ROOT else store  # one user for both: "not isolated", and said so at start
    assert as_user(WEB, attack, isolated.process.pid, process + store) == allowed
    assert as_user(WEB, ask, isolated.socket) is True


def ask(socket: Path) -> bool:
    return TimekeeperClient(socket).status().ok


def test_another_user_is_refused_and_journaled(tmp_path: Path) -> None:
    running = Running(tmp_path)
    running.options = ("--allow-uid", str(os.geteuid() + 1))
    with pytest.raises(TimekeeperRefused, match="peer_refused"):
        running.start()
    with pytest.raises(TimekeeperRefused, match="peer_refused"):
        running.client.public()
    assert running.stop() == 0
    kept = FileJournal(running.store / "journal.jsonl")
    kept.close()
    codes = [event.fields.get("code") for event in kept.events]
    assert codes == [None, "peer_refused"]  # once, however often it calls
    assert kept.events[1].fields["peer"] == os.geteuid()


def test_core_dumps_are_off(running: Running) -> None:
    assert running.start()
    assert resource.prlimit(running.process.pid or 0, resource.RLIMIT_CORE) == (0, 0)


# --- a start that cannot be ---------------------------------------------------------------------


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "signing.timekeeper", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


def start_here(*arguments: str) -> tuple[int, str]:
    """Exit code and what was said, of a timekeeper started in this process."""
    with redirect_stderr(io.StringIO()) as said:
        return __main__.main(arguments), said.getvalue()


def test_what_stops_the_start_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "file").touch()
    uid = str(os.geteuid())
    for store, more, reason in (
        ("open", (), "lets other users in"),
        ("file", (), "is not a folder"),
        ("missing/store", (), "No such file"),
        ("store", ("--escrow-key", str(tmp_path / "bad.json")), "not a quorum file"),
        ("store", ("--escrow-key", str(tmp_path / "none.json")), "No such file"),
        ("store", ("--recovery-key", str(tmp_path / "bad.json")), "not a public key of 32"),
        (
            "store",
            ("--tsa", "http://127.0.0.1:1/", "--tsa-certificate", str(tmp_path / "bad.json")),
            "no certificate in PEM",
        ),
    ):
        where = ("--store", str(tmp_path / store), "--socket", str(tmp_path / "s"))
        code, said = as_user(os.geteuid(), start_here, *where, "--allow-uid", uid, *more)
        assert code == 1
        assert reason in said
        assert len(said.splitlines()) == 1


def test_without_arguments_it_says_which_are_needed() -> None:
    done = started()
    assert done.returncode == 2
    assert "--store, --socket, --allow-uid" in done.stderr


def test_a_fault_is_armed_by_the_environment(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "signing.timekeeper", "--store", str(tmp_path / "store")]
    command += ["--socket", str(tmp_path / "s"), "--allow-uid", str(os.geteuid())]
    environment = os.environ | {"BAOHAN_FAULT": "timekeeper.journal.synced"}
    done = subprocess.run(command, check=False, env=environment, timeout=30)
    assert done.returncode == faults.EXIT_CODE


def test_the_second_on_a_store_is_refused(running: Running, tmp_path: Path) -> None:
    assert running.start()
    done = started(
        "--store", str(running.store), "--socket", str(tmp_path / "s2"), "--allow-uid", "0"
    )
    assert done.returncode == 1
    assert "another timekeeper runs on" in done.stderr
    assert TimekeeperClient(running.socket).status().ok
    assert running.stop() == 0
