"""`./baohan test`: all tests; the arguments go to pytest."""

import os
import sys

from app.cli.places import cache, project

# Two workers for the two cores that the project plans for; tests of one file share their fixtures.
DEFAULTS = ("-n", "2", "--dist", "loadfile")


def main(argv: list[str]) -> int:
    """Become pytest: its exit status is the command's, 5 (no test ran) among them."""
    os.chdir(project())
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(cache("hypothesis"))
    pytest = (sys.executable, "-P", "-m", "pytest", *DEFAULTS, "-o", f"cache_dir={cache('pytest')}")
    sys.stdout.flush()
    os.execv(sys.executable, (*pytest, *argv))
