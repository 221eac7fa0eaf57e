"""A log in memory, for tests: tiles, signer, cosigners."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing import log

ORIGIN = "log.example/baohan"
AT = 1_772_413_200
"""2026-03-02 01:00 UTC, in seconds."""


def entry(number: int) -> bytes:
    """A 32-byte entry; every number has another one."""
    return number.to_bytes(4, "big") * 8


@dataclass
class MemoryLog:
    """Tiles as they would lie on disk; partial ones stay."""

    tiles: dict[str, bytes] = field(default_factory=dict)
    size: int = 0
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    origin: str = ORIGIN

    def read(self, tile: log.Tile) -> bytes:
        return self.tiles[tile.path()]

    def add(self, entries: Sequence[bytes]) -> None:
        for tile, content in log.grown(self.read, self.size, entries):
            assert tile.path() not in self.tiles, "a tile is written once"
            self.tiles[tile.path()] = content
        self.size += len(entries)

    @property
    def tree(self) -> log.Tree:
        return log.Tree(self.size, self.read)

    @property
    def verifier(self) -> log.Verifier:
        return log.Verifier(self.origin, self.key.public_key().public_bytes_raw())

    def head(self, size: int | None = None) -> log.Checkpoint:
        size = self.size if size is None else size
        return log.Checkpoint(self.origin, size, self.tree.root(size))

    def note(self, size: int | None = None, *more: log.Signature) -> bytes:
        text = self.head(size).text()
        return log.Note(text, (log.sign(self.origin, self.key, text), *more)).to_bytes()


@dataclass
class Cosigner:
    """Signs whatever it is given."""

    name: str = "timekeeper.example"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def verifier(self) -> log.Verifier:
        return log.Verifier(self.name, self.key.public_key().public_bytes_raw(), log.COSIGNER)

    def sign(self, text: str, at: int = AT) -> log.Signature:
        return log.cosign(self.name, self.key, text, at)
