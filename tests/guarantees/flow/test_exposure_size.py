"""An institution with many suppliers keeps underwriting."""

from sqlalchemy.orm import Session

from guarantees.records import exposure
from tests.world import World


def test_a_book_of_ten_thousand_suppliers(world: World) -> None:
    institution = world.as_("maker").organisation_id
    used = {f"supplier:9114{place:014d}": 10**12 for place in range(10_000)}

    def fill(session: Session) -> None:
        row, book = exposure.locked(session, institution)
        book.used = used
        exposure.write(session, row, book)

    world.run("underwrite", fill)
    with world.sessions.reading() as session:
        assert exposure.locked(session, institution)[1].used == used
