"""Letters sealed until their opening (sealing.md): pure functions, bytes in and out.

    seal → Envelope.inner → vault_wrap → stored        before T
    stored → vault_unwrap → parse → release_request → timekeeper: st
                                  → unwrap_sp → sp → open_envelope → letter        after T

Every failure to open is SealBroken, alike in everything.
"""

from signing.seal.broken import SealBroken
from signing.seal.construction import (
    MAX_LETTER,
    NotSealable,
    open_envelope,
    seal,
    unwrap_sp,
    unwrap_st,
)
from signing.seal.encoding import lp
from signing.seal.envelope import (
    Envelope,
    Recipient,
    ReleaseRequest,
    SealContext,
    fingerprint_of,
    fingerprint_of_private,
    parse,
)
from signing.seal.passphrase import FAULTS as PASSPHRASE_FAULTS
from signing.seal.passphrase import faults as passphrase_faults
from signing.seal.private_keys import (
    KeyLocked,
    KeyPair,
    WeakPassphrase,
    make_key_pair,
    unwrap_private,
    wrap_private,
)
from signing.seal.stored import leaf_hash, leaf_of, vault_unwrap, vault_wrap
from signing.seal.wraps import PROFILES, Wrap

__all__ = [
    "MAX_LETTER",
    "PASSPHRASE_FAULTS",
    "PROFILES",
    "Envelope",
    "KeyLocked",
    "KeyPair",
    "NotSealable",
    "Recipient",
    "ReleaseRequest",
    "SealBroken",
    "SealContext",
    "WeakPassphrase",
    "Wrap",
    "fingerprint_of",
    "fingerprint_of_private",
    "leaf_hash",
    "leaf_of",
    "lp",
    "make_key_pair",
    "open_envelope",
    "parse",
    "passphrase_faults",
    "seal",
    "unwrap_private",
    "unwrap_sp",
    "unwrap_st",
    "vault_unwrap",
    "vault_wrap",
    "wrap_private",
]
