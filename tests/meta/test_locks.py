"""The locks: every version fixed and hashed, no address, and in step with pyproject.toml."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.meta.files import ROOT, files

LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-font.lock")
PRODUCT = ("app", "guarantees", "signing", "migrations")
OURS = {*PRODUCT, "tests", "bench"}
ADDRESS = re.compile(r"://|^\s*(?:-i|-f|-e|--index-url|--extra-index-url|--find-links|--trusted)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def blocks(lock: str) -> Iterator[str]:
    """The requirements of a lock, each with its hashes on the same line."""
    text = (ROOT / lock).read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    yield from filter(None, "\n".join(lines).replace("\\\n", "").splitlines())


def pins(lock: str) -> list[Requirement]:
    """The requirements of a lock without their hashes."""
    return [Requirement(block.split("--hash")[0]) for block in blocks(lock)]


def declared(group: str | None) -> list[Requirement]:
    """What pyproject.toml asks for at run time, or in a dependency group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = project["dependency-groups"][group] if group else project["project"]["dependencies"]
    return [Requirement(name) for name in names]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert [line for line in text.splitlines() if ADDRESS.search(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_is_fixed_and_hashed(lock: str) -> None:
    found = list(blocks(lock))
    assert found
    for block in found:
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==[^ ]+ ", block), block
        assert HASH.search(block), block


@pytest.mark.parametrize(
    ("group", "lock"), [(None, LOCKS[0]), ("test", LOCKS[1]), ("font", LOCKS[2])]
)
def test_a_lock_holds_what_is_declared(group: str | None, lock: str) -> None:
    locked = {canonicalize_name(pin.name): pin for pin in pins(lock)}
    for wanted in declared(group):
        pin = locked[canonicalize_name(wanted.name)]
        [version] = pin.specifier
        assert wanted.specifier.contains(version.version), f"{wanted} is locked as {pin}"


def test_locks_agree_where_they_overlap() -> None:
    runtime = {str(pin) for pin in pins(LOCKS[0])}
    names = {pin.name for pin in pins(LOCKS[0])}
    test = [pin for pin in pins(LOCKS[1]) if pin.name in names]
    assert test, "the tests need something of the runtime"
    assert [pin for pin in test if str(pin) not in runtime] == []


def imported(folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The foreign top-level modules that these folders import, each with the file that does."""
    for path in files(".py"):
        place = path.relative_to(ROOT)
        if place.parts[0] not in folders:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                if top not in OURS and top not in sys.stdlib_module_names:
                    yield top, str(place)


@pytest.mark.parametrize(
    ("folders", "wanted"),
    [
        pytest.param(PRODUCT, declared(None), id="product"),
        pytest.param(("tests", "bench"), declared(None) + declared("test"), id="tests"),
    ],
)
def test_every_package_that_is_imported_is_declared(
    folders: tuple[str, ...], wanted: list[Requirement]
) -> None:
    providers = packages_distributions()
    names = {canonicalize_name(requirement.name) for requirement in wanted}
    strays = {
        (module, place)
        for module, place in imported(folders)
        if not names & {canonicalize_name(name) for name in providers.get(module, [])}
    }
    assert strays == set()
