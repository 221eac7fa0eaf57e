"""A whole log without other processes: signer, timekeeper and outside witnesses as objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.adapters.log import Log
from app.adapters.log_folder import LogFolder
from app.processes.log_signer import LogSigner
from signing import log
from signing.log.heads import Heads, MemoryHeads
from signing.timekeeper.cosigner import LogCosigner
from signing.timekeeper.double import DoubleTimekeeper
from signing.timekeeper.refusals import TimekeeperRefused

ORIGIN = "baohan.example/log"
CADENCE = timedelta(seconds=60)


@dataclass
class Signer:
    """The signer's part; away while `away`."""

    desk: LogSigner = field(
        default_factory=lambda: LogSigner(Ed25519PrivateKey.generate(), MemoryHeads())
    )
    away: bool = False

    def key(self, origin: str) -> log.Verifier:
        self._here()
        return self.desk.key(origin)

    def sign(self, checkpoint: log.Checkpoint, old: int, proof: Sequence[bytes]) -> log.Signature:
        self._here()
        return self.desk.sign(checkpoint, old, proof)

    def _here(self) -> None:
        if self.away:
            raise log.FollowerAway("signer")


@dataclass
class Timekeeper:
    """The timekeeper's part, by its own code; away while `away`."""

    keeper: DoubleTimekeeper = field(default_factory=DoubleTimekeeper)
    heads: Heads = field(default_factory=MemoryHeads)
    away: bool = False
    cosigner: LogCosigner = field(init=False)

    def __post_init__(self) -> None:
        keeper = self.keeper
        key, events = keeper.store.signing_key, keeper.journal.events
        self.cosigner = LogCosigner(keeper, keeper.lock, key, self.heads, events)

    def verifier(self, origin: str) -> log.Verifier:
        self._here()
        return self.cosigner.key(origin)

    def cosign(
        self, note: bytes, key: log.Verifier, old: int, proof: Sequence[bytes]
    ) -> log.Signature:
        self._here()
        try:
            return self.cosigner.cosign(note, key.vkey(), old, proof)
        except TimekeeperRefused as refused:
            if refused.code == "log_inconsistent":
                raise log.RolledBack("timekeeper", old) from None
            raise log.NotFollowed("timekeeper", refused.code) from None

    def latest(self, head: log.Checkpoint, note: bytes | None) -> int:
        self._here()
        known = self.cosigner.head(head.origin)
        if known.size == head.size and known.root != head.root:
            raise log.RolledBack("timekeeper", head.size)
        return known.size

    def _here(self) -> None:
        if self.away:
            raise log.FollowerAway("timekeeper")


def local_log(folder: Path, *cosigners: log.Cosigner, signer: Signer | None = None) -> Log:
    """A log in `folder` that publishes without any socket."""
    return Log(
        folder=LogFolder(folder),
        signer=signer or Signer(),
        cosigners=cosigners or (Timekeeper(),),
        origin=ORIGIN,
        cadence=CADENCE,
    )
