"""All that a test needs to kill a play and see how its repetition ends."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import Kind
from tests.faults import ends
from tests.faults.outside import Outside, outside
from tests.faults.players import Outcome, Players, players
from tests.faults.stage import Stage, Template, template
from tests.faults.summary import as_text, summarise
from tests.faults.watch import point_of
from tests.trustees import appoint
from tests.world import World


@dataclass(frozen=True)
class Part:
    """A play (tests.faults.player.PARTS) and the world that it begins in."""

    name: str
    furnish: Callable[[World, Path], None]
    """World and its folder."""
    lots: int = 1


def _appointed(world: World, folder: Path) -> None:
    appoint(world)


LETTERS = Part("letters", _appointed)
ENDS = Part("ends", ends.furnish, ends.LOTS)


@dataclass(frozen=True)
class Theatre:
    template: Template
    outside: Outside
    players: Players
    folder: Path
    first: Outcome
    """The undisturbed play, with its trace."""
    undisturbed: str
    """What it left, normalised."""
    gaps: list[float]
    """Seconds before each commit of an undisturbed play, since the commit before it."""

    @property
    def passes(self) -> Counter[str]:
        """How often each fault point is passed."""
        return Counter(name for one in self.first.passed if (name := point_of(one)))

    def stage(self) -> AbstractContextManager[Stage]:
        return self.template.copy(self.folder)

    def left(self, stage: Stage) -> str:
        return as_text(summarise(stage, self.outside.bank))


@contextmanager
def theatre_for(kind: Kind, folder: Path, part: Part = LETTERS) -> Iterator[Theatre]:
    model = folder / "template"
    with (
        template(kind, model, lambda world: part.furnish(world, model), part.lots) as made,
        outside(made.world) as others,
        players(others, part.name) as troupe,
    ):
        with made.copy(folder) as stage:
            troupe.to_the_end(stage, warm=True)
        with made.copy(folder) as stage:
            first = troupe.to_the_end(stage, trace=True)
            undisturbed = as_text(summarise(stage, others.bank))
        with made.copy(folder) as stage:
            gaps = troupe.to_the_end(stage).gaps
        yield Theatre(made, others, troupe, folder, first, undisturbed, gaps)
