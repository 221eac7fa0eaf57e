"""The project's own files, as a clone has them, without what a run leaves beside them."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LEFT_BY_RUNS = frozenset(
    {".git", ".baohan", "__pycache__", "node_modules", ".hypothesis", ".ruff_cache"}
    | {".mypy_cache", ".pytest_cache", ".import_linter_cache"}
)


def files(*suffixes: str) -> Iterator[Path]:
    """Every file whose name ends with one of the suffixes, or every file if there are none."""
    for directory, below, names in os.walk(ROOT):
        below[:] = [name for name in below if name not in LEFT_BY_RUNS]
        for name in names:
            if not suffixes or name.endswith(suffixes):
                yield Path(directory) / name


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that is UTF-8 text, with its text."""
    for path in files():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
