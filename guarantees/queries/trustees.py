"""Who the trustees are, whether they can act (在岗), and what waits for them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.queries.lots import LotRow, lot_row, lot_rows
from guarantees.records import trustbook as held
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.records.project import Opening
from guarantees.records.trust import TrusteeApproval, TrusteeKey, TrustSetting
from guarantees.tables import permissions, trust
from guarantees.values.actor import Actor

SEEN_WITHIN = timedelta(days=14)
"""A trustee whose people have not signed in for longer may have forgotten that it is one."""

REHEARSED_WITHIN = timedelta(days=90)
CODE_SECONDS = 30
"""Of a step of the authenticator (RFC 6238): a person's last one says when it was last here."""

LONGEST_LIST = 200


@dataclass(frozen=True)
class Presence:
    """Whether a trustee can act."""

    role: str
    organisation: str
    """Its id."""
    name: str
    keys: int
    """In use."""
    made_at: datetime | None
    """The newest key."""
    rehearsed_at: datetime | None
    seen_at: datetime | None
    """When one of its people with the role last signed in; None: never."""
    state: str
    """ready, unrehearsed, unseen, no_key or no_person; the worst that holds."""

    @property
    def absent(self) -> bool:
        return self.state != "ready"


@dataclass(frozen=True)
class KeyRow:
    id: str
    person: str
    fingerprint: bytes
    kept: bool
    """By the platform, under a passphrase; else by the trustee itself."""
    state: str
    created_at: datetime
    rehearsed_at: datetime | None


@dataclass(frozen=True)
class WaitingLot:
    lot: LotRow
    state: str
    approved_at: datetime | None
    """By this trustee."""


@dataclass(frozen=True)
class Desk:
    """A trustee's first page."""

    serves: str
    """Profile in force that this organisation is a trustee of; "" if it is none."""
    presence: Presence
    waiting: tuple[WaitingLot, ...]
    """T has come, not opened yet; latest first."""
    coming: tuple[LotRow, ...]
    """T within a week, earliest first."""


@dataclass(frozen=True)
class Approver:
    """A trustee in the opening room."""

    role: str
    name: str
    presence: Presence
    approved_at: datetime | None


@dataclass(frozen=True)
class SettingRow:
    number: int
    profile: str
    trustees: dict[str, str]
    """Role → name of the organisation."""
    set_by: str
    set_at: datetime


@dataclass(frozen=True)
class TrustPage:
    """The operator's page."""

    profile: str
    presence: tuple[Presence, ...]
    """Trustees in force."""
    candidates: dict[str, tuple[Presence, ...]]
    """Role → organisations that could be trustees."""
    history: tuple[SettingRow, ...]


def absent(session: Session, now: datetime) -> tuple[Presence, ...]:
    """Trustees in force that could not act now: whom to remind before an opening."""
    return tuple(one for one in in_force(session, now) if one.absent)


def seen_absent(session: Session, actor: Actor, now: datetime) -> tuple[Presence, ...]:
    """The same, for those who supervise openings."""
    permissions.check(actor, "rehearsal.read", now)
    return absent(session, now)


def in_force(session: Session, now: datetime) -> tuple[Presence, ...]:
    """Trustees of the profile that letters are sealed under now; none for the timekeeper alone."""
    setting = held.setting(session)
    return _of_setting(session, now, setting)


def _of_setting(
    session: Session, now: datetime, setting: TrustSetting | None
) -> tuple[Presence, ...]:
    if setting is None:
        return ()
    return tuple(
        presence(session, now, session.get_one(Organisation, setting.trustees[role]))
        for role in trust.trustees_of(setting.profile)
    )


def presence(session: Session, now: datetime, organisation: Organisation) -> Presence:
    keys = held.active_keys(session, organisation.id)
    people = session.scalars(
        select(Person).where(Person.organisation_id == organisation.id, Person.state == "active")
    )
    steps = [one.totp_step for one in people if "trustee" in one.roles]
    seen = max((datetime.fromtimestamp(step * CODE_SECONDS, UTC) for step in steps), default=None)
    rehearsed = max((one.rehearsed_at for one in keys if one.rehearsed_at), default=None)
    moments = [moment for moment in (seen, rehearsed) if moment and now - moment <= SEEN_WITHIN]
    state = "ready"
    if not moments:
        state = "unseen"
    if rehearsed is None or now - rehearsed > REHEARSED_WITHIN:
        state = "unrehearsed"
    if not keys:
        state = "no_key"
    if not steps or organisation.state != "active":
        state = "no_person"
    return Presence(
        role=organisation.role,
        organisation=organisation.id,
        name=organisation.name,
        keys=len(keys),
        made_at=max((one.created_at for one in keys), default=None),
        rehearsed_at=rehearsed,
        seen_at=seen if seen and seen.year > 1970 else None,
        state=state,
    )


# --- a trustee's own pages --------------------------------------------------------------------


def desk(session: Session, actor: Actor, now: datetime) -> Desk:
    permissions.check(actor, "trustee.read", now)
    organisation = session.get_one(Organisation, actor.organisation_id)
    setting = held.setting(session)
    serves = setting is not None and organisation.id in setting.trustees.values()
    return Desk(
        serves=setting.profile if setting and serves else "",
        presence=presence(session, now, organisation),
        waiting=tuple(_waiting(session, actor, now)),
        coming=tuple(_coming(session, now)),
    )


def _waiting(session: Session, actor: Actor, now: datetime) -> list[WaitingLot]:
    """For an organisation that ever had a key; the same for lots with bids and without."""
    if not held.all_keys(session, actor.organisation_id):
        return []
    openings = session.scalars(
        select(Opening)
        .where(Opening.opening_time <= now, Opening.state.in_(("sealed", "opening")))
        .order_by(Opening.opening_time.desc(), Opening.id)
        .limit(LONGEST_LIST)
    ).all()
    approved = {
        row.opening_id: row.at
        for row in session.scalars(
            select(TrusteeApproval)
            .where(
                TrusteeApproval.organisation_id == actor.organisation_id,
                TrusteeApproval.opening_id.in_([one.id for one in openings]),
            )
            .order_by(TrusteeApproval.at.desc())
        )
    }
    lots = lot_rows(session, {one.lot_id for one in openings})
    return [WaitingLot(lots[one.lot_id], one.state, approved.get(one.id)) for one in openings]


def _coming(session: Session, now: datetime) -> list[LotRow]:
    openings = session.scalars(
        select(Opening)
        .where(Opening.opening_time > now, Opening.opening_time <= now + timedelta(days=7))
        .where(Opening.state == "sealed")
        .order_by(Opening.opening_time, Opening.id)
        .limit(LONGEST_LIST)
    ).all()
    lots = lot_rows(session, {one.lot_id for one in openings})
    return [lots[one.lot_id] for one in openings]


def waiting_lot(session: Session, actor: Actor, now: datetime, lot_id: str) -> WaitingLot:
    """One lot as its trustee sees it before reading its letters."""
    permissions.check(actor, "release.read", now)
    lot = lot_row(session, lot_id)
    opening = session.scalars(select(Opening).where(Opening.lot_id == lot_id)).one()
    approved = session.scalars(
        select(TrusteeApproval.at)
        .where(
            TrusteeApproval.organisation_id == actor.organisation_id,
            TrusteeApproval.opening_id == opening.id,
        )
        .order_by(TrusteeApproval.at.desc())
    ).first()
    return WaitingLot(lot, opening.state, approved)


def keys(session: Session, actor: Actor, now: datetime) -> tuple[KeyRow, ...]:
    permissions.check(actor, "trustee.read", now)
    rows = session.execute(
        select(TrusteeKey, Person.name)
        .join(Person, Person.id == TrusteeKey.person_id)
        .where(TrusteeKey.organisation_id == actor.organisation_id)
        .order_by(TrusteeKey.created_at, TrusteeKey.id)
    )
    return tuple(
        KeyRow(
            id=key.id,
            person=person,
            fingerprint=key.fingerprint,
            kept=key.wrapped_private is not None,
            state=key.state,
            created_at=key.created_at,
            rehearsed_at=key.rehearsed_at,
        )
        for key, person in rows
    )


# --- others' pages ----------------------------------------------------------------------------


def of_opening(session: Session, now: datetime, opening_id: str) -> tuple[Approver, ...]:
    """The trustees of an opening, for its room: those in force at T, or now if T is ahead.

    Who may see the room is asked by whoever shows it.
    """
    opening = session.get_one(Opening, opening_id)
    at_t = (
        select(TrustSetting)
        .where(TrustSetting.set_at <= opening.opening_time)
        .order_by(TrustSetting.number.desc())
        .limit(1)
    )
    approved = {
        row.organisation_id: row.at
        for row in session.scalars(
            select(TrusteeApproval)
            .where(TrusteeApproval.opening_id == opening_id)
            .order_by(TrusteeApproval.at.desc())
        )
    }
    return tuple(
        Approver(one.role, one.name, one, approved.get(one.organisation))
        for one in _of_setting(session, now, session.scalars(at_t).one_or_none())
    )


def page(session: Session, actor: Actor, now: datetime) -> TrustPage:
    """For the operator's people."""
    permissions.check(actor, "operator.read", now)
    setting = held.setting(session)
    organisations = session.scalars(
        select(Organisation)
        .where(Organisation.role.in_(tuple(trust.TRUSTEES)), Organisation.state == "active")
        .order_by(Organisation.name)
    ).all()
    found = [presence(session, now, one) for one in organisations]
    return TrustPage(
        profile=setting.profile if setting else trust.ALONE,
        presence=_of_setting(session, now, setting),
        candidates={
            role: tuple(one for one in found if one.role == role) for role in trust.TRUSTEES
        },
        history=tuple(_history(session)),
    )


def _history(session: Session) -> list[SettingRow]:
    names = {
        one.id: one.name
        for one in session.scalars(
            select(Organisation).where(Organisation.role.in_(tuple(trust.TRUSTEES)))
        )
    }
    rows = session.execute(
        select(TrustSetting, Person.name)
        .join(Person, Person.id == TrustSetting.set_by)
        .order_by(TrustSetting.number.desc())
        .limit(LONGEST_LIST)
    )
    return [
        SettingRow(
            number=row.number,
            profile=row.profile,
            trustees={role: names.get(one, one) for role, one in row.trustees.items()},
            set_by=who,
            set_at=row.set_at,
        )
        for row, who in rows
    ]
