"""Verification by the route that users take (a worker process) against pyHanko's own validation.

Same letters, same moment, alternating order, each level by itself. Wall time counts: what a worker
does is no CPU time of this process. Ours judges the time-stamp, revocation by lists, and integrity
twice; the peer is pyHanko as its manual shows it, in this process, which asks for no lists but at
B-LT: there it takes them from the letter.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.processes import produce
from bench.issue import Workshop, workshop
from bench.measure import Operation, Phases, Runs, alternate, machine, peak_memory_mb
from signing.levels import Level
from signing.longterm import lasts
from signing.report import Result
from signing.worker import Pool

LETTERS = 5
"""Different ones of each level."""
ALLOWED = 1.3
"""Times the peer's median that ours may take (issue 4)."""


def run(count: int) -> dict[str, Any]:
    """`count` verifications of each side at each level."""
    with tempfile.TemporaryDirectory() as folder:
        made = workshop(Path(folder) / "pki", datetime.now(UTC))
    letters = _letters(made, min(count, LETTERS))
    with Pool(workers=1) as pool:
        pool.warm()
        levels = {name: _level(made, pool, name, pdfs, count) for name, pdfs in letters.items()}
    return {
        "stage": "verify",
        "count": count,
        "machine": machine(),
        "peer": "pyHanko validate_pdf_signature, fresh context, in this process",
        "levels": levels,
        "peak_memory_mb": peak_memory_mb(),
    }


def _letters(made: Workshop, count: int) -> dict[str, list[bytes]]:
    papers = [produce.render(made.commission(number), made.press) for number in range(count)]
    now, sign = datetime.now(UTC), produce.sign
    return {
        level.value: [
            sign(pdf, str(number), made.key, made.timestamper, made.trust, now, level)
            for number, pdf in enumerate(papers)
        ]
        for level in Level
    }


def _level(made: Workshop, pool: Pool, level: str, pdfs: list[bytes], count: int) -> dict[str, Any]:
    reports = {pdf: pool.verify(pdf, trust=made.trust, at=datetime.now(UTC)) for pdf in pdfs}
    times = {pdf: report.time or datetime.now(UTC) for pdf, report in reports.items()}

    def ours(pdf: bytes) -> bool:
        report = pool.verify(pdf, trust=made.trust, at=datetime.now(UTC))
        return report.signature == Result.PASSED

    def peer(pdf: bytes) -> bool:
        if level == Level.B_LT:
            return lasts(pdf, made.trust, times[pdf])
        return made.plain_signer.validate(pdf, datetime.now(UTC))

    mine, theirs = alternate(count, _timed(ours, pdfs), _timed(peer, pdfs))
    return {
        "ours": _summary(mine),
        "peer": _summary(theirs),
        "times_the_peer": round(_median(mine) / _median(theirs), 2),
    }


def _timed(judge: Callable[[bytes], bool], pdfs: list[bytes]) -> Operation:
    def operation(number: int, phases: Phases) -> None:
        with phases.phase("verify"):
            passed = judge(pdfs[number % len(pdfs)])
        if not passed:
            raise RuntimeError("a sound letter was not accepted")

    return operation


def _summary(runs: Runs) -> dict[str, float]:
    found = runs.summary()
    return {name: found[name] for name in ("operations_per_second", "median_ms", "p95_ms")}


def _median(runs: Runs) -> float:
    return float(runs.summary()["median_ms"])


def table(figures: dict[str, Any]) -> list[str]:
    """The figures as lines for people."""
    lines = [
        f"verify: {figures['count']} verifications each, in alternating order",
        f"machine: {figures['machine']['processor']}, Python {figures['machine']['python']}",
        f"peer: {figures['peer']}",
        "",
        f"{'':<8}{'ours, median ms':>18}{'p95':>8}{'peer, median ms':>18}{'p95':>8}{'times':>8}",
    ]
    for level, one in figures["levels"].items():
        sides = "".join(
            f"{one[side]['median_ms']:>18.1f}{one[side]['p95_ms']:>8.1f}"
            for side in ("ours", "peer")
        )
        lines.append(f"{level:<8}{sides}{one['times_the_peer']:>8.2f}")
    return [*lines, "", f"at most {ALLOWED} times the peer's is asked for"]
