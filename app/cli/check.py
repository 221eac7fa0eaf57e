"""`./baohan check`: format, lint, types, import contracts, security lint: all run and report."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.cli.arguments import Arguments
from app.cli.commands import COMMANDS
from app.cli.places import cache, project

PACKAGES = ("app", "guarantees", "signing")


@dataclass(frozen=True)
class Tool:
    """One check: its name and the command line that exits with 0 if all is well."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a tool said, standard output and error in order."""

    tool: Tool
    status: int
    seconds: float
    """Wall-clock time."""
    output: str


def tools() -> tuple[Tool, ...]:
    """The checks, the slowest first: two run at a time."""
    python = (sys.executable, "-m")
    lint_imports = str(Path(sys.executable).with_name("lint-imports"))
    return (
        Tool("types", (*python, "mypy", "--cache-dir", str(cache("mypy")))),
        Tool("imports", (lint_imports, "--cache-dir", str(cache("imports")))),
        Tool("security", (*python, "bandit", "-q", "-c", "pyproject.toml", "-r", *PACKAGES)),
        Tool("format", (*python, "ruff", "format", "--check", ".")),
        Tool("lint", (*python, "ruff", "check", ".")),
    )


def run(tool: Tool) -> Outcome:
    """Run one tool at the root of the project."""
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(project()), "RUFF_CACHE_DIR": str(cache("ruff"))}
    done = subprocess.run(
        tool.command,
        cwd=project(),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(tool, done.returncode, time.monotonic() - started, done.stdout)


def report(outcomes: Iterable[Outcome]) -> int:
    """Print a line for each tool, and all that a failing one said; 0 if none failed, else 1."""
    failures = 0
    for outcome in outcomes:
        word = "ok" if outcome.status == 0 else f"FAILED (exit {outcome.status})"
        print(f"{outcome.tool.name:10} {outcome.seconds:6.1f} s  {word}", flush=True)
        if outcome.status != 0:
            failures += 1
            print(outcome.output.rstrip(), flush=True)
    return 1 if failures else 0


def main(argv: list[str]) -> int:
    """Run every check; exit status 1 if any of them failed."""
    Arguments("check", COMMANDS["check"]).parse_args(argv)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return report(pool.map(run, tools()))
