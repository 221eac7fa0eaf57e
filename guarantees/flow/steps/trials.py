"""A trial (演练函): a letter sealed exactly as real ones are, but to a throw-away opening key.

Whoever can open it can open, at T, what was sealed to the same keys. Nothing of it is kept.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from guarantees.values.ids import new_id
from signing import seal
from signing.seal import Envelope, Recipient, SealBroken, SealContext
from signing.seal.cms import share_of

NUMBER = "开标演练"
"""In the place of a letter's number; no letter has such a one."""

LETTER_BYTES = 4096


@dataclass(frozen=True)
class Trial:
    context: SealContext
    envelope: Envelope
    st: bytes = field(repr=False)
    """As the timekeeper would release it."""
    letter: bytes = field(repr=False)

    def opens(self, private_key: bytes) -> bool:
        """Whether this private key (X25519, 32 bytes) opens it, by the way of real letters."""
        try:
            sp = seal.unwrap_sp(self.envelope, self.context.ctx, private_key)
            return seal.open_envelope(self.envelope, self.context, sp, self.st) == self.letter
        except SealBroken:
            return False


def for_token(lot_id: str, token: Recipient) -> tuple[bytes, bytes]:
    """A trial's share sealed to a token (CMS, DER), and SHA-256 of what the token takes out."""
    known = seal.make_key_pair()
    trial = make(lot_id, [token], known.public_key)
    sp = seal.unwrap_sp(trial.envelope, trial.context.ctx, known.private_key)
    (wrap,) = trial.envelope.recipient_wraps
    share = share_of(sp, trial.context.ctx, trial.envelope.com, token.fingerprint)
    return wrap.data, hashlib.sha256(share).digest()


def make(lot_id: str, recipients: Sequence[Recipient], recovery: bytes) -> Trial:
    """recovery: public half of the recovery key. Its opening is none of the lot's."""
    opening, letter = seal.make_key_pair(), os.urandom(LETTER_BYTES)
    context = SealContext.new(NUMBER, lot_id, f"rehearsal/{new_id()}")
    sealed = seal.seal(
        letter,
        context,
        opening_key=opening.public_key,
        recipients=recipients,
        recovery=Recipient.of("recovery", recovery),
    )
    envelope = seal.parse(sealed.inner)
    key = X25519PrivateKey.from_private_bytes(opening.private_key)
    return Trial(context, envelope, seal.unwrap_st(envelope.release_request(context), key), letter)
