"""Builds that each leak one thing: functions of the product replaced while a stock comes in.

Each tells of the bid at work what a careless hand might; nothing of this is in the product.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest import mock

from sqlalchemy import insert

from app.adapters import mail as mailing
from app.adapters.vault import Vault
from app.jobs import worker
from guarantees.flow import issue
from guarantees.flow.steps import envelopes
from guarantees.ports import LetterOrder
from guarantees.records import casebook, codec, exposure, kept_form, outbox, slots
from guarantees.records import log as log_records
from guarantees.records.sealed import ExposureBook
from guarantees.values.ids import ID_BYTES, id_from_bytes, new_id
from signing.seal import construction
from tests.secrecy.stock import CURRENT, Desk, PublicLot

Patch = tuple[Any, str, Any]
"""Where, which name, and what stands there instead."""


@dataclass(frozen=True)
class Mutant:
    patches: Sequence[Patch] = ()
    at_end: Callable[[Desk], None] | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ExitStack() as stack:
            for where, name, instead in self.patches:
                stack.enter_context(mock.patch.object(where, name, instead))
            yield


def lot() -> PublicLot:
    """Of the bid at work."""
    bid = CURRENT[-1].bid
    assert bid is not None
    return bid.lot


SEAL, TAG, RENDER, WRITE = casebook.seal, slots.tag, mailing.render, exposure.write
LOCK, SEALED, LOG = Vault.lock, Vault.seal, worker.log


def _lot_in_the_blob(session: Any, case: Any) -> bytes:
    return SEAL(session, case)[: -len(case.lot)] + case.lot.encode()


def _amount_in_the_notice(vault: Vault, purpose: str, plain: bytes, *more: Any) -> bytes:
    blob = SEALED(vault, purpose, plain, *more)
    return blob if purpose != "payment_notice" else blob[:-12] + b"%012d" % lot().premium.fen


def _unpadded_letter(letter: bytes) -> bytes:
    return len(letter).to_bytes(4, "big") + letter


def _unpadded_case(session: Any, case: Any) -> bytes:
    sealed: bytes = session.info["vault"].lock(codec.to_bytes(case), case.id.encode())
    return sealed


def _file_of_the_lot(order: LetterOrder, *, letters: Any, files: Any, vault: Vault) -> Any:
    packed = envelopes.pack(order.intent, letters.produce(order), vault)
    files.put_once(f"sealed/{lot().number}-{order.intent}", packed)
    return envelopes.unpack(order.intent, packed, vault)


def _counting_tag(session: Any, purpose: str, scope: tuple[str, ...], i: int) -> bytes:
    first: bytes = TAG(session, purpose, scope, 0)
    return first[:28] + i.to_bytes(4, "big")


def _plain_hash_tag(session: Any, purpose: str, scope: tuple[str, ...], i: int) -> bytes:
    if purpose != "lot":
        return TAG(session, purpose, scope, i)
    return hashlib.sha256(scope[0].encode()).digest()[:31] + bytes([i])


def _telling_mail(template: str, base_url: str, fields: Mapping[str, str]) -> tuple[str, str]:
    subject, text = RENDER(template, base_url, fields)
    return f"{subject}：{lot().name}", text


class _TellingLog:
    def info(self, event: str, **fields: Any) -> None:
        LOG.info(event, lot=lot().number, **fields)


def _bare_leaf(_salt: bytes, _digest: bytes) -> bytes:
    desk = CURRENT[-1]
    assert desk.bid is not None
    text = f"{lot().id} {desk.suppliers[desk.bid.supplier]}"
    return hashlib.sha256(b"\x01" + hashlib.sha256(text.encode()).digest()).digest()


def _exposure_by_lot(session: Any, row: ExposureBook, book: Any) -> None:
    WRITE(session, row, book)
    key = id_from_bytes(session.info["vault"].tag("exposure", lot().id)[:ID_BYTES])
    made = {"blob": os.urandom(64 * 1024), "version": 1}
    session.execute(insert(ExposureBook).values(institution_id=key, **made))


def _message_of_the_lot() -> str:
    return lot().number + new_id()[len(lot().number) :]


def _draft_of_the_page(_session: Any, _person: str, page: str, place: int) -> bytes:
    return hashlib.sha256(page.encode()).digest()[:31] + bytes([place])


def _nonce_of_the_lot(vault: Vault, plain: bytes, aad: bytes) -> bytes:
    if b"case" not in aad:
        return LOCK(vault, plain, aad)
    nonce = vault.mac("nonce", lot().id)[:12]
    return vault._newest + nonce + vault._cipher.encrypt(nonce, plain, aad)


def _letters_lot_by_lot(desk: Desk) -> None:
    """A job that went through all letters, a lot at a time."""
    order = [one.id for one in desk.lots]
    lots = list(desk.truth.values())
    for place, file in enumerate(desk.store.files):
        hours = timedelta(hours=order.index(lots[place].id), seconds=place)
        object.__setattr__(file, "mtime", desk.now + hours)


MUTANTS: Mapping[str, Mutant] = {
    "the lot's id in the clear": Mutant([(casebook, "seal", _lot_in_the_blob)]),
    "the premium in the clear": Mutant([(Vault, "seal", _amount_in_the_notice)]),
    "a letter that is not padded": Mutant([(construction, "_body", _unpadded_letter)]),
    "a case that is not padded": Mutant([(casebook, "seal", _unpadded_case)]),
    "a file named after the lot": Mutant([(issue, "produce", _file_of_the_lot)]),
    "tags that count": Mutant([(slots, "tag", _counting_tag)]),
    "a plain hash of the lot": Mutant([(slots, "tag", _plain_hash_tag)]),
    "a mail that names the project": Mutant([(mailing, "render", _telling_mail)]),
    "a log line with the lot": Mutant([(worker, "log", _TellingLog())]),
    "letters gone through lot by lot": Mutant(at_end=_letters_lot_by_lot),
    "a leaf without salt": Mutant([(log_records, "leaf_of", _bare_leaf)]),
    "exposure of each lot": Mutant([(exposure, "write", _exposure_by_lot)]),
    "messages with the lot's number": Mutant([(outbox, "new_id", _message_of_the_lot)]),
    "drafts under a hash of the page": Mutant([(kept_form, "_tag", _draft_of_the_page)]),
    "nonces from the lot": Mutant([(Vault, "lock", _nonce_of_the_lot)]),
}
"""What leaks → the build that does."""
