"""A full house to measure pages and queries with: invented, random ids, made in bulk.

Rows are made by the mapping functions that the flows use; they are written without the flows'
checks, since a year's business has to be there in seconds.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.auth.passwords import Passwords
from bench.names import company
from guarantees.flow.found import FirstOrganisation, FirstPerson, found
from guarantees.records import accounts, exposure, outbox
from guarantees.records.base import Base
from guarantees.records.guarantee import EventRow
from guarantees.records.organisation import INSTITUTION_TYPES, Organisation
from guarantees.records.person import OpeningKey, Person
from guarantees.records.product import Policy, Product
from guarantees.tables.permissions import ROLES_OF
from guarantees.values.actor import SYSTEM
from guarantees.values.codes import make_credit_code
from guarantees.values.ids import new_id
from guarantees.values.one_time_codes import new_secret

PASSWORD = "雁门关外的第三棵松树"  # nosec B105 - of invented people in a throw-away database
REGION = "山西省太原市"
AGE = timedelta(days=3 * 365)
"""How long the house has been in business."""


@dataclass(frozen=True)
class Size:
    """How much of everything; the defaults are what pages are promised for."""

    opened: int = 9_000
    """Guarantees in ordinary rows, after their opening."""
    sealed: int = 1_000
    """Sealed cases, all of one institution."""
    own: int = 300
    """Those of them that one supplier applied for."""
    letters: int = 150
    """Letters of the largest opening; the others have a third of it."""
    lots: int = 200
    """Lots of the largest project: as many as a notice may have."""
    suppliers: int = 600
    institutions: int = 12
    procurers: int = 40
    people: int = 60
    """People of each organisation that is looked at."""
    drafts: int = 30
    versions: int = 8
    """Of the most corrected project."""


SMALL = Size(14, 6, 3, 6, 4, 9, 3, 2, 3, 2, 2)
"""For tests: every page has something to show."""


@dataclass(frozen=True)
class Account:
    """Somebody who signs in."""

    login: str
    role: str
    """Of the organisation."""
    duties: frozenset[str]
    secret: str
    """Of the authenticator; empty: not enrolled."""
    organisation: str
    person: str


@dataclass
class Stock:
    """What lies in the house, as far as pages are asked for it."""

    now: datetime
    size: Size
    rng: random.Random
    accounts: dict[str, Account] = field(default_factory=dict)
    """By login; each role's main organisation is the one of its accounts."""
    organisations: dict[str, list[Organisation]] = field(default_factory=dict)
    """By role, the main one first."""
    products: list[Product] = field(default_factory=list)
    opening_keys: dict[str, list[OpeningKey]] = field(default_factory=dict)
    """By role, of the main organisation."""
    invitation: str = ""
    """Token of an open invitation."""
    rows: list[Base] = field(default_factory=list)
    """Made and not yet written."""

    def main(self, role: str) -> Organisation:
        return self.organisations[role][0]

    def ago(self, **span: float) -> datetime:
        return self.now - timedelta(**span)

    def add(self, *rows: Base) -> None:
        self.rows += rows

    def write(self, session: Session) -> None:
        """Insert what was made: by table, in one statement each."""
        session.bulk_save_objects(self.rows, preserve_order=False)
        self.rows.clear()


MEMBERS = {
    "supplier": {"anna": "admin clerk", "vera": "viewer"},
    "institution": {"mary": "maker", "carl": "checker", "ada": "admin"},
    "procurer": {"olga": "opener admin clerk"},
    "agency": {"alan": "opener admin clerk"},
    "operator": {"sys": "system_admin", "sec": "security_admin", "aud": "audit_admin"},
    "regulator": {"rita": "supervisor trustee"},
    "trading_centre": {"tom": "viewer trustee"},
    "association": {"amy": "viewer trustee"},
}
"""Who signs in: role of the organisation → login → roles of the person."""

NOT_ENROLLED = "nora"
"""A supplier's person who signs in for the first time."""


def parties(session: Session, stock: Stock) -> None:
    """Organisations of every role with their people, products, policies and keys."""
    encoded = Passwords().hash(PASSWORD)
    for role, people in MEMBERS.items():
        _main(session, stock, role, people, encoded)
    others = {
        "supplier": stock.size.suppliers,
        "institution": stock.size.institutions,
        "procurer": stock.size.procurers,
        "agency": stock.size.procurers // 4 + 2,
    }
    for role, count in others.items():
        for place in range(1, count):
            state = "pending" if role == "supplier" and place % 20 == 0 else "active"
            stock.organisations[role].append(_other(stock, role, state))
    for row in stock.organisations["institution"][1:]:
        exposure.create(session, row.id)
    for role in MEMBERS:
        _colleagues(stock, role, encoded)
    for institution in stock.organisations["institution"]:
        _offers(stock, institution)
    for role in ("procurer", "agency"):
        stock.opening_keys[role] = _keys(stock, role)
    stock.write(session)
    _invitations(session, stock)


def _main(session: Session, stock: Stock, role: str, people: dict[str, str], encoded: str) -> None:
    logins = {**people, **({NOT_ENROLLED: "viewer"} if role == "supplier" else {})}
    secrets = {login: "" if login == NOT_ENROLLED else new_secret() for login in logins}
    first = FirstOrganisation(
        role=role,
        name=f"{REGION}{company(stock.rng)}",
        credit_code=make_credit_code("91140100", stock.rng),
        region=REGION,
        institution_type="bank" if role == "institution" else "",
        account=_account(stock),
        contact=f"{REGION}迎泽大街 1 号",
        details={"address": f"{REGION}迎泽大街 1 号", "signatory": "沈知行"},
        people=tuple(
            FirstPerson(
                login=login,
                name=f"演示{login}",
                mail=f"{login}@example.com",
                roles=tuple(logins[login].split()),
                password_hash=encoded,
                authenticator=secrets[login],
            )
            for login in logins
        ),
    )
    made = found(session, SYSTEM, stock.now - AGE, first)
    stock.organisations[role] = [session.get_one(Organisation, made)]
    for person in session.query(Person).filter_by(organisation_id=made):
        duties = frozenset(person.roles)
        secret = secrets[person.login]
        stock.accounts[person.login] = Account(person.login, role, duties, secret, made, person.id)


def _other(stock: Stock, role: str, state: str) -> Organisation:
    place = len(stock.organisations[role])
    kind = INSTITUTION_TYPES[place % 3] if role == "institution" else None
    made = Organisation(
        id=new_id(),
        role=role,
        name=f"{REGION}{company(stock.rng)}（{place}）",
        credit_code=make_credit_code("91140100", stock.rng),
        region=REGION,
        institution_type=kind,
        state=state,
        account=_account(stock),
        contact=f"{REGION}迎泽大街 {place} 号",
        details={"address": f"{REGION}迎泽大街 {place} 号", "signatory": "沈知行"},
        created_at=stock.now - AGE * stock.rng.random(),
    )
    stock.add(made, *_history(stock, f"organisation:{made.id}", 3, "organisation.founded"))
    return made


def _account(stock: Stock) -> str:
    return f"62220000{stock.rng.randrange(10**8):08d}"


def _colleagues(stock: Stock, role: str, encoded: str) -> None:
    """The other people of a main organisation; those who sign in have a history."""
    main = stock.main(role)
    for account in stock.accounts.values():
        if account.role == role:
            stock.add(*_history(stock, f"person:{account.person}", 30, "person.roles_changed"))
    for place in range(stock.size.people):
        person = Person(
            id=new_id(),
            organisation_id=main.id,
            login=f"{role}-{place}",
            name=f"同事{place}",
            mail=f"{role}-{place}@example.com",
            roles=[ROLES_OF[role][place % len(ROLES_OF[role])]],
            password_hash=encoded,
            state="active" if place % 7 else "disabled",
            created_at=stock.now - AGE * stock.rng.random(),
        )
        stock.add(person, *_history(stock, f"person:{person.id}", 25, "person.roles_changed"))


def _offers(stock: Stock, institution: Organisation) -> None:
    """Six products in three versions each, and five versions of a policy."""
    for place in range(6):
        series = new_id()
        for number in (1, 2, 3):
            product = _product(stock, institution, series, place, number)
            stock.add(product)
            if number == 3:
                product.institution = institution
                stock.products.append(product)
    makers = [one.person for one in stock.accounts.values() if one.login in ("mary", "carl")]
    for number in range(1, 6):
        stock.add(
            Policy(
                id=new_id(),
                institution_id=institution.id,
                number=number,
                ceiling_fen=50_000_000,
                supplier_ceiling_fen=100_000_000,
                total_fen=50_000_000_000,
                expires_on=(stock.now + timedelta(days=90)).date(),
                state="approved" if number == 4 else "proposed" if number == 5 else "withdrawn",
                proposed_by=makers[0],
                approved_by=makers[1],
                proposed_at=stock.ago(days=200 - number),
            )
        )


def _product(
    stock: Stock, institution: Organisation, series: str, place: int, number: int
) -> Product:
    bank = institution.institution_type != "guarantee_company"
    return Product(
        id=new_id(),
        series=series,
        number=number,
        institution_id=institution.id,
        name=f"投标保函{place + 1}号",
        kind="bid",
        form="independent" if bank and place % 2 == 0 else "accessory",
        rate_ppm=3_000 + 250 * place,
        minimum_fen=20_000,
        ceiling_fen=100_000_000 if place else 1_000_000,
        regions=[] if place % 3 else ["山西省", "河北省"],
        minutes_to_issue=30 * (place + 1),
        automatic=place % 2 == 0,
        consortium=place != 4,
        state="published" if number == 3 else "withdrawn",
        published_at=stock.ago(days=100 - number),
    )


def _keys(stock: Stock, role: str) -> list[OpeningKey]:
    """Three of the main organisation, and one of each other: nothing is applied for without."""
    owner = next(one for one in stock.accounts.values() if one.role == role)
    main, *others = (one.id for one in stock.organisations[role])
    made = [
        OpeningKey(
            id=new_id(),
            organisation_id=organisation,
            person_id=owner.person,
            public_key=stock.rng.randbytes(32),
            fingerprint=stock.rng.randbytes(32),
            wrapped_private=stock.rng.randbytes(120),
            state="active",
            created_at=stock.ago(days=300),
        )
        for organisation in (main, main, main, *others)
    ]
    stock.add(*made)
    return made[:3]


def _invitations(session: Session, stock: Stock) -> None:
    invited = accounts.Invited("新同事", "new@example.com", ("maker",))
    sender = stock.accounts["ada"]
    for _ in range(stock.size.people):
        accounts.invite(session, sender.organisation, invited, sender.person, stock.now)
    session.flush()
    mailed = outbox.pending(session, stock.now, stock.size.people)
    stock.invitation = next(one.arguments["token"] for one in mailed)


def events(
    stock: Stock, subject: str, whats: Iterable[tuple[str, str]], since: datetime
) -> list[EventRow]:
    """Events an hour apart: (what, note)."""
    return [
        EventRow(
            id=new_id(),
            subject=subject,
            at=since + timedelta(hours=place),
            what=what,
            who="演示单位 演示人员",
            person_id="",
            note=note,
        )
        for place, (what, note) in enumerate(whats)
    ]


def _history(stock: Stock, subject: str, count: int, what: str) -> list[EventRow]:
    return events(stock, subject, [(what, "")] * count, stock.now - AGE / 2)
