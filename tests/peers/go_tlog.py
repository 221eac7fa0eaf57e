"""Go's packages golang.org/x/mod/sumdb/note and tlog as a judge of our log (tests/peers/tlog)."""

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.postgres import start_run

SOURCE = Path(__file__).parent / "tlog" / "main.go"
PACKAGES = "/usr/share/gocode"
"""Where Debian's golang-golang-x-mod-dev puts its source."""


@cache
def program() -> Path:
    """The compiled judge, once per process; `./baohan test` installs Go where it is missing."""
    made = start_run() / f"tlog-{os.getpid()}"
    cache_folder = start_run() / "go-cache"
    environment = {
        "PATH": os.environ["PATH"],
        "GO111MODULE": "off",
        "GOPATH": PACKAGES,
        "GOCACHE": str(cache_folder),
        "GOFLAGS": "-trimpath",
    }
    done = subprocess.run(
        ["go", "build", "-o", made, SOURCE], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return made


def judge(task: Mapping[str, Any]) -> str:
    """ "" if everything in the task holds by Go's packages, else what it says."""
    document = json.dumps(_encoded(dict(task)))
    done = subprocess.run(
        [program()], input=document.encode(), capture_output=True, check=False, timeout=60
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stderr.decode().strip()


def _encoded(value: Any) -> Any:
    """Go reads bytes from base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _encoded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return value
