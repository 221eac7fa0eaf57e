"""Writes docs/sealing-vectors.json anew: python -m tests.signing.make_sealing_vectors

The wraps are random with every run, so a new file says the same with other bytes: only a change of
the construction, and with it of its version, is a reason to run this.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.adapters.vault import Vault
from signing import seal
from signing.seal.derivation import derive
from signing.seal.passphrase import normalised
from signing.seal.shares import archive_st
from tests.signing.envelopes import Keys, released, sealed
from tests.signing.tokens import token

FILE = Path(__file__).parents[2] / "docs" / "sealing-vectors.json"
LETTER = "投标保函（测试用，不具效力）\n".encode() * 100
ABOUT = (
    "Known answers of the construction of baohan/seal/v1; bytes in base64. open_sealed_letter.py "
    "opens the envelopes, one of each profile, in every way under openings; handed_in is what "
    "openssl takes out of token_wrap with token_key and token_certificate. derivations give steps "
    "2 and 3 alone; private_keys give keys under a passphrase (Argon2id). All keys are test keys."
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


def envelope_of(profile: str, keys: Keys) -> tuple[seal.Envelope, seal.SealContext, dict[str, Any]]:
    """An envelope with everything in it, and what is known of it."""
    shares: list[bytes] = []
    context = seal.SealContext.new("BH-2026-测试-0001", "lot-1", "opening-1")

    def random(length: int) -> bytes:
        shares.append(os.urandom(length))
        return shares[-1]

    envelope = sealed(profile, context, keys=keys, letter=LETTER, random=random)
    vault_key, salt = os.urandom(32), os.urandom(32)
    stored = seal.vault_wrap(envelope.inner, context.eid, Vault([vault_key], bytes(32)).lock)
    values = {
        "eid": context.eid,
        "vault_key": vault_key,
        "sp": shares[0],
        "st": shares[1],
        "st_t": released(envelope, context, keys),
        "leaf_salt": salt,
        "leaf": seal.leaf_hash(salt, stored),
        "stored": stored,
    }
    names = {"number": context.number, "lot": context.lot, "opening": context.opening}
    found: dict[str, Any] = {"profile": profile} | names
    found["context"] = [text(name.encode()) for name in names.values()]
    found["letter_sha256"] = hashlib.sha256(LETTER).hexdigest()
    return envelope, context, found | {name: text(value) for name, value in values.items()}


class Openings:
    """Ways to open one envelope, as the entries under openings."""

    def __init__(self, profile: str) -> None:
        self.profile, self.keys = profile, Keys()
        self.envelope, self.context, self.known = envelope_of(profile, self.keys)

    def all(self) -> Iterator[dict[str, Any]]:
        """Every holder of `sp` with one allowed subset, every allowed subset with the procurer."""
        keys, subsets = self.keys, seal.PROFILES[self.profile].subsets or ((),)
        first = self._trustees(subsets[0])
        yield self._way("archive key", [keys.archive])
        yield self._way("recovery key", [keys.recovery, keys.opening, *first])
        yield self._token(first)
        yield self._changed(first)
        yield self._erased(first)
        for subset in subsets:
            pairs = [keys.procurer, keys.opening, *self._trustees(subset)]
            yield self._way("+".join(("procurer's key", *subset)), pairs)

    def _trustees(self, subset: Iterable[str]) -> list[seal.KeyPair]:
        return [self.keys.trustees[name] for name in subset]

    def _way(
        self,
        by: str,
        pairs: Sequence[seal.KeyPair],
        wraps: Sequence[seal.Wrap] = (),
        handed_in: bytes = b"",
        **more: str,
    ) -> dict[str, Any]:
        given = {
            "private_keys": [text(pair.private_key) for pair in pairs],
            "wraps_made_later": [text(wrap.encoded()) for wrap in wraps],
            "handed_in": text(handed_in),
        }
        return {"by": by, "envelope": self.profile} | given | more

    def _token(self, trustees: list[seal.KeyPair]) -> dict[str, Any]:
        (wrap,) = [one for one in self.envelope.recipient_wraps if one.kind == seal.CMS]
        more = {
            "token_key": text(token().key_pem),
            "token_certificate": text(token().certificate_pem),
            "token_wrap": text(wrap.data),
        }
        pairs = [self.keys.opening, *trustees]
        return self._way("token", pairs, handed_in=token().opened(wrap.data), **more)

    def _changed(self, trustees: list[seal.KeyPair]) -> dict[str, Any]:
        fresh = seal.make_key_pair()
        sp = seal.unwrap_sp(self.envelope, self.context.ctx, self.keys.procurer.private_key)
        to = seal.Recipient.of("procurer", fresh.public_key)
        wrap = seal.rewrap(sp, self.context, self.envelope.com, to)
        return self._way("procurer's later key", [fresh, self.keys.opening, *trustees], [wrap])

    def _erased(self, trustees: list[seal.KeyPair]) -> dict[str, Any]:
        """The opening key is gone; its share was wrapped to the recovery key before."""
        to = seal.Recipient.of("recovery", self.keys.recovery.public_key)
        st_t = released(self.envelope, self.context, self.keys)
        data = archive_st(st_t, self.envelope.release_request(self.context), to)
        wrap = seal.Wrap("T", seal.HPKE, to.label, to.fingerprint, data)
        return self._way(
            "recovery key, opening key erased", [self.keys.recovery, *trustees], [wrap]
        )


def opened(profiles: Iterable[str]) -> dict[str, Any]:
    """Envelopes by profile, and all ways to open them."""
    made = [Openings(profile) for profile in profiles]
    return {
        "envelopes": {one.profile: one.known for one in made},
        "openings": [way for one in made for way in one.all()],
    }


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
    } | opened(seal.PROFILES)


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n")
