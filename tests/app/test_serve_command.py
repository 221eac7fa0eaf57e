"""./baohan serve and ./baohan demo as people start them."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from app.processes.loopback import listen

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240
"""Two slow cores that others use too."""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that users of processes can pass through to their own."""
    with tempfile.TemporaryDirectory(prefix="bh-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "BAOHAN_FONTS") if name in os.environ}
    places = {
        f"BAOHAN_{name.upper()}": str(home / name)
        for name in ("data", "keys", "timekeeper", "signer", "run")
    }
    return {**kept, **places, "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app.cli", *arguments]


def run(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env={**environment(home), **extra},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def one_line(text: str) -> str:
    [line] = text.splitlines()
    return line


def test_a_port_in_use_is_said_in_one_line(home: Path) -> None:
    with closing(listen()) as taken:
        port = taken.getsockname()[1]
        done = run(home, "serve", "--port", str(port))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in one_line(done.stderr)
    assert "--port" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "８０００"])
def test_what_is_no_port_is_refused(home: Path, port: str) -> None:
    done = run(home, "serve", f"--port={port}")
    assert done.returncode == 2
    assert "is no port" in one_line(done.stderr)


def test_unknown_settings_and_closed_folders_stop_the_start(home: Path) -> None:
    done = run(home, "serve", BAOHAN_COLOUR="red")
    assert (done.returncode, "BAOHAN_COLOUR" in one_line(done.stderr)) == (1, True)
    (home / "data").write_text("a file")
    done = run(home, "serve", "--port", str(free_port()))
    assert (done.returncode, "is no folder" in done.stderr) == (1, True)


def test_a_folder_that_cannot_be_written_is_refused(home: Path) -> None:
    (home / "file").write_text("")
    done = run(home, "demo", "--out", str(home / "file" / "papers"))
    assert (done.returncode, "cannot write to" in one_line(done.stderr)) == (2, True)
    assert run(home, "demo").returncode == 2


def test_another_opening_needs_a_running_platform(home: Path) -> None:
    done = run(home, "demo-opening")
    assert (done.returncode, "nothing runs here" in one_line(done.stderr)) == (1, True)


@pytest.mark.parametrize("profile", ["timekeeper", "timekeeper+2of3"])
def test_the_demo_plays_the_main_job_and_leaves_its_papers(home: Path, profile: str) -> None:
    out = home / "papers"
    done = run(home, "demo", "--out", str(out), "--profile", profile)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["ok"]
    assert all(step["ok"] and step["seconds"] >= 0 for step in summary["steps"])
    assert len(summary["letters"]) == 3
    letters = [str(out / letter["file"]) for letter in summary["letters"]]
    for letter in summary["letters"]:
        sealed = (out / letter["sealed"]).read_bytes()
        assert letter["number"].encode() not in sealed
        assert b"%PDF" not in sealed
    verified = run(home, "verify", *letters, "--trust", str(out), "--json")
    assert verified.returncode == 0, verified.stdout
    assert {one["signature"] for one in json.loads(verified.stdout)} == {"PASSED"}
    assert not list(home.glob("data*"))  # all of it was thrown away


class Served:
    """`./baohan serve` until it has said who can sign in."""

    def __init__(self, home: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            command("serve", "--port", str(port)),
            env=environment(home),
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "0001" in line:
                return
        self.process.stdout.close()
        self.process.wait(90)
        pytest.fail("\n".join(self.lines))

    def passwords(self) -> dict[str, str]:
        found = re.findall(
            r"\s([a-z-]+)\s+((?:[a-z2-9]{4}-){2}[a-z2-9]{4})\s", "\n".join(self.lines)
        )
        return dict(found)

    def end(self) -> float:
        """Seconds until it has ended after SIGTERM; it must end well."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(90) == 0
        assert self.process.stdout is not None
        self.process.stdout.close()
        return time.monotonic() - begun


def free_port() -> int:
    with closing(listen()) as found:
        port: int = found.getsockname()[1]
        return port


def test_a_newcomer_finds_address_and_logins_the_same_at_each_start(home: Path) -> None:
    first = Served(home, free_port())
    try:
        assert any(first.url in line for line in first.lines)
        logins = first.passwords()
        assert set(logins) == {
            *("supplier", "maker", "checker", "procurer", "agency", "regulator"),
            *("operator", "operator-security"),
            *("regulator-trustee", "trading-centre", "association"),
        }
        assert requests.get(f"{first.url}/sign-in", timeout=30).status_code == 200
        code = run(home, "code", "supplier")
        assert re.fullmatch(r"\d{6}\n", code.stdout), code.stderr
        again = run(home, "serve", "--port", str(free_port()))
        assert (again.returncode, "runs already" in again.stderr) == (1, True)
        opening = run(home, "demo-opening")
        assert opening.returncode == 0, opening.stderr
        assert f"{first.url}/openings/" in opening.stdout
    finally:
        assert first.end() < 60
    with pytest.raises(requests.ConnectionError):
        requests.get(first.url, timeout=5)
    second = Served(home, free_port())
    try:
        assert second.passwords() == logins
    finally:
        second.end()
