"""The log's static files: tiles, checkpoint, keys (C2SP tlog-tiles), below the data folder.

Tiles are written once, whole or not at all; the checkpoint is replaced at once. What lies here is
what /log/ serves, byte for byte, and needs no program of ours to be read.
"""

import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from signing import faults, log
from signing.log.tiles import cut

CHECKPOINT, KEYS = "checkpoint", "keys"

BEFORE_TILE = faults.declare("log.tile.before_put")
AFTER_TILE = faults.declare("log.tile.after_put")
BEFORE_CHECKPOINT = faults.declare("log.checkpoint.before_put")
AFTER_CHECKPOINT = faults.declare("log.checkpoint.after_put")
BEFORE_KEYS = faults.declare("log.keys.before_put")
AFTER_KEYS = faults.declare("log.keys.after_put")


class LogFolder:
    """May be read by many processes while one publishes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- reading

    def get(self, path: str) -> bytes | None:
        """A tile by its path (already checked by Tile.of_path), exactly as it lies there."""
        try:
            return (self.folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def read(self, tile: log.Tile) -> bytes:
        """log.Read: also cut from the full tile, once a partial one is gone."""
        content = self.get(tile.path())
        if content is None and not tile.full:
            content = self.get(log.Tile(tile.level, tile.index).path())
        if content is None:
            raise log.TilesBroken(tile.path(), "is not there")
        return cut(tile, content)

    def entry(self, index: int, size: int) -> bytes:
        """One entry of a log of `size` entries; TilesBroken."""
        tile = log.tile_of(log.ENTRIES, index, size)
        return log.unbundle(self.read(tile), tile)[index % log.WIDTH]

    def checkpoint(self) -> bytes | None:
        """The latest one, a signed note; None: nothing is published."""
        return self.get(CHECKPOINT)

    def verifiers(self) -> tuple[log.Verifier, ...]:
        """Of the log first, then of everybody who ever cosigned it, as first met."""
        lines = (self.get(KEYS) or b"").decode().splitlines()
        return tuple(log.Verifier.of_vkey(line) for line in lines)

    # --- writing

    def put(self, tile: log.Tile, content: bytes) -> None:
        """Durable when it returns; LogForked if something else lies there."""
        faults.point(BEFORE_TILE)
        path = self.folder / tile.path()
        part = self._part(path, content)
        try:
            os.link(part, path)
        except FileExistsError:
            if path.read_bytes() != content:
                raise log.LogForked(tile.path()) from None
        finally:
            part.unlink()
        _sync(path.parent)
        faults.point(AFTER_TILE)

    def put_checkpoint(self, note: bytes) -> None:
        faults.point(BEFORE_CHECKPOINT)
        self._replace(CHECKPOINT, note)
        faults.point(AFTER_CHECKPOINT)

    def put_keys(self, keys: Iterable[log.Verifier]) -> None:
        """One verifier key a line; nothing is written if they stand there already."""
        content = "".join(f"{key.vkey()}\n" for key in keys).encode()
        if self.get(KEYS) != content:
            faults.point(BEFORE_KEYS)
            self._replace(KEYS, content)
            faults.point(AFTER_KEYS)

    def prune(self, tile: log.Tile) -> None:
        """Partial versions of a tile that is full now (tlog-tiles lets them go)."""
        shutil.rmtree(self.folder / f"{log.Tile(tile.level, tile.index).path()}.p", True)

    def _replace(self, name: str, content: bytes) -> None:
        path = self.folder / name
        self._part(path, content).replace(path)
        _sync(path.parent)

    def _part(self, path: Path, content: bytes) -> Path:
        """The content, durable, under a name that nobody reads, in the same folder."""
        self._make(path.parent)
        part = path.parent / f".{secrets.token_hex(8)}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return part

    def _make(self, folder: Path) -> None:
        if not folder.exists():
            self._make(folder.parent)
            folder.mkdir(mode=0o755, exist_ok=True)
            _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
