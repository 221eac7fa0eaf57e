"""Whose openings an agency attends: the list and the rooms say the same, whatever it was let do."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters.database import Sessions
from guarantees.errors import NotFound
from guarantees.queries import openings
from guarantees.records.project import Mandate
from tests import world as worlds
from tests.world import World


@pytest.fixture
def world(sessions: Sessions) -> World:
    return worlds.build(sessions)


def let(world: World, *actions: str) -> None:
    def change(session: Session) -> None:
        session.scalars(select(Mandate)).one().actions = list(actions)

    world.run("mandate", change)


def listed(world: World) -> set[str]:
    found = world.read(openings.openings_of, world.as_("agency"), world.now)
    return {lot.id for lot, _state in found}


@pytest.mark.parametrize("actions", [("opening.read",), ("lot.open",), ("opening.read", "lot.end")])
def test_who_sees_or_opens_is_let_in(world: World, actions: tuple[str, ...]) -> None:
    let(world, *actions)
    assert listed(world) == {world.lot}
    assert world.read(openings.room, world.as_("agency"), world.now, world.lot).lot.id == world.lot


def test_who_only_ends_lots_is_not(world: World) -> None:
    let(world, "lot.end")
    assert listed(world) == set()
    with pytest.raises(NotFound):
        world.read(openings.room, world.as_("agency"), world.now, world.lot)
