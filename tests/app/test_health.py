"""What whoever watches the machine is told, and that no count of bids is among it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.house import House
from app.jobs.worker import Jobs
from app.processes.web import application
from tests import house as houses
from tests.app.jobs.steps import paid
from tests.house import WorldTimekeeper
from tests.world import World


@pytest.fixture
def house(world: World, tmp_path: Path) -> House:
    return houses.around(world, tmp_path)


def parts(app: Flask) -> tuple[int, dict[str, str]]:
    answer = app.test_client().get("/readyz")
    assert answer.json is not None
    return answer.status_code, answer.json["parts"]


def test_a_process_that_answers_is_alive(house: House) -> None:
    answer = application(house).test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_all_is_well(house: House) -> None:
    status, seen = parts(application(house))
    assert status == 200
    assert set(seen.values()) == {"ok"}


def test_without_timekeeper_all_else_lives_and_it_is_said(house: House) -> None:
    class Away(WorldTimekeeper):
        def status(self) -> object:  # type: ignore[override]
            raise OSError("nobody there")

    assert isinstance(house.timekeeper, WorldTimekeeper)
    status, seen = parts(application(replace(house, timekeeper=Away(house.timekeeper.world))))
    assert (status, seen["timekeeper"], seen["database"]) == (200, "away", "ok")


def test_without_database_nothing_is_ready(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(house)

    def away() -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(house.sessions, "reading", away)
    status, seen = parts(app)
    assert (status, seen["database"]) == (503, "away")


def test_jobs_that_hang_are_seen(world: World, house: House) -> None:
    jobs = Jobs(house)
    app = application(house, [jobs])
    assert parts(app)[1]["jobs"] == "ok"
    world.now += timedelta(minutes=2)
    assert parts(app)[1]["jobs"] == "stuck"


def test_metrics_tell_pages_and_parts_and_no_writes(world: World, house: House) -> None:
    app = application(house)
    client = app.test_client()
    client.get("/")
    client.get("/no-such-page")
    before = client.get("/metrics").text
    paid(world)
    Jobs(house).run_due()
    after = client.get("/metrics").text
    assert 'baohan_page_seconds_count{route="/",status="200"} 1.0' in before
    assert 'baohan_part_up{part="database"} 1.0' in before
    assert "POST" not in after
    assert _ours(before) == _ours(after)


def _ours(text: str) -> list[str]:
    """Our own measures, less the time that /metrics itself took."""
    return [
        line
        for line in text.splitlines()
        if line.startswith("baohan_") and 'route="/metrics"' not in line
    ]


def test_pages_of_people_count_together(house: House) -> None:
    client = application(house).test_client()
    client.get("/people/")
    text = client.get("/metrics").text
    assert 'route="signed-in"' in text
    assert 'route="/people/"' not in text
