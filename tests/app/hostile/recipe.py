"""How one form is sent rightly: by whom, from which page, with what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.app.hostile.stage import Stage

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Recipe:
    who: str
    """One of the world's people; empty: a visitor."""
    path: str
    fields: Fields = field(default_factory=dict)
    """What is typed; hidden fields come from the page."""
    page: str = ""
    """Where the form stands; empty: at `path` itself."""
    file: tuple[str, bytes] | None = None
    """Field and content of a file that goes along."""
    refused: int = 0
    """Status of the answer where the stage has not what the form needs; 0: it is taken."""
    shows_result: bool = False
    """What was done is shown in the answer itself, not after a redirect."""
    stores: bool = True
    """What is right is written somewhere."""
    before: Callable[[Stage], None] | None = None
    """What the browser did before."""
