"""Security headers of every response.

Nothing on a page may run code or come from elsewhere: CSP Level 3 with `default-src 'none'`.
"""

from collections.abc import Mapping

from flask import Flask, Response, g, request, session

CONTENT_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
"""CSP directives and sources; no inline code, no data: URLs, no frames."""

FIXED_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Flask-WTF compares the referrer on https, so it must stay within the site and not vanish.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

HSTS = "max-age=63072000; includeSubDomains"
"""Two years (RFC 6797); sent over https only."""

STATIC_ENDPOINTS = frozenset(
    {"static", "bootstrap.static", "log.checkpoint", "log.keys", "log.tile"}
)
"""Files that are the same for everybody: no cookie decides what is in them."""


def allow(directive: str, sources: str) -> None:
    """Widen one CSP directive for the response being made, e.g. `allow("object-src", "'self'")`."""
    g.setdefault("content_policy", {})[directive] = sources


def init_headers(app: Flask, *, https: bool) -> None:
    """Add the headers to every response of `app`; HSTS only if the site is served over https."""

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in FIXED_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = _content_policy()
        if https:
            response.headers["Strict-Transport-Security"] = HSTS
        if request.endpoint not in STATIC_ENDPOINTS:
            _keep_private(response)
        return response


def _content_policy() -> str:
    directives = dict(CONTENT_POLICY) | g.get("content_policy", {})
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def _keep_private(response: Response) -> None:
    response.vary.add("Cookie")
    if "Cache-Control" not in response.headers:
        # Whoever has a session may be logged in: nothing of that stays on a shared computer.
        stay = "no-store" if session or session.modified else "private, no-cache"
        response.headers["Cache-Control"] = stay
