"""Writes docs/sealing-vectors.json anew: python -m tests.signing.make_sealing_vectors

The wraps are random with every run, so a new file says the same with other bytes: only a change of
the construction, and with it of its version, is a reason to run this.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from app.adapters.vault import Vault
from signing import seal
from signing.seal.derivation import derive
from signing.seal.passphrase import normalised

FILE = Path(__file__).parents[2] / "docs" / "sealing-vectors.json"
LETTER = "投标保函（测试用，不具效力）\n".encode() * 100
ABOUT = (
    "Known answers of the construction of baohan/seal/v1; bytes in base64. open_sealed_letter.py "
    "opens the entries under letters; derivations give step 2 and 3 alone; private_keys give keys "
    "under a passphrase (Argon2id). All keys are test keys."
)


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def derivation(number: str, lot: str, opening: str, filler: int) -> dict[str, Any]:
    eid, sp, st = bytes([filler]) * 16, bytes([filler + 1]) * 32, bytes(range(filler, filler + 32))
    context = seal.SealContext(eid, number, lot, opening)
    key, com = derive(sp, st, context)
    names = {"number": number, "lot": lot, "opening": opening}
    values = {"eid": eid, "sp": sp, "st": st, "ctx": context.ctx, "key": key, "com": com}
    return names | {name: text(value) for name, value in values.items()}


def letter() -> dict[str, Any]:
    opening, procurer, agency, recovery = (seal.make_key_pair() for _ in range(4))
    shares: list[bytes] = []
    context = seal.SealContext.new("BH-2026-测试-0001", "lot-1", "opening-1")

    def random(length: int) -> bytes:
        shares.append(os.urandom(length))
        return shares[-1]

    envelope = seal.seal(
        LETTER,
        context,
        opening_key=opening.public_key,
        recipients=[
            seal.Recipient.of("procurer", procurer.public_key),
            seal.Recipient.of("agency", agency.public_key),
        ],
        recovery=seal.Recipient.of("recovery", recovery.public_key),
        random=random,
    )
    vault_key, salt = os.urandom(32), os.urandom(32)
    stored = seal.vault_wrap(envelope.inner, context.eid, Vault([vault_key], bytes(32)).lock)
    values = {
        "eid": context.eid,
        "vault_key": vault_key,
        "opening_private_key": opening.private_key,
        "recipient_private_key": procurer.private_key,
        "agency_private_key": agency.private_key,
        "recovery_private_key": recovery.private_key,
        "sp": shares[0],
        "st": shares[1],
        "leaf_salt": salt,
        "leaf": seal.leaf_hash(salt, stored),
        "stored": stored,
    }
    names = {"number": context.number, "lot": context.lot, "opening": context.opening}
    found = names | {"letter_sha256": hashlib.sha256(LETTER).hexdigest()}
    return found | {name: text(value) for name, value in values.items()}


def private_key(passphrase: str) -> dict[str, Any]:
    pair = seal.make_key_pair()
    blob = seal.wrap_private(pair.private_key, passphrase)
    return {
        "passphrase": passphrase,
        "passphrase_nfc_utf8": text(normalised(passphrase).encode()),
        "private_key": text(pair.private_key),
        "wrapped": text(blob),
    }


def vectors() -> dict[str, Any]:
    return {
        "about": ABOUT,
        "derivations": [
            derivation("BH-1", "lot-1", "opening-1", 1),
            derivation("湘保函2026-0007", "第一标段", "0123456789abcdef", 100),
            derivation("", "", "", 200),
        ],
        "private_keys": [
            private_key("correct horse battery"),
            private_key("cafe\u0301 noir au lait"),
        ],
        "letters": [letter()],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n")
