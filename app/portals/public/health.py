"""/healthz, /readyz and /metrics for whoever watches the machine.

Counted is reading alone: a count of writes would tell how many bids came in (sealing.md).
"""

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from flask.blueprints import BlueprintSetupState
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    PlatformCollector,
    generate_latest,
)
from sqlalchemy import text

from app.access_log import NO_ROUTE, route_template
from app.auth.guard import action_of, needs
from app.context import house
from app.jobs.worker import Lane
from guarantees.queries import log as queries

blueprint = Blueprint("health", __name__)

STALE = timedelta(seconds=60)
"""Jobs that have not looked at the outbox for so long hang in something."""

LATE_LOG = timedelta(seconds=60)

NEEDED = frozenset({"database"})
"""Without these nothing can be answered; without the others sealing, opening or paying waits."""

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds; 0.15 is what pages promise."""

PUBLIC_ACTIONS = frozenset({"public.read", "letter.verify"})

log = structlog.get_logger("baohan.health")


@blueprint.get("/healthz")
@needs("public.read")
def alive() -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@blueprint.get("/readyz")
@needs("public.read")
def ready() -> tuple[dict[str, object], int]:
    """200 if pages can be served, else 503; each part says "ok", "away" or what hinders it."""
    parts = state_of_parts()
    usable = all(parts[name] == "ok" for name in NEEDED)
    return {"ready": usable, "parts": parts}, 200 if usable else 503


@blueprint.get("/metrics")
@needs("public.read")
def metrics() -> Response:
    """Prometheus text: requests that read, this process, its parts."""
    measures: Measures = current_app.extensions["baohan_measures"]
    for name, state in state_of_parts().items():
        measures.parts.labels(name).set(state == "ok")
    return Response(generate_latest(measures.registry), content_type=CONTENT_TYPE_LATEST)


def state_of_parts() -> dict[str, str]:
    probes: dict[str, Callable[[], str]] = {
        "database": _database,
        "timekeeper": _timekeeper,
        "signer": _signer,
        "jobs": _jobs,
        "log": _log,
    }
    return {name: _probed(name, probe) for name, probe in probes.items()}


def _probed(name: str, probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception as error:  # whatever a part raises, the others are still asked
        log.warning("away", part=name, error=type(error).__name__)
        return "away"


def _database() -> str:
    with house().sessions.reading() as session:
        session.execute(text("SELECT 1"))
    return "ok"


def _timekeeper() -> str:
    """ "ok", or the code of the refusal that an opening would get now."""
    status = house().timekeeper.status()
    return status.refusal.code if status.refusal else "ok"


def _signer() -> str:
    ping: Callable[[], object] | None = getattr(house().letters, "ping", None)
    if ping is not None:
        ping()
    return "ok"


def _jobs() -> str:
    lanes: tuple[Lane, ...] = current_app.extensions.get("baohan_jobs", ())
    late = [lane for lane in lanes if house().now() - lane.last_round > STALE]
    return "stuck" if late else "ok"


def _log() -> str:
    """ "late" if no batch was cut for long: the signer is away, or the log was rolled back."""
    here = house()
    with here.sessions.reading() as session:
        latest = queries.latest_cut(session)
    overdue = LATE_LOG + 3 * here.log.cadence
    return "late" if latest is not None and here.now() - latest > overdue else "ok"


class Measures:
    """One registry per application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # No figures of the process: its CPU time, asked every second, tells when letters are made.
        PlatformCollector(registry=self.registry)
        self.parts = Gauge(
            "baohan_part_up", "1 if the part is well", ("part",), registry=self.registry
        )
        self.reads = Histogram(
            "baohan_page_seconds",
            "Seconds to answer requests that read, by route",
            ("route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )


@blueprint.record_once
def _measure(state: BlueprintSetupState) -> None:
    app: Flask = state.app  # type: ignore[assignment]  # flask state is not typed
    measures = app.extensions["baohan_measures"] = Measures()

    @app.before_request
    def begin() -> None:
        g.measured_from = perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        if request.method == "GET" and "measured_from" in g:
            took = perf_counter() - g.measured_from
            measures.reads.labels(_route_shown(), response.status_code).observe(took)
        return response


def _route_shown() -> str:
    """Pages of people who are signed in count together: how often which of them is read after an
    application would tell as much as a count of applications."""
    if request.endpoint is None:
        return NO_ROUTE
    public = action_of(current_app, request.endpoint) in PUBLIC_ACTIONS
    return route_template() if public else "signed-in"
