"""What only a test may know before the opening: it takes every key of every party at once."""

import secrets
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from guarantees.flow.steps import envelopes
from guarantees.ports import LetterOrder
from guarantees.records import casebook
from guarantees.records.case import Case, Intent
from guarantees.records.person import OpeningKey, Person
from guarantees.records.project import Opening
from guarantees.values.codes import check_code, new_letter_number
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from signing.seal import (
    Envelope,
    ReleaseRequest,
    SealContext,
    open_envelope,
    parse,
    unwrap_private,
    unwrap_sp,
)
from signing.seal.derivation import derive
from signing.seal.shares import unwrap_st
from tests.secrecy import callers, facts
from tests.secrecy.installation import Installation
from tests.signing.timekeeper_process import as_user

OPENER = "procurer"
"""Login whose passphrase opens the recipient's key."""


@dataclass(frozen=True)
class Secrets:
    """Of one letter."""

    letter: bytes
    content_key: bytes
    sp: bytes
    st: bytes
    recipient_key: bytes
    """The procurer's private key."""
    request: ReleaseRequest
    """What the timekeeper is asked at the opening."""


@dataclass(frozen=True)
class Insight:
    installation: Installation

    def case(self, case_id: str) -> Case:
        with self.installation.sessions() as sessions, sessions.reading() as session:
            return casebook.get(session, case_id)

    def intent(self, case_id: str) -> Intent:
        intent = self.case(case_id).intent
        assert intent is not None
        return intent

    def secrets(self, case_id: str) -> Secrets:
        """Of an issued letter."""
        case = self.case(case_id)
        assert case.intent is not None and case.letter is not None
        vault = self.installation.vault()
        held = (self.installation.settings.data / "files/sealed" / case.intent.id).read_bytes()
        stored = envelopes.unpack(case.intent.id, held, vault)
        context = SealContext(stored.eid, case.intent.number, case.lot, case.intent.opening)
        return self._unsealed(parse(envelopes.inner(stored, vault)), context)

    def _unsealed(self, envelope: Envelope, context: SealContext) -> Secrets:
        recipient = self._recipient_key()
        request = envelope.release_request(context)
        sp = unwrap_sp(envelope, context.ctx, recipient)
        st = unwrap_st(request, self._opening_key(context.opening))
        key = derive(sp, st, context)[0]
        letter = open_envelope(envelope, context, sp, st)
        return Secrets(letter, key, sp, st, recipient, request)

    def _opening_key(self, opening: str) -> X25519PrivateKey:
        store = self.installation.settings.timekeeper
        key = (store / "openings" / f"{opening}.key").read_bytes()
        return X25519PrivateKey.from_private_bytes(key)

    def _recipient_key(self) -> bytes:
        passphrase = self.installation.secrets().passphrase(OPENER)
        return unwrap_private(self._key_of_opener().wrapped_private, passphrase)

    def _key_of_opener(self) -> OpeningKey:
        of_opener = select(OpeningKey).join(Person, Person.id == OpeningKey.person_id)
        with self.installation.sessions() as sessions, sessions.reading() as session:
            return session.scalars(of_opener.where(Person.login == OPENER)).one()

    # --- a letter that differs in nothing but its secrets

    def control(self, case_id: str) -> bytes:
        """For the same lot, by the same key, of another supplier; made by the real signer."""
        order = self._control_order(case_id)
        places, users = self.installation.places, self.installation.users
        made = as_user(users.web.uid, callers.produce, places.signer_socket, order)
        number = Terms.from_canonical(order.terms.encode()).number
        context = SealContext(made.eid, number, order.lot, self.intent(case_id).opening)
        return self._unsealed(parse(made.inner), context).letter

    def certificate(self, case_id: str) -> bytes:
        """Of the lot's opening: public, its moments stand in the letter too."""
        return self._opening(self.intent(case_id).opening).certificate

    def _opening(self, opening: str) -> Opening:
        with self.installation.sessions() as sessions, sessions.reading() as session:
            return session.get_one(Opening, opening)

    def _control_order(self, case_id: str) -> LetterOrder:
        case, intent = self.case(case_id), self.intent(case_id)
        terms = Terms.from_canonical(intent.terms.encode())
        name, code = facts.CONTROL_SUPPLIER
        number, check = new_letter_number(terms.issued_on.year), check_code()
        other = replace(
            terms,
            number=number,
            applicants=(Party(name, code, "lead"),),
            amount=facts.CONTROL_AMOUNT,
        )
        return LetterOrder(
            intent=secrets.token_hex(16),
            terms=other.canonical().decode(),
            template=intent.template,
            check_code=check,
            verify_url=f"{self.installation.url}/verify?number={number}&code={check}",
            certificate=self._opening(intent.opening).certificate,
            lot=case.lot,
            recipients=((OPENER, self._key_of_opener().public_key),),
            recovery=self.installation.places.recovery_key.read_bytes(),
        )
