"""Write-once local folder: the embedded side of the Files port."""

import os
import secrets
from pathlib import Path

from signing import faults

BEFORE_PUT = faults.declare("files.before_put")
AFTER_PUT = faults.declare("files.after_put")


class LocalFiles:
    """Names may contain one slash; data never changes once it is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_once(self, name: str, data: bytes) -> bytes:
        """Store and sync `data`; if the name exists already, answer what it holds."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.parent / f".{secrets.token_hex(8)}.part"
        faults.point(BEFORE_PUT)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)  # fails if the name exists: two writers cannot both win
        except FileExistsError:
            return path.read_bytes()
        finally:
            part.unlink()
        self._sync(path.parent)
        faults.point(AFTER_PUT)
        return data

    def get(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, name: str) -> Path:
        parts = name.split("/")
        if len(parts) > 2 or not all(part.replace("-", "").isalnum() for part in parts):
            raise ValueError(f"not a name of this store: {name!r}")
        return self.folder.joinpath(*parts)

    @staticmethod
    def _sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
