"""What the signer does for others: its operations, and what it works with."""

import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.processes.letter_refusals import LetterNotMade
from app.processes.log_signer import LogSigner
from app.processes.produce import produce, sign_and_check
from app.processes.signing_keys import PLATFORM, KeyRing, Use
from guarantees.errors import GuaranteeError
from guarantees.letter_reports import ReportPress
from guarantees.letters import Design, LetterPress, MissingGlyph, RenderFailed
from guarantees.ports import LetterOrder, Produced
from guarantees.values.terms import Terms
from signing import archival
from signing.certificates import name_of
from signing.errors import EvidenceMissing, Malformed, TimestampError
from signing.timestamps import HttpTimestamper, Timestamper, Token
from signing.trust import Trust, load_trust
from signing.wire import Fields, Handler, Peer, RemoteError

LIST_REASON = "签署开标结果清单"


class TimestamperPool:
    """A Timestamper for many threads: each call borrows a kept connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: queue.LifoQueue[HttpTimestamper] = queue.LifoQueue()
        self.last: Token | None = None

    def token(self, digest: bytes) -> Token:
        """A token over a SHA-256 digest. Raises TimestampError."""
        try:
            held = self._idle.get_nowait()
        except queue.Empty:
            held = HttpTimestamper(self._url)
        try:
            self.last = held.token(digest)
            return self.last
        finally:
            self._idle.put(held)


class TrustFolder:
    """The trust of a folder, read again when a file in it has changed (new revocation lists)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = self._look()
        self._trust = load_trust(folder)

    def __call__(self) -> Trust:
        """The trust as it is now. Raises TrustMaterialError if the folder holds no certificate."""
        with self._lock:
            if (seen := self._look()) != self._seen:
                self._trust, self._seen = load_trust(self._folder), seen
            return self._trust

    def _look(self) -> list[tuple[str, int, int]]:
        # Files with a dot are on their way in.
        files = (entry for entry in os.scandir(self._folder) if not entry.name.startswith("."))
        found = ((entry.name, entry.stat()) for entry in files)
        return sorted((name, status.st_mtime_ns, status.st_size) for name, status in found)


@dataclass(frozen=True)
class SigningDesk:
    """The signer without its socket; tests and `./baohan demo` may use it in their own process."""

    press: LetterPress
    reports: ReportPress
    keys: KeyRing
    timestamper: Timestamper
    trust: Callable[[], Trust]
    clock: Callable[[], datetime]
    timekeeper_keys: Mapping[str, bytes] | None = field(default=None)
    log: LogSigner | None = field(default=None)
    """None: signs no checkpoints of the log."""

    def produce(self, order: LetterOrder, *, person: str = "") -> Produced:
        """Render, sign, check and seal one letter (LetterFactory.produce)."""
        issuer = _issuer(order.terms)
        use = Use(issuer, person, order.intent, "letter")
        return produce(
            order,
            press=self.press,
            key=self.keys.use(use),
            timestamper=self.timestamper,
            trust=self.trust(),
            now=self.clock(),
            timekeeper_keys=self.timekeeper_keys,
            archive_key=self.keys.archive_key(issuer),
        )

    def preview(self, terms: str, template: str, logo: bytes = b"", seal: bytes = b"") -> bytes:
        """A specimen (样张), unsigned and without number."""
        read = Terms.from_canonical(terms.encode())
        return self.press.specimen(read, template=template, design=Design(logo, seal))

    def sign_list(self, document: dict[str, Any]) -> bytes:
        """The list of an opening, signed with the platform's key."""
        pdf = self.reports.opening_result(document)
        key = self.keys.use(Use(PLATFORM, "", str(document.get("opening", "")), "list"))
        signed, _ = sign_and_check(
            pdf, LIST_REASON, key, self.timestamper, self.trust(), self.clock()
        )
        return signed

    def archive_stamp(self, sha256: bytes, before: Sequence[bytes]) -> bytes:
        """The next archive time-stamp of a letter with that digest (signing.archival)."""
        try:
            earlier = [archival.ArchiveStamp.from_bytes(one) for one in before]
            made = archival.stamp(sha256, earlier, self.timestamper, self.trust(), self.clock())
        except TimestampError as error:
            raise LetterNotMade("timestamp", error.reason) from None
        except (EvidenceMissing, Malformed) as error:
            raise LetterNotMade("not_verified", str(error)) from None
        return made.to_bytes()

    def certificates(self) -> list[dict[str, Any]]:
        """Public certificates of all keys here, each with its issuers, DER."""
        found = []
        for name in self.keys.names():
            key = self.keys.key(name)
            found.append(
                {
                    "name": name,
                    "subject": name_of(key.certificate),
                    "fingerprint": key.key_id,
                    "certificate": key.certificate.dump(),
                    "chain": [issuer.dump() for issuer in key.chain],
                    "not_before": key.certificate.not_valid_before.isoformat(),
                    "not_after": key.certificate.not_valid_after.isoformat(),
                }
            )
        return found

    def handlers(self) -> Mapping[str, Handler]:
        """By operation, for wire.serve."""

        def produce(fields: Fields) -> Fields:
            person = str(fields.pop("person", ""))
            return produced_fields(self.produce(_order(fields), person=person))

        def preview(fields: Fields) -> Fields:
            pictures = (bytes(fields["logo"]), bytes(fields["seal"]))
            pdf = self.preview(str(fields["terms"]), str(fields["template"]), *pictures)
            return {"pdf": pdf}

        def sign_list(fields: Fields) -> Fields:
            return {"pdf": self.sign_list(dict(fields["document"]))}

        def archive_stamp(fields: Fields) -> Fields:
            before = [bytes(one) for one in fields["before"]]
            return {"stamp": self.archive_stamp(bytes(fields["sha256"]), before)}

        def certificates(fields: Fields) -> Fields:
            del fields
            return {"certificates": self.certificates()}

        letters = {
            operation.__name__: _handler(operation)
            for operation in (produce, preview, sign_list, archive_stamp, certificates)
        }
        return {**letters, **(self.log.handlers() if self.log else {})}


def produced_fields(made: Produced) -> Fields:
    """For the wire."""
    return {
        "inner": made.inner,
        "eid": made.eid,
        "sha256": made.sha256,
        "size": made.size,
        "signed_at": made.signed_at.isoformat(),
        "certificate": made.certificate,
    }


def _order(fields: Fields) -> LetterOrder:
    """The order of a request; TypeError or ValueError if it is none."""
    recipients = tuple((str(label), bytes(key)) for label, key in fields.pop("recipients"))
    trustees = tuple((str(role), bytes(key)) for role, key in fields.pop("trustees"))
    order = LetterOrder(**fields, recipients=recipients, trustees=trustees)
    for name in ("intent", "terms", "template", "check_code", "verify_url", "lot", "profile"):
        if not isinstance(getattr(order, name), str):
            raise TypeError(name)
    for name in ("certificate", "recovery", "logo", "seal"):
        if not isinstance(getattr(order, name), bytes):
            raise TypeError(name)
    return order


def _issuer(terms: str) -> str:
    try:
        issuer = Terms.from_canonical(terms.encode()).issuer
    except GuaranteeError as error:
        raise LetterNotMade("bad_order", error.code) from None
    if issuer.credit_code is None:
        raise LetterNotMade("no_signing_key", "credit_code")
    return issuer.credit_code


def _handler(operation: Callable[[Fields], Fields]) -> Handler:
    """Refusals as codes; nothing of a letter goes into a message."""

    def handle(fields: Fields, peer: Peer) -> Fields:
        del peer
        try:
            return operation(fields)
        except LetterNotMade as error:
            raise RemoteError("letter_not_made", _detail(error)) from None
        except MissingGlyph as error:
            character = {"character": error.character, "field": error.field}
            raise RemoteError("missing_glyph", character) from None
        except RenderFailed:
            raise RemoteError("letter_not_made", _detail(LetterNotMade("not_rendered"))) from None
        except GuaranteeError as error:
            refused = LetterNotMade("bad_order", error.code)
            raise RemoteError("letter_not_made", _detail(refused)) from None
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            refused = LetterNotMade("bad_order", type(error).__name__)
            raise RemoteError("letter_not_made", _detail(refused)) from None

    return handle


def _detail(error: LetterNotMade) -> Fields:
    return {"reason": error.reason, "detail": error.detail}
