"""What is kept of a failed tender's letters for the legal 15 years (GPL-42): their release shares,
wrapped to the recovery key, in one padded sealed blob for the whole lot. Its size says no more
than a multiple of some hundred letters; a lot without bids has one, too.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from guarantees.records.sealed import LotArchive

PURPOSE = "lot_archive"
SIZES = (64 * 1024, 256 * 1024, 1024 * 1024)
"""Room for some 300, 1,200 and 4,900 letters."""


@dataclass(frozen=True)
class Kept:
    case: str
    share: bytes
    """`st_T` wrapped to the recovery key, 80 bytes: enc_and_ct of the letter's release request."""


def keep(session: Session, end_id: str, kept: Iterable[Kept]) -> None:
    """Once for each end; later calls change nothing."""
    if session.get(LotArchive, end_id) is None:
        document = json.dumps({one.case: one.share.hex() for one in kept}, separators=(",", ":"))
        blob = session.info["vault"].seal(PURPOSE, document.encode(), end_id.encode(), SIZES)
        session.add(LotArchive(id=end_id, blob=blob))


def kept_of(session: Session, end_id: str) -> Mapping[str, bytes] | None:
    """Case → share; None if nothing was kept. SealBroken for a blob that is not this end's."""
    row = session.get(LotArchive, end_id)
    if row is None:
        return None
    plain: bytes = session.info["vault"].open(PURPOSE, row.blob, end_id.encode())
    return {case: bytes.fromhex(share) for case, share in json.loads(plain).items()}
