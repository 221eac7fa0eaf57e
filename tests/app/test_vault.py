"""app/adapters/vault.py: keys in files, padded blobs, tags."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.vault import (
    OVERHEAD,
    SIZES,
    Vault,
    VaultBroken,
    VaultKeyMissing,
    VaultTooLarge,
)
from signing.private_files import ExposedFile
from signing.seal import lp

KIB_4, KIB_16 = SIZES[:2]
VAULT = Vault([bytes(32), b"\x01" * 32], b"\x02" * 32)


@given(plaintext=st.binary(max_size=KIB_4 + 200), purpose=st.text(max_size=9), aad=st.binary())
def test_round_trip_in_the_smallest_size_allowed(
    plaintext: bytes, purpose: str, aad: bytes
) -> None:
    blob = VAULT.seal(purpose, plaintext, aad, (KIB_16, KIB_4))
    assert len(blob) == (KIB_4 if len(plaintext) <= KIB_4 - OVERHEAD else KIB_16)
    assert VAULT.open(purpose, blob, aad) == plaintext


@given(place=st.integers(0, KIB_4 - 1), flip=st.integers(1, 255))
def test_every_flipped_byte_fails_alike(place: int, flip: int) -> None:
    blob = bytearray(VAULT.seal("case", b"a bid", b"id", KIB_4))
    blob[place] ^= flip
    with pytest.raises((VaultBroken, VaultKeyMissing)) as caught:
        VAULT.open("case", bytes(blob), b"id")
    assert isinstance(caught.value, VaultKeyMissing) == (place < 8)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("purpose", "aad"), [("case", b"other"), ("casei", b"d"), ("cas", b"eid"), ("outbox", b"id")]
)
def test_moved_between_purposes_or_rows_it_fails(purpose: str, aad: bytes) -> None:
    blob = VAULT.seal("case", b"a bid", b"id", KIB_4)
    with pytest.raises(VaultBroken):
        VAULT.open(purpose, blob, aad)


@pytest.mark.parametrize("cut", [0, 7, 8, 35, 36, KIB_4 - 1])
def test_cut_short_it_fails(cut: int) -> None:
    blob = VAULT.seal("case", b"a bid", b"id", KIB_4)
    with pytest.raises(VaultBroken):
        VAULT.open("case", blob[:cut], b"id")


@pytest.mark.parametrize(
    "body", [b"\x00\x00\x00\x01ab", b"\x00\x01\x00\x00", b"\x00\x00\x00\x00\x01"]
)
def test_padding_is_checked_in_full(body: bytes) -> None:
    crafted = VAULT.lock(body.ljust(KIB_4 - 36, b"\x00"), lp("blob", "case", b"id"))
    with pytest.raises(VaultBroken):
        VAULT.open("case", crafted, b"id")


def test_a_letter_is_bound_to_what_the_seal_binds() -> None:
    stored = VAULT.lock(b"inner", lp("vault", b"eid"))
    assert len(stored) == 5 + 36
    assert VAULT.unlock(stored, lp("vault", b"eid")) == b"inner"
    with pytest.raises(VaultBroken):
        VAULT.unlock(stored, lp("vault", b"eie"))


def test_the_same_plaintext_never_looks_the_same() -> None:
    assert VAULT.seal("case", b"x", b"", KIB_4) != VAULT.seal("case", b"x", b"", KIB_4)


def test_too_large_says_how_much_fits() -> None:
    with pytest.raises(VaultTooLarge) as caught:
        VAULT.seal("case", bytes(KIB_4), b"", KIB_4)
    assert caught.value.capacity == KIB_4 - OVERHEAD
    with pytest.raises(ValueError, match="sizes"):
        VAULT.seal("case", b"", b"", 5000)


@given(
    parts=st.lists(
        st.lists(st.one_of(st.binary(max_size=3), st.text(max_size=3), st.integers()), max_size=3),
        min_size=2,
        max_size=2,
        unique_by=repr,
    )
)
def test_tags_differ_where_scopes_differ(parts: list[list[bytes | str | int]]) -> None:
    assert VAULT.tag("slot", *parts[0]) != VAULT.tag("slot", *parts[1])


def test_tags_depend_on_purpose_use_and_index_key_only() -> None:
    tag = VAULT.tag("slot", "lot", 1)
    assert len(tag) == 32
    assert tag != VAULT.tag("guard", "lot", 1)
    assert tag != VAULT.mac("slot", "lot", 1)
    assert tag == Vault([os.urandom(32)], b"\x02" * 32).tag("slot", "lot", 1)
    assert tag != Vault([bytes(32)], b"\x03" * 32).tag("slot", "lot", 1)


def test_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    blob = Vault.create(folder).seal("case", b"a bid", b"id", KIB_4)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert Vault.load(folder).open("case", blob, b"id") == b"a bid"
    with pytest.raises(FileExistsError):
        Vault.create(folder)
    assert Vault.load(folder).open("case", blob, b"id") == b"a bid"


def test_making_keys_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    index_id = Vault.create(folder).index_id
    (folder / "vault-0001.key").unlink()
    assert Vault.create(folder).index_id == index_id


def test_newest_key_encrypts_and_all_decrypt(tmp_path: Path) -> None:
    old = Vault.create(tmp_path / "keys")
    blob = old.seal("case", b"a bid", b"id", KIB_4)
    Vault.add_key(tmp_path / "keys")
    new = Vault.load(tmp_path / "keys")
    assert new.open("case", blob, b"id") == b"a bid"
    assert new.newest != old.newest == Vault.key_id(blob)
    assert Vault.key_id(new.seal("case", b"", b"", KIB_4)) == new.newest
    with pytest.raises(VaultKeyMissing) as caught:
        old.open("case", new.seal("case", b"", b"", KIB_4), b"")
    assert caught.value.key_ids == (new.newest,)


def test_start_check_names_the_missing_key(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    vault = Vault.create(folder)
    vault.check([vault.newest], vault.index_id)
    with pytest.raises(VaultKeyMissing, match=r"0102.*restore"):
        vault.check([vault.newest, "0102"])
    with pytest.raises(VaultKeyMissing, match="ffff"):
        vault.check(index_id="ffff")
    (folder / "index.key").unlink()
    with pytest.raises(VaultKeyMissing, match=r"index\.key"):
        Vault.load(folder)
    with pytest.raises(VaultKeyMissing):
        Vault.load(tmp_path / "elsewhere")


@pytest.mark.parametrize("exposed", [".", "index.key", "vault-0001.key"])
def test_keys_that_others_may_read_are_refused(tmp_path: Path, exposed: str) -> None:
    Vault.create(tmp_path / "keys")
    (tmp_path / "keys" / exposed).chmod(0o750)
    with pytest.raises(ExposedFile, match="lets other users in"):
        Vault.load(tmp_path / "keys")


def test_a_link_in_place_of_a_key_is_refused(tmp_path: Path) -> None:
    Vault.create(tmp_path / "keys")
    (tmp_path / "keys" / "index.key").rename(tmp_path / "away")
    (tmp_path / "keys" / "index.key").symlink_to(tmp_path / "away")
    with pytest.raises(ExposedFile, match="not a plain file"):
        Vault.load(tmp_path / "keys")


@settings(max_examples=20)
@given(key=st.binary(max_size=40).filter(lambda key: len(key) != 32))
def test_a_key_of_another_length_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault([bytes(32)], key)


def test_a_page_of_a_thousand_cases_opens_at_once() -> None:
    blobs = [VAULT.seal("case", bytes(12_000), b"%d" % i, KIB_16) for i in range(200)]
    best = min(_seconds_to_open(blobs) for _ in range(5))
    assert best / len(blobs) < 100e-6  # about 10 µs; the bound only catches another order


def _seconds_to_open(blobs: list[bytes]) -> float:
    start = time.perf_counter()
    for i, blob in enumerate(blobs):
        VAULT.open("case", blob, b"%d" % i)
    return time.perf_counter() - start
