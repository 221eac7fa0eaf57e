"""The signer: a process and user of its own that holds institutions' keys, renders and signs.

python -m app.processes.signer --keys DIR --socket PATH --allow-uid N --tsa URL --fonts DIR
                               --trust DIR [--timekeeper-keys FILE] [--marking TEXT]

Operations over signing.wire: produce, preview, sign_list, archive_stamp, certificates
(app/adapters/letters.py is the caller); log_key, sign_checkpoint (app/adapters/log_signers.py). The
web process can't read a key; a letter leaves this process sealed.
"""

import argparse
import gc
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from app.processes import child
from app.processes.letter_refusals import LetterNotMade
from app.processes.log_signer import LogSigner
from app.processes.signing_desk import SigningDesk, TimestamperPool, TrustFolder
from app.processes.signing_keys import KeyRing
from guarantees.errors import GuaranteeError
from guarantees.letter_reports import ReportPress
from guarantees.letters import LetterPress
from signing import wire
from signing.errors import SigningError
from signing.timekeeper.hardening import lock_memory

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

log = structlog.get_logger("signer")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 ended when asked, 1 could not start (one line says why), 2 bad arguments."""
    options = _parser().parse_args(arguments)
    stop = child.begin("signer")
    unlocked = lock_memory()
    if unlocked:
        log.warning("memory may be swapped out", why=unlocked)
    try:
        desk = _desk(options)
        wire.serve(
            options.socket,
            desk.handlers(),
            frozenset(options.allow_uid),
            stop,
            ready=lambda: log.info("listening", socket=str(options.socket)),
        )
    except BlockingIOError:
        log.error("another signer runs on these keys", keys=str(options.keys))
    except (SigningError, GuaranteeError, LetterNotMade, OSError, ValueError) as error:
        log.error("cannot run", why=str(error) or type(error).__name__)
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.processes.signer", allow_abbrev=False)
    parser.add_argument("--keys", type=Path, required=True, help="key folder, 0700")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to make")
    parser.add_argument(
        "--allow-uid", type=int, action="append", required=True, help="user who may call"
    )
    parser.add_argument("--tsa", required=True, help="time-stamping authority, URL")
    parser.add_argument("--fonts", type=Path, required=True, help="folder of the letter fonts")
    parser.add_argument(
        "--trust", type=Path, required=True, help="certificates and lists for the re-verification"
    )
    parser.add_argument(
        "--timekeeper-keys", type=Path, help="JSON: key id to Ed25519 public key in hex"
    )
    parser.add_argument("--marking", default="", help="stands on every letter that binds nobody")
    return parser


def _desk(options: argparse.Namespace) -> SigningDesk:
    press = LetterPress(options.fonts, TEMPLATES / "letters", marking=options.marking)
    press.warm()
    settle_memory()
    if os.geteuid() in options.allow_uid:
        log.warning("not isolated: those who may call run under the signer's own user")
    if options.timekeeper_keys is None:
        log.warning("no timekeeper keys: opening certificates are taken as they come")
    return SigningDesk(
        press=press,
        reports=ReportPress(options.fonts, TEMPLATES / "reports", marking=options.marking),
        keys=KeyRing(options.keys, _clock),
        timestamper=TimestamperPool(options.tsa),
        trust=TrustFolder(options.trust),
        clock=_clock,
        timekeeper_keys=_timekeeper_keys(options.timekeeper_keys),
        log=LogSigner.of_folder(options.keys),
    )


def settle_memory() -> None:
    """What was made at the start stays: the collector need not look at it again and again.

    A letter's boxes are many and live for a tenth of a second; looking for cycles among them after
    every 700 allocations takes a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _timekeeper_keys(path: Path | None) -> dict[str, bytes] | None:
    if path is None:
        return None
    return {name: bytes.fromhex(key) for name, key in json.loads(path.read_text()).items()}


def _clock() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
