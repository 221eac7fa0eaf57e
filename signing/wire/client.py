"""The calling side."""

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from signing.wire.frames import (
    Fields,
    RemoteError,
    Unavailable,
    WireError,
    decode,
    encode,
    receive,
    remaining,
    send,
)


class Client:
    """Calls a server of this machine; may be shared by threads, since each call connects anew."""

    def __init__(self, path: Path | str, timeout: float = 30.0) -> None:
        """`timeout`: seconds for one whole call, from connecting to the last byte of the answer."""
        self.path = Path(path)
        self.timeout = timeout

    def call(self, op: str, **fields: Any) -> Fields:
        """The answer's fields; RemoteError if refused, Unavailable, WireError for bad values."""
        frame = encode({"op": op, "fields": fields})
        deadline = time.monotonic() + self.timeout
        answer = decode(self._exchange(frame, deadline))
        if isinstance(answer.get("ok"), dict):
            return dict(answer["ok"])
        if isinstance(answer.get("error"), str) and isinstance(answer.get("detail"), dict):
            raise RemoteError(answer["error"], answer["detail"])
        raise WireError("the answer is neither a result nor a refusal")

    def _exchange(self, frame: bytes, deadline: float) -> bytes:
        sent = False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.settimeout(remaining(deadline))
                connection.connect(str(self.path))
                with suppress(BrokenPipeError, ConnectionResetError):  # the refusal may lie there
                    sent = True
                    send(connection, frame, deadline)
                return receive(connection, deadline)
            except TimeoutError:
                reason = f"no answer within {self.timeout:g} s"
            except (OSError, WireError) as error:
                reason = str(error)
        raise Unavailable(self.path, reason, sent=sent)
