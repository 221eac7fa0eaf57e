"""The timekeeper's operations as calls over signing.wire."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from signing import faults
from signing.seal.envelope import ReleaseRequest
from signing.timekeeper.protocol import ClockStatus, Refusal
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.service import TimekeeperService
from signing.timekeeper.times import from_text, to_text
from signing.wire import Fields, Handler, Peer, RemoteError

REPLY = faults.declare("timekeeper.reply")

Operation = Callable[[Fields, int], Fields]
"""(fields, uid) → answer; ValueError, TypeError or KeyError for fields that do not fit."""


def handlers(service: TimekeeperService) -> Mapping[str, Handler]:
    """By operation, for wire.serve."""

    def register(fields: Fields, uid: int) -> Fields:
        lot, opening_time, deadline = _taken(fields, lot=str, opening_time=str, deadline=str)
        times = from_text(opening_time), from_text(deadline)
        return {"certificate": service.register(lot, *times, peer=uid).to_bytes()}

    def postpone(fields: Fields, uid: int) -> Fields:
        opening, new_time, by = _taken(fields, opening=str, new_time=str, requested_by=str)
        certificate = service.postpone(opening, from_text(new_time), by, peer=uid)
        return {"certificate": certificate.to_bytes()}

    def release(fields: Fields, uid: int) -> Fields:
        opening, requests = _taken(fields, opening=str, requests=list)
        shares = service.release(opening, [_request(item) for item in requests], peer=uid)
        return {"shares": [_share(share) for share in shares]}

    def withhold(fields: Fields, uid: int) -> Fields:
        digest, by = _taken(fields, wrap_digest=bytes, requested_by=str)
        service.withhold(digest, by, peer=uid)
        return {}

    def erase(fields: Fields, uid: int) -> Fields:
        opening, reason, *people = _taken(
            fields, opening=str, reason=str, requested_by=str, confirmed_by=str
        )
        by, second = people
        return {"due": to_text(service.erase(opening, reason, by, second, peer=uid))}

    def keep(fields: Fields, uid: int) -> Fields:
        opening, by = _taken(fields, opening=str, requested_by=str)
        service.keep(opening, by, peer=uid)
        return {}

    def archive(fields: Fields, uid: int) -> Fields:
        opening, requests = _taken(fields, opening=str, requests=list)
        shares = service.archive(opening, [_request(item) for item in requests], peer=uid)
        return {"shares": [_share(share) for share in shares]}

    def status(fields: Fields, uid: int) -> Fields:
        _taken(fields)
        return _status(service.status())

    def public(fields: Fields, uid: int) -> Fields:
        _taken(fields)
        return {"keys": dict(service.public())}

    operations: tuple[Operation, ...] = (
        register, postpone, release, withhold, erase, keep, archive, status, public,
    )  # fmt: skip
    return {operation.__name__: _handler(operation) for operation in operations}


def _handler(operation: Operation) -> Handler:
    def handle(fields: Fields, peer: Peer) -> Fields:
        try:
            answer = operation(fields, peer.uid)
        except TimekeeperRefused as refused:
            faults.point(REPLY)
            raise RemoteError(refused.code, dict(refused.detail)) from None
        except (ValueError, TypeError, KeyError) as error:
            raise RemoteError("bad_request", {"reason": str(error)}) from None
        faults.point(REPLY)
        return answer

    return handle


def _taken(fields: Mapping[str, Any], **kinds: type) -> list[Any]:
    """The values in order; exactly these fields, of exactly these types."""
    if fields.keys() != kinds.keys():
        raise ValueError(f"the fields are {', '.join(kinds) or 'none'}")
    for name, kind in kinds.items():
        if type(fields[name]) is not kind:
            raise ValueError(f"{name} is of type {kind.__name__}")
    return [fields[name] for name in kinds]


def _request(item: Mapping[str, Any]) -> ReleaseRequest:
    ctx, com, enc_and_ct = _taken(dict(item), ctx=bytes, com=bytes, enc_and_ct=bytes)
    return ReleaseRequest(ctx, com, enc_and_ct)


def _share(share: bytes | Refusal) -> Any:
    return _refusal(share) if isinstance(share, Refusal) else share


def _refusal(refusal: Refusal) -> Fields:
    return {"code": refusal.code, "detail": dict(refusal.detail)}


def _status(status: ClockStatus) -> Fields:
    return {
        "now": to_text(status.now),
        "offset_seconds": status.offset_seconds,
        "ok": status.ok,
        "refusal": _refusal(status.refusal) if status.refusal else None,
        "sources": [
            {
                "name": source.name,
                "offset_seconds": source.offset_seconds,
                "confirmed_at": _optional(source.confirmed_at),
                "problem": source.problem,
            }
            for source in status.sources
        ],
    }


def _optional(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None
