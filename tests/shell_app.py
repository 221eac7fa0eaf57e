"""A web application without services, for tests of the shell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask

from app.factory import create_app
from app.portals import BLUEPRINTS
from app.portals.public.home import HomePage, use_home
from app.shell import Viewer

NOW = datetime(2026, 3, 12, 3, 12, 4, tzinfo=UTC)
"""2026-03-12 11:12:04 in Beijing."""

SUPPLIER = Viewer("supplier", "启衡医疗科技有限公司", "周予安", messages=2)

SHELL = tuple(
    name for name in BLUEPRINTS if name.rpartition(".")[2] in {"preferences", "components", "home"}
)


@dataclass(frozen=True)
class TestSettings:
    __test__ = False

    demonstration: bool = True
    https: bool = False


def shell_app(
    *,
    demonstration: bool = True,
    https: bool = False,
    viewer: Viewer | None = None,
    portals: Sequence[str] = SHELL,
) -> Flask:
    """The shell with its own pages, seen by `viewer`, at NOW."""
    app = create_app(
        TestSettings(demonstration, https),
        secret_key="only for tests " * 3,
        viewer=lambda: viewer,
        clock=lambda: NOW,
        portals=portals,
    )
    use_home(app, HomePage)
    return app
