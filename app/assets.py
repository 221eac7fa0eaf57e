"""Style sheets and icons under URLs that change with their content, so browsers keep them."""

import hashlib
from pathlib import Path

from flask import Flask, url_for

KEEP_SECONDS = 365 * 24 * 3600
"""A year: a changed file has another URL."""


class Assets:
    """URLs of the static files with a digest of their content; each file is read once."""

    def __init__(self) -> None:
        self._digests: dict[Path, str] = {}

    def url(self, folder: str | None, endpoint: str, filename: str) -> str:
        """The address of `filename` in the static `folder` that `endpoint` serves."""
        path = Path(folder or "") / filename
        if path not in self._digests:
            self._digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        return url_for(endpoint, filename=filename, v=self._digests[path])


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
