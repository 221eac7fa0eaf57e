"""Where the processes of one installation keep things: the settings' folders and their siblings."""

from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings


@dataclass(frozen=True)
class Places:
    """What stands beside the folder of BAOHAN_SIGNER exists for the demonstration alone."""

    settings: Settings

    @property
    def timekeeper_socket(self) -> Path:
        return self.settings.run / "time" / "socket"

    @property
    def signer_socket(self) -> Path:
        return self.settings.run / "sign" / "socket"

    @property
    def run_file(self) -> Path:
        """Ports and keys of what runs (run_file.py)."""
        return self.settings.run / "run.json"

    @property
    def trust(self) -> Path:
        """Certificates, revocation lists, the timekeeper's key: public, for every user to read."""
        return self.settings.signer.with_name("trust")

    @property
    def timekeeper_keys(self) -> Path:
        """JSON: key id → Ed25519 public key in hex, as first met."""
        return self.trust / "timekeeper.json"

    @property
    def recovery_key(self) -> Path:
        """Public half of the recovery key (sealing.md step 6), 32 bytes."""
        return self.trust / "recovery.key"

    @property
    def authority(self) -> Path:
        """The demonstration's certificate authority, of the signer's user."""
        return self.settings.signer.with_name("authority")

    @property
    def bank(self) -> Path:
        """The sandbox bank's books, of its own user."""
        return self.settings.signer.with_name("bank")

    @property
    def quorum(self) -> Path:
        """Public keys of those who hold copies of opening keys (signing.timekeeper.escrow)."""
        return self.trust / "quorum.json"

    @property
    def logs(self) -> Path:
        """JSON lines of every process, without names of people, cases or addresses."""
        return self.settings.signer.with_name("log")

    @property
    def escrow(self) -> Path:
        """What is kept offline elsewhere: the recovery key, the quorum's keys. No process reads it
        once it is made; in production it is a safe."""
        return self.settings.signer.with_name("escrow")
