"""The operator enters organisations other than suppliers, each with its first administrator."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow import steps
from guarantees.records import accounts, exposure
from guarantees.records.organisation import INSTITUTION_TYPES, Organisation
from guarantees.tables.lifecycle import NEW, move
from guarantees.values import fields
from guarantees.values.actor import Actor
from guarantees.values.codes import parse_bank_account, parse_credit_code
from guarantees.values.contacts import PERSON_NAME_LIMIT, parse_mail, parse_person_name
from guarantees.values.ids import new_id
from guarantees.values.moments import beijing_date
from guarantees.values.parties import NAME_LIMIT

ENTERED_ROLES = ("institution", "procurer", "agency", "regulator")
"""Suppliers register themselves; institutions will come by onboarding later."""

LEVELS = ("province", "city", "county")
LINE_LIMIT = 200
REGION_LIMIT = 60


@dataclass(frozen=True)
class NewOrganisation:
    role: str
    """One of ENTERED_ROLES."""
    name: str
    credit_code: str
    region: str
    administrator_name: str
    administrator_mail: str
    level: str = ""
    """Regulators: one of LEVELS."""
    institution_type: str = ""
    """Institutions: bank, insurer or guarantee_company."""
    account: str = ""
    """Institutions: the account that receives premiums."""
    address: str = ""
    """Institutions: where demands are presented; it stands on their letters."""
    signatory: str = ""
    """Institutions: who signs their letters."""
    contact: str = ""


PARSERS: dict[str, fields.Parser] = {
    "role": fields.choice(N_("单位类型"), ENTERED_ROLES),
    "name": fields.line(N_("单位名称"), NAME_LIMIT),
    "credit_code": parse_credit_code,
    "region": fields.line(N_("所在地区"), REGION_LIMIT),
    "contact": fields.line(N_("联系方式"), LINE_LIMIT, empty=True),
    "administrator_name": parse_person_name,
    "administrator_mail": parse_mail,
}

PARSERS_OF: dict[str, dict[str, fields.Parser]] = {
    "institution": {
        "institution_type": fields.choice(N_("机构类型"), INSTITUTION_TYPES),
        "account": parse_bank_account,
        "address": fields.line(N_("索赔文件提交地址"), LINE_LIMIT),
        "signatory": fields.line(N_("签署人"), PERSON_NAME_LIMIT),
    },
    "regulator": {"level": fields.choice(N_("层级"), LEVELS)},
}
"""What is asked besides, by role."""


def enter(session: Session, actor: Actor, now: datetime, new: NewOrganisation) -> str:
    """An organisation that may work at once; its first administrator is invited. Answers the id."""
    steps.require(actor, "organisation.admit", now)
    new = _checked(new)
    _check_free(session, new)
    organisation = Organisation(
        id=new_id(),
        role=new.role,
        name=new.name,
        credit_code=new.credit_code,
        region=new.region,
        level=new.level,
        institution_type=new.institution_type or None,
        state=move("organisation", NEW, "active", "organisation.admit"),
        account=new.account,
        contact=new.contact,
        details=_details(new, now),
        created_at=now,
    )
    session.add(organisation)
    session.flush()
    if new.role == "institution":
        exposure.create(session, organisation.id)
    invited = accounts.Invited(
        new.administrator_name,
        new.administrator_mail,
        (accounts.administrator(new.role),),
    )
    accounts.invite(session, organisation.id, invited, actor.person_id, now)
    subject = f"organisation:{organisation.id}"
    steps.record_about(session, subject, actor, now, "organisation.entered")
    return organisation.id


def _details(new: NewOrganisation, now: datetime) -> dict[str, str]:
    if new.role != "institution":
        return {}
    return {
        "address": new.address,
        "signatory": new.signatory,
        "accepted_on": beijing_date(now).isoformat(),
    }


def _checked(new: NewOrganisation) -> NewOrganisation:
    """Every field in stored form; what the role has no use for is dropped."""
    parsers = PARSERS | PARSERS_OF.get(new.role, {})
    return NewOrganisation(**fields.parse(parsers, asdict(new)))


def _check_free(session: Session, new: NewOrganisation) -> None:
    taken = session.scalar(
        select(Organisation.id).where(
            Organisation.credit_code == new.credit_code, Organisation.role == new.role
        )
    )
    if taken is not None:
        sentence = N_("这个信用代码已有一个同类单位，请在单位列表中查找。")
        raise InvalidInput({"credit_code": sentence})
