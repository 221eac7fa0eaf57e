"""An administrator invites people into its own organisation, and takes invitations back (LJ-3)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import NotFound
from guarantees.flow import steps
from guarantees.records import accounts
from guarantees.records.person import Invitation
from guarantees.values import fields
from guarantees.values.actor import Actor
from guarantees.values.contacts import parse_mail, parse_person_name

PARSERS: dict[str, fields.Parser] = {"name": parse_person_name, "mail": parse_mail}


def invite(
    session: Session, actor: Actor, now: datetime, name: str, mail: str, roles: tuple[str, ...]
) -> None:
    """A mail with a link that makes an account in the actor's organisation, once."""
    steps.require(actor, "people.manage", now)
    typed = fields.parse(PARSERS, {"name": name, "mail": mail})
    organisation = accounts.locked_organisation(session, actor.organisation_id)
    accounts.check_roles(organisation.role, roles)
    invited = accounts.Invited(typed["name"], typed["mail"], roles)
    accounts.invite(session, organisation.id, invited, actor.person_id, now)
    subject = f"organisation:{organisation.id}"
    steps.record_about(session, subject, actor, now, "person.invited", invited.name)


def withdraw(session: Session, actor: Actor, now: datetime, invitation_id: bytes) -> None:
    """Its link opens nothing from now on; nothing happens to one that was used."""
    steps.require(actor, "people.manage", now)
    invitation = session.scalars(
        select(Invitation)
        .where(Invitation.id == invitation_id, Invitation.organisation_id == actor.organisation_id)
        .with_for_update()
    ).one_or_none()
    if invitation is None:
        raise NotFound(noun="invitation", id=invitation_id.hex())
    if invitation.accepted_by is None and invitation.expires_at > now:
        invitation.expires_at = now
        subject = f"organisation:{actor.organisation_id}"
        steps.record_about(
            session, subject, actor, now, "person.invitation_withdrawn", invitation.name
        )
