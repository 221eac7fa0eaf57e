"""An institution adapts its letters: logo, seal, additional clauses; never the form's own text."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow import steps
from guarantees.ports import Printable
from guarantees.records import letter_design
from guarantees.records.letter_design import LetterDesign
from guarantees.values.actor import Actor
from guarantees.values.ids import new_id
from guarantees.values.terms_kinds import CLAUSE_LENGTH, CLAUSE_LIMIT, TooManyLines
from guarantees.values.text import BadText, check_line


@dataclass(frozen=True)
class DesignForm:
    logo: bytes | None
    """PNG that was re-encoded here; b"": without; None: as in the last version."""
    seal: bytes | None
    clauses: tuple[str, ...]


def propose(
    session: Session, actor: Actor, now: datetime, form: DesignForm, printable: Printable
) -> int:
    """A new version, not used yet; answers its number. InvalidInput, MissingGlyph."""
    steps.require(actor, "design.set", now)
    _check(form, printable)
    last = letter_design.newest(session, actor.organisation_id)
    design = LetterDesign(
        id=new_id(),
        institution_id=actor.organisation_id,
        number=last.number + 1 if last else 1,
        logo=_kept(form.logo, last.logo if last else b""),
        seal=_kept(form.seal, last.seal if last else b""),
        clauses=list(form.clauses),
        made_by=actor.person_id,
        made_at=now,
    )
    session.add(design)
    steps.record_about(session, f"design:{design.id}", actor, now, "design.proposed")
    return design.number


def use(session: Session, actor: Actor, now: datetime, number: int) -> None:
    """Letters that are reserved from now on are made with this version."""
    steps.require(actor, "design.set", now)
    design = letter_design.numbered(session, actor.organisation_id, number)
    design.used_by, design.used_at = actor.person_id, now
    steps.record_about(session, f"design:{design.id}", actor, now, "design.used")


def _kept(picture: bytes | None, last: bytes) -> bytes:
    return last if picture is None else picture


def _check(form: DesignForm, printable: Printable) -> None:
    field = N_("附加条款")
    try:
        if len(form.clauses) > CLAUSE_LIMIT:
            raise TooManyLines(field=field, limit=CLAUSE_LIMIT, count=len(form.clauses))
        for clause in form.clauses:
            check_line(clause, field=field, limit=CLAUSE_LENGTH)
    except (BadText, TooManyLines) as error:
        raise InvalidInput({"clauses": str(error)}) from None
    printable((field, clause) for clause in form.clauses)
