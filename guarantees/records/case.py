"""A case (案卷): everything that is known of one guarantee, from application to end.

Flow functions work on these objects only. Whether a case lies sealed in a blob or in ordinary
rows is known to `records/casebook.py` alone (sealing.md, "Data before the opening").
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from guarantees.values.money import Money
from guarantees.values.parties import Party
from signing.seal import Wrap

SCHEMA = 1
"""Version of the document inside a blob; older ones are upgraded on read."""


@dataclass
class Applicant:
    """Lead or member of a consortium (联合体), as the supplier entered it."""

    name: str
    credit_code: str


@dataclass
class Consent:
    """One item of data that the supplier lets pass to the institution (SX-4.3)."""

    item: str
    purpose: str
    until: str
    given_at: datetime
    given_by: str
    withdrawn_at: datetime | None = None


@dataclass
class Quote:
    """Premium with its formula and inputs, frozen when the application is made."""

    premium: Money
    formula: str
    rate_ppm: int
    minimum: Money
    valid_until: datetime


@dataclass
class Opinion:
    """A maker's or checker's decision, with reasons; automatic underwriting leaves one too."""

    stage: str
    """"maker", "checker" or "policy"."""
    decision: str
    reason: str
    person_id: str
    person_name: str
    at: datetime


@dataclass
class RuleFinding:
    """A rule that was applied, for the record and for being judged again later."""

    rule_id: str
    result: str
    message: str
    advice: str
    citation: str
    quote: str
    concern: str
    """Whose matter it is: notice, issuer, applicant, payment or guarantee."""
    basis: str
    """"law", or "platform" where the platform holds to the clause beyond its reach."""


@dataclass
class Payment:
    """A premium on its way from the supplier to the institution's account (缴费)."""

    reference: str
    state: str
    amount: Money
    payer_account: str
    payee_account: str
    ordered_at: datetime
    settled_at: datetime | None = None
    bank_reference: str = ""
    problem: str = ""
    received: Money | None = None


@dataclass
class Posting:
    """One line of a balanced entry; the fen of an entry's lines sum to zero."""

    entry: str
    account: str
    fen: int
    cause: str
    clause: str
    booked_at: datetime


@dataclass
class Event:
    """Something that happened to the case. Appended, never changed."""

    at: datetime
    what: str
    who: str
    person_id: str = ""
    note: str = ""


@dataclass
class Intent:
    """Reserved before anything is made: what the signer is asked for, once (design.md, 3)."""

    id: str
    number: str
    check_code: str
    terms: str
    """Canonical terms, RFC 8785."""
    digest: bytes
    """Keyed digest of the terms: they are guessable, so it is never a plain hash."""
    template: str
    opening: str
    salt: bytes
    """Salt of the log leaf, 32 bytes; part of the receipt."""
    reserved_at: datetime
    archive: bool = False
    """Whether the letter is made with an archive copy for its institution (sealing.md 11); those
    of the first version were not."""
    design: str = ""
    """Id of the institution's letter design; empty: none."""


@dataclass
class Letter:
    """The signed PDF, sealed or opened."""

    state: str
    eid: bytes
    sha256: bytes
    size: int
    signed_at: datetime
    certificate: bytes
    """SHA-256 of the signing certificate."""
    leaf: bytes
    opened_at: datetime | None = None
    file: str = ""
    """Name in the file store after the opening, under the at-rest key."""


@dataclass
class Withdrawal:
    """A sealed letter taken back by its supplier before the deadline (撤回)."""

    at: datetime
    person_id: str
    reason: str
    salt: bytes
    """Of the log's leaf, 32 random bytes; with `records.withdrawal.statement` it proves the act."""
    leaf: bytes
    withheld_at: datetime | None = None
    """When the timekeeper confirmed that it never releases this letter's share."""


@dataclass
class DueBack:
    """What the institution owes the supplier of a premium; booked when it is paid back."""

    cause: str
    """"withdrawn" or "lapsed"."""
    percent: int | None
    """By the rule that the product published; None: it published none."""
    amount: Money | None
    at: datetime


@dataclass
class Guarantee:
    """The instrument (保函) itself."""

    state: str
    number: str
    amount: Money
    effective_from: date
    expires_on: date


@dataclass
class Case:
    id: str
    kind: str
    form: str
    lot: str
    project: str
    project_version: int
    supplier: str
    institution: str
    product: str
    state: str
    """State of the application; the other nouns have their own."""
    applicants: list[Applicant]
    amount: Money
    submitted_at: datetime
    submitted_by: str
    due_at: datetime
    """Until when the institution promised to answer."""
    contact: str
    quote: Quote
    consents: list[Consent] = field(default_factory=list)
    findings: list[RuleFinding] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    policy: str = ""
    """Id of the automatic policy under which it was approved."""
    payments: list[Payment] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    intent: Intent | None = None
    letter: Letter | None = None
    guarantee: Guarantee | None = None
    events: list[Event] = field(default_factory=list)
    withdrawal: Withdrawal | None = None
    due_back: list[DueBack] = field(default_factory=list)
    schema: int = SCHEMA
    reference: str = ""
    """Short reference for people (受理号), e.g. SQ-9C4M7K2D."""
    rewraps: list[Wrap] = field(default_factory=list, metadata={"stored": False})
    """The letter's share `sp` for keys that its recipients changed to since it was sealed; in a
    sealed case's blob in a part of its own, gone after the opening."""
    row_version: int = field(default=0, metadata={"stored": False})
    """Version of the row it was read from; a save of an older one is refused."""
    sealed: bool = field(default=True, metadata={"stored": False})

    @property
    def lead(self) -> Applicant:
        return self.applicants[0]

    @property
    def parties(self) -> tuple[Party, ...]:
        return tuple(
            Party(one.name, one.credit_code, "member" if place else "lead")
            for place, one in enumerate(self.applicants)
        )

    def payment(self) -> Payment | None:
        """The payment that counts: the latest one."""
        return self.payments[-1] if self.payments else None

    @property
    def paid(self) -> bool:
        """The premium has arrived and was booked."""
        return any(one.state == "settled" for one in self.payments)
