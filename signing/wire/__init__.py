"""Calls between the processes of one machine, over a Unix socket.

Frame = 4-byte big-endian length ‖ UTF-8 JSON object. Bytes travel as `{"b64": "..."}`. One call per
connection: request `{"op": name, "fields": {...}}`, answer `{"ok": {...}}` or
`{"error": code, "detail": {...}}`. The caller is known by SO_PEERCRED (unix(7)), which the kernel
fills in and the caller cannot forge; a user not allowed is refused before its request is read.

Server: `serve(path, handlers, allowed_uids, stop)`; a handler is called with `(fields, peer)`,
answers a dict, and refuses by raising `RemoteError(code, detail)`, which the client gets as raised.
Client: `Client(path).call(op, **fields)`; nobody there, or silent too long: `Unavailable`.
"""

from signing.wire.client import Client
from signing.wire.frames import MAX_FRAME, Fields, RemoteError, Unavailable, WireError
from signing.wire.server import Handler, Peer, peer_of, serve

__all__ = [
    "MAX_FRAME",
    "Client",
    "Fields",
    "Handler",
    "Peer",
    "RemoteError",
    "Unavailable",
    "WireError",
    "peer_of",
    "serve",
]
