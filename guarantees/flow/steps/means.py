"""What somebody brings to an opening: keys, and shares that were taken out elsewhere."""

from dataclasses import dataclass, field
from typing import Protocol

from signing.seal import Envelope, SealBroken, SealContext, Wrap, fingerprint_of_private, unwrap_sp


class Waiting(Protocol):
    """A sealed letter, as flow.open_lot has it."""

    @property
    def case(self) -> str: ...
    @property
    def context(self) -> SealContext: ...
    @property
    def envelope(self) -> Envelope | None: ...
    @property
    def rewraps(self) -> tuple[Wrap, ...]: ...
    @property
    def keys(self) -> frozenset[bytes]: ...


@dataclass
class Means:
    """Held in memory while an opening runs, and cleared when it ends."""

    keys: list[bytes] = field(default_factory=list, repr=False)
    """X25519 private keys, 32 bytes."""
    shares: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Case → `sp`, proven to be its letter's (a token's or the recovery key's answer)."""
    hopeless: frozenset[str] = frozenset()
    """Cases of which the recovery key itself has said that nothing takes their share out."""

    def decides(self, one: Waiting) -> bool:
        """Whether the letter gets its verdict by these means.

        Left out is what was sealed to other registered keys alone: it is not broken, and waits for
        them. What no registered key opens is decided by anybody: its verdict is the same.
        """
        held = {fingerprint_of_private(key) for key in self.keys}
        brought = one.case in self.shares or one.case in self.hopeless
        return brought or not one.keys or bool(one.keys & held)

    def sp(self, one: Waiting) -> bytes:
        """The letter's share; SealBroken if nothing that was brought gives it."""
        if one.envelope is None:
            raise SealBroken
        if one.case in self.shares:
            return self.shares[one.case]
        for key in self.keys:
            try:
                return unwrap_sp(one.envelope, one.context.ctx, key, one.rewraps)
            except SealBroken:
                continue
        raise SealBroken

    def join(self, other: "Means") -> None:
        """What somebody else brought meanwhile."""
        self.keys += other.keys
        self.shares |= other.shares
        self.hopeless |= other.hopeless

    def clear(self) -> None:
        self.keys.clear()
        self.shares.clear()
