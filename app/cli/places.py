"""Where the launcher put things; a command that was run by hand gets the defaults."""

import os
import tempfile
from pathlib import Path


def project() -> Path:
    """The directory of `pyproject.toml` (not the copy that service users read)."""
    return Path(os.environ.get("BAOHAN_PROJECT") or Path(__file__).resolve().parents[2])


def environment() -> Path:
    """The directory with the Python environment and the fonts."""
    return Path(os.environ.get("BAOHAN_ENV") or project() / ".baohan")


def fonts() -> Path:
    """The directory with NotoSerifSC-Regular.ttf and NotoSerifSC-Bold.ttf."""
    return Path(os.environ.get("BAOHAN_FONTS") or environment() / "fonts")


def cache(tool: str) -> Path:
    """A directory where a tool may keep what makes its next run faster; it exists."""
    directory = environment() / "cache" / tool
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        directory = Path(tempfile.gettempdir()) / f"baohan-cache-{os.geteuid()}" / tool
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory
