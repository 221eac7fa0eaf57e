"""How stages are measured: CPU and wall time by phase, ours and the peer's in alternating order."""

import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Operation = Callable[[int, "Phases"], None]
"""Does the i-th operation and tells its phases apart."""


@dataclass
class Phases:
    """CPU and wall seconds of one operation, by phase."""

    cpu: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str, *, within: str = "") -> Iterator[None]:
        """Times what happens inside; `within` names the phase that it is taken out of."""
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            self._add(name, cpu, wall)
            if within:
                self._add(within, -cpu, -wall)

    def _add(self, name: str, cpu: float, wall: float) -> None:
        self.cpu[name] = self.cpu.get(name, 0.0) + cpu
        self.wall[name] = self.wall.get(name, 0.0) + wall


@dataclass
class Runs:
    """All operations of one side."""

    phases: list[Phases] = field(default_factory=list)

    def cpu(self, *names: str) -> float:
        """Median CPU milliseconds of an operation: of these phases together, or of all."""
        return 1000 * statistics.median(_sum(run.cpu, names) for run in self.phases)

    def summary(self) -> dict[str, Any]:
        walls = sorted(sum(run.wall.values()) for run in self.phases)
        names = list(self.phases[0].cpu)
        return {
            "operations_per_second": round(len(walls) / sum(walls), 2),
            "median_ms": round(1000 * statistics.median(walls), 2),
            "p95_ms": round(1000 * percentile(walls, 95), 2),
            "cpu_ms_per_operation": round(self.cpu(), 2),
            "phases": {
                name: {
                    "cpu_ms": round(self.cpu(name), 2),
                    "wall_ms": round(
                        1000 * statistics.median(run.wall[name] for run in self.phases), 2
                    ),
                }
                for name in names
            },
        }


def _sum(values: dict[str, float], names: tuple[str, ...]) -> float:
    return sum(value for name, value in values.items() if not names or name in names)


def percentile(ordered: list[float], percent: int) -> float:
    """Nearest rank of sorted values."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def alternate(count: int, ours: Operation, peer: Operation) -> tuple[Runs, Runs]:
    """`count` operations of each, after one of each that isn't counted; who is first alternates."""
    sides = (ours, Runs()), (peer, Runs())
    for operation, _ in sides:
        operation(-1, Phases())
    for number in range(count):
        for operation, runs in sides if number % 2 == 0 else sides[::-1]:
            phases = Phases()
            operation(number, phases)
            runs.phases.append(phases)
    return sides[0][1], sides[1][1]


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "processor": _processor(),
        "system": platform.platform(terse=True),
    }


def peak_memory_mb() -> float:
    """Largest resident size of this process so far (getrusage(2), kilobytes on Linux)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return f"{len(names)} × {names[0]}" if names else platform.processor()
