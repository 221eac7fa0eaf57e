"""More people for a world."""

from dataclasses import replace

from sqlalchemy.orm import Session

from guarantees.records.person import Person
from guarantees.values.ids import new_id
from tests.world import World


def add_person(world: World, name: str, colleague: str, *roles: str) -> None:
    """Another person in the organisation of `colleague`."""
    known = world.people[colleague]
    person = new_id()

    def add(session: Session) -> None:
        session.add(
            Person(
                id=person,
                organisation_id=known.organisation_id,
                login=name,
                name=f"演示{name}",
                mail=f"{name}@example.invalid",
                roles=list(roles),
                password_hash="",
                state="active",
                created_at=world.now,
            )
        )

    world.run("demo_data", add)
    world.people[name] = replace(
        known, person_id=person, name=f"演示{name}", roles=frozenset(roles)
    )
