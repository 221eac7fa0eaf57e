"""The launcher, with a made-up environment in the place of the installed one."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guarantees.letter_glyphs import FONT_FILES, OTHER_FILES
from tests.meta.files import ROOT

TOOLS = (
    "sh",
    "cat",
    "cut",
    "dirname",
    "flock",
    "id",
    "mkdir",
    "mktemp",
    "readlink",
    "rm",
    "setpriv",
)
MORE = ("sha256sum", "tail", "test", "true", "grep", "env", "python3", "find", "ln", "chmod", "mv")

PYTHON = """#!/bin/sh
printf '%s\\n' "$@"
printf '%s\\n' "env=$BAOHAN_ENV" "fonts=$BAOHAN_FONTS" "project=$BAOHAN_PROJECT" "path=$PYTHONPATH"
"""
LIBRARIES = (
    "libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0 libfontconfig.so.1"
    " libatomic.so.1"
)


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty directory that every user may read, as the launcher demands of an environment."""
    with tempfile.TemporaryDirectory(prefix="baohan-launcher-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def write(path: Path, text: str, mode: int = 0o755) -> None:
    """Write a file, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def lock_key(lock: str) -> str:
    """How the launcher names what it installed from a lock."""
    lines = (ROOT / lock).read_text().splitlines(keepends=True)
    pins = "".join(line for line in lines if not line.lstrip().startswith("#"))
    return hashlib.sha256(pins.encode()).hexdigest()[:16]


def make_ready(environment: Path, *, tests: bool = False) -> None:
    """An environment as a set-up leaves it, with a Python that only tells its arguments."""
    venv = environment / f"venv-{lock_key('requirements.lock')}"
    write(venv / "bin" / "python", PYTHON)
    write(venv / ".ready", "")
    if tests:
        write(venv / ".ready-test", lock_key("requirements-test.lock") + "\n")
    for name in (*FONT_FILES.values(), *OTHER_FILES.values()):
        write(environment / "fonts" / name, "font")
    fonts = [one for one in (ROOT / "baohan").read_text().splitlines() if one.startswith("fonts=")]
    write(environment / "fonts" / ".ready", fonts[0].removeprefix("fonts=").strip('"') + "\n")


def make_machine(place: Path, *, uid: int, libraries: str = LIBRARIES, programs: str = "") -> Path:
    """A directory of programs for PATH: a machine whose user, libraries and programs are these."""
    programs_there = place / "bin"
    programs_there.mkdir()
    for name in TOOLS + MORE:
        if (path := shutil.which(name)) is not None:
            (programs_there / name).symlink_to(path)
    (programs_there / "id").unlink()
    write(programs_there / "id", f"#!/bin/sh\necho {uid}\n")
    shown = "\n".join(f"\t{name} (libc6) => /{name}" for name in libraries.split())
    write(programs_there / "ldconfig", f"#!/bin/sh\ncat <<'END'\n{shown}\nEND\n")
    for name in programs.split():
        write(programs_there / name, "#!/bin/sh\nexit 0\n")
    return programs_there


def launch(
    *arguments: str, environment: Path | None = None, path: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the launcher in an environment that knows nothing of this run of the tests."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("BAOHAN", "PYTHON"))}
    if environment is not None:
        variables["BAOHAN_ENV"] = str(environment)
    if path is not None:
        variables["PATH"] = str(path)
    return subprocess.run(
        ["/bin/sh", str(ROOT / "baohan"), *arguments],
        env={**variables, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_needs_nothing() -> None:
    done = launch("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ./baohan COMMAND")
    assert launch().returncode == 2


def test_an_unknown_command_installs_nothing(place: Path) -> None:
    done = launch("nope", environment=place / "env")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "'nope'" in done.stderr
    assert not (place / "env").exists()


def test_a_ready_environment_is_used_at_once(place: Path) -> None:
    make_ready(place)
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        done = launch("verify", "a b.pdf", "*", "", environment=place)
        seconds.append(time.monotonic() - started)
        assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    assert told[:7] == ["-P", "-m", "app.cli", "verify", "a b.pdf", "*", ""]
    assert told[7:10] == [f"env={place}", f"fonts={place}/fonts", f"project={ROOT}"]
    assert Path(told[10].removeprefix("path="), "app", "cli", "__main__.py").is_file()
    assert min(seconds) < 1


def test_without_root_the_exact_line_is_told(place: Path) -> None:
    machine = make_machine(place, uid=1000, libraries="libfontconfig.so.1", programs="qpdf apt-get")
    make_ready(place / "env", tests=True)
    done = launch("test", environment=place / "env", path=machine)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == (
        "    apt-get update; apt-get install -y --no-install-recommends libpango-1.0-0"
        " libpangoft2-1.0-0 libharfbuzz-subset0 libatomic1 poppler-utils mupdf-tools"
        " softhsm2 openssl golang-go golang-golang-x-mod-dev chromium"
    )


def test_without_root_nothing_is_begun(place: Path) -> None:
    machine = make_machine(place, uid=1000, libraries="")
    done = launch("serve", environment=place / "env", path=machine)
    assert done.returncode == 3 and "apt-get install" in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["bin"]


def test_a_machine_without_apt_is_told_too(place: Path) -> None:
    machine = make_machine(place, uid=0, libraries="")
    done = launch("serve", environment=place / "env", path=machine)
    assert done.returncode == 3 and "libharfbuzz-subset0" in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["bin"]


def test_only_the_browser_may_be_missing(place: Path) -> None:
    machine = make_machine(place, uid=1000, programs="qpdf pdfsig mutool softhsm2-util openssl go")
    make_ready(place / "env", tests=True)
    done = launch("test", environment=place / "env", path=machine)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "baohan: no browser for the browser tests; as root: apt-get install -y chromium"
    ]


def test_a_failed_installation_is_not_taken_for_a_finished_one(place: Path) -> None:
    offline = {"PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    offline |= {
        "PIP_INDEX_URL": "http://127.0.0.1:9",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
    }
    done = launch("verify", environment=place / "env", **offline)
    assert done.returncode == 3
    assert "the Python packages could not be installed" in done.stderr
    assert "Traceback" not in done.stderr
    left = {path.name for path in (place / "env").rglob(".ready*")}
    assert left == set()
    assert not list((place / "env").glob("set-up.new.*"))


def test_a_second_launcher_waits_for_the_first(place: Path) -> None:
    environment = place / "env"
    environment.mkdir()
    with (environment / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a set-up that is under way
        variables = {**os.environ, "BAOHAN_ENV": str(environment)}
        second = subprocess.Popen(
            ["/bin/sh", str(ROOT / "baohan"), "verify", "x"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        assert "waiting for it to end" in second.stderr.readline()
        make_ready(environment)
    out, errors = second.communicate(timeout=60)
    assert (second.returncode, errors) == (0, "")
    assert out.splitlines()[:5] == ["-P", "-m", "app.cli", "verify", "x"]


def test_an_environment_that_cannot_be_written_is_refused() -> None:
    done = launch("verify", environment=Path("/proc/nowhere"))
    assert done.returncode == 3
    assert "set BAOHAN_ENV to a directory" in done.stderr
    assert len(done.stderr.splitlines()) == 1
