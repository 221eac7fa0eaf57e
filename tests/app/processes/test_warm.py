"""What the web process does before it answers."""

import gc
from collections.abc import Iterator

import pytest

from app.processes.warm import PAGES, warm
from tests.shell_app import shell_app


@pytest.fixture(autouse=True)
def thaw() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_no_page_waits_for_its_template(monkeypatch: pytest.MonkeyPatch) -> None:
    app = shell_app()
    warm(app)
    monkeypatch.setattr(app.jinja_env, "compile", lambda *given, **more: pytest.fail("compiled"))
    pages = [one for one in app.jinja_env.list_templates() if one.startswith(PAGES)]
    assert len(pages) > 50
    for name in pages:
        app.jinja_env.get_template(name)


def test_what_was_made_at_the_start_is_not_looked_through_again() -> None:
    gc.unfreeze()
    warm(shell_app())
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 10_000
