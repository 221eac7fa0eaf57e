"""waitress on a socket that was handed down, with an end that loses no request."""

import socket
import threading
import time
from typing import Any

from flask import Flask
from waitress import create_server

from app.processes.web_bodies import PIECE, Channel

THREADS = 12
"""Requests at a time; most wait for a hash, a signature or the disk."""

IN_MEMORY = 2**31 - 1
"""Bytes of a request or response before waitress would write a temporary file: never (a letter
must not lie in one)."""

NO_LIMIT = 2**62
"""Of waitress's own for bodies: web_bodies.py keeps what the application could use."""

CONNECTIONS = 400
IDLE_SECONDS = 60


class WebServer:
    def __init__(self, app: Flask, listener: socket.socket) -> None:
        self._server: Any = create_server(
            app,
            sockets=[listener],
            threads=THREADS,
            ident=None,
            url_scheme=app.config["PREFERRED_URL_SCHEME"],
            clear_untrusted_proxy_headers=not app.config.get("PROXIES", 0),
            max_request_body_size=NO_LIMIT,
            recv_bytes=PIECE,
            inbuf_overflow=IN_MEMORY,
            outbuf_overflow=IN_MEMORY,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
        )
        self._server.channel_class = Channel
        self._stopped = threading.Event()
        self._loop = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        self._loop.start()

    def drain(self, seconds: float) -> bool:
        """Accept nothing more and let what is under way end; whether it did within `seconds`.

        The supervisor holds the socket too: whoever connects meanwhile waits for the next process.
        """
        self._server.trigger.pull_trigger(self._stop_accepting)
        until = time.monotonic() + seconds
        self._stopped.wait(seconds)
        while self._busy():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def _stop_accepting(self) -> None:
        """In the loop's own thread."""
        self._server.accepting = False
        self._server.del_channel()
        self._stopped.set()

    def _busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(one.request or one.requests or one.total_outbufs_len for one in channels)
