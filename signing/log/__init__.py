"""The transparency log: tiles, tree, checkpoints and proofs; bytes in, bytes out.

After C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-witness, tlog-proof)
and RFC 6962, so that public tools check it without us. An entry is the 32-byte leaf of
signing.seal.leaf_hash: all kinds look alike, and like the random ones that fill a batch.
"""

from signing.log.bundle import Bundle
from signing.log.checkpoint import Checkpoint, Opened, open_checkpoint
from signing.log.errors import (
    FollowerAway,
    LogForked,
    NoteInvalid,
    NotFollowed,
    OldSize,
    ProofInvalid,
    RolledBack,
    TilesBroken,
)
from signing.log.follower import (
    AddCheckpoint,
    CheckpointSigner,
    Cosigner,
    Head,
    accept,
    signature_in,
)
from signing.log.hashing import EMPTY_ROOT, entry_hash, node_hash
from signing.log.note import COSIGNER, NOTE, Note, Signature, Signed, Verifier, cosign, sign
from signing.log.proofs import check_consistency, check_inclusion
from signing.log.tiles import ENTRIES, WIDTH, Read, Tile, grown, tile_of, unbundle
from signing.log.tree import Tree

__all__ = [
    "COSIGNER",
    "EMPTY_ROOT",
    "ENTRIES",
    "NOTE",
    "WIDTH",
    "AddCheckpoint",
    "Bundle",
    "Checkpoint",
    "CheckpointSigner",
    "Cosigner",
    "FollowerAway",
    "Head",
    "LogForked",
    "NotFollowed",
    "Note",
    "NoteInvalid",
    "OldSize",
    "Opened",
    "ProofInvalid",
    "Read",
    "RolledBack",
    "Signature",
    "Signed",
    "Tile",
    "TilesBroken",
    "Tree",
    "Verifier",
    "accept",
    "check_consistency",
    "check_inclusion",
    "cosign",
    "entry_hash",
    "grown",
    "node_hash",
    "open_checkpoint",
    "sign",
    "signature_in",
    "tile_of",
    "unbundle",
]
