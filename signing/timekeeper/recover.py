"""A lost store made anew by the offline quorum, in three steps that each run where their key is:

python -m signing.timekeeper.recover begin --out DIR
    where the new store will be: a transport key of this ceremony, transport.key and transport.pub
python -m signing.timekeeper.recover share --copies DIR --key FILE --to transport.pub --out FILE
    each member, at home: its shares of all keys, encrypted for the new store alone
python -m signing.timekeeper.recover restore --copies DIR --transport DIR/transport.key
                                             --partial FILE... --store DIR [--journal FILE]
    signing key, opening keys and journal; then the timekeeper starts on it as if nothing had been

The copies are the folder that the timekeeper kept outside its store (store.py), or a backup of it.
A journal of an earlier day is taken where --journal names it: what was withheld since is forgotten.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing import private_files
from signing.errors import SigningError
from signing.log import Head
from signing.log.heads import FileHeads
from signing.seal import hpke
from signing.seal.encoding import lp
from signing.seal.envelope import fingerprint_of_private
from signing.seal.private_keys import make_key_pair
from signing.timekeeper import canonical, escrow, journal
from signing.timekeeper.certificate import key_id_of
from signing.timekeeper.cosigner import COSIGNED
from signing.timekeeper.escrow import SIGNING, EscrowError
from signing.timekeeper.hardening import harden
from signing.timekeeper.state import State
from signing.timekeeper.store import MAX_ESCROW

SCHEMA = "baohan/escrow-partial/v1"
JOURNAL = "journal.jsonl"
HEADS = "log-heads.json"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a new store holds."""

    openings: int
    """Keys put back."""
    lacking: tuple[str, ...]
    """Openings whose key could not be: no copy, or too few shares."""


def begin(out: Path) -> None:
    """Makes the folder with the ceremony's key pair; FileExistsError if there is one."""
    private_files.make_folder(out)
    pair = make_key_pair()
    private_files.write_new(out / "transport.key", pair.private_key)
    private_files.write_new(out / "transport.pub", pair.public_key)


def share(copies: Path, member: bytes, transport: bytes) -> bytes:
    """A member's shares of every copy, encrypted to the ceremony's public key."""
    shares = []
    for name, copy in _copies(copies):
        index, found = escrow.open_share(copy, member)
        info = _info(name, index)
        wrapped = hpke.wrap(transport, found, info).hex()
        shares.append({"opening": name, "index": index, "wrap": wrapped})
    held = fingerprint_of_private(member).hex()
    return canonical.encode({"schema": SCHEMA, "member": held, "shares": shares})


def _copies(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob("*.json")):
        yield path.stem, path.read_bytes()[:MAX_ESCROW]


def _info(name: str, index: int) -> bytes:
    return lp(SCHEMA, name, bytes([index]))


def restore(
    copies: Path, history: Path, transport: bytes, partials: Sequence[bytes], store: Path
) -> Restored:
    """Makes the store; EscrowError, JournalBroken, FileExistsError if something lies there.

    The journal comes last: until then no timekeeper starts on it.
    """
    events, length = journal.read(history)
    if not events or events[0].event != "store_made":
        raise EscrowError("the journal is empty, or not a timekeeper's")
    shares = _shares(partials, transport)
    keys = dict(_joined(copies, shares))
    signing = keys.pop(SIGNING, None)
    if signing is None:
        raise EscrowError("the signing key cannot be recovered: too few members, or no copy of it")
    if key_id_of(escrow.public_of(SIGNING, signing)) != events[0].fields["key_id"]:
        raise EscrowError("the signing key is not the one that this journal began with")
    standing = {
        opening: known.certificate.public_key
        for opening, known in State(events).openings.items()
        if not known.erased
    }
    fitting = {
        opening: key
        for opening, key in keys.items()
        if standing.get(opening) == hpke.public_of(key)
    }
    private_files.make_folder(store)
    private_files.make_folder(store / "openings")
    for opening, key in fitting.items():
        private_files.write_new(store / "openings" / f"{opening}.key", key)
    _put_heads(events, store)
    private_files.write_new(store / "signing.key", signing)
    private_files.write_new(store / JOURNAL, history.read_bytes()[:length])
    return Restored(len(fitting), tuple(sorted(standing.keys() - fitting.keys())))


def _put_heads(events: Sequence[journal.Event], store: Path) -> None:
    """What was last cosigned of each log, as the journal tells it: an hour old at most."""
    cosigned = {
        event.fields["origin"]: Head(event.fields["size"], bytes.fromhex(event.fields["root"]))
        for event in events
        if event.event == COSIGNED
    }
    heads = FileHeads(store / HEADS)
    for origin, head in cosigned.items():
        heads.put(origin, head)


def _shares(partials: Sequence[bytes], transport: bytes) -> dict[str, dict[int, bytes]]:
    """Name → index → share."""
    private = X25519PrivateKey.from_private_bytes(transport)
    found: dict[str, dict[int, bytes]] = {}
    for partial in partials:
        for one in _entries(partial):
            name, index = str(one["opening"]), int(one["index"])
            try:
                opened = hpke.unwrap(private, bytes.fromhex(one["wrap"]), _info(name, index))
            except (InvalidTag, ValueError):
                raise EscrowError("a partial file is of another ceremony, or damaged") from None
            found.setdefault(name, {})[index] = opened
    return found


def _entries(partial: bytes) -> list[Mapping[str, Any]]:
    try:
        document = canonical.read(partial)
        if document["schema"] == SCHEMA:
            return list(document["shares"])
    except (ValueError, KeyError, TypeError):
        pass
    raise EscrowError(f"not a partial file of {SCHEMA}")


def _joined(copies: Path, shares: Mapping[str, Mapping[int, bytes]]) -> Iterator[tuple[str, bytes]]:
    for name, copy in _copies(copies):
        try:
            yield name, escrow.join(copy, shares.get(name, {}))
        except EscrowError:
            continue


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 1 not done or not whole (a line says why), 2 bad arguments."""
    options = _parser().parse_args(arguments)
    harden()
    try:
        return int(options.run(options))
    except FileExistsError as error:
        _say(f"{error.filename} exists already: choose another place, nothing is overwritten")
    except (SigningError, OSError, ValueError) as error:
        _say(f"not done: {error}")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m signing.timekeeper.recover")
    steps = parser.add_subparsers(required=True)
    first = steps.add_parser("begin", help="make the ceremony's transport key")
    first.add_argument("--out", type=Path, required=True, help="folder to make, 0700")
    first.set_defaults(run=_begin)
    second = steps.add_parser("share", help="a member's shares, for the new store alone")
    second.add_argument("--copies", type=Path, required=True)
    second.add_argument("--key", type=Path, required=True, help="the member's key, 32 bytes, 0600")
    second.add_argument("--to", type=Path, required=True, help="transport.pub")
    second.add_argument("--out", type=Path, required=True, help="file to make, 0600")
    second.set_defaults(run=_share)
    third = steps.add_parser("restore", help="make the store anew")
    third.add_argument("--copies", type=Path, required=True)
    third.add_argument("--journal", type=Path, help=f"by default {JOURNAL} among the copies")
    third.add_argument("--transport", type=Path, required=True, help="transport.key")
    third.add_argument("--partial", type=Path, action="append", required=True, help="of a member")
    third.add_argument("--store", type=Path, required=True, help="folder to make, 0700")
    third.set_defaults(run=_restore)
    return parser


def _begin(options: argparse.Namespace) -> int:
    if options.out.exists():
        raise FileExistsError(0, "exists", str(options.out))
    begin(options.out)
    _say(f"give {options.out / 'transport.pub'} to the members; transport.key stays here")
    return 0


def _share(options: argparse.Namespace) -> int:
    member = private_files.read(options.key, hpke.KEY_BYTES)
    partial = share(options.copies, member, options.to.read_bytes())
    private_files.write_new(options.out, partial)
    _say(f"{options.out} opens with this ceremony's transport key only")
    return 0


def _restore(options: argparse.Namespace) -> int:
    if options.store.exists():
        raise FileExistsError(0, "exists", str(options.store))
    transport = private_files.read(options.transport, hpke.KEY_BYTES)
    partials = [path.read_bytes() for path in options.partial]
    history = options.journal or options.copies / JOURNAL
    made = restore(options.copies, history, transport, partials, options.store)
    private_files.erase(options.transport)
    _say(f"{options.store}: {made.openings} opening keys put back")
    for opening in made.lacking:
        _say(f"opening {opening}: its key could not be put back")
    return 1 if made.lacking else 0


def _say(text: str) -> None:
    sys.stderr.write(f"recover: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
