"""The web process as it runs, `python -m app.processes.web`, with nothing around it."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

from app.processes import run_file
from app.processes.loopback import listen
from app.processes.run_file import Running

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
"""A database is made, on a machine that others use too."""


class WebProcess:
    """One that runs."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._process = psutil.Process(pid)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def megabytes(self) -> float:
        """Of memory that it holds now."""
        return float(self._process.memory_info().rss) / 2**20


@contextmanager
def web_process(home: Path) -> Iterator[WebProcess]:
    """On folders below `home`; ended with the block."""
    (home / "trust").mkdir()
    (home / "trust" / "recovery.key").write_bytes(secrets.token_bytes(32))
    (home / "run").mkdir()
    with listen() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        run_file.write(home / "run" / "run.json", Running(web=url))
        arguments = ("-m", "app.processes.web", "--fd", str(listener.fileno()))
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=_environment(home),
            stderr=subprocess.DEVNULL,
            pass_fds=(listener.fileno(),),
        )
    try:
        _await(process, url)
        yield WebProcess(url, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    places = ("data", "keys", "timekeeper", "signer", "run")
    return kept | {f"BAOHAN_{name.upper()}": str(home / name) for name in places}


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(f"{url}/healthz", timeout=START_SECONDS)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the web process did not start")
