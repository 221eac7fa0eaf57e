"""`./baohan code LOGIN`: the present second factor of a login, on a demonstration database only."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault, VaultKeyMissing
from app.cli.arguments import Arguments, CommandError
from app.settings import BadSetting, read
from guarantees.records import authenticator
from guarantees.records.person import Person
from guarantees.records.platform import Platform
from guarantees.values.contacts import tidy_login
from guarantees.values.one_time_codes import next_code
from signing.private_files import ExposedFile


def main(argv: list[str]) -> int:
    """Prints six digits that will be accepted now; waits for the next ones if these were used."""
    parser = Arguments("code", "Print the current second factor of a demonstration login.")
    parser.add_argument("login", help="the login, as printed by ./baohan serve")
    login = parser.parse_args(argv).login
    try:
        settings = read()
        become_owner(settings.keys)
        sessions = Sessions(make_engine(settings.database_url), Vault.load(settings.keys))
        code, wait = code_for(sessions, login, datetime.now(UTC))
    except (BadSetting, VaultKeyMissing, ExposedFile) as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError("the database is not there yet; start ./baohan serve first") from error
    if wait:
        print(f"this code was used; the next one counts in {wait} s …", file=sys.stderr)
        time.sleep(wait)
    print(code)
    return 0


def code_for(sessions: Sessions, login: str, now: datetime) -> tuple[str, int]:
    """The code and the seconds until it counts; CommandError if there is none to tell."""
    with sessions.reading() as session:
        _require_demonstration(session)
        person = session.scalars(
            select(Person).where(Person.login == tidy_login(login))
        ).one_or_none()
        if person is None:
            raise CommandError(f"nobody has the login {login!r}; ./baohan serve prints them")
        secret = authenticator.secret_of(session, person)
        if secret is None:
            raise CommandError(f"{login!r} has no authenticator yet; type its password first")
        return next_code(secret, now, person.totp_step)


def become_owner(folder: Path) -> None:
    """As root go on as the user who owns the keys in a folder: nobody reads others'."""
    if os.geteuid() != 0 or not folder.exists():
        return
    owner = folder.stat()
    if owner.st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def _require_demonstration(session: Session) -> None:
    row = session.get(Platform, 1)
    if row is None or row.mode != "demonstration":
        raise CommandError("codes are told on a demonstration database only; this is none")
