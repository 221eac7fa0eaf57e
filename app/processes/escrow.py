"""The demonstration's keys that belong offline: made once, read by no process afterwards.

In production the association and the recovery key's keeper make their own, and only the public
halves come here.
"""

from pathlib import Path

from app.processes.places import Places
from signing import private_files
from signing.seal import make_key_pair
from signing.timekeeper.escrow import Quorum

MEMBERS = ("escrow-1", "escrow-2", "escrow-3")
THRESHOLD = 2


def make_escrow(places: Places) -> None:
    """The recovery key (sealing.md step 6) and a quorum of two of three, if they are lacking."""
    if not places.recovery_key.exists():
        _publish(places.recovery_key, _made(places.escrow / "recovery.key"))
    if not places.quorum.exists():
        members = tuple((name, _made(places.escrow / f"{name}.key")) for name in MEMBERS)
        _publish(places.quorum, Quorum(THRESHOLD, members).to_bytes())


def _made(path: Path) -> bytes:
    """Public half of a fresh key; an earlier private half that nobody was told of is replaced."""
    pair = make_key_pair()
    private_files.erase(path)
    private_files.write_new(path, pair.private_key)
    return pair.public_key


def _publish(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.chmod(0o644)
    new.replace(path)
