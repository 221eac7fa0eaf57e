"""The users that processes run as, and the folders that belong to them.

As root every part has a user of its own, so that the web process can read neither a signing key
nor an opening key. Otherwise all run under one user, and the start says so.
"""

import os
import pwd
import shutil
import subprocess  # nosec B404 - fixed arguments, no shell
import sys
from dataclasses import dataclass
from pathlib import Path

from app.processes.places import Places
from app.settings import BadSetting

WEB, TIME, SIGN, BANK = "baohan", "baohan-time", "baohan-sign", "baohan-bank"
"""Web and jobs; timekeeper; signer and the demonstration's authority; the sandbox bank."""

NOBODY = 65534


@dataclass(frozen=True)
class User:
    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Users:
    web: User
    time: User
    sign: User
    bank: User

    @property
    def isolated(self) -> bool:
        return len({self.web.uid, self.time.uid, self.sign.uid}) == 3

    @classmethod
    def same(cls) -> "Users":
        """Everybody is who runs this."""
        me = User(_own_name(), os.geteuid(), os.getegid())
        return cls(me, me, me, me)


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run as a user that its password file does not list
        return str(os.geteuid())


def find_or_make() -> Users:
    """A user for each part where this process may become others, else one for all."""
    if not _may_become_others():
        return Users.same()
    return Users(_user(WEB), _user(TIME), _user(SIGN), _user(BANK))


def _may_become_others() -> bool:
    """Root in a container may lack the right, or Python may lie where others cannot read it."""
    if os.geteuid() != 0 or shutil.which("useradd", path=_system_path()) is None:
        return False
    try:
        done = subprocess.run(  # nosec B603 - our own interpreter
            [sys.executable, "-I", "-c", ""],
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            cwd="/",
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _user(name: str) -> User:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        _make(name)
        found = pwd.getpwnam(name)
    return User(name, found.pw_uid, found.pw_gid)


def _make(name: str) -> None:
    useradd = shutil.which("useradd", path=_system_path())
    done = subprocess.run(  # nosec B603 - a fixed name
        [
            *(str(useradd), "--system", "--user-group", "--no-create-home"),
            *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BadSetting(f"cannot make the user {name}: {done.stderr.strip()}")


def _system_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def make_folders(places: Places, users: Users) -> None:
    """Every folder with its owner and mode; BadSetting for one that belongs to somebody else."""
    me = Users.same().web
    settings = places.settings
    for path, owner, mode in (
        (settings.run, me, 0o755),
        (places.timekeeper_socket.parent, users.time, 0o755),
        (places.signer_socket.parent, users.sign, 0o755),
        (places.logs, me, 0o700),
        (places.escrow, me, 0o700),
        (settings.data, users.web, 0o700),
        (settings.keys, users.web, 0o700),
        (settings.timekeeper, users.time, 0o700),
        (settings.copies, users.time, 0o700),
        (settings.signer, users.sign, 0o700),
        (places.authority, users.sign, 0o700),
        (places.trust, users.sign, 0o755),
        (places.bank, users.bank, 0o700),
    ):
        _make_folder(path, owner, mode)


def _make_folder(path: Path, owner: User, mode: int) -> None:
    _make_parents(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        _check_owner(path, owner)
    else:
        if os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid)
    path.chmod(mode)
    _check_reachable(path.parent, owner)


def _check_reachable(path: Path, owner: User) -> None:
    """BadSetting where `owner` could not pass through to its own folder."""
    for folder in (path, *path.parents):
        found = folder.stat()
        through = found.st_mode & 0o001 or (found.st_uid == owner.uid and found.st_mode & 0o100)
        if not through and owner.uid != 0:
            raise BadSetting(
                f"{folder} lets user {owner.name} not through to its files: choose another place"
                f" (BAOHAN_DATA and its like), or chmod o+x {folder}"
            )


def _make_parents(path: Path) -> None:
    """Others must be able to pass through to their own folders."""
    if not path.exists():
        _make_parents(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def _check_owner(path: Path, owner: User) -> None:
    found = path.stat()
    if not path.is_dir():
        raise BadSetting(f"{path} is no folder: move it away")
    if found.st_uid != owner.uid:
        raise BadSetting(
            f"{path} belongs to user {found.st_uid}, and {owner.name} needs it: start as the user"
            f" who started before, or give the folder and all in it to {owner.name}"
        )
