"""How an institution's letters look: its versions, and a specimen of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.records import facts, letter_design
from guarantees.records.letter_design import LetterDesign
from guarantees.records.organisation import Organisation
from guarantees.records.person import Person
from guarantees.tables import permissions
from guarantees.tables.letter_forms import newest
from guarantees.values.actor import Actor
from guarantees.values.codes import new_letter_number
from guarantees.values.moments import beijing_date
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Form, Terms


@dataclass(frozen=True)
class DesignRow:
    number: int
    logo: bool
    seal: bool
    clauses: tuple[str, ...]
    maker: str
    made_at: datetime
    used_at: datetime | None
    in_use: bool


@dataclass(frozen=True)
class Specimen:
    terms: str
    template: str
    logo: bytes
    seal: bytes


def versions(session: Session, actor: Actor, now: datetime) -> list[DesignRow]:
    """The institution's versions, the newest first."""
    permissions.check(actor, "institution.read", now)
    rows = session.execute(
        select(LetterDesign, Person.name)
        .join(Person, Person.id == LetterDesign.made_by)
        .where(LetterDesign.institution_id == actor.organisation_id)
        .order_by(LetterDesign.number.desc())
    ).all()
    used = letter_design.in_use(session, actor.organisation_id)
    return [
        DesignRow(
            number=row.number,
            logo=bool(row.logo),
            seal=bool(row.seal),
            clauses=tuple(row.clauses),
            maker=name,
            made_at=row.made_at,
            used_at=row.used_at,
            in_use=used is not None and used.id == row.id,
        )
        for row, name in rows
    ]


def specimen(session: Session, actor: Actor, now: datetime, number: int) -> Specimen:
    """What a specimen of that version is made from: an invented bid, the institution's own name."""
    permissions.check(actor, "institution.read", now)
    design = letter_design.numbered(session, actor.organisation_id, number)
    institution = session.get_one(Organisation, actor.organisation_id)
    terms = _terms(institution, tuple(design.clauses), now)
    template = newest(terms.kind, terms.form).name
    return Specimen(terms.canonical().decode(), template, design.logo, design.seal)


def _terms(institution: Organisation, clauses: tuple[str, ...], now: datetime) -> Terms:
    issuer_type = facts.issuer_type(institution) or "bank"
    form: Form = "accessory" if issuer_type == "guarantee_company" else "independent"
    today = beijing_date(now)
    return Terms(
        number=new_letter_number(today.year, lambda _: 0),
        version=1,
        kind="bid",
        form=form,
        applicants=(Party("示例供应商有限公司", None, "lead"),),
        beneficiary=Party("示例采购单位", None, "beneficiary"),
        agency=None,
        issuer=Party(
            institution.name, institution.credit_code, "issuer", contact=institution.contact
        ),
        issuer_type=issuer_type,
        project_number="SL-2026-0001",
        project_name="示例采购项目",
        lot_number="1",
        lot_name="示例标段",
        amount=Money(10_000_000),
        issued_on=today,
        effective_from=today,
        expires_on=today + timedelta(days=120),
        bid_validity_days=90,
        opening_time=now + timedelta(days=20),
        documents=facts.DOCUMENTS[form],
        place_of_presentation=str(institution.details.get("address", institution.contact)),
        examination_days=5,
        governing_law="中华人民共和国法律",
        signatory=str(institution.details.get("signatory", institution.name)),
        clauses=clauses,
    )
