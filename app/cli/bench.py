"""`./baohan bench STAGE`: figures of a stage against its peer, measured in the same run."""

import importlib
import json
from typing import Any

from app.cli.arguments import Arguments, CommandError

STAGES = {
    "issue": "bench.issue",
    "verify": "bench.verify",
    "open": "bench.open",
    "rules": None,
    "web": "bench.web",
    "db": None,
}
"""Stage to the module with `run(count) -> dict` and, where its figures are of a shape of their own,
`table(figures) -> lines`; None: not measured yet."""

DEFAULT_COUNT = 30
LARGEST_COUNT = 100_000


def main(argv: list[str]) -> int:
    """Exit status 0; 2 for a stage that isn't there yet."""
    arguments = _arguments().parse_args(argv)
    module = STAGES[arguments.stage]
    if module is None:
        ready = ", ".join(name for name, found in STAGES.items() if found)
        raise CommandError(f"stage {arguments.stage!r} is not measured yet; there is: {ready}")
    if not 1 <= arguments.count <= LARGEST_COUNT:
        raise CommandError(f"--count must be 1 to {LARGEST_COUNT}, not {arguments.count}")
    stage = importlib.import_module(module)
    figures = stage.run(arguments.count)
    if arguments.json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        print("\n".join(getattr(stage, "table", table)(figures)))
    return 0


def _arguments() -> Arguments:
    parser = Arguments("bench", "measure a stage against its peer in the same run")
    parser.add_argument("stage", choices=sorted(STAGES))
    parser.add_argument(
        "--count", type=int, default=DEFAULT_COUNT, help=f"operations ({DEFAULT_COUNT})"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def table(figures: dict[str, Any]) -> list[str]:
    """The figures as lines for people."""
    ours, peer = figures["ours"], figures["peer"]
    machine = figures["machine"]
    lines = [
        f"{figures['stage']}: {figures['count']} operations each, in alternating order",
        f"machine: {machine['processor']}, Python {machine['python']}",
        f"peer: {peer['name']}",
        "",
        f"{'':<24}{'ours':>12}{'peer':>12}{'times':>9}",
    ]
    names = dict.fromkeys([*ours["phases"], *peer["phases"]])
    for name in names:
        own, other = (side["phases"].get(name, {}).get("cpu_ms") for side in (ours, peer))
        lines.append(_row(f"{name}, CPU ms", own, other))
    lines.append(_row("all, CPU ms", ours["cpu_ms_per_operation"], peer["cpu_ms_per_operation"]))
    for key, label in (("median_ms", "median ms"), ("p95_ms", "p95 ms")):
        lines.append(_row(label, ours[key], peer[key]))
    lines.append(
        f"{'operations a second':<24}"
        f"{ours['operations_per_second']:>12}{peer['operations_per_second']:>12}"
    )
    lines.append(f"{'peak memory, MB':<24}{figures['peak_memory_mb']:>12}")
    lines += ["", "less CPU than the peer:"]
    lines += [f"  {name:<28}{ratio:>6} times" for name, ratio in figures["times_less_cpu"].items()]
    return lines


def _row(label: str, own: float | None, other: float | None) -> str:
    times = f"{other / own:.1f}" if own and other else ""
    return f"{label:<24}{_cell(own)}{_cell(other)}{times:>9}"


def _cell(value: float | None) -> str:
    return f"{'—' if value is None else f'{value:.1f}':>12}"
