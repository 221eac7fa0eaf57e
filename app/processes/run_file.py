"""The run file: where what runs can be reached, written by the supervisor, read by the others."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import BadSetting


@dataclass(frozen=True)
class Running:
    """Addresses on this machine. An empty string: does not run (production has no sandbox)."""

    web: str
    """URL of the web process, for this machine."""
    bank: str = ""
    bank_key: str = ""
    """Ed25519 public key of the bank's notices, hex."""
    authority: str = ""
    address: str = ""
    """What people type; letters and mails carry it."""
    supervisor: int = 0
    """Process id."""

    @property
    def timestamping(self) -> str:
        return f"{self.authority}/tsa"


def write(path: Path, running: Running) -> None:
    """Replace the file at once; every user may read it."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(asdict(running), indent=1), encoding="utf-8")
    new.chmod(0o644)
    new.replace(path)


def read(path: Path) -> Running:
    """BadSetting if nothing runs there."""
    try:
        return Running(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass
    raise BadSetting(f"nothing runs here ({path} cannot be read): start ./baohan serve")
