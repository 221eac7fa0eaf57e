"""Style sheets and icons under addresses that change with their content, so browsers keep them."""

import gzip
import hashlib
from pathlib import Path

from flask import Flask, Response, request, url_for

from app.headers import STATIC_ENDPOINTS

KEEP_SECONDS = 365 * 24 * 3600
"""A year: a changed file has another address."""

COMPRESSED = frozenset({"text/css", "image/svg+xml"})
"""Types of files that are sent compressed. Pages are not: they hold tokens (CVE-2013-3587)."""


class Assets:
    """Addresses of static files with a digest of their content; each file is read once."""

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}
        self._compressed: dict[str, bytes] = {}

    def url(self, folder: str | None, endpoint: str, filename: str) -> str:
        """The address of `filename` in the static `folder` that `endpoint` serves."""
        path = Path(folder or "") / filename
        if path not in self._digests:
            self._digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return url_for(endpoint, filename=filename, v=self._digests[path])

    def compress(self, response: Response) -> Response:
        """Send a whole static file as gzip to browsers that take it; Bootstrap shrinks to 1/7."""
        wanted = request.endpoint in STATIC_ENDPOINTS and response.mimetype in COMPRESSED
        if not wanted or response.status_code != 200:
            return response
        response.vary.add("Accept-Encoding")
        if not request.accept_encodings.quality("gzip") or request.method != "GET":
            return response
        tag = f"{request.path} {response.get_etag()[0]}"
        if tag not in self._compressed:
            response.direct_passthrough = False
            self._compressed[tag] = gzip.compress(response.get_data(), mtime=0)
        response.close()
        response.set_data(self._compressed[tag])
        response.direct_passthrough = False
        response.headers["Content-Encoding"] = "gzip"
        return response


def init_assets(app: Flask) -> None:
    """Give templates `asset(filename)` and `bootstrap_css()`, and files a year in the cache."""
    assets = Assets()

    def asset(filename: str) -> str:
        return assets.url(app.static_folder, "static", filename)

    def bootstrap_css() -> str:
        folder = app.blueprints["bootstrap"].static_folder
        return assets.url(folder, "bootstrap.static", "css/bootstrap.min.css")

    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = KEEP_SECONDS
    app.jinja_env.globals.update(asset=asset, bootstrap_css=bootstrap_css)
    app.after_request(assets.compress)
