from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from app.adapters.database import make_engine
from tests.accounts import Accounts, people_in, undone
from tests.databases import KINDS, fresh_database


@pytest.fixture(scope="module", params=KINDS)
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with fresh_database(request.param) as url:
        engine = make_engine(url)
        with people_in(engine) as made:
            yield made
        engine.dispose()


@pytest.fixture
def world(connection: Connection) -> Iterator[Accounts]:
    """PEOPLE on both databases; whatever a test does is undone."""
    with undone(connection) as people:
        yield people
