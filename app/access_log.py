"""One line per request: method, route template, status, time. Never a URL, address or person.

A URL or an address beside a time would tell who applied for which lot (decisions.md, sealed cases).
So would an exact duration: a project with twenty lots takes longer to show and to apply for than
one with a single lot. Durations are rounded up to coarse steps.
"""

import time

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("baohan.access")

NO_ROUTE = "-"
"""Stands for every address that matches no route."""

STEPS = (50, 150, 500, 2_500, 10_000)
"""Milliseconds; 150 is what pages promise."""


def route_template() -> str:
    """The rule that matched, with its placeholders, e.g. `/applications/<id>`."""
    return request.url_rule.rule if request.url_rule else NO_ROUTE


def coarse(seconds: float) -> int:
    """The first of STEPS, in milliseconds, that a duration does not exceed; the last for longer."""
    return next((step for step in STEPS if seconds * 1000 <= step), STEPS[-1])


def init_access_log(app: Flask) -> None:
    """Log each request of `app` to the logger `baohan.access`."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def write(response: Response) -> Response:
        took = time.perf_counter() - g.get("started", time.perf_counter())
        log.info(
            "request",
            method=request.method,
            route=route_template(),
            status=response.status_code,
            milliseconds=coarse(took),
        )
        return response
