"""The demonstration's stage: a house, and its people as actors of flows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.demo.secrets import DemoSecrets
from app.house import House
from guarantees.records import accounts
from guarantees.records.person import Person
from guarantees.values.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")

LOOK_SECONDS = 0.1


class TookTooLong(Exception):
    """Something that others do (bank, signer, jobs) was not done in time."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(what, seconds)
        self.what = what
        self.seconds = seconds

    def __str__(self) -> str:
        return f"{self.what} was not done within {self.seconds:g} s"


@dataclass(frozen=True)
class Stage:
    house: House
    secrets: DemoSecrets

    def actor(self, login: str) -> Actor:
        """The person with this login, its second factor just proved."""
        person = self.read(lambda session: session.scalars(_by_login(login)).one())
        return replace(accounts.acting(person), second_factor_at=self.house.now())

    def write(
        self, name: str, flow: Callable[Concatenate[Session, P], R], *args: P.args, **kw: P.kwargs
    ) -> R:
        """One flow call and its commit, as the web's edge does it."""
        return self.house.sessions.write(name, lambda session: flow(session, *args, **kw))

    def read(self, query: Callable[Concatenate[Session, P], R], *args: P.args, **kw: P.kwargs) -> R:
        with self.house.sessions.reading() as session:
            return query(session, *args, **kw)

    def wait_until(self, what: str, done: Callable[[], bool], seconds: float) -> None:
        """TookTooLong with `what`."""
        until = time.monotonic() + seconds
        while not done():
            if time.monotonic() > until:
                raise TookTooLong(what, seconds)
            time.sleep(LOOK_SECONDS)


def _by_login(login: str) -> Select[Person]:
    return select(Person).where(Person.login == login)
