"""Every commit, write-once put and outgoing call stands between two fault points.

Read from the source, so that a new one is found; and seen in a play, so that what was found works.
"""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from app.adapters.database import WRITES
from signing import faults
from signing.timekeeper.protocol import Timekeeper
from tests.faults.points import ENDING, ENDS_PLAYED, OTHER_WRITES, PLAYED, STEPS, elsewhere
from tests.faults.theatre import Theatre
from tests.faults.watch import DOING, by_thread

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("app", "guarantees", "signing")

EFFECTS = (".commit", "engine.begin", "os.link", ".post", "_client.call", ".send_message")
"""How calls end by which something leaves the process for good."""

NETWORK = frozenset({"requests", "smtplib", "socket", "urllib.request", "http.client", "aiohttp"})
"""Modules by which a process could reach another one."""

ON_THE_NETWORK = frozenset(
    {
        "app/adapters/gateway.py",
        "app/adapters/log_signers.py",
        "app/adapters/mail.py",
        "signing/keys/remote.py",
        "signing/timestamps.py",
        "signing/wire/client.py",
        "signing/wire/frames.py",
        "signing/wire/server.py",
    }
)
"""Who imports them: the adapters above, and the wire under the clients of signer and timekeeper."""

GUARDED = frozenset(
    {
        ("app/adapters/database.py", "write"),
        ("app/adapters/files_local.py", "put_once"),
        ("app/adapters/gateway.py", "order"),
        ("app/adapters/letters.py", "_call"),
        ("app/adapters/log_folder.py", "put"),
        ("app/adapters/log_signers.py", "_call"),
        ("app/adapters/log_signers.py", "_post"),
        ("signing/private_files.py", "write_new"),
    }
)
"""Functions with an effect between two points of their own."""

WITHIN = {
    ("app/adapters/mail.py", "send"): "between the points of app/jobs/mails.py",
    ("signing/timekeeper/client.py", "_call"): "between the points of app/adapters/timekeeper.py",
    ("signing/keys/remote.py", "_post"): "a signature is nothing until a letter with it is kept",
    ("signing/timestamps.py", "_post"): "a time stamp changes nothing: another is asked for",
    ("app/adapters/schema.py", "upgrade"): "one transaction, before anything is served",
    ("app/adapters/schema.py", "downgrade"): "one transaction, for tests of migrations",
}
"""Functions whose effect is guarded elsewhere, or needs no guard."""

READING = frozenset({"status", "public"})
"""Calls to the timekeeper that change nothing."""

OTHER_PROGRAMS = ("app/processes/", "app/cli/", "app/demo/")
"""Programs beside the one that holds the business: banks and authorities of the demonstration,
supervisor, commands."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    """(file, tree) of all that is not another program's."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if not name.startswith(OTHER_PROGRAMS):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """(file, function) of the same."""
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield name, node


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def effects(function: ast.FunctionDef) -> list[int]:
    """Lines of calls that have an effect."""
    body = ast.Module(body=function.body, type_ignores=[])  # without the decorators
    return [one.lineno for one in calls(body) if ast.unparse(one.func).endswith(EFFECTS)]


def points(function: ast.FunctionDef) -> list[int]:
    """Lines of fault points."""
    return [one.lineno for one in calls(function) if ast.unparse(one.func) == "faults.point"]


def test_every_effect_is_guarded() -> None:
    found = {(file, one.name) for file, one in functions() if effects(one)}
    assert found == GUARDED | WITHIN.keys()


def test_nothing_else_can_reach_another_process() -> None:
    found = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = {one.name for one in node.names}
            else:
                modules = {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
            if modules & NETWORK:
                found.add(name)
    assert found == ON_THE_NETWORK


def test_guards_stand_before_and_after() -> None:
    checked = set()
    for file, function in functions():
        if (file, function.name) in GUARDED and effects(function):
            lines = points(function)
            assert min(lines) < min(effects(function)) < max(lines), (file, function.name)
            checked.add((file, function.name))
    assert checked == GUARDED


def test_every_call_to_the_timekeeper_that_changes_something_has_points() -> None:
    changing = {name for name in vars(Timekeeper) if not name.startswith("_")} - READING
    own = {
        function.name: points(function)
        for file, function in functions()
        if file == "app/adapters/timekeeper.py"
    }
    assert changing <= set(own)
    assert all(len(own[name]) == 2 for name in changing)


def test_every_commit_names_itself_and_every_name_is_used() -> None:
    named = set()
    for folder in ("app", "tests/faults", "wsgi.py"):
        path = ROOT / folder
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            for call in calls(ast.parse(file.read_text(encoding="utf-8"))):
                if ast.unparse(call.func).rpartition(".")[2] == "write" and call.args:
                    first = call.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        named.add(first.value)
    assert named == set(WRITES)


def test_every_point_is_killed_somewhere() -> None:
    """A new point must be put into the play, or named with the place of its own test."""
    for module in declaring():
        importlib.import_module(module)
    names = {name for name in faults.names() if not name.startswith("test.")}
    played = {*PLAYED, *ENDS_PLAYED}
    assert {name for name in names if not elsewhere(name)} | played == played
    assert played <= names
    assert {*STEPS, *ENDING} | OTHER_WRITES == set(WRITES)
    assert not {*STEPS, *ENDING} & OTHER_WRITES


def declaring() -> list[str]:
    """Modules that declare fault points."""
    found = []
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            made = calls(ast.parse(path.read_text(encoding="utf-8")))
            if any(ast.unparse(one.func) == "faults.declare" for one in made):
                parts = path.relative_to(ROOT).with_suffix("").parts
                found.append(".".join(parts))
    return found


def test_in_a_play_every_effect_comes_between_two_points(theatre: Theatre) -> None:
    seen = 0
    for words in by_thread(theatre.first.passed).values():
        for place, word in enumerate(words):
            if word.startswith(DOING):
                seen += 1
                before, after = words[place - 1], words[place + 1]
                assert ".before_" in before, (before, word)
                assert before.replace(".before_", ".after_") == after, (word, after)
    assert seen > len(STEPS)
