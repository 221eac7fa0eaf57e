"""A signer's surroundings for a module of tests."""

import pytest

from app.processes.signing_keys import KeyRing
from signing.trust import Trust, load_trust
from tests.app.processes.workshop import Surroundings, clock, surroundings


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    return surroundings(tmp_path_factory.mktemp("signer"))


@pytest.fixture(scope="module")
def ring(around: Surroundings) -> KeyRing:
    return KeyRing(around.keys, clock)


@pytest.fixture
def trust(around: Surroundings) -> Trust:
    return load_trust(around.trust)
