"""The trustees' book: the profile in force, their keys, their parts of a lot's letters."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guarantees.errors import Unavailable
from guarantees.records.trust import TrusteeApproval, TrusteeKey, TrustSetting
from guarantees.tables import trust
from signing.seal import lp

Seat = tuple[int, str]
"""Number of the allowed subset, and the trustee's role: which part of the release share it is."""

Parts = Mapping[str, Mapping[Seat, bytes]]
"""Case → seat → part; b"" where the trustee could not take it out."""


@dataclass(frozen=True)
class Guard:
    """Who must agree to the release of a letter that is sealed now."""

    profile: str
    trustees: tuple[tuple[str, bytes], ...] = ()
    """(role, X25519 public key), one or several for each trustee of the profile."""


def setting(session: Session) -> TrustSetting | None:
    """The one in force; None: never set, so the timekeeper alone."""
    latest = select(TrustSetting).order_by(TrustSetting.number.desc()).limit(1)
    return session.scalars(latest).one_or_none()


def guard(session: Session) -> Guard:
    """For a letter that is sealed now. `Unavailable` while a trustee has no key."""
    held = setting(session)
    if held is None:
        return Guard(trust.ALONE)
    keys = [
        (role, key.public_key)
        for role, organisation in held.trustees.items()
        for key in active_keys(session, organisation)
    ]
    lacking = held.trustees.keys() - {role for role, _ in keys}
    if lacking:
        raise Unavailable(noun="trustee key", id=min(lacking))
    return Guard(held.profile, tuple(keys))


def active_keys(session: Session, organisation_id: str) -> list[TrusteeKey]:
    return [key for key in all_keys(session, organisation_id) if key.state == "active"]


def all_keys(session: Session, organisation_id: str) -> list[TrusteeKey]:
    """Retired ones too: letters sealed to them open with them alone."""
    return list(
        session.scalars(
            select(TrusteeKey)
            .where(TrusteeKey.organisation_id == organisation_id)
            .order_by(TrusteeKey.created_at, TrusteeKey.id)
        )
    )


# --- parts ------------------------------------------------------------------------------------


def keep(session: Session, row: TrusteeApproval, parts: Parts) -> None:
    """Puts a trustee's parts into its approval, under the vault's key. What its organisation gave
    before moves in, too: the later part counts."""
    merged: dict[str, dict[Seat, bytes]] = {}
    for earlier in _rows(session, row.opening_id):
        if earlier.organisation_id == row.organisation_id:
            _take(session, earlier, merged)
            earlier.blob = None
    for case, seats in parts.items():
        merged.setdefault(case, {}).update(seats)
    found = [
        [case, subset, trustee, part.hex()]
        for case, seats in merged.items()
        for (subset, trustee), part in seats.items()
    ]
    row.blob = session.info["vault"].lock(json.dumps(found).encode(), _aad(row.id))
    session.add(row)
    session.flush()


def parts_of(session: Session, opening_id: str) -> dict[str, dict[Seat, bytes]]:
    """All parts of a lot's letters that trustees have given so far."""
    found: dict[str, dict[Seat, bytes]] = {}
    for row in _rows(session, opening_id):
        _take(session, row, found)
    return found


def _rows(session: Session, opening_id: str) -> list[TrusteeApproval]:
    """Those with parts: one of each organisation."""
    return list(
        session.scalars(
            select(TrusteeApproval)
            .where(TrusteeApproval.opening_id == opening_id, TrusteeApproval.blob.is_not(None))
            .order_by(TrusteeApproval.at)
        )
    )


def _take(session: Session, row: TrusteeApproval, into: dict[str, dict[Seat, bytes]]) -> None:
    data = session.info["vault"].unlock(row.blob, _aad(row.id))
    for case, subset, trustee, part in json.loads(data):
        into.setdefault(case, {})[subset, trustee] = bytes.fromhex(part)


def given(session: Session, opening_id: str) -> int:
    """How often trustees have given parts: whoever waits for more looks at this alone."""
    count = select(func.count()).select_from(TrusteeApproval)
    return session.scalar(count.where(TrusteeApproval.opening_id == opening_id)) or 0


def forget(session: Session, opening_id: str) -> None:
    """The lot is opened: the parts have served."""
    for row in session.scalars(
        select(TrusteeApproval).where(TrusteeApproval.opening_id == opening_id)
    ):
        row.blob = None


def _aad(approval: str) -> bytes:
    return lp("trustee parts", approval)
