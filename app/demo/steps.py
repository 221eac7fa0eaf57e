"""The steps of a story, shown as they are played, and the summary that they leave."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class PlayedStep:
    name: str
    seconds: float
    ok: bool
    detail: str


class StoryBroken(Exception):
    """A step did not hold; the summary says which."""


class NotHeld(Exception):
    """What a step was to show is not so."""


@dataclass
class Steps:
    """Plays steps one after the other; the first that does not hold ends the story."""

    say: Callable[[str], None]
    played: list[PlayedStep] = field(default_factory=list)

    def play(self, name: str, act: Callable[[], tuple[str, R]]) -> R:
        """`act` answers what to show and what the story goes on with."""
        begun = time.monotonic()
        try:
            detail, result = act()
        except Exception as error:
            self._note(name, begun, False, f"{type(error).__name__}: {error}")
            raise StoryBroken(name) from error
        self._note(name, begun, True, detail)
        return result

    def _note(self, name: str, begun: float, ok: bool, detail: str) -> None:
        step = PlayedStep(name, round(time.monotonic() - begun, 3), ok, detail)
        self.played.append(step)
        mark = "✓" if ok else "✗"
        self.say(f"{mark} {len(self.played):>2}  {step.seconds:6.2f} s  {name}：{detail}")

    def summary(self, letters: list[dict[str, Any]]) -> dict[str, Any]:
        """As summary.json holds it (design.md section 5)."""
        return {
            "ok": bool(self.played) and all(step.ok for step in self.played),
            "steps": [asdict(step) for step in self.played],
            "letters": letters,
        }


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def hold(condition: bool, otherwise: str) -> None:
    """NotHeld with `otherwise` unless the condition holds."""
    if not condition:
        raise NotHeld(otherwise)
