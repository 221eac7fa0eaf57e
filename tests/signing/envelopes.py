"""Envelopes of every profile with everything in them, and the keys to all of it."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import seal
from tests.signing.tokens import token

LETTER = b"%PDF-1.7 a letter"
TRUSTEES = ("regulator", "trading_centre", "association")


@dataclass(frozen=True)
class Keys:
    """One pair per holder."""

    opening: seal.KeyPair = field(default_factory=seal.make_key_pair)
    procurer: seal.KeyPair = field(default_factory=seal.make_key_pair)
    recovery: seal.KeyPair = field(default_factory=seal.make_key_pair)
    archive: seal.KeyPair = field(default_factory=seal.make_key_pair)
    trustees: Mapping[str, seal.KeyPair] = field(
        default_factory=lambda: {name: seal.make_key_pair() for name in TRUSTEES}
    )


KEYS = Keys()


def sealed(
    profile: str,
    context: seal.SealContext,
    *,
    keys: Keys = KEYS,
    letter: bytes = LETTER,
    random: Callable[[int], bytes] = os.urandom,
) -> seal.Envelope:
    """To a procurer's key, an agency's token, the recovery key, the trustees and the archive."""
    return seal.seal(
        letter,
        context,
        opening_key=keys.opening.public_key,
        recipients=[
            seal.Recipient.of("procurer", keys.procurer.public_key),
            seal.Recipient.of_certificate("agency", token().certificate),
        ],
        recovery=seal.Recipient.of("recovery", keys.recovery.public_key),
        profile=profile,
        trustees=[
            seal.Recipient.of(name, keys.trustees[name].public_key)
            for name in seal.PROFILES[profile].trustees
        ],
        archive=seal.Recipient.of("archive", keys.archive.public_key),
        random=random,
    )


def released(envelope: seal.Envelope, context: seal.SealContext, keys: Keys = KEYS) -> bytes:
    """`st_T`, as the timekeeper takes it out."""
    key = X25519PrivateKey.from_private_bytes(keys.opening.private_key)
    return seal.unwrap_st(envelope.release_request(context), key)


def parts(
    envelope: seal.Envelope,
    context: seal.SealContext,
    names: Iterable[str] = TRUSTEES,
    keys: Keys = KEYS,
) -> dict[tuple[int, str], bytes]:
    """What these trustees hand in."""
    found = {}
    for name in names:
        pair = keys.trustees[name]
        held = seal.fingerprint_of(pair.public_key)
        for request in envelope.trustee_requests(context, held):
            found[request.seat] = seal.unwrap_part(request, pair.private_key)
    return found


def opened(
    inner: bytes,
    context: seal.SealContext,
    names: Iterable[str] = TRUSTEES,
    keys: Keys = KEYS,
) -> bytes:
    """The letter, by the procurer's key, the timekeeper and these trustees."""
    envelope = seal.parse(inner)
    sp = seal.unwrap_sp(envelope, context.ctx, keys.procurer.private_key)
    given = parts(envelope, context, names, keys)
    st = seal.combine_st(envelope, context, sp, released(envelope, context, keys), given)
    return seal.open_envelope(envelope, context, sp, st)
