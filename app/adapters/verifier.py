"""Verifying PDFs outside this process, with the trust that stands in a public folder."""

import threading
from datetime import datetime
from pathlib import Path

from guarantees.errors import Unavailable
from signing.errors import TrustMaterialError, WorkerError
from signing.report import SignatureReport
from signing.trust import Trust, load_trust
from signing.worker import Pool

WORKERS = 2
"""Processes, as many as the cores that the project plans for."""


class TrustFolder:
    """The trust of a folder, read again when a file in it has changed (new revocation lists)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: object = None
        self._trust = Trust()

    def __call__(self) -> Trust:
        """The trust as it is now; as it was before, if a file is being replaced this moment."""
        with self._lock:
            try:
                seen = [_state(path) for path in sorted(self._folder.rglob("[!.]*"))]
                if seen != self._seen:
                    self._trust, self._seen = load_trust(self._folder), seen
            except (OSError, TrustMaterialError):
                if self._seen is None:
                    raise
            return self._trust


def _state(path: Path) -> tuple[str, int, int]:
    found = path.stat()
    return str(path), found.st_mtime_ns, found.st_size


class PoolVerifier:
    """ports.Verifier over signing.worker."""

    def __init__(self, pool: Pool, trust: TrustFolder) -> None:
        self._pool = pool
        self._trust = trust

    def verify(self, pdf: bytes, at: datetime, password: str | None = None) -> SignatureReport:
        """`Unavailable` if no worker can be had; a file that kills one gets a report."""
        try:
            return self._pool.verify(pdf, trust=self._trust(), at=at, password=password)
        except WorkerError as error:
            raise Unavailable(service="verifier") from error
