"""What the later forms of a procurement work on: a letter, ends, holds, keys, a recovery."""

from datetime import timedelta

from sqlalchemy import select

from guarantees.flow import end_lot, hold, pay, recover_lot, register_project
from guarantees.ports import BankNotice
from guarantees.records.person import OpeningKey
from guarantees.records.project import Lot
from guarantees.records.recovery import RecoveryRequest
from guarantees.records.trust import TrusteeKey
from tests import trustees
from tests.app.hostile.stage import Stage
from tests.guarantees.flow.test_main_way import issued
from tests.house import OPENING
from tests.world import World, add_person

WHY = "两位开标人的口令都已遗失。"
REASON = "实质响应的供应商不足三家"
ACCOUNT = "6222000012345678"


def prepare(stage: Stage) -> None:
    """Ids go into `stage.ids`."""
    world = stage.pages.world
    add_person(world, "auditor", "operator", "audit_admin")
    add_person(world, "second", "procurer", "opener")
    _letter(world, stage.cases["issued"])
    _ended_project(stage)
    _keys(stage)


def at_the_opening(stage: Stage) -> None:
    """From here on it is an hour after T; `Stage.undone` sets the clock back."""
    stage.pages.world.now = OPENING + timedelta(hours=1)


def recovery_asked(stage: Stage) -> None:
    """By one person of the procurer, after T."""
    at_the_opening(stage)
    world = stage.pages.world
    world.run("recovery", recover_lot.ask, world.as_("procurer"), world.now, world.lot, WHY)


def recovery_agreed(stage: Stage) -> None:
    """By a second person; its id is "recovery"."""
    recovery_asked(stage)
    world = stage.pages.world
    world.run("recovery", recover_lot.second, world.as_("second"), world.now, world.lot)
    with world.sessions.reading() as session:
        stage.ids["recovery"] = session.scalars(select(RecoveryRequest.id)).one()


def _letter(world: World, case: str) -> None:
    """Paid, made and sealed."""
    supplier = world.as_("supplier")
    reference = world.run("order_payment", pay.order, supplier, world.now, case, ACCOUNT)
    order = world.read(pay.order_for_bank, case)
    assert order is not None and order.reference == reference
    notice = BankNotice("SB-1", reference, "paid", order.amount, ACCOUNT, "", world.now)
    assert world.run("payment_notice", pay.receive, notice, world.now) == "settled"
    issued(world, case)


def _ended_project(stage: Stage) -> None:
    """A second project: one end asked for, one of another person, one confirmed; and a hold."""
    world = stage.pages.world
    project, keeper = stage.ids["other project"], stage.pages.house.timekeeper
    agency, procurer = world.as_("agency"), world.as_("procurer")
    world.run("register_project", register_project.register, agency, world.now, project, keeper)
    lots = _lots_of(world, project)
    for name, lot in zip(("asked", "to confirm", "confirmed"), lots, strict=False):
        stage.ids[f"end {name}"] = world.run(
            "ask_end", end_lot.ask, procurer, world.now, project, [lot], "failed", REASON
        )
    confirmed = stage.ids["end confirmed"]
    world.run("ask_end", end_lot.confirm, world.as_("second"), world.now, confirmed)
    stage.ids["hold"] = world.run(
        "hold", hold.place, world.as_("auditor"), world.now, project, "投诉处理期间"
    )


def _lots_of(world: World, project: str) -> list[str]:
    with world.sessions.reading() as session:
        wanted = select(Lot.id).where(Lot.project_id == project).order_by(Lot.number)
        return list(session.scalars(wanted))


def _keys(stage: Stage) -> None:
    world = stage.pages.world
    trustees.appoint(world)
    with world.sessions.reading() as session:
        stage.ids["opening key"] = session.scalars(select(OpeningKey.id)).one()
        organisation = world.people["association"].organisation_id
        mine = select(TrusteeKey.id).where(TrusteeKey.organisation_id == organisation)
        stage.ids["trustee key"] = session.scalars(mine).one()
