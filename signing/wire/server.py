"""The answering side."""

import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from signing.wire.frames import (
    Fields,
    RemoteError,
    WireError,
    decode,
    encode,
    receive,
    send,
)

MAX_CALLS = 64
"""Calls served at once; more wait in the kernel's queue, so that no caller can exhaust memory."""

READ_SECONDS = 10.0
"""A caller that sends its request slower than this is dropped."""

DRAIN_SECONDS = 10.0
"""After `stop`, calls under way may take this long; what is then unfinished is abandoned."""

ACCEPT_SECONDS = 0.2
"""How often the server looks whether it shall stop."""

MAX_PATH = 107
"""Bytes of a Unix socket's path (unix(7), sun_path less its final zero)."""

log = logging.getLogger("signing.wire")


@dataclass(frozen=True, slots=True)
class Peer:
    """Who called, as the kernel says."""

    uid: int
    """Effective user id of the caller when it connected."""
    pid: int
    """Process id, for journals only: it may be another process's by now."""


Handler = Callable[[Fields, Peer], Fields]


def serve(
    path: Path | str,
    handlers: Mapping[str, Handler],
    allowed_uids: frozenset[int],
    stop: threading.Event,
    *,
    mode: int | None = None,
    refused: Callable[[Peer], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Serves until `stop` is set, then lets calls under way finish (DRAIN_SECONDS).

    path: a socket left by a dead server is replaced; one that answers raises FileExistsError.
    mode: of the socket; by default 0600 if only this process's user is allowed, else 0666, since
        the credentials of the caller decide and not the mode. The folder should be narrow too.
    refused: told of every caller of a user that is not allowed (logged in any case).
    ready: called once the socket listens.
    """
    path = Path(path)
    server = _Server(handlers, allowed_uids, refused)
    with _listener(path, _mode(mode, allowed_uids)) as listener:
        identity = path.lstat().st_ino
        try:
            if ready is not None:
                ready()
            server.accept_until(listener, stop)
        finally:
            with suppress(FileNotFoundError):
                if path.lstat().st_ino == identity:  # another server may have taken the place
                    path.unlink()
    server.drain()


def _mode(mode: int | None, allowed_uids: frozenset[int]) -> int:
    if mode is not None:
        return mode
    return 0o600 if allowed_uids <= {os.geteuid()} else 0o666


def _listener(path: Path, mode: int) -> socket.socket:
    """A listening socket that appears under its name with its mode already set."""
    if len(os.fsencode(path)) + 5 > MAX_PATH:
        raise WireError(f"{path}: a socket's path may have {MAX_PATH - 5} bytes, shorten it")
    if _answers(path):
        raise FileExistsError(f"{path}: another server answers on this socket, stop it first")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.unlink(missing_ok=True)
        listener.bind(str(temporary))
        temporary.chmod(mode)
        listener.listen(128)
        temporary.rename(path)
    except BaseException:
        listener.close()
        raise
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except TimeoutError:
            return True
    return True


class _Server:
    def __init__(
        self,
        handlers: Mapping[str, Handler],
        allowed_uids: frozenset[int],
        refused: Callable[[Peer], None] | None,
    ) -> None:
        self.handlers = handlers
        self.allowed_uids = allowed_uids
        self.refused = refused
        self.slots = threading.BoundedSemaphore(MAX_CALLS)
        self.running: set[threading.Thread] = set()

    def accept_until(self, listener: socket.socket, stop: threading.Event) -> None:
        listener.settimeout(ACCEPT_SECONDS)
        while not stop.is_set():
            if not self.slots.acquire(timeout=ACCEPT_SECONDS):
                continue
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                self.slots.release()
                continue
            except OSError as error:  # out of descriptors: wait for calls to end
                self.slots.release()
                log.error("cannot accept a call: %s", error)
                stop.wait(ACCEPT_SECONDS)
                continue
            self._start(connection)

    def _start(self, connection: socket.socket) -> None:
        thread = threading.Thread(target=self._call, args=(connection,), daemon=True)
        self.running.add(thread)
        thread.start()

    def drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        for thread in list(self.running):
            thread.join(max(0.0, deadline - time.monotonic()))

    def _call(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._answer(connection)
        except (OSError, WireError) as error:
            log.warning("a call was dropped: %s", error)
        finally:
            self.running.discard(threading.current_thread())
            self.slots.release()

    def _answer(self, connection: socket.socket) -> None:
        peer = peer_of(connection)
        deadline = time.monotonic() + READ_SECONDS
        if peer.uid not in self.allowed_uids:
            log.warning("refused a call of uid %d (pid %d)", peer.uid, peer.pid)
            if self.refused is not None:
                self.refused(peer)
            send(connection, _refusal("peer_refused", {"uid": peer.uid}), deadline)
            return
        frame = self._dispatch(receive(connection, deadline), peer)
        send(connection, frame, time.monotonic() + READ_SECONDS)

    def _dispatch(self, body: bytes, peer: Peer) -> bytes:
        try:
            request = decode(body)
            op, fields = request.get("op"), request.get("fields")
            if not isinstance(fields, dict) or set(request) != {"op", "fields"}:
                return _refusal("bad_request", {"reason": "a request has op and fields"})
            handler = self.handlers.get(op) if isinstance(op, str) else None
            if handler is None:
                return _refusal("unknown_operation", {"operations": sorted(self.handlers)})
            return encode({"ok": handler(fields, peer)})
        except RemoteError as error:
            return _refusal(error.code, error.detail)
        except WireError as error:
            return _refusal("bad_request", {"reason": str(error)})
        except Exception as error:  # its message may hold a secret: type and place only
            log.error("a call failed: %s at %s", type(error).__name__, _place(error))
            return _refusal("internal", {"type": type(error).__name__})


def peer_of(connection: socket.socket) -> Peer:
    """SO_PEERCRED of a connected Unix socket."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", raw)
    return Peer(uid=uid, pid=pid)


def _refusal(code: str, detail: Fields) -> bytes:
    return encode({"error": code, "detail": detail})


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
