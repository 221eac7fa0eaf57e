"""signing/seal/archive.py: the institution's own copy, and who can open it."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import seal
from signing.seal.archive import FIELDS, MAGIC

LETTER = b"%PDF-1.7 the letter " * 500
OWN, OTHER = seal.make_key_pair(), seal.make_key_pair()
CONTEXT = seal.SealContext.new("BH-2026-0001", "lot", "opening")


def sealed(*, archive: bool = True) -> seal.Envelope:
    pair = seal.make_key_pair
    return seal.seal(
        LETTER,
        CONTEXT,
        opening_key=pair().public_key,
        recipients=[seal.Recipient.of("procurer", pair().public_key)],
        recovery=seal.Recipient.of("recovery", pair().public_key),
        archive=seal.Recipient.of("institution", OWN.public_key) if archive else None,
    )


FILE = seal.archive_file(sealed().inner, CONTEXT)


def head(**changes: object) -> bytes:
    first, told, inner = FILE.split(b"\n", 2)
    return first + b"\n" + json.dumps({**json.loads(told), **changes}).encode() + b"\n" + inner


def test_the_institution_opens_its_copy_exactly() -> None:
    assert seal.open_archive(FILE, OWN.private_key) == LETTER


@pytest.mark.parametrize("field", FIELDS)
def test_another_context_opens_nothing(field: str) -> None:
    with pytest.raises(seal.SealBroken):
        seal.open_archive(head(**{field: "00" * 16}), OWN.private_key)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        MAGIC,
        MAGIC + b"[]\n" + sealed().inner,
        MAGIC + b"{}\n" + sealed().inner,
        FILE[:-1],
        FILE[:-1] + bytes([FILE[-1] ^ 1]),
        FILE + b"\0",
        head(more="1"),
        seal.archive_file(sealed(archive=False).inner, CONTEXT),
        seal.archive_file(sealed().inner, seal.SealContext.new("BH-2", "lot", "opening")),
    ],
    ids=range(10),
)
def test_every_other_file_fails_alike(file: bytes) -> None:
    with pytest.raises(seal.SealBroken) as broken:
        seal.open_archive(file, OWN.private_key)
    assert str(broken.value) == str(seal.SealBroken())


def test_another_key_fails_alike() -> None:
    with pytest.raises(seal.SealBroken):
        seal.open_archive(FILE, OTHER.private_key)


def test_whose_copy_it_is_can_be_told_without_opening_it() -> None:
    inner = FILE.split(b"\n", 2)[2]
    assert seal.archive_fingerprint(inner) == seal.fingerprint_of(OWN.public_key)
    assert seal.archive_fingerprint(sealed(archive=False).inner) == b""


def test_a_dummy_is_released_like_any_other() -> None:
    """So that a padded list tells the timekeeper no number."""
    opening = seal.make_key_pair()
    one, other = (seal.dummy_request(opening.public_key) for _ in range(2))
    real = seal.seal(
        LETTER,
        CONTEXT,
        opening_key=opening.public_key,
        recipients=[seal.Recipient.of("procurer", OWN.public_key)],
        recovery=seal.Recipient.of("recovery", OTHER.public_key),
    ).release_request(CONTEXT)
    key = X25519PrivateKey.from_private_bytes(opening.private_key)
    assert len(seal.unwrap_st(one, key)) == len(seal.unwrap_st(real, key)) == 32
    assert one.digest != other.digest
    assert [len(part) for part in (one.ctx, one.com, one.enc_and_ct)] == [
        len(part) for part in (real.ctx, real.com, real.enc_and_ct)
    ]
