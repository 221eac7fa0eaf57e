"""`./baohan recover FILE --key KEYFILE`: the recovery key's part, done where the key is kept.

Needs no platform, no database and no network: the request comes as a file, the answer goes back as
one. What it holds opens nothing without the timekeeper's share.
"""

from pathlib import Path

from app.cli.arguments import Arguments, CommandError
from signing.seal import recovery
from signing.seal.recovery import MAX_FILE, NotARequest, NotForThisKey

KEY_BYTES = 32
ENDING = ".answer.json"


def main(argv: list[str]) -> int:
    """Writes the answer beside the request and says where; exit 1 if a letter gave no share."""
    parser = Arguments("recover", "Take shares out of a recovery request, with the recovery key.")
    parser.add_argument("file", metavar="FILE", help="the request, as downloaded")
    parser.add_argument("--key", metavar="KEYFILE", required=True, help="recovery key, 32 bytes")
    parser.add_argument("--out", metavar="FILE", help=f"the answer; by default FILE{ENDING}")
    given = parser.parse_args(argv)
    out = Path(given.out or f"{given.file}{ENDING}")
    try:
        answer, letters, without = recovery.answer(
            _content(Path(given.file), MAX_FILE), _key(Path(given.key))
        )
        out.write_bytes(answer)
    except (NotARequest, NotForThisKey) as error:
        raise CommandError(f"{given.file}: {error}") from error
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror}") from error
    print(f"{letters - without} of {letters} shares taken out; hand in {out}")
    return 1 if without else 0


def _key(path: Path) -> bytes:
    key = _content(path, KEY_BYTES)
    if len(key) != KEY_BYTES:
        raise CommandError(f"{path} is no recovery key: it must hold {KEY_BYTES} bytes")
    return key


def _content(path: Path, limit: int) -> bytes:
    """The file; CommandError if it cannot be read or is larger."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    if len(data) > limit:
        raise CommandError(f"{path} has more than {limit} bytes")
    return data
