"""The timekeeper as others see it: a Timekeeper over its socket."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from signing.seal.envelope import ReleaseRequest
from signing.timekeeper.protocol import ClockStatus, OpeningCertificate, Refusal, SourceStatus
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.times import from_text, to_text
from signing.wire import Client, Fields, RemoteError

BATCH = 500
"""Release requests in one call; the server takes twice as many."""

TIMEOUT = 60.0
"""Seconds: a release waits for the authorities, and for the calls before it."""


class TimekeeperClient:
    """Satisfies protocol.Timekeeper; may be shared by threads. wire.Unavailable: nobody there."""

    def __init__(self, path: Path | str, timeout: float = TIMEOUT) -> None:
        self._client = Client(path, timeout)

    def register(self, lot: str, opening_time: datetime, deadline: datetime) -> OpeningCertificate:
        answer = self._call(
            "register", lot=lot, opening_time=_text(opening_time), deadline=_text(deadline)
        )
        return OpeningCertificate.from_bytes(answer["certificate"])

    def postpone(self, opening: str, new_time: datetime, requested_by: str) -> OpeningCertificate:
        answer = self._call(
            "postpone", opening=opening, new_time=_text(new_time), requested_by=requested_by
        )
        return OpeningCertificate.from_bytes(answer["certificate"])

    def release(self, opening: str, requests: Sequence[ReleaseRequest]) -> list[bytes | Refusal]:
        return self._in_batches("release", opening, requests)

    def withhold(self, wrap_digest: bytes, requested_by: str) -> None:
        self._call("withhold", wrap_digest=wrap_digest, requested_by=requested_by)

    def erase(self, opening: str, reason: str, requested_by: str, confirmed_by: str) -> datetime:
        people = {"requested_by": requested_by, "confirmed_by": confirmed_by}
        return from_text(self._call("erase", opening=opening, reason=reason, **people)["due"])

    def keep(self, opening: str, requested_by: str) -> None:
        self._call("keep", opening=opening, requested_by=requested_by)

    def archive(self, opening: str, requests: Sequence[ReleaseRequest]) -> list[bytes | Refusal]:
        return self._in_batches("archive", opening, requests)

    def _in_batches(
        self, operation: str, opening: str, requests: Sequence[ReleaseRequest]
    ) -> list[bytes | Refusal]:
        shares: list[bytes | Refusal] = []
        for start in range(0, max(len(requests), 1), BATCH):
            batch = [_request(request) for request in requests[start : start + BATCH]]
            answer = self._call(operation, opening=opening, requests=batch)
            shares += [_share(share) for share in answer["shares"]]
        return shares

    def status(self) -> ClockStatus:
        answer = self._call("status")
        return ClockStatus(
            now=from_text(answer["now"]),
            offset_seconds=answer["offset_seconds"],
            sources=tuple(_source(source) for source in answer["sources"]),
            ok=answer["ok"],
            refusal=_refusal(answer["refusal"]) if answer["refusal"] else None,
        )

    def public(self) -> Mapping[str, bytes]:
        return dict(self._call("public")["keys"])

    def _call(self, operation: str, **fields: Any) -> Fields:
        try:
            return self._client.call(operation, **fields)
        except RemoteError as error:
            refused = TimekeeperRefused(error.code, **error.detail)
        raise refused


def _text(moment: datetime) -> str:
    try:
        return to_text(moment)
    except ValueError as error:
        reason = str(error)
    raise TimekeeperRefused("bad_request", reason=reason)


def _request(request: ReleaseRequest) -> Fields:
    return {"ctx": request.ctx, "com": request.com, "enc_and_ct": request.enc_and_ct}


def _share(share: Any) -> bytes | Refusal:
    return share if isinstance(share, bytes) else _refusal(share)


def _refusal(fields: Fields) -> Refusal:
    return Refusal(fields["code"], fields["detail"])


def _source(fields: Fields) -> SourceStatus:
    confirmed_at = fields["confirmed_at"]
    return SourceStatus(
        name=fields["name"],
        offset_seconds=fields["offset_seconds"],
        confirmed_at=from_text(confirmed_at) if confirmed_at else None,
        problem=fields["problem"],
    )
