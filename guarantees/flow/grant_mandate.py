"""A procurer lets an agency act for it in one project, or ends that (design.md section 2)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput, NotFound
from guarantees.flow import steps
from guarantees.records.organisation import Organisation
from guarantees.records.project import Mandate, Project
from guarantees.tables.permissions import PERMISSIONS
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.text import tidy

ACTIONS = {
    "opening.read": N_("查看开标室"),
    "lot.open": N_("开标并解密函件"),
    "lot.end": N_("提出终止采购"),
    "lot.confirm_end": N_("确认终止采购"),
    "lot.keep": N_("撤销终止采购"),
}
"""What a mandate can hold, as shown; a test compares it with tables/permissions."""

USUAL = ("opening.read", "lot.open")
"""What is ticked at first: an agency ends a procurement only where the procurer says so."""


def grant(
    session: Session,
    actor: Actor,
    now: datetime,
    project_id: str,
    agency_name: str,
    actions: Iterable[str],
) -> str:
    """Id of the mandate; an agency has one per project, and granting again replaces its actions."""
    steps.require(actor, "mandate.grant", now)
    project = steps.project_for(session, actor, "mandate.grant", project_id)
    chosen = sorted(set(actions))
    agency = _checked(chosen, _agency(session, tidy(agency_name)), agency_name)
    mandate = _standing(session, project, agency)
    if mandate is None:
        mandate = Mandate(id=new_id(), project_id=project.id, agency_id=agency.id)
        session.add(mandate)
    mandate.procurer_id = actor.organisation_id
    mandate.actions = chosen
    mandate.granted_by = actor.person_id or None
    mandate.granted_at = now
    mandate.withdrawn_at = None
    session.flush()
    words = "、".join(ACTIONS[one] for one in chosen)
    steps.record_about(
        session,
        f"project:{project.id}",
        actor,
        now,
        "mandate.granted",
        f"{agency.name} · {words}",
    )
    return mandate.id


def withdraw(
    session: Session, actor: Actor, now: datetime, project_id: str, mandate_id: str
) -> None:
    """End a mandate; one that is ended already stays so."""
    steps.require(actor, "mandate.grant", now)
    project = steps.project_for(session, actor, "mandate.grant", project_id)
    mandate = session.get(Mandate, mandate_id)
    if mandate is None or mandate.project_id != project.id:
        raise NotFound(noun="mandate", id=mandate_id)
    if mandate.withdrawn_at is None:
        mandate.withdrawn_at = now
        name = steps.organisation(session, mandate.agency_id).name
        subject = f"project:{project.id}"
        steps.record_about(session, subject, actor, now, "mandate.withdrawn", name)


def _agency(session: Session, name: str) -> Organisation | None:
    found = session.scalars(
        select(Organisation)
        .where(
            Organisation.role == "agency", Organisation.name == name, Organisation.state == "active"
        )
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def _checked(chosen: list[str], agency: Organisation | None, name: str) -> Organisation:
    errors = {}
    if not name.strip():
        errors["agency"] = N_("请填写被授权的采购代理机构名称。")
    elif agency is None:
        errors["agency"] = N_("没有找到这个名称的采购代理机构：请按它在平台注册的全称填写。")
    unknown = [one for one in chosen if one not in ACTIONS or not PERMISSIONS[one].mandate]
    if not chosen or unknown:
        errors["actions"] = N_("请至少选择一项授权事项。")
    if errors or agency is None:
        raise InvalidInput(errors)
    return agency


def _standing(session: Session, project: Project, agency: Organisation) -> Mandate | None:
    return session.scalars(
        select(Mandate).where(Mandate.project_id == project.id, Mandate.agency_id == agency.id)
    ).one_or_none()
