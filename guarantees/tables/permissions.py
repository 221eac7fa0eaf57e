"""Who may do what: one table. Every route of the application names an action of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from guarantees.errors import N_, Forbidden, SecondFactorNeeded
from guarantees.values.actor import Actor

PERSON_ROLES = {
    "admin": N_("单位管理员"),
    "clerk": N_("经办"),
    "maker": N_("承保经办"),
    "checker": N_("承保复核"),
    "opener": N_("开标人"),
    "trustee": N_("受托人"),
    "viewer": N_("查看"),
    "supervisor": N_("监管人员"),
    "system_admin": N_("系统管理员"),
    "security_admin": N_("安全管理员"),
    "audit_admin": N_("审计管理员"),
}
"""Roles of a person inside its organisation; one person may have several."""

ROLES_OF = {
    "supplier": ("admin", "clerk", "viewer"),
    "institution": ("admin", "maker", "checker", "viewer"),
    "procurer": ("admin", "opener", "clerk", "viewer"),
    "agency": ("admin", "opener", "clerk", "viewer"),
    "trading_centre": ("admin", "trustee", "viewer"),
    "regulator": ("admin", "supervisor", "trustee"),
    "operator": ("system_admin", "security_admin", "audit_admin"),
    "association": ("admin", "trustee", "viewer"),
}
"""Which of them an organisation's administrator can give."""

SECOND_FACTOR_FRESH = timedelta(minutes=5)
"""A code typed longer ago than this does not count for issuing or opening."""


@dataclass(frozen=True)
class Permission:
    organisations: frozenset[str]
    """Organisation roles; empty: anybody, signed in or not."""
    people: frozenset[str]
    """Person roles, any of which suffices; empty: every person of such an organisation."""
    second_factor: bool = False
    """A fresh code of the authenticator is demanded with the act itself."""
    mandate: bool = False
    """An agency needs the procurer's mandate for the project."""


def _permit(
    organisations: str, people: str = "", *, second_factor: bool = False, mandate: bool = False
) -> Permission:
    return Permission(
        frozenset(organisations.split()), frozenset(people.split()), second_factor, mandate
    )


SIGNED_IN = " ".join(ROLES_OF)

PERMISSIONS: dict[str, Permission] = {
    # everybody
    "public.read": _permit(""),
    "letter.verify": _permit(""),
    "session.start": _permit(""),
    "organisation.apply": _permit(""),
    "people.join": _permit(""),
    "payment.notify": _permit(""),
    # everybody who is signed in
    "session.use": _permit(SIGNED_IN),
    "people.manage": _permit(SIGNED_IN, "admin security_admin"),
    # supplier
    "supplier.read": _permit("supplier"),
    "application.submit": _permit("supplier", "clerk admin"),
    "application.complete": _permit("supplier", "clerk admin"),
    "application.withdraw": _permit("supplier", "clerk admin"),
    "letter.withdraw": _permit("supplier", "clerk admin"),
    "payment.order": _permit("supplier", "clerk admin"),
    # institution
    "institution.read": _permit("institution"),
    "application.recommend": _permit("institution", "maker"),
    "application.return": _permit("institution", "maker"),
    "application.decide": _permit("institution", "checker", second_factor=True),
    "product.publish": _permit("institution", "maker checker"),
    "policy.propose": _permit("institution", "maker"),
    "design.set": _permit("institution", "admin"),
    "policy.decide": _permit("institution", "checker", second_factor=True),
    # procurer and agency
    "project.read": _permit("procurer agency operator"),
    "project.enter": _permit("agency procurer operator", "clerk admin opener system_admin"),
    "project.register": _permit("agency procurer operator", "clerk admin opener system_admin"),
    "mandate.grant": _permit("procurer", "admin opener"),
    "opening.read": _permit("procurer agency", mandate=True),
    "opening_key.make": _permit("procurer agency", "opener"),
    "opening.rehearse": _permit("procurer agency", "opener"),
    "opening_key.change": _permit("procurer agency", "opener", second_factor=True),
    "opening.shares": _permit("procurer agency", "opener"),
    "recovery.ask": _permit("procurer", "opener", second_factor=True),
    "lot.open": _permit("procurer agency", "opener", second_factor=True, mandate=True),
    "lot.end": _permit("procurer agency", "opener clerk admin", mandate=True),
    "lot.confirm_end": _permit("procurer agency", "opener admin", second_factor=True, mandate=True),
    "lot.keep": _permit("procurer agency", "opener clerk admin", second_factor=True, mandate=True),
    # trustees
    "trustee.read": _permit("regulator trading_centre association"),
    "trustee_key.make": _permit("regulator trading_centre association", "trustee"),
    "trustee.rehearse": _permit("regulator trading_centre association", "trustee"),
    "release.read": _permit("regulator trading_centre association", "trustee"),
    "release.approve": _permit(
        "regulator trading_centre association", "trustee", second_factor=True
    ),
    # operator and regulator
    "hold.read": _permit("operator regulator"),
    "hold.set": _permit("operator", "audit_admin", second_factor=True),
    "operator.read": _permit("operator"),
    "recovery.decide": _permit("operator", "security_admin", second_factor=True),
    "organisation.admit": _permit("operator", "system_admin"),
    "rehearsal.read": _permit("regulator operator"),
    "trust.set": _permit("operator", "security_admin", second_factor=True),
    "supervision.read": _permit("regulator operator", "supervisor audit_admin"),
    # the platform's own jobs
    "organisation.found": _permit("system"),
    "application.automatic": _permit("system"),
    "application.lapse": _permit("system"),
    "payment.settle": _permit("system"),
    "letter.issue": _permit("system"),
    "lot.finish_end": _permit("system"),
}


def check(actor: Actor, action: str, now: datetime) -> None:
    """Forbidden, or SecondFactorNeeded, unless the table grants `action` to the actor."""
    permission = PERMISSIONS[action]
    if not permission.organisations:
        return
    if not allowed(actor, action):
        raise Forbidden(action=action, role=actor.organisation_role)
    if permission.second_factor and not _fresh(actor, now):
        raise SecondFactorNeeded(action=action)


def allowed(actor: Actor, action: str) -> bool:
    """By roles alone: what navigation and pages show."""
    permission = PERMISSIONS[action]
    if not permission.organisations:
        return True
    if actor.organisation_role not in permission.organisations:
        return False
    return actor.is_system or not permission.people or bool(actor.roles & permission.people)


def _fresh(actor: Actor, now: datetime) -> bool:
    proved = actor.second_factor_at
    return proved is not None and now - SECOND_FACTOR_FRESH <= proved <= now
