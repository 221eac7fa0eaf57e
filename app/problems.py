"""Errors become HTTP here and nowhere else: pages for people, RFC 9457 problem details under /api/.

Views and flows raise; they never build an error response. Another organisation's object and one
that does not exist give the same bytes.
"""

import secrets
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from flask import Flask, Response, current_app, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError

from app.access_log import route_template
from app.display import in_beijing
from app.own_words import own_words
from app.problem_table import Problem, find
from app.shell import page_time
from app.text import _
from guarantees.errors import GuaranteeError, InvalidInput

log = structlog.get_logger("baohan.problem")

API_PREFIX = "/api/"

ERROR_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: people read these ids over the telephone."""

FIXED_WORDS = frozenset({404, 500})
"""Always in the same words: what was not found, or broke inside, is nobody's business outside."""

_LAST_RESORT = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>'
    "<h1>{title}</h1><p>{advice}</p><p>{error_id}</p></html>"
)
"""When even the page of the error cannot be rendered."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One error in the reader's language."""

    status: int
    code: str
    title: str
    detail: str
    tone: str
    way_out: str
    items: Mapping[str, str] = field(default_factory=dict)
    """Sentences by field, where several things are wrong."""
    error_id: str = ""
    """E-7Q2M-0312-1112: random part, month and day, time (Beijing); only for unexpected errors."""


def explain(error: BaseException) -> Explanation:
    """What to tell the reader; also for a view that shows an error inside its own page."""
    if isinstance(error, InternalServerError):
        error = error.original_exception or error
    problem = find(type(error))
    words = "" if problem.status in FIXED_WORDS else own_words(error)
    code = error.code if words and isinstance(error, GuaranteeError) else problem.code
    return Explanation(
        status=_status(error, problem),
        code=code,
        title=_(problem.title),
        detail=words or _advice(problem),
        tone=problem.tone,
        way_out=problem.way_out,
        items=error.errors if isinstance(error, InvalidInput) else {},
    )


def init_problems(app: Flask) -> None:
    """Answer every exception of `app` with a page or with problem details."""
    app.register_error_handler(Exception, _answer)


def new_error_id(now: datetime) -> str:
    """An id to read out and to find in the log."""
    mark = "".join(secrets.choice(ERROR_ID_ALPHABET) for _place in range(4))
    return f"E-{mark}-{in_beijing(now):%m%d-%H%M}"


def _answer(error: Exception) -> Response:
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):
        return make_response(error.get_response(request.environ))  # a redirect
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)  # abort(response): finished by the view
    said = explain(error)
    if said.status >= 500:
        said = replace(said, error_id=_record(error, said))
    response = _details(said) if request.path.startswith(API_PREFIX) else _page(said)
    response.status_code = said.status
    if isinstance(error, HTTPException):
        _keep_headers(error, response)
    return response


def _page(said: Explanation) -> Response:
    try:
        return make_response(render_template("errors/problem.html", problem=said))
    except Exception as failure:
        # The database may be away, and with it the name in the header.
        _record(failure, said)
        return make_response(
            _LAST_RESORT.format(title=said.title, advice=said.detail, error_id=said.error_id)
        )


def _details(said: Explanation) -> Response:
    """RFC 9457; `type` stays about:blank (section 4.2.1), `code` tells errors apart."""
    fields: dict[str, object] = {
        "type": "about:blank",
        "title": said.title,
        "status": said.status,
        "detail": said.detail,
        "code": said.code,
    }
    if said.items:
        fields["errors"] = dict(said.items)
    if said.error_id:
        fields["error_id"] = said.error_id
    response = make_response(fields)
    response.mimetype = "application/problem+json"
    return response


def _record(error: Exception, said: Explanation) -> str:
    """Log an unexpected error; its message is left out, since it may hold a sealed case."""
    error_id = said.error_id or new_error_id(page_time())
    log.error(
        said.code,
        error_id=error_id,
        route=route_template(),
        errors=[type(one).__name__ for one in _causes(error)],
        frames=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for one in _causes(error)
            for frame in traceback.extract_tb(one.__traceback__)
        ],
    )
    return error_id


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _status(error: BaseException, problem: Problem) -> int:
    if isinstance(error, HTTPException) and error.code is not None:
        return error.code
    return problem.status


def _keep_headers(error: HTTPException, response: Response) -> None:
    """Allow, Retry-After, WWW-Authenticate and the like stay; the body's own do not."""
    for name, value in error.get_headers(request.environ):
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value


def _advice(problem: Problem) -> str:
    limits = {
        "limit": (current_app.config["MAX_CONTENT_LENGTH"] or 0) // 2**20,
        "text": (current_app.config["MAX_FORM_MEMORY_SIZE"] or 0) // 2**10,
    }
    return _(problem.advice) % limits if problem.advice else ""
