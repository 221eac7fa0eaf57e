"""Protocols to the outside. Adapters stand in app/adapters; both sides pass contract tests."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from guarantees.values.money import Money


class Vault(Protocol):
    """Sealing at rest and keyed tags (sealing.md, "Construction" 7 and "sealed index")."""

    def seal(
        self, purpose: str, plaintext: bytes, aad: bytes, size: int | Sequence[int] = ...
    ) -> bytes: ...

    def open(self, purpose: str, blob: bytes, aad: bytes) -> bytes: ...

    def tag(self, purpose: str, *scope: bytes | str | int) -> bytes: ...

    def tags(self, purpose: str, *scope: bytes | str | int, places: Iterable[int]) -> list[bytes]:
        """`tag(purpose, *scope, place)` for each of the places."""
        ...

    def lock(self, plaintext: bytes, aad: bytes) -> bytes:
        """Of any length and unpadded: for what has its own padding or is no longer secret."""
        ...

    def unlock(self, value: bytes, aad: bytes) -> bytes: ...


class Files(Protocol):
    """A write-once store."""

    def put_once(self, name: str, data: bytes) -> bytes:
        """Store `data` unless `name` exists; answer what is stored now."""
        ...

    def get(self, name: str) -> bytes | None: ...


@dataclass(frozen=True)
class PremiumOrder:
    """What the bank is told: a random reference, payer, payee and amount, nothing else."""

    reference: str
    amount: Money
    payer_account: str
    payee_account: str


@dataclass(frozen=True)
class BankNotice:
    """A bank's verified word on an order."""

    bank_reference: str
    reference: str
    outcome: str
    """"paid" or "failed"."""
    amount: Money
    payer_account: str
    reason: str
    at: datetime


class PaymentGateway(Protocol):
    def order(self, order: PremiumOrder) -> None:
        """Idempotent by reference; `Unavailable` when the bank is away, `Duplicate` when it has
        another order under this reference."""
        ...

    def read_notice(self, body: bytes, signature: str) -> BankNotice:
        """`InvalidInput` unless the bank signed exactly these bytes."""
        ...


class Mailer(Protocol):
    def send(self, to: str, subject: str, text: str) -> None: ...


@dataclass(frozen=True)
class LetterOrder:
    """Everything that the institution's signer needs to make one letter, once."""

    intent: str
    terms: str
    template: str
    check_code: str
    verify_url: str
    certificate: bytes
    """Opening certificate of the lot."""
    lot: str
    recipients: tuple[tuple[str, bytes], ...]
    """(label, X25519 public key) of procurer and agency."""
    recovery: bytes
    """X25519 public key of the recovery key (sealing.md step 6)."""
    profile: str = "timekeeper"
    """Who must agree to the release (signing.seal.PROFILES)."""
    trustees: tuple[tuple[str, bytes], ...] = ()
    """(role, X25519 public key) of the trustees of the profile."""
    logo: bytes = b""
    """PNG of the institution's letter design; empty: none."""
    seal: bytes = b""
    """The same; empty: the seal is drawn from the institution's name."""


@dataclass(frozen=True)
class Produced:
    """A signed letter that only the opening can read, and what may be known of it."""

    inner: bytes
    eid: bytes
    sha256: bytes
    size: int
    signed_at: datetime
    certificate: bytes


class LetterFactory(Protocol):
    def produce(self, order: LetterOrder) -> Produced: ...

    def preview(self, terms: str, template: str, logo: bytes = b"", seal: bytes = b"") -> bytes: ...

    def sign_list(self, document: dict[str, Any]) -> bytes: ...

    def archive_stamp(self, sha256: bytes, before: Sequence[bytes]) -> bytes:
        """The next archive time-stamp (signing.archival) of a letter with that digest."""


Printable = Callable[[Iterable[tuple[str, str]]], None]
"""Raises MissingGlyph for the first of (field, text) that the letter fonts cannot draw."""


def anything_prints(_fields: Iterable[tuple[str, str]]) -> None:
    """Where no letter is rendered."""


class Verifier(Protocol):
    """Judges a PDF in a separate process (signing.worker)."""

    def verify(self, pdf: bytes, at: datetime, password: str | None = None) -> Any: ...
