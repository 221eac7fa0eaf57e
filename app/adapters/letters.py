"""The signer as a LetterFactory: the caller's side of app/processes/signer.py.

Repeating a call is safe: the signer keeps nothing, each answer is a new letter, and the caller's
write-once store decides which one counts.
"""

from collections.abc import Sequence
from dataclasses import fields as fields_of
from datetime import datetime
from pathlib import Path
from typing import Any

from app.processes.letter_refusals import REASONS, LetterNotMade
from guarantees.ports import LetterOrder, Produced
from signing import faults
from signing.wire import Client, Fields, RemoteError, Unavailable, WireError

ASKING = faults.declare("signer.before_call")
ANSWERED = faults.declare("signer.after_call")

PATIENCE = 60.0
"""Seconds: a letter takes a third of one; the time-stamping authority may be slow."""


QUICK = 3.0
"""Seconds to tell whether it lives: pages and watchers wait for the answer."""


class SignerClient:
    """Calls the signer over its Unix socket; may be shared by threads.

    Raises LetterNotMade (guarantees.errors.Unavailable) and MissingGlyph.
    """

    def __init__(self, socket: Path, timeout: float = PATIENCE) -> None:
        self._client = Client(socket, timeout)
        self._quick = Client(socket, QUICK)

    def produce(self, order: LetterOrder, *, person: str = "") -> Produced:
        """A sealed letter; `person` is who decided it, for the signer's journal."""
        values = {field.name: getattr(order, field.name) for field in fields_of(order)}
        answer = self._call("produce", **values, person=person)
        return Produced(**{**answer, "signed_at": datetime.fromisoformat(answer["signed_at"])})

    def preview(self, terms: str, template: str, logo: bytes = b"", seal: bytes = b"") -> bytes:
        """A specimen: unsigned, without number, with a watermark."""
        asked = {"terms": terms, "template": template, "logo": logo, "seal": seal}
        return bytes(self._call("preview", **asked)["pdf"])

    def sign_list(self, document: dict[str, Any]) -> bytes:
        """The list of an opening, signed by the platform (guarantees/letter_reports.py)."""
        return bytes(self._call("sign_list", document=document)["pdf"])

    def archive_stamp(self, sha256: bytes, before: Sequence[bytes]) -> bytes:
        """The next archive time-stamp of a letter with that digest, over those it has."""
        answer = self._call("archive_stamp", sha256=sha256, before=list(before))
        return bytes(answer["stamp"])

    def certificates(self) -> list[dict[str, Any]]:
        """Public certificates of all keys that the signer holds, DER, with their issuers."""
        return list(self._call("certificates")["certificates"])

    def ping(self) -> None:
        """LetterNotMade if nobody answers on the socket; nothing is asked of the signer."""
        try:
            self._quick.call("ping")
        except RemoteError:
            return  # it has no such operation, and said so
        except (Unavailable, WireError) as error:
            raise LetterNotMade("unreachable", type(error).__name__) from None

    def _call(self, op: str, **values: Any) -> Fields:
        faults.point(ASKING)
        try:
            answer = self._client.call(op, **values)
        except RemoteError as error:
            raise _refusal(error) from None
        except (Unavailable, WireError) as error:
            raise LetterNotMade("unreachable", type(error).__name__) from None
        faults.point(ANSWERED)
        return answer


def _refusal(error: RemoteError) -> Exception:
    if error.code == "missing_glyph":
        # Brings the font libraries along, which this process needs for nothing else.
        from guarantees.letter_glyphs import MissingGlyph

        return MissingGlyph(str(error.detail["character"]), str(error.detail["field"]))
    reason = error.detail.get("reason")
    if error.code == "letter_not_made" and reason in REASONS:
        return LetterNotMade(str(reason), str(error.detail.get("detail", "")))
    return LetterNotMade("internal", error.code)
