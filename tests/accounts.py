"""A few organisations with people who can sign in, for tests of people and rights."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, select

from app.adapters import schema
from app.adapters.database import Sessions
from app.adapters.vault import Vault
from app.auth.passwords import Passwords
from guarantees.flow import found
from guarantees.flow.found import FirstOrganisation, FirstPerson
from guarantees.records import accounts, outbox
from guarantees.records.outbox import Message
from guarantees.records.person import Person
from guarantees.values.actor import SYSTEM, Actor
from guarantees.values.codes import make_credit_code
from guarantees.values.one_time_codes import code_of, new_secret, step_at

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2026-03-02 09:00 in Beijing."""

PASSWORD = "雁门关外的第三棵松树"
R = TypeVar("R")

PEOPLE = {
    "operator": {"system": "system_admin", "security": "security_admin", "audit": "audit_admin"},
    "supplier": {"anna": "admin clerk", "clerk": "clerk"},
    "rival": {"rita": "admin"},
    "institution": {"ada": "admin", "mary": "maker", "carl": "checker"},
    "procurer": {"olga": "opener admin"},
}
"""Organisation → login → roles. The rival is a supplier too."""

CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
"""Argon2id with the smallest parameters that it allows: tests hash often."""


@dataclass
class Accounts:
    sessions: Sessions
    now: datetime = START
    secrets: dict[str, str] = field(default_factory=dict)
    """Authenticator secrets by login."""
    organisations: dict[str, str] = field(default_factory=dict)
    """Ids by the names of PEOPLE."""

    def run(self, flow: Callable[..., R], *args: Any) -> R:
        """One flow call and its commit, as the edge does it."""
        return self.sessions.write("people", lambda session: flow(session, *args))

    def read(self, query: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        with self.sessions.reading() as session:
            return query(session, *args, **kwargs)

    def person(self, login: str) -> Person:
        with self.sessions.reading() as session:
            found = session.scalars(select(Person).where(Person.login == login)).one()
            session.expunge_all()
            return found

    def change(self, login: str, **values: object) -> None:
        """Set columns of a person directly."""
        with self.sessions.reading() as session:
            row = session.scalars(select(Person).where(Person.login == login)).one()
            for name, value in values.items():
                setattr(row, name, value)
            session.commit()

    def actor(self, login: str) -> Actor:
        return accounts.acting(self.person(login))

    def code(self, login: str, moment: datetime | None = None) -> str:
        """What the person's authenticator shows."""
        return code_of(self.secrets[login], step_at(moment or self.now))

    def mails(self) -> list[Message]:
        with self.sessions.reading() as session:
            return list(outbox.pending(session, self.now, 1000))

    def token(self) -> str:
        """Of the only invitation that was mailed."""
        (message,) = [one for one in self.mails() if one.arguments["to"] == "invited"]
        return message.arguments["token"]


def populate(sessions: Sessions, *, enrolled: bool = True) -> Accounts:
    """PEOPLE, all with PASSWORD, and with an authenticator unless `enrolled` is False."""
    made = Accounts(sessions)
    encoded = CHEAP.hash(PASSWORD)
    rng = random.Random(7)
    for name, people in PEOPLE.items():
        for login in people:
            made.secrets[login] = new_secret()
        first = FirstOrganisation(
            role="supplier" if name == "rival" else name,
            name=f"{name}有限公司",
            credit_code=make_credit_code("91140100", rng),
            region="山西省太原市",
            institution_type="bank" if name == "institution" else "",
            people=tuple(
                FirstPerson(
                    login=login,
                    name=f"{login}·李",
                    mail=f"{login}@example.com",
                    roles=tuple(roles.split()),
                    password_hash=encoded,
                    authenticator=made.secrets[login] if enrolled else "",
                )
                for login, roles in people.items()
            ),
        )
        made.organisations[name] = made.run(found.found, SYSTEM, START, first)
    return made


VAULT = Vault([bytes(32)], b"\x02" * 32)


@contextmanager
def people_in(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction holds PEOPLE; all is rolled back at the end."""
    schema.upgrade(engine)
    with engine.connect() as connection:
        outer = connection.begin()
        with connection.begin_nested():
            connection.info["people"] = populate(_sessions(connection))
        yield connection
        outer.rollback()


@contextmanager
def undone(connection: Connection) -> Iterator[Accounts]:
    """The people of `people_in`; what happens here is rolled back."""
    savepoint = connection.begin_nested()
    people: Accounts = connection.info["people"]
    yield replace(people, sessions=_sessions(connection))
    savepoint.rollback()


def _sessions(connection: Connection) -> Sessions:
    return Sessions(cast(Engine, connection), VAULT)
