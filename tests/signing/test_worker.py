"""The pool: the same verdicts from other processes, and what becomes of a process that dies."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signing import worker
from signing.errors import WorkerError
from signing.report import Integrity, Result
from signing.structure import MAX_BYTES
from signing.trust import Trust
from signing.worker import Pool
from tests.signing import papers
from tests.signing.made import LATER, approved, judged, letter, pki


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=2) as made:
        yield made


@pytest.mark.parametrize(
    "pdf",
    [letter(), papers.paper(), b"", b"no PDF", letter()[:-9], approved(papers.paper(form=True))],
)
def test_the_verdict_is_the_same_as_in_this_process(pool: Pool, pdf: bytes) -> None:
    assert pool.verify(pdf, trust=pki().trust, at=LATER) == judged(pdf)


def test_trust_counts_for_the_call_it_came_with(pool: Pool) -> None:
    for trust in (pki().trust, Trust(), pki().trust):
        assert pool.verify(letter(), trust=trust, at=LATER) == judged(letter(), trust)


def test_a_huge_file_is_judged_without_a_process(pool: Pool) -> None:
    started = time.monotonic()
    report = pool.verify(b"%PDF-" + bytes(100_000_000), trust=Trust(), at=LATER)
    assert report.steps[0].code == "too_big"
    assert report.signature == Result.INDETERMINATE
    assert time.monotonic() - started < 10
    assert MAX_BYTES < 100_000_000


def test_many_threads_share_the_processes(pool: Pool) -> None:
    seen: list[Result] = []

    def work() -> None:
        seen.extend(pool.verify(letter(), trust=pki().trust, at=LATER).signature for _ in range(3))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [Result.PASSED] * 18
    assert len(pool._children) <= 2


def children(pool: Pool) -> list[int]:
    return [child._process.pid for child in pool._children]


def test_a_killed_process_is_replaced(pool: Pool) -> None:
    pool.warm()
    for pid in children(pool):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    assert pool.verify(letter(), trust=pki().trust, at=LATER).signature == Result.PASSED


def test_a_process_that_dies_over_a_file_is_a_verdict() -> None:
    with Pool(workers=1) as pool:
        pool.warm()
        [pid] = children(pool)
        os.kill(pid, signal.SIGSTOP)
        killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
        killer.start()
        report = pool.verify(letter(), trust=pki().trust, at=LATER)
        killer.join()
        assert (report.steps[0].code, report.integrity) == ("worker_died", Integrity.MALFORMED)
        assert report.signature == Result.INDETERMINATE
        assert pool.verify(letter(), trust=pki().trust, at=LATER).signature == Result.PASSED


def test_a_process_that_takes_too_long_is_a_verdict() -> None:
    with Pool(workers=1, seconds=0.3) as pool:
        pool.warm()
        [pid] = children(pool)
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        report = pool.verify(letter(), trust=pki().trust, at=LATER)
        assert time.monotonic() - started < 5
        assert (report.steps[0].code, report.signature) == (
            "worker_timeout", Result.INDETERMINATE,
        )  # fmt: skip
        assert report.steps[0].parameters == {"seconds": "0.3"}
        assert children(pool) == []


def test_processes_have_limits(pool: Pool) -> None:
    pool.warm()
    for pid in children(pool):
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
        limits = {line[:26].strip(): line[26:].split()[0] for line in lines}
        assert limits["Max address space"] == str(worker.MEMORY)
        assert limits["Max file size"] == "0"
        assert limits["Max core file size"] == "0"
        assert limits["Max open files"] == "64"


def test_processes_know_nothing_of_our_environment(pool: Pool) -> None:
    pool.warm()
    for pid in children(pool):
        content = Path(f"/proc/{pid}/environ").read_bytes()
        names = {item.split(b"=")[0] for item in content.split(b"\0") if item}
        assert names <= {b"PYTHONPATH", b"PYTHONDONTWRITEBYTECODE", b"LC_ALL", b"LC_CTYPE"}


def test_a_process_that_does_not_start_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Pool(workers=1) as pool:
        monkeypatch.setattr(worker.sys, "executable", "/bin/false")
        for _ in range(2):
            with pytest.raises(WorkerError) as caught:
                pool.verify(letter(), trust=pki().trust, at=LATER)
            assert "start" in caught.value.why
        monkeypatch.undo()
        assert pool.verify(letter(), trust=pki().trust, at=LATER).signature == Result.PASSED


def test_a_process_is_replaced_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "JOBS_PER_WORKER", 2)
    with Pool(workers=1) as pool:
        seen = []
        for _ in range(4):
            pool.verify(letter(), trust=pki().trust, at=LATER)
            seen += children(pool)
    assert len(set(seen)) == 2


def test_a_closed_pool_leaves_nothing_and_says_so() -> None:
    pool = Pool(workers=2)
    pool.warm()
    pids = children(pool)
    pool.close()
    pool.close()
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(WorkerError, match="closed"):
        pool.verify(letter(), trust=pki().trust, at=LATER)
