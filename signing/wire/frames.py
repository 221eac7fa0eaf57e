"""Frames and the values in them; errors of the wire."""

import base64
import binascii
import json
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from signing.errors import SigningError

MAX_FRAME = 32 * 1024 * 1024
"""Bytes of JSON. The largest honest frame is a signed letter of 16 MiB in base64."""

Fields = dict[str, Any]


class WireError(SigningError):
    """A frame or value that does not fit the protocol."""


class RemoteError(SigningError):
    """The other side refused: raised by a handler, and again by the client that called it."""

    def __init__(self, code: str, detail: Fields | None = None) -> None:
        super().__init__(code, detail or {})
        self.code = code
        self.detail = detail or {}


class Unavailable(SigningError):
    """Nobody answers on the socket, or the answer did not come whole and in time."""

    def __init__(self, path: Path, reason: str, *, sent: bool) -> None:
        super().__init__(path, reason, sent)
        self.path = path
        self.reason = reason
        self.sent = sent
        """True: the request had left and may have been done: repeat only what may be."""

    def __str__(self) -> str:
        return f"no answer on {self.path}: {self.reason}"


def encode(message: Fields) -> bytes:
    """The frame for a JSON object whose values may be bytes; WireError if too long or not JSON."""
    try:
        body = json.dumps(_wrapped(message), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise WireError(f"cannot be sent: {error}") from None
    if len(body) > MAX_FRAME:
        raise WireError(f"a frame of {len(body)} bytes is over the limit of {MAX_FRAME}")
    return struct.pack(">I", len(body)) + body


def decode(body: bytes) -> Fields:
    """The JSON object of a frame, bytes restored; WireError if it is anything else."""
    try:
        text = body.decode()
        message = json.loads(text, object_pairs_hook=_unwrapped, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a frame of this protocol: {error}") from None
    if not isinstance(message, dict):
        raise WireError("not a frame of this protocol: no object")
    return message


def _wrapped(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        if set(value) == {"b64"}:
            raise ValueError("an object with the one member b64 would arrive as bytes")
        return {key: _wrapped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_wrapped(item) for item in value]
    return value


def _unwrapped(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member appears twice")
    if set(value) != {"b64"}:
        return value
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (TypeError, binascii.Error):
        raise ValueError("b64 is not base64") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def receive(connection: socket.socket, deadline: float) -> bytes:
    """One frame's body; TimeoutError at the monotonic deadline, WireError if cut short or long."""
    (length,) = struct.unpack(">I", _exactly(connection, 4, deadline))
    if length > MAX_FRAME:
        raise WireError(f"a frame of {length} bytes is over the limit of {MAX_FRAME}")
    return bytes(_exactly(connection, length, deadline))


def _exactly(connection: socket.socket, count: int, deadline: float) -> bytearray:
    """Grows with what arrives, so that a claimed length costs its sender the same memory."""
    received = bytearray()
    while len(received) < count:
        connection.settimeout(remaining(deadline))
        chunk = connection.recv(min(count - len(received), 1 << 20))
        if not chunk:
            raise WireError("the connection ended within a frame")
        received += chunk
    return received


def send(connection: socket.socket, frame: bytes, deadline: float) -> None:
    connection.settimeout(remaining(deadline))
    connection.sendall(frame)


def remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the time for this call is over")
    return remaining
