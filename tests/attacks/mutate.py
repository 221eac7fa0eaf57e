"""Mutated letters through the worker: `python -m tests.attacks.mutate --count N --seed S`.

No mutant may be accepted (`intact` with other bytes than the letter's), stop the pool, or take
longer than a worker is given. Number and seed tell what a mutant was, up to the keys, which every
run makes anew. Exit status 1 if one of these happened.
"""

import argparse
import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from random import Random

from signing.profiles import KeyKind
from signing.report import Integrity, SignatureReport
from signing.worker import SECONDS, Pool
from tests.attacks.grammar import mutant
from tests.signing import papers
from tests.signing.made import LATER, key_of, letter, pki, signed

WORKERS = 2
CHUNK = 500
"""Mutants between two lines of progress."""


@cache
def letters() -> tuple[bytes, ...]:
    """What is mutated: with and without terms, and by a key of another kind."""
    return letter(), signed(papers.paper()), signed(papers.paper(), key_of(KeyKind.RSA2048))


@dataclass
class Tally:
    """What became of the mutants."""

    count: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    """Seconds that one mutant took, waiting for a worker not counted."""
    words: Counter[str] = field(default_factory=Counter)
    """By the word for what became of the bytes; "unsupported" where there is none."""
    codes: Counter[str] = field(default_factory=Counter)
    """By the code of the first step that did not pass."""
    bad: list[str] = field(default_factory=list)
    """Number and mutations of those that were accepted, or that a worker died or hung on."""

    def add(self, one: "Judged") -> bool:
        """Count one mutant; whether it is one that should not be."""
        word = one.report.integrity
        code = next((step.code for step in one.report.steps if step.result != "PASSED"), "accepted")
        stopped = code in {"worker_timeout", "worker_died"} or one.seconds > SECONDS
        self.count += 1
        self.slowest = max(self.slowest, one.seconds)
        self.words[word or "unsupported"] += 1
        self.codes[code] += 1
        if word != Integrity.INTACT and not stopped:
            return False
        self.bad.append(f"{one.number} {one.names}: {code}")
        return True


@dataclass(frozen=True)
class Judged:
    """One mutant with its report."""

    number: int
    names: str
    pdf: bytes
    report: SignatureReport
    seconds: float


def run(count: int, seed: int, *, keep: Path | None = None, tell: bool = False) -> Tally:
    """Judge the first `count` mutants of that seed."""
    tally = Tally()
    started = time.monotonic()
    with Pool(workers=WORKERS) as pool, ThreadPoolExecutor(WORKERS) as threads:
        pool.warm()
        for first in range(0, count, CHUNK):
            numbers = range(first, min(first + CHUNK, count))
            for one in threads.map(partial(_judge, pool, seed), numbers):
                if tally.add(one) and keep is not None:
                    (keep / f"{seed}-{one.number}.pdf").write_bytes(one.pdf)
            tally.seconds = time.monotonic() - started
            if tell:
                line = f"{tally.count} in {tally.seconds:.0f} s, {len(tally.bad)} bad"
                print(line, file=sys.stderr, flush=True)
    return tally


def _judge(pool: Pool, seed: int, number: int) -> Judged:
    source = Random(f"{seed}/{number}")
    pdf, names = mutant(source, source.choice(letters()))
    assert pdf not in letters()
    started = time.monotonic()
    report = pool.verify(pdf, trust=pki().trust, at=LATER)
    return Judged(number, names, pdf, report, time.monotonic() - started)


def main() -> int:
    """Print what became of the mutants, as JSON."""
    parser = argparse.ArgumentParser(description="Mutated letters through the worker.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the mutants that should not be")
    arguments = parser.parse_args()
    tally = run(arguments.count, arguments.seed, keep=arguments.keep, tell=True)
    print(json.dumps(tally.__dict__, indent=2))
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
