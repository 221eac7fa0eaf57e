"""What all tables share: naming of constraints, column types, the way ids and times are stored."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name of its own, so that migrations run both ways on both databases."""

ID_LENGTH = 26
"""128 random bits in Crockford's base 32 (guarantees.values.ids)."""


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """A moment. Aware in Python, UTC in the database; a naive time is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone was about to be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


Id = String(ID_LENGTH)
Fen = BigInteger
Tag = LargeBinary(32)
"""A keyed index or id: HMAC-SHA256 under the vault's index key (sealing.md, "sealed index")."""


def word(column: str, allowed: Iterable[str]) -> CheckConstraint:
    """An enumeration as a checked string: `column` holds one of `allowed` or NULL."""
    listed = ", ".join(f"'{item}'" for item in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def as_dict(row: Any) -> dict[str, Any]:
    """The columns of a mapped row by name, for snapshots and tests."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}
