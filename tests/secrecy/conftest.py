from collections.abc import Iterator

import pytest

from tests.databases import fresh_database
from tests.secrecy.installation import installed
from tests.secrecy.play import Play


@pytest.fixture(scope="module")
def played() -> Iterator[Play]:
    """The whole job on SQLite, up to the letters in everybody's hands."""
    with installed() as installation:
        play = Play(installation)
        play.before_the_opening()
        play.the_opening()
        yield play


@pytest.fixture(scope="module")
def begun() -> Iterator[Play]:
    """On PostgreSQL, up to the sealed letter and the early request."""
    with fresh_database("postgresql") as url, installed(url) as installation:
        play = Play(installation, readers=())
        play.before_the_opening()
        yield play
