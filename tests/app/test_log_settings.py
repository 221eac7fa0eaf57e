"""Settings of the log, and the migration that brings it to a database with leaves in it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.adapters import schema
from app.settings import BadSetting, read
from tests.conftest import Database


def test_the_cadence_is_a_minute_and_shorter_in_a_demonstration() -> None:
    assert read({"BAOHAN_MODE": "production"}).log_seconds == 60
    assert 0 < read({}).log_seconds < 60
    assert read({"BAOHAN_LOG_SECONDS": "5"}).log_seconds == 5


@pytest.mark.parametrize("value", ["0", "-1", "3601", "1.5", "x", "６０"])
def test_what_is_no_cadence(value: str) -> None:
    with pytest.raises(BadSetting, match="BAOHAN_LOG_SECONDS"):
        read({"BAOHAN_LOG_SECONDS": value})


@pytest.mark.parametrize(
    "value", ["https://x/log", "a b", "a+b", "/log", "日志", "x" * 200, "a\nb"]
)
def test_what_is_no_name_of_a_log(value: str) -> None:
    with pytest.raises(BadSetting, match="BAOHAN_LOG_ORIGIN"):
        read({"BAOHAN_LOG_ORIGIN": value})
    assert read({"BAOHAN_LOG_ORIGIN": "baohan.example:8443/log-2"}).log_origin


def test_leaves_that_wait_come_along_both_ways(own_database: Database) -> None:
    engine = own_database.engine
    schema.upgrade(engine, "0001")
    add = text("INSERT INTO log_leaf (id, leaf) VALUES (:id, :leaf)")
    rows = [{"id": f"{number:026}", "leaf": bytes([number]) * 32} for number in range(5)]
    with engine.begin() as connection:
        connection.execute(add, rows)
    schema.upgrade(engine)
    with engine.begin() as connection:
        held = connection.execute(text("SELECT id, leaf FROM log_leaf ORDER BY id")).all()
        assert [(row.id, bytes(row.leaf)) for row in held] == [tuple(one.values()) for one in rows]
        connection.execute(text('UPDATE log_leaf SET "index" = 7 WHERE id = :id'), rows[0])
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(add, {"id": "x" * 26, "leaf": rows[0]["leaf"]})
    schema.downgrade(engine, "0001")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM log_leaf")).scalar_one() == 5
    schema.upgrade(engine)
    assert schema.differences(engine) == []
