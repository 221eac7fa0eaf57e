"""Shares for the holder of the recovery key, who keeps it offline: a request and its answer.

    request = {"schema", "request", "platform", "recovery", "letters": [{"name", "ctx", "com",
               "wrap"}, …]}
    answer  = {"schema", "request", "shares": [{"name", "share"}, …], "mac"}

JSON, bytes in hex. share: `sp`, or null where the recovery key takes none out. The answer is
conclusive, so nobody but the recovery key's holder may be able to make one:

    mac = HMAC-SHA256(HKDF-SHA256(X25519(recovery key, platform), info = lp("baohan/recovery/v1",
          request id, platform, recovery fingerprint), 32 bytes), answer less its mac)

`platform` is a key pair made for this one request.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing.errors import SigningError
from signing.seal import hpke
from signing.seal.broken import SealBroken, opaque
from signing.seal.encoding import lp
from signing.seal.envelope import fingerprint_of, fingerprint_of_private
from signing.seal.wraps import RECOVERY, SHARE_BYTES

REQUEST = "baohan/recovery-request/v1"
ANSWER = "baohan/recovery-answer/v1"

MAX_FILE = 8 * 2**20
"""Bytes of either file: a letter takes some 500."""


class NotForThisKey(SigningError):
    """The request is for another recovery key."""

    def __init__(self) -> None:
        super().__init__("the request was made for another recovery key")


class NotARequest(SigningError):
    """A file is no request for recovery."""

    def __init__(self) -> None:
        super().__init__("not a recovery request")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One letter whose share is asked for."""

    name: str
    """Tells it from the others of the request."""
    ctx: bytes
    com: bytes
    wrap: bytes = field(repr=False)
    """Data of its R wrap."""


def ask(request: str, platform: bytes, recovery: bytes, letters: Sequence[Wanted]) -> bytes:
    """The request. platform: private key made for it; recovery: the recovery key's public half."""
    listed = [
        {"name": one.name, "ctx": one.ctx.hex(), "com": one.com.hex(), "wrap": one.wrap.hex()}
        for one in letters
    ]
    return _json(
        {
            "schema": REQUEST,
            "request": request,
            "platform": hpke.public_of(platform).hex(),
            "recovery": fingerprint_of(recovery).hex(),
            "letters": listed,
        }
    )


def answer(request: bytes, recovery: bytes) -> tuple[bytes, int, int]:
    """The answer by the recovery private key, how many letters, and how many gave no share.

    NotARequest, NotForThisKey.
    """
    asked = _read_request(request)
    if asked["recovery"] != fingerprint_of_private(recovery).hex():
        raise NotForThisKey
    shares = [
        {"name": str(one["name"]), "share": _share(one, recovery)} for one in asked["letters"]
    ]
    name = str(asked["request"])
    said: dict[str, Any] = {"schema": ANSWER, "request": name, "shares": shares}
    key = _key(recovery, bytes.fromhex(asked["platform"]), name, _parties(asked))
    said["mac"] = hmac.digest(key, _json(said), "sha256").hex()
    return _json(said), len(shares), sum(one["share"] is None for one in shares)


@opaque
def read_answer(
    data: bytes, request: str, platform: bytes, recovery: bytes
) -> Mapping[str, bytes | None]:
    """Name → `sp`, or None where the recovery key took none out; SealBroken unless the holder of
    the recovery key (public half) made this answer to this request."""
    try:
        said = json.loads(data[: MAX_FILE + 1])
        mac = bytes.fromhex(said.pop("mac"))
        parties = (hpke.public_of(platform), fingerprint_of(recovery))
        key = _key(platform, recovery, request, parties)
        if not hmac.compare_digest(hmac.digest(key, _json(said), "sha256"), mac):
            raise ValueError("another's answer, or a changed one")
        if (said["schema"], said["request"]) != (ANSWER, request):
            raise ValueError("the answer to something else")
        return {one["name"]: _bytes(one["share"]) for one in said["shares"]}
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("no answer") from None


def _read_request(data: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(data)
        whole = {"schema", "request", "platform", "recovery", "letters"} <= asked.keys()
        if whole and asked["schema"] == REQUEST and len(bytes.fromhex(asked["platform"])) == 32:
            return dict(asked)
    except (ValueError, AttributeError, TypeError, RecursionError):
        pass
    raise NotARequest


def _share(one: Mapping[str, Any], recovery: bytes) -> str | None:
    try:
        ctx, com, wrap = (bytes.fromhex(one[name]) for name in ("ctx", "com", "wrap"))
        return _unwrapped(ctx, com, wrap, recovery).hex()
    except (SealBroken, KeyError, TypeError, ValueError):
        return None


@opaque
def _unwrapped(ctx: bytes, com: bytes, wrap: bytes, recovery: bytes) -> bytes:
    info = lp(RECOVERY, ctx, com, fingerprint_of_private(recovery))
    sp = hpke.unwrap(X25519PrivateKey.from_private_bytes(recovery), wrap, info)
    if len(sp) != SHARE_BYTES:
        raise ValueError("a share of another length")
    return sp


def _parties(asked: Mapping[str, Any]) -> tuple[bytes, bytes]:
    return bytes.fromhex(asked["platform"]), bytes.fromhex(asked["recovery"])


def _key(own: bytes, other: bytes, request: str, parties: tuple[bytes, bytes]) -> bytes:
    private = X25519PrivateKey.from_private_bytes(own)
    public = X25519PublicKey.from_public_bytes(other)
    info = lp("baohan/recovery/v1", request, *parties)
    made = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info)
    return made.derive(private.exchange(public))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
