"""The timekeeper as a process of its own:

python -m signing.timekeeper --store DIR --socket PATH --allow-uid N [--tsa URL]...
                             [--tsa-certificate FILE]... [--escrow-key FILE]
                             [--copies DIR] [--recovery-key FILE]

Its own clock is the machine's. SIGTERM or SIGINT ends it when the calls under way are answered.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing import wire
from signing.errors import SigningError, TrustMaterialError
from signing.log.heads import FileHeads
from signing.seal import hpke
from signing.timekeeper.clock import ClockRule, TimeSource
from signing.timekeeper.cosigner import LogCosigner
from signing.timekeeper.cosigner import handlers as cosigner_handlers
from signing.timekeeper.escrow import Quorum
from signing.timekeeper.hardening import harden, lock_memory
from signing.timekeeper.journal import FileJournal
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.server import handlers
from signing.timekeeper.service import TimekeeperService
from signing.timekeeper.store import FileStore

CONFIRM_SECONDS = 3600.0
"""How often the authorities are asked, so that a recent confirmation is at hand at T, and erasures
looked for that are due."""

RETRY_SECONDS = 60.0
"""The same while one of them does not answer."""

log = logging.getLogger("signing.timekeeper")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 ended when asked, 1 could not start (one line says why), 2 bad arguments."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="timekeeper: %(message)s")
    try:
        harden()
        _run(options)
    except BlockingIOError:
        log.error("another timekeeper runs on %s", options.store)
    except (SigningError, OSError) as error:
        log.error("cannot run: %s", error)
    else:
        return 0
    return 1


def clock() -> datetime:
    """The machine's."""
    return datetime.now(UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m signing.timekeeper")
    parser.add_argument("--store", type=Path, required=True, help="own folder, 0700")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to make")
    parser.add_argument(
        "--allow-uid", type=int, action="append", required=True, help="user who may call"
    )
    parser.add_argument("--tsa", action="append", default=[], help="time-stamping authority")
    parser.add_argument(
        "--tsa-certificate", type=Path, action="append", default=[], help="PEM that may sign tokens"
    )
    parser.add_argument("--escrow-key", type=Path, help="quorum file for copies of opening keys")
    parser.add_argument(
        "--copies", type=Path, help="own folder, 0700, on another disk: escrow copies, journal"
    )
    parser.add_argument(
        "--recovery-key", type=Path, help="public half, 32 bytes: for shares of failed tenders"
    )
    return parser


def _run(options: argparse.Namespace) -> None:
    quorum = Quorum.from_bytes(options.escrow_key.read_bytes()) if options.escrow_key else None
    sources = _sources(options.tsa, options.tsa_certificate)
    store = FileStore(options.store, options.copies)
    journal = FileJournal(store.journal_path, store.mirror_path)
    rule = ClockRule(clock, sources)
    recovery = _public_key(options.recovery_key) if options.recovery_key else None
    service = TimekeeperService(store, journal, journal.events, rule, quorum, recovery)
    if journal.torn:
        log.warning("cut off %d bytes of a line never answered for", journal.torn)
        service.note_torn(journal.torn)
    heads = FileHeads(options.store / "log-heads.json")
    cosigner = LogCosigner(service, service.lock, store.signing_key, heads, journal.events)
    journal.events.clear()  # service and cosigner have read them
    _say_what_is_missing(options)
    _serve(service, cosigner, options)


def _public_key(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != hpke.KEY_BYTES:
        raise TrustMaterialError(str(path), "is not a public key of 32 bytes")
    return key


def _sources(urls: Sequence[str], certificates: Sequence[Path]) -> list[TimeSource]:
    if not urls:
        return []
    from signing.timekeeper.authorities import Authority  # a second's import: only where needed

    pinned = {digest for path in certificates for digest in _digests(path)}
    return [Authority(url, pinned) for url in urls]


def _digests(path: Path) -> list[bytes]:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise TrustMaterialError(str(path), "holds no certificate in PEM") from None
    return [sha256(certificate.public_bytes(Encoding.DER)).digest() for certificate in found]


def _say_what_is_missing(options: argparse.Namespace) -> None:
    if os.geteuid() in options.allow_uid:
        log.warning("not isolated: those who may call run under the timekeeper's own user")
    if not options.tsa:
        log.warning("no time-stamping authority: this machine's clock decides alone")
    if not options.escrow_key:
        log.warning("no escrow: a lost store loses every unopened letter")
    elif not options.copies:
        log.warning("no copies elsewhere: escrow copies are lost with the store")
    unlocked = lock_memory()
    if unlocked:
        log.warning("memory may be swapped out: %s", unlocked)


def _serve(service: TimekeeperService, cosigner: LogCosigner, options: argparse.Namespace) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_watch, args=(service, stop), daemon=True).start()
    wire.serve(
        options.socket,
        {**handlers(service), **cosigner_handlers(cosigner)},
        frozenset(options.allow_uid),
        stop,
        refused=lambda peer: service.note_stranger(peer.uid),
        ready=lambda: log.info("listening on %s", options.socket),
    )


def _watch(service: TimekeeperService, stop: threading.Event) -> None:
    """Asks the authorities, and erases what is due though nobody calls."""
    while not stop.is_set():
        try:
            service.confirm_clock()
        except TimekeeperRefused as refused:
            log.warning("%s", refused)
        service.tend()
        status = service.status()
        if status.refusal is not None:
            log.warning(
                "nothing can be opened now: %s %s", status.refusal.code, status.refusal.detail
            )
        stop.wait(CONFIRM_SECONDS if status.ok else RETRY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
