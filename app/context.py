"""What a request works with: the house, one moment, and one commit per flow call."""

from collections.abc import Callable
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar, cast

from flask import current_app, g
from sqlalchemy.orm import Session

from app.house import House

P = ParamSpec("P")
R = TypeVar("R")


def house() -> House:
    return cast(House, current_app.extensions["baohan"])


def now() -> datetime:
    """The same moment for the whole request."""
    if "now" not in g:
        g.now = house().now()
    return cast(datetime, g.now)


def read(query: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Answer of one query function."""
    with house().sessions.reading() as session:
        return query(session, *args, **kwargs)


def write(
    name: str, flow: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """One flow call and its commit; `name` is one of app.adapters.database.WRITES."""
    return house().sessions.write(name, lambda session: flow(session, *args, **kwargs))
