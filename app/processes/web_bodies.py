"""What waitress would answer by itself is answered by our own pages, in the reader's language.

A body beyond the application's limit is received to its end and thrown away piece by piece, then
the application says what it has to say of a request of that length. An answer before the end would
be lost: a browser still sends, finds the connection cut, and shows no page at all. What no
application can answer, a request that is none, gets a page in both languages.
"""

import socket
from http import HTTPStatus
from io import BytesIO
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import Error

from app.factory import UPLOAD_LIMIT

KEPT = UPLOAD_LIMIT
"""Bytes of a body that reach the application, in memory."""

DRAINED = 4 * 2**30
"""Bytes: of a longer body (a film, a disk image) nothing is received, and the connection ends."""

PIECE = 64 * 2**10
"""Bytes read from a connection at once: two gigabytes pass in a few seconds."""


class Discarded:
    """A body that is counted and not kept, for waitress's receivers."""

    def __init__(self, size: int = 0) -> None:
        self._size = size

    def append(self, piece: bytes) -> None:
        self._size += len(piece)

    def __len__(self) -> int:
        return self._size

    def getfile(self) -> BytesIO:
        return BytesIO()

    def close(self) -> None:
        """Nothing to give back."""


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress is not typed
    """Takes a body of any length, and keeps it if the application could use it."""

    body_rcv: Any
    completed: bool
    early = False
    """Answered before all of it was received."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a length of more digits than a number may have
            raise ParsingError("Content-Length is invalid") from error
        if self.content_length > KEPT:
            self.body_rcv.buf = Discarded()
            # Who asks first whether to send it is told at once.
            if self.expect_continue or self.content_length > DRAINED:
                self._answer_now()

    def received(self, data: bytes) -> int:
        """Bytes of `data` that belong to this request."""
        consumed: int = super().received(data)
        if self.chunked and self.body_bytes_received > KEPT:
            self._discard_chunks()
        return consumed

    def _discard_chunks(self) -> None:
        """Their length is known in the end only, or never."""
        if not isinstance(self.body_rcv.buf, Discarded):
            held = self.body_rcv.buf
            self.body_rcv.buf = Discarded(len(held))
            held.close()
        if self.body_bytes_received > DRAINED and not self.completed:
            self.headers["CONTENT_LENGTH"] = str(self.body_bytes_received)
            self._answer_now()
            self.completed = True

    def _answer_now(self) -> None:
        """Without the body, which the rest of the connection may still hold."""
        self.early = True
        self.body_rcv = None
        self.expect_continue = False
        self.headers["CONNECTION"] = "close"


class Page(ErrorTask):  # type: ignore[misc]  # waitress is not typed
    """For what is no request that an application could get."""

    def execute(self) -> None:
        error: Error = self.request.error
        body = _words(error.code).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", "default-src 'none'"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _words(status: int) -> str:
    if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        title = "地址太长 · The address is too long"
        advice = "请缩短搜索或填写的内容后重试。Please shorten what you searched for or typed."
    else:
        title = "请求无法处理 · The request could not be understood"
        advice = "请从首页重新进入。Please start again from the first page."
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>'
        f'<h1>{title}</h1><p>{advice}</p><p><a href="/">baohan 保函</a></p></html>'
    )


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress is not typed
    """A connection with the above.

    After an answer that came early it says that it ends, and throws away what still arrives until
    the other side ends too: the kernel answers unread bytes with a reset, and a reset takes with it
    what was not read yet of the answer. The server's own look at idle connections ends the rest.
    """

    parser_class = Parser
    error_task_class = Page
    _lingers = _ending = False

    def service(self) -> None:
        request = self.requests[0]
        self._lingers = bool(request.error or request.early)
        super().service()

    def handle_close(self) -> None:
        if not self._lingers or self._ending or not self.connected:
            super().handle_close()
            return
        self._ending, self.will_close = True, False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the other side is gone
            super().handle_close()

    def readable(self) -> bool:
        return self._ending or bool(super().readable())

    def handle_read(self) -> None:
        if not self._ending:
            super().handle_read()
            return
        try:
            self.recv(PIECE)  # closes at the end
        except OSError:
            super().handle_close()
