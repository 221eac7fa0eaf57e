import pytest

from app.adapters.database import Sessions
from guarantees.records import casebook, plain
from guarantees.records.case import Case
from tests import world as worlds


@pytest.fixture(params=["sealed", "plain"])
def world(
    sessions: Sessions, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> worlds.World:
    """A world with its cases in blobs, and one with them in rows: flows see no difference."""
    if request.param == "plain":
        monkeypatch.setattr(casebook, "add", add_in_rows)
    return worlds.build(sessions)


@pytest.fixture
def sealed_world(sessions: Sessions) -> worlds.World:
    """For what only sealed cases go through: the opening."""
    return worlds.build(sessions)


def add_in_rows(session: object, case: Case, *, sealed: bool) -> None:
    case.sealed, case.row_version = False, 1
    plain.write_new(session, case)  # type: ignore[arg-type]  # a Session, as casebook.add gets
