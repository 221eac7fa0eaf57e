"""Receipts: of a sealed letter (密封回执, sealing.md step 8), and of an opening.

Two leaves under one salt: `leaf` of the sealed envelope, which the opening lists, and
`letter_leaf` of the signed PDF. Each has its place in the log and its proof once it is published.
Anybody computes a leaf: SHA-256(0x01 ‖ salt ‖ SHA-256 of what is logged).
"""

import hashlib
from typing import Any

from sqlalchemy.orm import Session

from app.house import House
from app.jobs import opened_files
from guarantees.errors import NotFound
from guarantees.queries import log as queries
from guarantees.queries.openings import Certificate
from guarantees.records import log as records
from guarantees.records.case import Case
from signing import log
from signing.seal import leaf_of

SCHEMA = "baohan/receipt/v1"
OPENING_SCHEMA = "baohan/opening-receipt/v1"


def document(house: House, session: Session, case: Case) -> dict[str, Any]:
    """JSON types. NotFound before there is a letter."""
    intent, letter = case.intent, case.letter
    if intent is None or letter is None:
        raise NotFound(noun="receipt", id=case.id)
    letter_leaf = leaf_of(intent.salt, letter.sha256)
    places = queries.indexes(session, (letter.leaf, letter_leaf))
    return {
        "schema": SCHEMA,
        "number": intent.number,
        "lot": case.lot,
        "opening": intent.opening,
        "envelope": letter.eid.hex(),
        "salt": intent.salt.hex(),
        "leaf": letter.leaf.hex(),
        **_placed(house, "", places.get(letter.leaf)),
        "letter_sha256": letter.sha256.hex(),
        "letter_leaf": letter_leaf.hex(),
        **_placed(house, "letter_", places.get(letter_leaf)),
        **_log(session),
    }


def of_opening(house: House, session: Session, held: Certificate) -> dict[str, Any]:
    """The opening certificate with its leaf; once there is one, the signed list with its own."""
    digest = hashlib.sha256(held.signed).digest()
    leaf = leaf_of(held.salt, digest)
    told = {
        "schema": OPENING_SCHEMA,
        "lot": held.lot.id,
        "opening": held.opening,
        "certificate": held.signed.decode(),
        "salt": held.salt.hex(),
        "leaf": leaf.hex(),
        **_placed(house, "", queries.indexes(session, (leaf,)).get(leaf)),
        **_log(session),
    }
    listed = opened_files.read_list(house, held.opening)
    return told if listed is None else {**told, **_of_list(house, session, listed)}


def _of_list(house: House, session: Session, listed: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(listed).digest()
    salt = records.salt_of(session, "opening", digest)
    leaf = leaf_of(salt, digest)
    return {
        "list_sha256": digest.hex(),
        "list_salt": salt.hex(),
        "list_leaf": leaf.hex(),
        **_placed(house, "list_", queries.indexes(session, (leaf,)).get(leaf)),
    }


def _log(session: Session) -> dict[str, Any]:
    state = queries.state(session)
    return {"log": state.origin if state else None, "log_key": state.key if state else None}


def _placed(house: House, prefix: str, index: int | None) -> dict[str, Any]:
    """Index and tlog-proof; both null until the leaf is published."""
    proof = None
    if index is not None:
        try:
            bundle = house.log.bundle(index)
            proof = bundle.to_bytes().decode() if bundle else None
        except (log.NoteInvalid, log.TilesBroken):  # the index stands; ./baohan audit says more
            proof = None
    return {f"{prefix}index": index, f"{prefix}proof": proof}
