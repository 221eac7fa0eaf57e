"""What every page shares: who is looking, navigation, theme, messages, page time.

Views call `notify` after an act; templates see the names that `init_shell` registers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app, flash, g, request, url_for

from app.components import Components
from app.language import LANGUAGES, language
from app.portals.navigation import NAVIGATION, ROLE_NAMES
from app.text import _

EMBLEM = "保函"
"""The mark beside the name; a sign, the same in every language."""

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"

TONES = ("draft", "act", "wait", "ok", "warn", "ask", "bad", "seal", "end")
"""The nine tones (app/static/css/tokens.css, section 3)."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who is signed in, as the header shows it."""

    role: str
    """Role of the organisation, a key of NAVIGATION."""
    organisation: str
    person: str
    duty: str = ""
    """What the person does there, translated (复核), or nothing."""
    messages: int = 0
    """Unread messages."""


ViewerSource = Callable[[], Viewer | None]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class NavigationLink:
    url: str
    label: str
    current: bool


def nobody() -> Viewer | None:
    """The viewer of an application without accounts."""
    return None


def viewer() -> Viewer | None:
    """Who looks at this request's page; asked once, and None if it cannot be told any more."""
    if "viewer" not in g:
        g.viewer = None
        g.viewer = current_app.extensions["baohan_viewer"]()
    return g.viewer  # type: ignore[no-any-return]  # flask.g is not typed


def use_viewer(app: Flask, source: ViewerSource) -> None:
    """Let `source` say who is signed in; app/auth calls this once."""
    app.extensions["baohan_viewer"] = source


def notify(tone: str, head: str, text: str = "") -> None:
    """Say something on the next page: `notify("ok", _("申请已提交。"), _("…"))`; plain text."""
    if tone not in TONES:
        raise ValueError(f"no tone {tone!r}")
    flash((str(head), str(text)), tone)  # type: ignore[arg-type]  # a pair, as ui.flashes reads it


def link_to(endpoint: str, **values: Any) -> str | None:
    """The address of `endpoint`, or None in an application that lacks it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def page_time() -> datetime:
    """The one time of this request: what the page shows and what flows are given as `now`."""
    if "now" not in g:
        g.now = current_app.extensions["baohan_clock"]()
    return g.now  # type: ignore[no-any-return]  # flask.g is not typed


def theme() -> str:
    """What the reader chose: system, light or dark."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "system"


def here() -> str:
    """The address to come back to: with its query after GET, else the bare path."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def navigation(role: str, marked: str = "") -> list[NavigationLink]:
    """Links of `role`; current is the one named `marked`, or else the nearest above this page."""
    links = [(one, link_to(one.endpoint)) for one in NAVIGATION.get(role, NAVIGATION["public"])]
    known = [(one, url) for one, url in links if url is not None]
    target = marked or request.endpoint or ""
    current = next((url for one, url in known if one.endpoint == target), None)
    if current is None:
        current = max((url for _one, url in known if _covers(url)), key=len, default=None)
    return [NavigationLink(url, _(one.label), url == current) for one, url in known]


def _covers(url: str) -> bool:
    return url != "/" and f"{request.path}/".startswith(f"{url.rstrip('/')}/")


def init_shell(app: Flask, *, clock: Clock, demonstration: bool) -> None:
    """Give the templates of `app` the shell's names, and every request its one time."""
    app.extensions["baohan_viewer"] = nobody
    app.extensions["baohan_clock"] = clock

    @app.context_processor
    def names() -> dict[str, Any]:
        return {
            "now": page_time(),
            "viewer": viewer(),
            "theme": theme(),
            "lang": LANGUAGES[language()],
            "demonstration": demonstration,
        }

    app.jinja_env.globals.update(
        ui=Components(app),
        navigation=navigation,
        link_to=link_to,
        here=here,
        languages=LANGUAGES,
        role_name=lambda role: _(ROLE_NAMES.get(role, role)),
        emblem=EMBLEM,
    )
