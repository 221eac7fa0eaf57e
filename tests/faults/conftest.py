from collections.abc import Iterator

import pytest

from tests.databases import KINDS
from tests.faults.theatre import ENDS, Theatre, theatre_for


@pytest.fixture(scope="module", params=KINDS)
def theatre(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Theatre]:
    """A prepared world on either database, and how the play ends there undisturbed."""
    with theatre_for(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def ends(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Theatre]:
    """The same for the play of tests.faults.ends."""
    with theatre_for(request.param, tmp_path_factory.mktemp(request.param), ENDS) as made:
        yield made
