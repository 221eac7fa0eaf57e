"""A process for test_supervisor: sleeps, fails, or drains for a while."""

import argparse
import json
import sys
import time
from pathlib import Path

from app.processes import child


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("--drain", type=Path)
    parser.add_argument("--for", type=float, default=0.5, dest="seconds")
    given = parser.parse_args()
    if given.fail:
        print(json.dumps({"event": "cannot run", "why": "no such key"}), file=sys.stderr)
        return 1
    stop = child.begin("sleeper")
    if given.drain:
        given.drain.with_suffix(".ready").touch()
    stop.wait()
    if given.drain:
        time.sleep(given.seconds)
        given.drain.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
