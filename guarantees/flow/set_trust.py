"""The operator's security administrator sets who must agree to releases (受托人设置).

It counts for letters sealed from then on; each letter carries its own profile. The transparency log
gets a leaf, so that a profile cannot be lowered for an hour unnoticed.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow import steps
from guarantees.records import log
from guarantees.records import trustbook as held
from guarantees.records.organisation import Organisation
from guarantees.records.trust import TrustSetting
from guarantees.tables import trust
from guarantees.values.actor import Actor
from signing.timekeeper.times import to_text

SUBJECT = "platform:trust"
"""Of the events."""

SCHEMA = "baohan/trust-setting/v1"


def set_profile(
    session: Session, actor: Actor, now: datetime, profile: str, trustees: Mapping[str, str]
) -> int:
    """Answers the setting's number. trustees: role → organisation; those of the profile count.

    `InvalidInput` names the field of the role whose organisation cannot be a trustee now.
    """
    steps.require(actor, "trust.set", now)
    if profile not in trust.PROFILES:
        raise InvalidInput({"profile": N_("请选择一种解锁方式。")})
    chosen = {role: trustees.get(role, "") for role in trust.trustees_of(profile)}
    errors = {role: fault for role in chosen if (fault := _fault(session, role, chosen[role]))}
    if errors:
        raise InvalidInput(errors)
    before = held.setting(session)
    if before is not None and (before.profile, before.trustees) == (profile, chosen):
        return before.number
    made = TrustSetting(
        number=1 if before is None else before.number + 1,
        profile=profile,
        trustees=chosen,
        set_by=actor.person_id,
        set_at=now,
    )
    session.add(made)
    session.flush()
    log.pending(session, "trust_change", digest(made))
    steps.record_about(session, SUBJECT, actor, now, "trust.set", trust.PROFILES[profile])
    return made.number


def _fault(session: Session, role: str, organisation_id: str) -> str:
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or organisation.role != role or organisation.state != "active":
        return N_("请选择一家状态正常的单位。")
    if not held.active_keys(session, organisation.id):
        return N_("这家单位还没有受托钥匙，请它先登录建立。")
    return ""


def digest(made: TrustSetting) -> bytes:
    """SHA-256 of the setting as the log has it."""
    document = {
        "schema": SCHEMA,
        "number": made.number,
        "profile": made.profile,
        "trustees": made.trustees,
        "set_at": to_text(made.set_at),
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()
