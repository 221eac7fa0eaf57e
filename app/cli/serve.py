"""`./baohan serve`: start everything, say where it is and who can sign in, end on a signal."""

import argparse
import compileall
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from app.cli.arguments import Arguments, CommandError
from app.demo import welcome
from app.processes import child
from app.processes.keeper import StartFailed
from app.processes.loopback import HOST, listen
from app.processes.places import Places
from app.processes.supervisor import Supervisor
from app.processes.users import Users, find_or_make
from app.settings import ROOT, BadSetting, Settings, read
from signing.errors import SigningError

PORT = 8000
PACKAGES = ("app", "guarantees", "signing")


def main(argv: list[str]) -> int:
    """Runs until SIGINT or SIGTERM; the first one drains, the second one kills."""
    given = _arguments(argv)
    try:
        settings = read()
        users = find_or_make()
        with _one_at_a_time(settings), _web_socket(given.host, given.port) as web:
            return _serve(_with_address(settings, web, given.host), users, web)
    except (BadSetting, SigningError) as error:
        raise CommandError(str(error), 1) from error
    except StartFailed as failed:
        raise CommandError(f"{failed.name} did not start: {failed.why}", 1) from failed


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = Arguments("serve", "Start the platform and print where it is.")
    parser.add_argument("--host", default=HOST, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=PORT, help="port to listen on (%(default)s)")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it is a number from 1 to 65535")
    return int(text)


def _serve(settings: Settings, users: Users, web: socket.socket) -> int:
    ending = child.on_signals()
    _compile()
    supervisor = Supervisor(settings, users, web, _say)
    _say_isolation(users)
    try:
        supervisor.start()
        demonstration = welcome.play(supervisor, ending.first)
        if not ending.first.is_set():
            _say(welcome.text(supervisor, demonstration))
        supervisor.tend_until(ending.first)
        _say("ending: requests under way are finished (press Ctrl-C again to end at once)")
    finally:
        supervisor.end(ending.second.is_set)
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _say_isolation(users: Users) -> None:
    if not users.isolated:
        _say(
            "not isolated (未隔离): all processes run as one user; start as root to give the"
            " timekeeper and the signer users of their own"
        )


@contextmanager
def _web_socket(host: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = listen(port, host)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port} ({error.strerror}): end what uses it, or choose"
            " another with --port",
            1,
        ) from error
    with listener:
        yield listener


def _with_address(settings: Settings, web: socket.socket, host: str) -> Settings:
    """Letters and mails carry the address that was set, else the one that is listened on."""
    if "BAOHAN_BASE_URL" in os.environ:
        return settings
    shown = HOST if host in ("0.0.0.0", "::") else host  # nosec B104 - compared, not bound
    shown = f"[{shown}]" if ":" in shown else shown
    return replace(settings, base_url=f"http://{shown}:{web.getsockname()[1]}")


@contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    """Two supervisors on one set of folders would fight over sockets and stores."""
    folder = Places(settings).settings.run
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    lock = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"./baohan serve runs already on {folder}: end it first", 1
            ) from None
        yield
    finally:
        os.close(lock)


def _compile() -> None:
    """Byte code for all: the users of the processes cannot write it themselves."""
    if not os.access(ROOT / "app", os.W_OK):
        return
    before = os.umask(0o022)
    try:
        for package in PACKAGES:
            with suppress(OSError):
                compileall.compile_dir(str(Path(ROOT) / package), quiet=2)
    finally:
        os.umask(before)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
