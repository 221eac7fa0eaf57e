from collections.abc import Iterator

import pytest

from tests.live import Live, serving


@pytest.fixture(scope="package")
def live() -> Iterator[Live]:
    """The platform with its demonstration, for all browser tests of this worker."""
    with serving() as running:
        yield running
