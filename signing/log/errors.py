"""What can be wrong with a log, its notes and its proofs."""

from signing.errors import SigningError


class NoteInvalid(SigningError):
    """A signed note, checkpoint or proof bundle is not in its form, or a signature fails."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class ProofInvalid(SigningError):
    """A Merkle proof does not lead to the root: no such entry, or the log was rewritten."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TilesBroken(SigningError):
    """What lies in the tiles does not make the tree that it should."""

    def __init__(self, tile: str, why: str) -> None:
        super().__init__(tile, why)
        self.tile = tile
        """Path below the log's prefix, as tile/0/x001/234."""
        self.why = why


class OldSize(SigningError):
    """Whoever follows the log stands at another size than the request says (tlog-witness, 409)."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size
        """Of the latest checkpoint that it accepted; 0: none yet."""


class NotFollowed(SigningError):
    """A signer or witness refused a checkpoint, and asking again will not help."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name, why)
        self.name = name
        self.why = why

    def __str__(self) -> str:
        return f"{self.name} refused the log's checkpoint: {self.why}"


class FollowerAway(SigningError):
    """A signer or witness did not answer; the next checkpoint will tell it what it missed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name} does not answer"
