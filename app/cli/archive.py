"""`./baohan archive FILE --key KEYFILE`: an institution opens its own copy of a sealed letter.

Offline: neither database nor platform is asked. The key never leaves the machine it is typed on.
"""

import sys
from pathlib import Path

from app.cli.arguments import Arguments, CommandError
from signing import private_files
from signing.private_files import ExposedFile
from signing.seal import SealBroken, open_archive
from signing.seal.envelope import HEAD_BYTES, MAX_BODY

LONGEST_FILE = MAX_BODY + HEAD_BYTES + 64 * 1024
LONGEST_KEY = 200
KEY_BYTES = 32


def main(argv: list[str]) -> int:
    """Writes the letter (PDF) to --out, by default beside FILE with .pdf at its end."""
    given = _parser().parse_args(argv)
    source = Path(given.file)
    out = Path(given.out) if given.out else source.with_suffix(".pdf")
    key, data = _key(Path(given.key)), _content(source)
    try:
        letter = open_archive(data, key)
    except SealBroken as error:
        raise CommandError(
            f"{source}: does not open: it is no archive copy, it is damaged, or it was made for"
            " another archive key"
        ) from error
    try:
        with out.open("xb") as file:
            file.write(letter)
    except FileExistsError as error:
        raise CommandError(f"{out}: exists already; name another file with --out") from error
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror}") from error
    print(f"{out}: {len(letter)} bytes", file=sys.stderr)
    return 0


def _parser() -> Arguments:
    parser = Arguments("archive", "Open an institution's archive copy of a sealed letter.")
    parser.add_argument("file", metavar="FILE", help="as downloaded from the case's page")
    parser.add_argument(
        "--key", metavar="KEYFILE", required=True, help="archive key: 64 hexadecimal digits"
    )
    parser.add_argument("--out", metavar="PDF", help="where the letter goes; never written over")
    return parser


def _key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(private_files.read(path, LONGEST_KEY).decode("ascii").strip())
    except FileNotFoundError as error:
        raise CommandError(f"{path}: no such file; give the archive key's file") from error
    except (OSError, ExposedFile) as error:
        raise CommandError(str(error)) from error
    except ValueError as error:
        raise CommandError(f"{path}: an archive key is 64 hexadecimal digits") from error
    if len(key) != KEY_BYTES:
        raise CommandError(f"{path}: an archive key is 64 hexadecimal digits")
    return key


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_FILE)
    except FileNotFoundError as error:
        raise CommandError(f"{path}: no such file; download it from the case's page") from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
