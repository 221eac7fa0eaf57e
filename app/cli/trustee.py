"""`./baohan trustee FILE --key KEYFILE`: a trustee agrees to a release with a key of its own.

Works without the platform: FILE comes from the trustee's portal, the answer goes back there.
`--new-key KEYFILE` makes a key under a passphrase and prints its public half, to be registered.
"""

import getpass
import sys
from pathlib import Path

from app.cli.arguments import Arguments, CommandError
from signing import private_files
from signing.seal import (
    PASSPHRASE_FAULTS,
    KeyLocked,
    WeakPassphrase,
    make_key_pair,
    unwrap_private,
    wrap_private,
)
from signing.seal.approvals import (
    Asked,
    NotAnApproval,
    answer_file,
    read_request,
    take_out,
)
from signing.timekeeper.hardening import harden

RAW_BYTES = 32
MAX_KEY_FILE = 1024


def main(argv: list[str]) -> int:
    """Exit status 0 if every part could be taken out, 1 if one could not; bad input is 2."""
    parser = Arguments("trustee", "Agree to the release of sealed letters with a trustee's key.")
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="request file")
    parser.add_argument("--key", type=Path, metavar="KEYFILE", help="the trustee's key")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: FILE.answer.json")
    parser.add_argument("--new-key", type=Path, metavar="KEYFILE", help="make a key")
    given = parser.parse_args(argv)
    harden()
    if given.new_key is not None:
        return _make(given.new_key)
    if given.file is None or given.key is None:
        raise CommandError("FILE and --key KEYFILE are needed, or --new-key KEYFILE")
    return _answer(given.file, given.key, given.out or given.file.with_suffix(".answer.json"))


def _make(path: Path) -> int:
    pair = make_key_pair()
    try:
        wrapped = wrap_private(pair.private_key, _passphrase("new passphrase: "))
    except WeakPassphrase as error:
        raise CommandError("".join(PASSPHRASE_FAULTS[one] for one in error.faults)) from None
    _write(path, wrapped)
    print(f"{path}: keep it where only you can read it; without its passphrase it is of no use")
    print(f"public key, to be registered in the portal:\n{pair.public_key.hex()}")
    return 0


def _answer(request: Path, key: Path, out: Path) -> int:
    try:
        opening, about, asked = read_request(_read(request))
    except NotAnApproval as error:
        raise CommandError(f"{request}: {error.reason}") from None
    parts = take_out(asked, [_key(key)])
    if asked and not parts:
        raise CommandError(f"{key} is none of the keys that {request} asks: {_asked_keys(asked)}")
    _write(out, answer_file(opening, parts))
    failed = sum(not one.part for one in parts)
    letters = len({one.letter for one in parts})
    print(f"{about}: {letters} letters, {len(parts) - failed} parts; upload {out}")
    if failed:
        print(f"{failed} parts do not open with this key", file=sys.stderr)
    return 1 if failed else 0


def _key(path: Path) -> bytes:
    held = _read(path)
    if len(held) == RAW_BYTES:
        return held
    if len(held) > MAX_KEY_FILE:
        raise CommandError(f"{path} is no key")
    try:
        return unwrap_private(held, _passphrase("passphrase: "))
    except KeyLocked:
        raise CommandError(f"{path} does not open with this passphrase, or is no key") from None


def _passphrase(prompt: str) -> str:
    """From the terminal without showing it, else the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")


def _asked_keys(asked: list[Asked]) -> str:
    return ", ".join(sorted({one.request.fingerprint.hex()[:16] for one in asked}))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    """For its owner alone; nothing is overwritten."""
    try:
        private_files.write_new(path, content)
    except FileExistsError:
        raise CommandError(f"{path} exists already: name another file") from None
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}") from None
