"""Small HTTP services of the demonstration: on loopback, bodies bounded, nothing logged of them."""

import json
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

HOST = "127.0.0.1"

LONGEST_BODY = 64 * 1024
"""Bytes; a time-stamp request or a payment order has a few hundred."""

PATIENCE = 10.0
"""Seconds for one whole request: a caller that sends slower is dropped."""


class Answer(Exception):
    """Ends a request: status, body and its type."""

    def __init__(self, status: int, body: bytes, kind: str = "application/json") -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.kind = kind


def as_json(status: int, document: object) -> Answer:
    return Answer(status, json.dumps(document, ensure_ascii=False).encode())


Route = Callable[["Handler", str], Answer]
"""Gets the request and the rest of its path after the route's prefix."""


class Handler(BaseHTTPRequestHandler):
    """Dispatches by method and longest prefix of the path; `service` is the program behind it."""

    routes: ClassVar[dict[tuple[str, str], Route]] = {}
    service: ClassVar[Any] = None
    timeout = PATIENCE
    protocol_version = "HTTP/1.1"
    server_version = "baohan-demonstration"
    sys_version = ""

    def do_GET(self) -> None:
        self._dispatch("GET")

    def do_POST(self) -> None:
        self._dispatch("POST")

    def body(self) -> bytes:
        """The whole body; Answer 411 or 413 if it has no length or too great a one."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise self.last(as_json(411, {"error": "length required"}))
        if int(length) > LONGEST_BODY:
            raise self.last(as_json(413, {"error": "too long", "limit": LONGEST_BODY}))
        return self.rfile.read(int(length))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; Answer 400 if it is none."""
        try:
            document = json.loads(self.body())
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise as_json(400, {"error": "a JSON object is expected"})
        return document

    def last(self, answer: Answer) -> Answer:
        """The unread body would be taken for the next request."""
        self.close_connection = True
        return answer

    def _dispatch(self, method: str) -> None:
        path = self.path.partition("?")[0]
        prefixes = [p for m, p in self.routes if m == method and path.startswith(p)]
        try:
            if not prefixes:
                raise self.last(as_json(404, {"error": "not found"}))
            prefix = max(prefixes, key=len)
            answer = self.routes[method, prefix](self, path.removeprefix(prefix))
        except Answer as ended:
            answer = ended
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Nothing: paths and addresses tell who did what."""


class Server(ThreadingHTTPServer):
    """On a socket that somebody else opened, so that its port outlives this process."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, handler: type[Handler]) -> None:
        super().__init__((HOST, 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        host, port = listener.getsockname()[:2]
        self.server_address = (host, port)
        self.server_name, self.server_port = host, port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is its own affair."""

    def run_until(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; the listening socket is closed in the end."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        stop.wait()
        self.shutdown()
        thread.join()
        self.server_close()


def listen(port: int = 0, host: str = HOST) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def inherited(descriptor: int) -> socket.socket:
    """The listening socket that the supervisor handed down."""
    listener = socket.socket(fileno=descriptor)
    listener.set_inheritable(False)
    return listener
