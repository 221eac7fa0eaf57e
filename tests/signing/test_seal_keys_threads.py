"""Several people type their passphrases at once."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import threading
from signing import seal

def work():
    for _ in range(3):
        blob = seal.wrap_private(bytes(range(32)), "correct horse battery staple")
        assert seal.unwrap_private(blob, "correct horse battery staple") == bytes(range(32))

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_passphrases_typed_at_once_do_not_wait_for_each_other_for_ever() -> None:
    """In a process of its own, since a thread that hangs inside OpenSSL cannot be ended."""
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, check=True, timeout=90)
