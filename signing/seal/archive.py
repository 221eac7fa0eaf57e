"""An institution's own copy of a sealed letter, for the legal 15 years (step 11), as a file.

    baohan-archive/v1 LF ‖ {"eid", "number", "lot", "opening"} LF ‖ inner

The institution opens it offline with its archive key (wrap A); without the key it says no more
than number, lot and opening, which the institution knows anyway.
"""

import json

from signing.seal.broken import opaque
from signing.seal.construction import open_envelope
from signing.seal.envelope import SealContext, parse
from signing.seal.shares import unwrap_archive
from signing.seal.wraps import ARCHIVE

MAGIC = b"baohan-archive/v1\n"
FIELDS = ("eid", "number", "lot", "opening")


def archive_file(inner: bytes, context: SealContext) -> bytes:
    """`inner` with what its context is made of."""
    head = {
        "eid": context.eid.hex(),
        "number": context.number,
        "lot": context.lot,
        "opening": context.opening,
    }
    return MAGIC + json.dumps(head, ensure_ascii=False).encode() + b"\n" + inner


@opaque
def open_archive(file: bytes, private_key: bytes) -> bytes:
    """The letter, exactly as it was signed; SealBroken for any other file or key.

    private_key: X25519, 32 bytes, of the institution.
    """
    context, inner = _parts(file)
    envelope = parse(inner)
    sp, st = unwrap_archive(envelope, context.ctx, private_key)
    return open_envelope(envelope, context, sp, st)


def _parts(file: bytes) -> tuple[SealContext, bytes]:
    if not file.startswith(MAGIC):
        raise ValueError("not an archive file")
    head, inner = file[len(MAGIC) :].split(b"\n", 1)
    told = json.loads(head)
    if not isinstance(told, dict) or set(told) != set(FIELDS):
        raise ValueError("not the head of an archive file")
    eid, number, lot, opening = (str(told[name]) for name in FIELDS)
    return SealContext(bytes.fromhex(eid), number, lot, opening), inner


@opaque
def archive_fingerprint(inner: bytes) -> bytes:
    """SHA-256 of the archive key that the copy opens with; empty: the letter has no copy."""
    copies = [one.fingerprint for one in parse(inner).wraps if one.role == ARCHIVE]
    return copies[0] if copies else b""
