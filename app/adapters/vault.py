"""The vault: what the database and the file store hold of unopened bids (sealing.md, step 7).

Keys lie in `BAOHAN_KEYS`, outside the data, its volume and its backup:

    vault-0001.key …   32 random bytes each; the highest number encrypts, all decrypt
    index.key          K_idx, 32 random bytes, under every tag; changes only with a full rebuild

A sealed value is key id (8) ‖ nonce (12) ‖ AES-256-GCM. The key id is a hash of the key, so that a
missing key is told from a damaged value. Blobs are padded with zeros so that the whole value has
exactly one of the SIZES: its length says nothing else.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from signing import private_files
from signing.seal import SealBroken, lp

KEY_BYTES = 32
ID_BYTES = 8
NONCE_BYTES = 12
TAG_BYTES = 16
LENGTH_BYTES = 4
OVERHEAD = ID_BYTES + NONCE_BYTES + TAG_BYTES + LENGTH_BYTES
"""Bytes of a padded value that are not plaintext or padding."""

KIB = 1024
SIZES = (4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB)
"""The only lengths a blob may have."""

HEAD, TAIL = 2 * KIB, 4 * KIB
PARTS = (HEAD, *(size - less for size in SIZES[1:] for less in (HEAD, HEAD + TAIL)))
"""Lengths of the parts of a blob whose head is read without its rest, and whose tail (a size of its
own) keeps its room whatever the rest needs."""

INDEX_FILE = "index.key"
FIRST_FILE = "vault-0001.key"
VAULT_FILE = re.compile(r"vault-(\d{4})\.key")
ZEROS = bytes(SIZES[-1])


class VaultError(Exception):
    """Base of the vault's errors."""


class VaultBroken(VaultError, SealBroken):
    """A value does not open: damaged, moved, or of another purpose. As opaque as SealBroken."""


class VaultKeyMissing(VaultError):
    """A value needs a key that is not in the folder: restore the key file, nothing else helps."""

    def __init__(self, key_ids: Sequence[str], folder: Path) -> None:
        super().__init__(key_ids, folder)
        self.key_ids = tuple(key_ids)
        """Hex ids of the missing keys; empty: the folder has no keys at all."""
        self.folder = folder

    def __str__(self) -> str:
        which = ", ".join(self.key_ids) or f"{INDEX_FILE} or {FIRST_FILE}"
        return f"{self.folder} lacks the vault key {which}: restore it from the keys' own backup"


class VaultTooLarge(VaultError):
    """A plaintext does not fit the largest size allowed for it."""

    def __init__(self, length: int, capacity: int) -> None:
        super().__init__(length, capacity)
        self.length = length
        self.capacity = capacity

    def __str__(self) -> str:
        return f"{self.length} bytes do not fit a blob that holds {self.capacity}"


def key_id_of(key: bytes) -> bytes:
    return hashlib.sha256(lp("baohan/vault-key/v1", key)).digest()[:ID_BYTES]


class Vault:
    """Seals, opens, tags. Made by `load`; may be shared by threads."""

    def __init__(self, keys: Sequence[bytes], index_key: bytes, folder: Path = Path()) -> None:
        """keys: 32 bytes each, oldest first; the last one encrypts."""
        if not keys or any(len(key) != KEY_BYTES for key in (*keys, index_key)):
            raise ValueError("a vault needs an index key and one or more keys, 32 bytes each")
        self._ciphers = {key_id_of(key): AESGCM(key) for key in keys}
        self._newest = key_id_of(keys[-1])
        self._cipher = self._ciphers[self._newest]
        self._index_key = index_key
        self._folder = folder

    # --- keys

    @classmethod
    def create(cls, folder: Path) -> "Vault":
        """Makes folder (0700) and the first keys (0600); FileExistsError if there are keys.

        May be repeated if it was killed; one process does it, before others load.
        """
        private_files.make_folder(folder)
        if not (folder / INDEX_FILE).exists() or _key_files(folder):
            private_files.write_new(folder / INDEX_FILE, os.urandom(KEY_BYTES))
        private_files.write_new(folder / FIRST_FILE, os.urandom(KEY_BYTES))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> "Vault":
        """Reads the keys; VaultKeyMissing if there are none, ExposedFile if others may."""
        files = _key_files(folder)
        if not files or not (folder / INDEX_FILE).exists():
            raise VaultKeyMissing((), folder)
        keys = [private_files.read(file, KEY_BYTES) for file in files]
        return cls(keys, private_files.read(folder / INDEX_FILE, KEY_BYTES), folder)

    @staticmethod
    def add_key(folder: Path) -> None:
        """Adds a key that encrypts from the next load on; values are re-encrypted by a job."""
        number = int(VAULT_FILE.fullmatch(_key_files(folder)[-1].name)[1]) + 1  # type: ignore[index]  # only names that match are listed
        private_files.write_new(folder / f"vault-{number:04d}.key", os.urandom(KEY_BYTES))

    @property
    def newest(self) -> str:
        """Hex id of the key that encrypts; a value with another `key_id` awaits re-encryption."""
        return self._newest.hex()

    @property
    def index_id(self) -> str:
        """Hex id of K_idx: a database keeps it, since its tags are lost under another."""
        return key_id_of(self._index_key).hex()

    @staticmethod
    def key_id(blob: bytes) -> str:
        """Hex id of the key that a value needs."""
        return blob[:ID_BYTES].hex()

    def check(self, referenced: Iterable[str] = (), index_id: str | None = None) -> None:
        """At start: VaultKeyMissing if a key that stored values name, or their K_idx, is absent."""
        known = {key_id.hex() for key_id in self._ciphers}
        missing = sorted(set(referenced) - known)
        if index_id is not None and index_id != self.index_id:
            missing.append(index_id)
        if missing:
            raise VaultKeyMissing(missing, self._folder)
        if self.open("check", self.seal("check", b"check", b"", SIZES[0]), b"") != b"check":
            raise VaultBroken

    # --- padded blobs

    def seal(
        self, purpose: str, plaintext: bytes, aad: bytes, size: int | Sequence[int] = SIZES
    ) -> bytes:
        """A blob of the smallest allowed `size` (of SIZES or PARTS) that holds it; VaultTooLarge.

        It opens only with the same purpose and aad.
        """
        room = _fitting(len(plaintext), size) - OVERHEAD - len(plaintext)
        padded = len(plaintext).to_bytes(LENGTH_BYTES, "big") + plaintext + ZEROS[:room]
        return self.lock(padded, lp("blob", purpose, aad))

    def open(self, purpose: str, blob: bytes, aad: bytes) -> bytes:
        """The plaintext; VaultBroken, always alike, or VaultKeyMissing."""
        if len(blob) not in SIZES and len(blob) not in PARTS:
            raise VaultBroken
        padded = self.unlock(blob, lp("blob", purpose, aad))
        end = LENGTH_BYTES + int.from_bytes(padded[:LENGTH_BYTES], "big")
        if end > len(padded) or padded[end:] != ZEROS[: len(padded) - end]:
            raise VaultBroken
        return padded[LENGTH_BYTES:end]

    # --- values of any length (sealed letters carry a padding of their own)

    def lock(self, plaintext: bytes, aad: bytes) -> bytes:
        """Key id ‖ nonce ‖ AES-256-GCM, unpadded: the `vault_seal` of signing.seal.vault_wrap."""
        nonce = os.urandom(NONCE_BYTES)
        return self._newest + nonce + self._cipher.encrypt(nonce, plaintext, aad)

    def unlock(self, value: bytes, aad: bytes) -> bytes:
        """The reverse of lock; VaultBroken, always alike, or VaultKeyMissing."""
        if len(value) < OVERHEAD - LENGTH_BYTES:
            raise VaultBroken
        cipher = self._ciphers.get(value[:ID_BYTES])
        if cipher is None:
            raise VaultKeyMissing((value[:ID_BYTES].hex(),), self._folder)
        after_nonce = ID_BYTES + NONCE_BYTES
        try:
            return cipher.decrypt(value[ID_BYTES:after_nonce], value[after_nonce:], aad)
        except InvalidTag:
            pass
        raise VaultBroken  # out here: the cause is not chained

    # --- tags

    def tag(self, purpose: str, *scope: bytes | str | int) -> bytes:
        """HMAC-SHA256 under K_idx of purpose and scope, 32 bytes; 1, "1" and b"1" differ."""
        return self._keyed("tag", purpose, scope)

    def tags(self, purpose: str, *scope: bytes | str | int, places: Iterable[int]) -> list[bytes]:
        """`tag(purpose, *scope, place)` of many places."""
        key, head = self._index_key, lp("tag", purpose, *map(_typed, scope))
        # lp() of all parts is the lp() of the first ones ‖ that of the last.
        return [hmac.digest(key, head + lp(_typed(place)), "sha256") for place in places]

    def mac(self, purpose: str, *parts: bytes | str | int) -> bytes:
        """The keyed digest, 32 bytes, for guessable data that must be compared; never a tag."""
        return self._keyed("mac", purpose, parts)

    def _keyed(self, use: str, purpose: str, parts: Sequence[bytes | str | int]) -> bytes:
        message = lp(use, purpose, *map(_typed, parts))
        return hmac.digest(self._index_key, message, "sha256")


def _typed(part: bytes | str | int) -> bytes:
    if isinstance(part, bytes):
        return b"b" + part
    return f"s{part}".encode() if isinstance(part, str) else f"i{int(part)}".encode()


def _fitting(length: int, size: int | Sequence[int]) -> int:
    sizes = (size,) if isinstance(size, int) else sorted(size)
    if not set(sizes) <= {*SIZES, *PARTS}:
        raise ValueError(f"a blob has one of the sizes {SIZES} or {PARTS}, not {sizes}")
    for candidate in sizes:
        if length <= candidate - OVERHEAD:
            return candidate
    raise VaultTooLarge(length, sizes[-1] - OVERHEAD)


def _key_files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise VaultKeyMissing((), folder)
    private_files.check_tree(folder)
    return sorted(file for file in folder.iterdir() if VAULT_FILE.fullmatch(file.name))
