"""Bodies beyond the limit, sent to the web process as it runs: a page of ours, and no memory."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from app.processes.web_bodies import DRAINED, KEPT
from tests.app.web_process import WebProcess, web_process

MEGABYTE = 2**20
SPARE_MEGABYTES = 12
"""What a body that is thrown away may cost: buffers of the connection, the page."""

FORM = {"Content-Type": "multipart/form-data; boundary=x"}
FORM_LINE = b"Content-Type: multipart/form-data; boundary=x"
LIMIT = "文件不得超过 20 MB，没有接收任何内容"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with web_process(tmp_path_factory.mktemp("web")) as running:
        for path in ("/verify", "/sign-in"):  # what is imported and compiled once
            requests.get(running.url + path, timeout=60)
        yield running


class Body:
    """So many bytes, made as they are sent."""

    def __init__(self, size: int) -> None:
        self._size = self._left = size

    def __len__(self) -> int:
        return self._size

    def read(self, wanted: int = -1) -> bytes:
        piece = min(self._left, 256 * 1024)
        self._left -= piece
        return b"x" * piece


@contextmanager
def watched(web: WebProcess) -> Iterator[Callable[[], float]]:
    """Answers by how many megabytes the process grew at most."""
    before, peak, stop = web.megabytes(), [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            peak[0] = max(peak[0], web.megabytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: peak[0] - before
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("path", ["/verify", "/sign-in", "/projects/import", "/no-such-page"])
def test_a_hundred_megabytes_get_a_page_that_names_the_limit(web: WebProcess, path: str) -> None:
    with watched(web) as grown:
        answer = requests.post(web.url + path, data=Body(100 * MEGABYTE), headers=FORM, timeout=120)
    assert answer.status_code == 413
    assert LIMIT in answer.text
    assert "提交的内容太大" in answer.text
    assert grown() < SPARE_MEGABYTES


def test_in_the_readers_language(web: WebProcess) -> None:
    with requests.Session() as http:
        http.get(f"{web.url}/preferences/language/en", timeout=60)
        answer = http.post(
            f"{web.url}/verify", data=Body(100 * MEGABYTE), headers=FORM, timeout=120
        )
    assert answer.status_code == 413
    assert "20 MB" in answer.text
    assert '<html lang="en"' in answer.text
    assert LIMIT not in answer.text


def test_a_program_gets_problem_details(web: WebProcess) -> None:
    with watched(web) as grown:
        answer = requests.post(
            f"{web.url}/api/v1/payments/notices", data=Body(100 * MEGABYTE), timeout=120
        )
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert answer.json()["code"] == "too_large"
    assert LIMIT in answer.json()["detail"]
    assert grown() < SPARE_MEGABYTES


def test_two_gigabytes_pass_by_while_others_are_served(web: WebProcess) -> None:
    answers: list[requests.Response] = []

    def upload() -> None:
        answers.append(
            requests.post(f"{web.url}/verify", data=Body(2**31), headers=FORM, timeout=250)
        )

    with watched(web) as grown:
        sending = threading.Thread(target=upload)
        sending.start()
        served = 0
        while sending.is_alive():
            assert requests.get(f"{web.url}/healthz", timeout=30).status_code == 200
            served += 1
        sending.join()
    [answer] = answers
    assert answer.status_code == 413
    assert LIMIT in answer.text
    assert served > 3
    assert grown() < SPARE_MEGABYTES


def test_chunks_without_a_length_count_too(web: WebProcess) -> None:
    pieces = (b"x" * MEGABYTE for _ in range(100))
    with watched(web) as grown:
        answer = requests.post(f"{web.url}/verify", data=pieces, headers=FORM, timeout=120)
    assert answer.status_code == 413
    assert LIMIT in answer.text
    assert grown() < SPARE_MEGABYTES + 2 * KEPT / MEGABYTE  # kept until it was too long


def test_the_connection_goes_on_afterwards(web: WebProcess) -> None:
    """Nothing of the body is taken for the next request."""
    with requests.Session() as http:
        answer = http.post(f"{web.url}/verify", data=Body(30 * MEGABYTE), headers=FORM, timeout=60)
        assert (answer.status_code, answer.headers.get("Connection")) == (413, None)
        assert http.get(f"{web.url}/healthz", timeout=60).json() == {"status": "ok"}


def asked(web: WebProcess, request: bytes) -> str:
    """All that is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()


@pytest.mark.parametrize(
    "headers",
    [
        f"Content-Length: {100 * MEGABYTE}\r\nExpect: 100-continue",
        f"Content-Length: {DRAINED + 1}",
        f"Content-Length: {10**18}",
    ],
)
def test_what_need_not_be_sent_is_refused_at_once(web: WebProcess, headers: str) -> None:
    answer = asked(
        web,
        b"POST /verify HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n" + headers.encode() + b"\r\n\r\n",
    )
    assert answer.startswith("HTTP/1.1 413 ")
    assert "100 Continue" not in answer
    assert LIMIT in answer


@pytest.mark.parametrize(
    ("request_line", "status", "said"),
    [
        (b"GET /?q=" + b"x" * 300_000 + b" HTTP/1.1\r\n", 431, "地址太长"),
        (b"POST /verify HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n", 400, "请求无法处理"),
        (b"POST /verify HTTP/1.1\r\nContent-Length: -1\r\n", 400, "请求无法处理"),
        (b"GET / HTTP/1.1\r\nbroken header\r\n", 400, "请求无法处理"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n", 501, "请求无法处理"),
    ],
)
def test_what_is_no_request_gets_a_page_in_both_languages(
    web: WebProcess, request_line: bytes, status: int, said: str
) -> None:
    answer = asked(web, request_line + b"Host: localhost\r\n\r\n")
    assert answer.startswith((f"HTTP/1.1 {status} ", f"HTTP/1.0 {status} "))
    assert "text/html; charset=utf-8" in answer
    assert said in answer
    assert "lease" in answer
    assert "waitress" not in answer


def test_an_early_answer_is_not_lost_while_the_rest_arrives(web: WebProcess) -> None:
    """The client sends on for a while, then reads."""
    head = f"POST /verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: {10**12}\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as connection:
        connection.sendall(head.encode() + FORM_LINE + b"\r\n\r\n")
        for _ in range(50):
            connection.sendall(bytes(MEGABYTE))
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert LIMIT in answer.decode()


def test_what_is_within_the_limit_reaches_the_form(web: WebProcess) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = head + bytes(KEPT - len(head) - 10) + b"\r\n--x--\r\n"
    assert len(body) == KEPT - 1
    answer = requests.post(f"{web.url}/verify", data=body, headers=FORM, timeout=120)
    assert answer.status_code == 400  # without its CSRF token
    assert "页面已过期" in answer.text
