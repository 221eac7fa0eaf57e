"""C2SP signed-note: a text with Ed25519 signatures below it, as Go's sumdb/note reads it.

    <text, ends with a newline>
    <empty line>
    — <key name> base64(key id, 4 bytes ‖ signature)

Two kinds of keys: NOTE signs the text alone; COSIGNER (C2SP tlog-cosignature, cosignature/v1) signs
a time with it.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from signing.log.errors import NoteInvalid

NOTE, COSIGNER = 0x01, 0x04
"""Signature types of the specification."""

LONGEST_NOTE = 64 * 1024
"""Bytes; a checkpoint with sixteen cosignatures takes three thousand."""

MOST_SIGNATURES = 64
TIME_BYTES = 8
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note, not yet looked into."""

    name: str
    key_id: bytes
    """4 bytes."""
    value: bytes

    def line(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    @classmethod
    def of_line(cls, line: str) -> "Signature":
        """Of a line without its newline; NoteInvalid."""
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        value = unbase64(encoded)
        if dash != "—" or not is_name(name) or len(value) < 5:
            raise NoteInvalid("a line below the text is no signature")
        return cls(name, value[:4], value[4:])


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    """Ends with a newline."""
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        return f"{self.text}\n{''.join(one.line() for one in self.signatures)}".encode()

    @classmethod
    def read(cls, data: bytes) -> "Note":
        """The form alone: nothing is verified. NoteInvalid."""
        if len(data) > LONGEST_NOTE:
            raise NoteInvalid("the note is too long")
        try:
            whole = data.decode()
        except UnicodeDecodeError:
            raise NoteInvalid("the note is not UTF-8") from None
        if any(character < " " and character != "\n" for character in whole):
            raise NoteInvalid("the note has control characters")
        text, split, below = whole.rpartition("\n\n")
        if not split or not below.endswith("\n"):
            raise NoteInvalid("the note has no signatures")
        lines = below[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise NoteInvalid("the note has too many signatures")
        return cls(f"{text}\n", tuple(Signature.of_line(line) for line in lines))


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: what somebody decided to trust."""

    name: str
    public_key: bytes
    """Ed25519, 32 bytes."""
    kind: int = NOTE

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.public_key, self.kind)

    def vkey(self) -> str:
        """name+id+base64(kind ‖ key), as Go's note.NewVerifier takes it."""
        encoded = base64.b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def of_vkey(cls, text: str) -> "Verifier":
        """NoteInvalid unless it is a key of one of the two kinds, with its own id."""
        name, _, rest = text.strip().partition("+")
        shown, _, encoded = rest.partition("+")
        key = unbase64(encoded)
        if not is_name(name) or len(key) != 1 + KEY_BYTES or key[0] not in (NOTE, COSIGNER):
            raise NoteInvalid("not a verifier key of Ed25519")
        made = cls(name, key[1:], key[0])
        if made.key_id.hex() != shown:
            raise NoteInvalid("the key's id is not that of the key")
        return made

    def made(self, signature: Signature) -> bool:
        """Whether the line says that this key made it."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def check(self, text: str, signature: Signature) -> int | None:
        """NoteInvalid unless this key signed the text; of a cosigner, when: seconds since 1970."""
        at, value, signed = None, signature.value, text.encode()
        if self.kind == COSIGNER:
            at = int.from_bytes(value[:TIME_BYTES], "big")
            value, signed = value[TIME_BYTES:], cosigned(text, at)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(value, signed)
        except (InvalidSignature, ValueError):
            raise NoteInvalid(f"the signature of {self.name} does not hold") from None
        return at


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds."""

    verifier: Verifier
    signature: Signature
    at: int | None
    """Seconds since 1970, of a cosigner."""


def verified(note: Note, verifiers: Iterable[Verifier]) -> tuple[Signed, ...]:
    """Signatures by these keys, one of each; others are passed over.

    NoteInvalid if one that claims to be by such a key does not hold.
    """
    found = []
    for verifier in verifiers:
        signature = next((one for one in note.signatures if verifier.made(one)), None)
        if signature is not None:
            found.append(Signed(verifier, signature, verifier.check(note.text, signature)))
    return tuple(found)


def sign(name: str, key: Ed25519PrivateKey, text: str) -> Signature:
    """A signature of the kind NOTE."""
    public = key.public_key().public_bytes_raw()
    return Signature(name, key_id(name, public, NOTE), key.sign(text.encode()))


def cosign(name: str, key: Ed25519PrivateKey, text: str, at: int) -> Signature:
    """A signature of the kind COSIGNER; `at` in seconds since 1970."""
    public = key.public_key().public_bytes_raw()
    value = at.to_bytes(TIME_BYTES, "big") + key.sign(cosigned(text, at))
    return Signature(name, key_id(name, public, COSIGNER), value)


def cosigned(text: str, at: int) -> bytes:
    """What a cosignature/v1 signs."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def key_id(name: str, public_key: bytes, kind: int) -> bytes:
    """SHA-256(name ‖ newline ‖ kind ‖ key), its first four bytes."""
    return hashlib.sha256(f"{name}\n".encode() + bytes([kind]) + public_key).digest()[:4]


def is_name(name: str) -> bool:
    """Whether a key may be called so: not empty, without spaces and plus."""
    return bool(name) and name.isprintable() and "+" not in name and len(name.split()) == 1


def unbase64(text: str) -> bytes:
    """Strict: NoteInvalid for any other way to write the same bytes."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found or base64.b64encode(found).decode() != text:
        raise NoteInvalid("not base64")
    return found
