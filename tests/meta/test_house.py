"""The house keeps its order: sizes, directions, and nothing in the files that must not be there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.check import tools
from app.cli.commands import COMMANDS
from tests.meta.files import ROOT, files, texts

MOST_LINES = 400
PRODUCT = ("app", "guarantees", "signing", "migrations")

# In pieces, so that this file does not hold what it looks for.
MACHINE = re.compile(r"(?<![\w.~-])/(?:" + "|".join(("work", "farm", "root")) + r")/[A-Za-z.]")
REGISTRY = re.compile(
    r"https?://[\w.-]*(?:" + "|".join(("pypi", "pythonhosted", "npmjs", "debian", "mirror")) + ")"
)
PRIVATE_KEY = re.compile("-----BEGIN (?:[A-Z]+ )?" + "PRIVATE KEY-----")
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
SILENCED = re.compile(r"#\s*(?:noqa|type: ignore|nosec|pragma: no cover)(.*)")
REASON = re.compile(r"^(?::\s*[A-Z0-9, ]+|\[[\w, -]+\]|\s+B\d+)?\s*(?:#|-|–|—)\s*\S.{7,}")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Where in the project's text files the pattern occurs, as `file:line: text`."""
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(MACHINE, id="paths of one machine"),
        pytest.param(REGISTRY, id="addresses of package registries"),
        pytest.param(PRIVATE_KEY, id="private keys"),
        pytest.param(UNFINISHED, id="notes of unfinished work"),
    ],
)
def test_no_file_holds(pattern: re.Pattern[str]) -> None:
    assert found(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE, "see /" + "work/main"),
        (MACHINE, 'open("/' + 'root/.ssh")'),
        (REGISTRY, "https://files." + "pythonhosted.org/x"),
        (REGISTRY, "http://deb." + "debian.org/debian"),
        (PRIVATE_KEY, "-----BEGIN EC " + "PRIVATE KEY-----"),
        (UNFINISHED, "# TO" + "DO: later"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["docs/work/flow.md", "~/root/x", "/var/lib/baohan", "homework"])
def test_the_pattern_of_machine_paths_leaves_others(line: str) -> None:
    assert not MACHINE.search(line)


def test_no_file_of_code_is_too_long() -> None:
    code = [*files(".py", ".sh", ".js"), ROOT / "baohan"]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in code
        if path.parent != ROOT / "migrations" / "versions"  # one step of the schema, however long
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_every_silenced_check_says_why() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files(".py")
        if path.relative_to(ROOT).parts[0] in PRODUCT  # tests hand over wrong types on purpose
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (silenced := SILENCED.search(line)) and not REASON.match(silenced[1])
    ]
    assert silent == []


def test_app_itself_is_empty() -> None:
    assert (ROOT / "app" / "__init__.py").read_text() == ""


def test_import_contracts_hold_and_are_all_there() -> None:
    [imports] = [tool for tool in tools() if tool.name == "imports"]
    done = subprocess.run(
        [sys.executable, "-P", *imports.command],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 6 kept, 0 broken." in done.stdout


def test_every_check_can_run() -> None:
    names = {tool.name for tool in tools()}
    assert names == {"types", "imports", "security", "format", "lint"}
    for tool in tools():
        assert Path(tool.command[0]).exists(), tool


def test_readmes_show_the_two_commands() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "./baohan serve" in text and "./baohan test" in text
        assert len(text.splitlines()) <= 120, "one page"


def test_launcher_and_registry_know_the_same_commands() -> None:
    launcher = (ROOT / "baohan").read_text()
    [names] = re.findall(r'^commands="(.*)"$', launcher, re.MULTILINE)
    text = launcher.split("<<'END'")[1].split("\nEND")[0]
    usage = re.findall(r"^  ([a-z-]+)  +\S", text, re.MULTILINE)
    assert names.split() == usage == list(COMMANDS)


def test_what_is_started_can_be_started() -> None:
    for name in ("baohan", ".ci/run"):
        path = ROOT / name
        assert path.stat().st_mode & 0o111 == 0o111, name
        assert path.read_text().startswith("#!")
