"""The sealing receipt (密封回执) as supplier and institution keep it (sealing.md step 8).

Two leaves under one salt: `leaf` of the sealed envelope, which the opening lists, and
`letter_leaf` of the signed PDF. Each has its place in the log and its proof once it is published.
Anybody computes a leaf: SHA-256(0x01 ‖ salt ‖ SHA-256 of what is logged).
"""

from typing import Any

from sqlalchemy.orm import Session

from app.house import House
from guarantees.errors import NotFound
from guarantees.queries import log as queries
from guarantees.records.case import Case
from signing import log
from signing.seal import leaf_of

SCHEMA = "baohan/receipt/v1"


def document(house: House, session: Session, case: Case) -> dict[str, Any]:
    """JSON types. NotFound before there is a letter."""
    intent, letter = case.intent, case.letter
    if intent is None or letter is None:
        raise NotFound(noun="receipt", id=case.id)
    letter_leaf = leaf_of(intent.salt, letter.sha256)
    places = queries.indexes(session, (letter.leaf, letter_leaf))
    state = queries.state(session)
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
        "log": state.origin if state else None,
        "log_key": state.key if state else None,
    }


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
