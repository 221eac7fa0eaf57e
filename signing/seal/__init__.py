"""Letters sealed until their opening (sealing.md): pure functions, bytes in and out.

    seal → Envelope.inner → vault_wrap → stored        before T
    stored → vault_unwrap → parse → release_request → timekeeper: st_T
                                  → trustee_requests → unwrap_part: parts
                                  → unwrap_sp, or a handed-in CMS share → sp_handed_in: sp
    sp, st_T, parts → combine_st → st;  sp, st → open_envelope → letter        after T

Every failure to open is SealBroken, alike in everything.
"""

from signing.seal.archive import archive_file, archive_fingerprint, open_archive
from signing.seal.broken import SealBroken
from signing.seal.cms import certificate_fault
from signing.seal.construction import MAX_LETTER, NotSealable, open_envelope, seal
from signing.seal.dummies import dummy_request
from signing.seal.encoding import lp, parts_of
from signing.seal.envelope import (
    Envelope,
    Recipient,
    ReleaseRequest,
    SealContext,
    TrusteeRequest,
    fingerprint_of,
    fingerprint_of_private,
    parse,
)
from signing.seal.hpke import usable as usable_public_key
from signing.seal.passphrase import FAULTS as PASSPHRASE_FAULTS
from signing.seal.passphrase import faults as passphrase_faults
from signing.seal.private_keys import (
    KeyLocked,
    KeyPair,
    WeakPassphrase,
    bequeath,
    inherit,
    make_key_pair,
    unwrap_private,
    wrap_private,
)
from signing.seal.profiles import PROFILES, Profile
from signing.seal.shares import (
    combine_st,
    part_request,
    rewrap,
    sp_handed_in,
    sp_proven,
    unwrap_archive,
    unwrap_part,
    unwrap_sp,
    unwrap_st,
)
from signing.seal.stored import leaf_hash, leaf_of, vault_unwrap, vault_wrap
from signing.seal.wraps import CMS, HPKE, Wrap

__all__ = [
    "CMS",
    "HPKE",
    "MAX_LETTER",
    "PASSPHRASE_FAULTS",
    "PROFILES",
    "Envelope",
    "KeyLocked",
    "KeyPair",
    "NotSealable",
    "Profile",
    "Recipient",
    "ReleaseRequest",
    "SealBroken",
    "SealContext",
    "TrusteeRequest",
    "WeakPassphrase",
    "Wrap",
    "archive_file",
    "archive_fingerprint",
    "bequeath",
    "certificate_fault",
    "combine_st",
    "dummy_request",
    "fingerprint_of",
    "fingerprint_of_private",
    "inherit",
    "leaf_hash",
    "leaf_of",
    "lp",
    "make_key_pair",
    "open_archive",
    "open_envelope",
    "parse",
    "part_request",
    "parts_of",
    "passphrase_faults",
    "rewrap",
    "seal",
    "sp_handed_in",
    "sp_proven",
    "unwrap_archive",
    "unwrap_part",
    "unwrap_private",
    "unwrap_sp",
    "unwrap_st",
    "usable_public_key",
    "vault_unwrap",
    "vault_wrap",
    "wrap_private",
]
