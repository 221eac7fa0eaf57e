"""A lot that a correction withdrew is still shown to those who have a case in it."""

from sqlalchemy import update

from guarantees.queries import cases
from guarantees.records.project import ProjectVersion
from tests.guarantees.flow.test_main_way import applied
from tests.world import World


def test_a_withdrawn_lot_is_still_shown(world: World) -> None:
    case = applied(world)
    emptied = update(ProjectVersion).values(lots=[{"number": "99", "name": "另一标段",
                                                   "budget_fen": 1, "deposit_fen": 1}])  # fmt: skip
    world.run("demo_data", lambda session: session.execute(emptied))
    view = world.read(cases.view, world.as_("supplier"), case)
    assert view.lot.number == "01"
    assert view.lot.deposit is None
