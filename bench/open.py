"""Sealing and opening: what a letter costs, and whether a million rows beside it change that.

Ours seals, stores and commits a letter, and opens it as an opening does: prepare (all letters of
the lot), the timekeeper's release, decrypt. The peer is hybrid encryption plainly used: AES-256-GCM
under a key that RSA-2048-OAEP wraps to each party; no padding, no commitment, no timekeeper.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.measure import Phases, Runs, alternate, machine, peak_memory_mb
from bench.open_room import House, Room, crowd, house

LETTER_BYTES = 180_000
"""What a signed letter of two pages measures, its terms and its fonts within."""

PARTIES = 4
"""Procurer, agency, recovery, timekeeper: to whom the peer wraps its key."""

ROWS = 1_000_000
PROMISED_MS = 5.0
"""Of CPU, for sealing and for decrypting a letter."""

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


@dataclass
class Plain:
    """The peer."""

    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    held: dict[int, tuple[bytes, bytes, list[bytes]]] = field(default_factory=dict)

    def seal(self, number: int, phases: Phases) -> None:
        letter = os.urandom(LETTER_BYTES)
        with phases.phase("seal"):
            key, nonce = AESGCM.generate_key(256), os.urandom(12)
            wrapped = [self.private.public_key().encrypt(key, OAEP) for _ in range(PARTIES)]
            self.held[number] = nonce, AESGCM(key).encrypt(nonce, letter, None), wrapped

    def open(self, number: int, phases: Phases) -> None:
        nonce, sealed, wrapped = self.held[number]
        with phases.phase("decrypt"):
            AESGCM(self.private.decrypt(wrapped[0], OAEP)).decrypt(nonce, sealed, None)


@dataclass(frozen=True)
class Side:
    """One lot's letters sealed and opened, beside so many rows."""

    sealing: Runs
    opening: dict[str, Phases]
    """prepare and release, of all letters at once."""
    decrypting: Runs
    plain: tuple[Runs, Runs]

    @property
    def opened_in(self) -> float:
        """Seconds for all letters of the lot: prepared, released, decrypted."""
        once = sum(sum(one.wall.values()) for one in self.opening.values())
        return once + sum(sum(one.wall.values()) for one in self.decrypting.phases)


def run(count: int) -> dict[str, Any]:
    """`count` letters in an empty house, then in one with ROWS more rows."""
    return measure(count, ROWS)


def measure(count: int, rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="baohan-bench-") as name:
        built = house(Path(name))
        few = _measured(built, count)
        crowd(built, rows)
        many = _measured(built, count)
    return _figures(count, rows, few, many)


def _measured(built: House, count: int) -> Side:
    room, plain = Room.made(built), Plain()
    sealing, plain_sealing = alternate(count, _sealer(room), plain.seal)
    opening = {name: Phases() for name in ("prepare", "release")}
    room.clock_to_t()
    with opening["prepare"].phase("prepare"):
        letters = room.prepare()
    with opening["release"].phase("release"):
        room.release()
    if len(letters) != count + 1:  # one more, which alternate does not count
        raise RuntimeError(f"{count + 1} letters sealed, {len(letters)} found")
    decrypting, plain_opening = alternate(count, room.decrypt, plain.open)
    return Side(sealing, opening, decrypting, (plain_sealing, plain_opening))


def _sealer(room: Room) -> Callable[[int, Phases], None]:
    def sealed(number: int, phases: Phases) -> None:
        room.close(os.urandom(LETTER_BYTES), phases)

    return sealed


def _figures(count: int, rows: int, few: Side, many: Side) -> dict[str, Any]:
    seal_few, seal_many = (side.sealing.cpu("seal") for side in (few, many))
    decrypt_few, decrypt_many = (_decrypt_cpu(side, count) for side in (few, many))
    return {
        "stage": "open",
        "count": count,
        "machine": machine(),
        "rows": rows,
        "letter_bytes": LETTER_BYTES,
        "promised_ms": PROMISED_MS,
        "seal": {
            "cpu_ms": round(seal_few, 2),
            "cpu_ms_with_rows": round(seal_many, 2),
            "ours": few.sealing.summary(),
            "ours_with_rows": many.sealing.summary(),
            "peer": few.plain[0].summary(),
        },
        "decrypt": {
            "cpu_ms": round(decrypt_few, 2),
            "cpu_ms_with_rows": round(decrypt_many, 2),
            "ours": few.decrypting.summary(),
            "ours_with_rows": many.decrypting.summary(),
            "peer": few.plain[1].summary(),
        },
        "opened_in_seconds": round(few.opened_in, 2),
        "opened_in_seconds_with_rows": round(many.opened_in, 2),
        "peer": {"name": "AES-256-GCM, key wrapped by RSA-2048-OAEP (cryptography)"},
        "peak_memory_mb": peak_memory_mb(),
    }


def _decrypt_cpu(side: Side, count: int) -> float:
    """CPU ms a letter: its own part and its share of what is done once for all."""
    once = sum(sum(one.cpu.values()) for one in side.opening.values())
    return side.decrypting.cpu() + 1000 * once / count


def table(figures: dict[str, Any]) -> list[str]:
    """The figures as lines for people."""
    seal, decrypt, rows = figures["seal"], figures["decrypt"], figures["rows"]
    lines = [
        f"open: {figures['count']} letters of {figures['letter_bytes']} bytes in one lot",
        f"machine: {figures['machine']['processor']}, Python {figures['machine']['python']}",
        f"peer: {figures['peer']['name']}",
        "",
        f"{'ms a letter':<24}{'ours':>10}{f'+{rows} rows':>16}{'peer':>10}",
    ]
    for name, side in (("seal", seal), ("decrypt", decrypt)):
        peer = side["peer"]["cpu_ms_per_operation"]
        own, with_rows = side["cpu_ms"], side["cpu_ms_with_rows"]
        lines.append(f"{name + ', CPU':<24}{own:>10}{with_rows:>16}{peer:>10}")
        for key, label in (("median_ms", "median"), ("p95_ms", "p95")):
            cells = (side["ours"][key], side["ours_with_rows"][key], side["peer"][key])
            lines.append(
                f"{f'{name} and store, ' + label if name == 'seal' else f'{name}, {label}':<24}"
                f"{cells[0]:>10}{cells[1]:>16}{cells[2]:>10}"
            )
    for name, phase in seal["ours"]["phases"].items():
        other = seal["ours_with_rows"]["phases"][name]
        lines.append(f"{'  ' + name + ', wall':<24}{phase['wall_ms']:>10}{other['wall_ms']:>16}")
    lines += [
        "",
        f"all {figures['count']} decrypted in {figures['opened_in_seconds']} s,"
        f" beside {rows} rows in {figures['opened_in_seconds_with_rows']} s",
        f"peak memory {figures['peak_memory_mb']} MB",
    ]
    return lines
