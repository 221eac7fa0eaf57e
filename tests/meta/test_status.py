"""Every state has a word and a tone, and red stands only for what was refused or is broken."""

import pytest

from app.shell import TONES
from app.status import NOUNS, STATUS
from guarantees.records import organisation, person
from guarantees.tables import lifecycle

STATES = sorted({(move.noun, move.after) for move in lifecycle.MOVES})


@pytest.mark.parametrize(("noun", "state"), STATES)
def test_every_state_of_the_lifecycle_has_a_word(noun: str, state: str) -> None:
    assert state in STATUS[noun], f"app/status.py lacks {noun} {state}"


def test_every_state_of_organisations_and_people_has_a_word() -> None:
    assert set(organisation.STATES) <= STATUS["organisation"].keys()
    assert set(person.STATES) <= STATUS["person"].keys()


def test_every_noun_has_a_name_and_known_tones() -> None:
    assert STATUS.keys() == NOUNS.keys()
    assert {tone for words in STATUS.values() for tone, _word in words.values()} <= set(TONES)


def test_violet_means_sealed_and_nothing_else() -> None:
    violet = {state for words in STATUS.values() for state in words if words[state][0] == "seal"}
    assert violet == {"sealed"}
