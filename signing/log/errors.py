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


class RolledBack(SigningError):
    """Somebody has signed what our log does not contain: we were restored from a backup."""

    def __init__(self, name: str, ours: int, theirs: int | None = None) -> None:
        super().__init__(name, ours, theirs)
        self.name = name
        self.ours = ours
        """Entries, by our records."""
        self.theirs = theirs
        """Entries that it has signed; None: no more than ours, but others."""

    def __str__(self) -> str:
        signed = "others" if self.theirs is None else self.theirs
        return (
            f"the transparency log ends at {self.ours} entries here, but {self.name} has signed"
            f" {signed}: database and data folder are older than what was published. Restore"
            " both from the newest backup; if there is none, see 'A log that was rolled back' in"
            " docs/log.md"
        )


class LogForked(SigningError):
    """A tile or checkpoint that was published is to become another one."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.what} in the log's folder is not what the database says: they are not of the"
            " same backup. Restore both as a pair (docs/log.md, 'A log that was rolled back')"
        )


class FollowerAway(SigningError):
    """A signer or witness did not answer; the next checkpoint will tell it what it missed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name} does not answer"
