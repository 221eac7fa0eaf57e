"""signing/faults.py: points are declared, do nothing, and kill only when asked."""

import os
import subprocess
import sys

import pytest

from signing import faults

SCRIPT = """
from signing import faults
a, b = faults.declare("a.first"), faults.declare("b.second")
for number in range(5):
    print(number, flush=True)
    faults.point(a)
    faults.point(b)
"""


def passes(setting: str) -> tuple[int, int]:
    """Exit code and how many rounds were begun."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"BAOHAN_FAULT": setting},
    )
    return done.returncode, len(done.stdout.split())


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", (0, 5)),
        ("b.second", (137, 1)),
        ("b.second:1", (137, 1)),
        ("a.first:3", (137, 3)),
        ("a.first:6", (0, 5)),
        ("c.other", (0, 5)),
    ],
)
def test_the_process_ends_at_the_nth_pass(setting: str, expected: tuple[int, int]) -> None:
    assert passes(setting) == expected


def test_points_are_declared_once_and_before_use() -> None:
    name = faults.declare("test.declared")
    assert name in faults.names()
    faults.point(name)
    with pytest.raises(ValueError, match="twice"):
        faults.declare(name)
    with pytest.raises(LookupError, match="not declared"):
        faults.point("test.other")
