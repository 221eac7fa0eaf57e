"""The whole platform as `./baohan serve` starts it: its address, and the logins that it prints.

All its processes run, as root each as its own user, on folders of their own that are thrown away.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page

from app.cli.places import project

START_SECONDS = 240
"""Migrations, keys, demonstration data: 30 s on two free cores."""

END_SECONDS = 40

LINE = re.compile(r"^\S+ +([\w-]+) +(\w{4}-\w{4}-\w{4}) ", re.MULTILINE)
"""Duty, login, password, organisation, as the start prints them."""

PASSPHRASE = re.compile(r"passphrase of ([\w-]+): (\S+)")

LAUNCHER = project() / "baohan"
"""Not this Python: the processes' users must be able to run it, and the launcher sees to that."""

FOLDERS = ("DATA", "KEYS", "TIMEKEEPER", "SIGNER", "RUN")


@dataclass(frozen=True)
class Live:
    """A running platform, by what it printed at its start."""

    address: str
    passwords: dict[str, str]
    """By login, one for each role."""
    passphrases: dict[str, str]
    """By the login of an opener."""
    folder: Path
    environment: dict[str, str]
    start_seconds: float
    """How long the start took: how slow this machine is just now."""

    def patience(self) -> timedelta:
        """How far ahead an opening must lie for four letters to be sealed before it."""
        return timedelta(seconds=60 + 2.5 * self.start_seconds)

    def code(self, login: str) -> str:
        """What `./baohan code LOGIN` prints; it waits for a code that was not used yet."""
        line = [str(LAUNCHER), "code", login]
        told = subprocess.run(
            line, env=self.environment, cwd=project(), capture_output=True, text=True, check=True
        )
        return told.stdout.strip()

    def sign_in(self, page: Page, login: str) -> Page:
        """Both steps of the login, as a person takes them."""
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("用户名").fill(login)
        page.get_by_label("密码").fill(self.passwords[login])
        page.get_by_role("button", name="下一步").click()
        page.get_by_label("动态验证码").fill(self.code(login))
        page.get_by_role("button", name="登录").click()
        page.get_by_role("button", name="退出").wait_for()
        return page

    def mails(self) -> list[str]:
        """What the file sink holds, the latest first."""
        found = sorted(
            (self.folder / "data" / "mail").glob("*"), key=lambda one: one.stat().st_mtime
        )
        return [one.read_text(encoding="utf-8") for one in reversed(found)]


@contextmanager
def serving() -> Iterator[Live]:
    """Start the platform with its demonstration; ended and gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="baohan-live-"))
    folder.chmod(0o755)  # the processes' own users must reach their folders in it
    environment = {
        **{key: value for key, value in os.environ.items() if key != "DATABASE_URL"},
        **{f"BAOHAN_{name}": str(folder / name.lower()) for name in FOLDERS},
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "serve.log"
    began = time.monotonic()
    with log.open("wb") as out:
        line = [str(LAUNCHER), "serve", "--port", str(_free_port())]
        process = subprocess.Popen(
            line, env=environment, cwd=project(), stdout=out, stderr=out, start_new_session=True
        )
    try:
        said = _await(process, log)
        address = re.search(r"http://\S+", said)
        assert address, said
        yield Live(
            address[0],
            dict(LINE.findall(said)),
            dict(PASSPHRASE.findall(said)),
            folder,
            environment,
            time.monotonic() - began,
        )
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _await(process: subprocess.Popen[bytes], log: Path) -> str:
    """What it printed, once it has printed the last line of its welcome."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        said = log.read_text(encoding="utf-8")
        if "payer account" in said:
            return said
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"serve did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
