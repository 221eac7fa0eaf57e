"""signing/wire: frames, values, who may call, time-outs, stopping."""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import wire
from signing.wire import frames, server

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3).filter(
            lambda value: set(value) != {"b64"}
        )
    ),
    max_leaves=10,
)


@contextmanager
def running(
    path: Path,
    handlers: dict[str, wire.Handler],
    uids: frozenset[int] | None = None,
    **options: Any,
) -> Iterator[threading.Event]:
    stop, ready = threading.Event(), threading.Event()
    allowed = frozenset({os.geteuid()}) if uids is None else uids
    thread = threading.Thread(
        target=wire.serve,
        args=(path, handlers, allowed, stop),
        kwargs={"ready": ready.set} | options,
    )
    thread.start()
    assert ready.wait(5)
    try:
        yield stop
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


def echo(fields: wire.Fields, peer: wire.Peer) -> wire.Fields:
    return {"fields": fields, "uid": peer.uid, "pid": peer.pid}


def refuse(fields: wire.Fields, peer: wire.Peer) -> wire.Fields:
    raise wire.RemoteError("no", {"reason": "because", "raw": b"\x00"})


def fail(fields: wire.Fields, peer: wire.Peer) -> wire.Fields:
    raise RuntimeError("a secret of the server")


@given(JSON_VALUES)
def test_values_arrive_as_sent(value: Any) -> None:
    frame = frames.encode({"value": value})
    assert struct.unpack(">I", frame[:4]) == (len(frame) - 4,)
    assert frames.decode(frame[4:]) == {"value": value}


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object(), {"b64": "AA=="}, "\ud800", {1, 2}]
)
def test_what_would_not_arrive_as_sent_is_not_sent(value: Any) -> None:
    with pytest.raises(wire.WireError):
        frames.encode({"value": value})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": {"b64": "*"}}',
        b'{"a": {"b64": 1}}',
        b'{"b64": "AA=="}',
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_frame_is_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        frames.decode(body)


def test_a_call_brings_fields_peer_and_answer(tmp_path: Path) -> None:
    with running(tmp_path / "s", {"echo": echo}):
        answer = wire.Client(tmp_path / "s").call(
            "echo", text="保函", data=b"\x00\xff", n=[1, None]
        )
        assert answer["fields"] == {"text": "保函", "data": b"\x00\xff", "n": [1, None]}
        assert (answer["uid"], answer["pid"]) == (os.geteuid(), os.getpid())


def test_refusals_arrive_as_raised_and_failures_say_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "s", {"refuse": refuse, "fail": fail, "set": lambda *_: {"a": {1}}}):
        client = wire.Client(tmp_path / "s")
        with pytest.raises(wire.RemoteError) as caught:
            client.call("refuse")
        assert (caught.value.code, caught.value.detail) == (
            "no",
            {"reason": "because", "raw": b"\0"},
        )
        with pytest.raises(wire.RemoteError) as caught:
            client.call("fail")
        assert (caught.value.code, caught.value.detail) == ("internal", {"type": "RuntimeError"})
        with pytest.raises(wire.RemoteError, match="unknown_operation"):
            client.call("other")
        with pytest.raises(wire.RemoteError, match="bad_request"):
            client.call("set")


def test_another_user_is_refused_and_told_of(tmp_path: Path) -> None:
    strangers: list[wire.Peer] = []
    uids = frozenset({os.geteuid() + 1})
    with running(tmp_path / "s", {"echo": echo}, uids, refused=strangers.append):
        client = wire.Client(tmp_path / "s")
        with pytest.raises(wire.RemoteError, match="peer_refused"):
            client.call("echo")
        with pytest.raises(wire.RemoteError, match="peer_refused"):
            client.call("echo", much=bytes(2_000_000))  # more than the kernel holds for the server
    assert strangers == [wire.Peer(os.geteuid(), os.getpid())] * 2


@pytest.mark.parametrize(
    ("options", "uids", "mode"),
    [
        ({}, {os.geteuid()}, 0o600),
        ({}, {os.geteuid(), os.geteuid() + 1}, 0o666),
        ({"mode": 0o660}, {os.geteuid() + 1}, 0o660),
    ],
)
def test_mode_of_the_socket(
    tmp_path: Path, options: dict[str, int], uids: set[int], mode: int
) -> None:
    with running(tmp_path / "s", {}, frozenset(uids), **options):
        assert (tmp_path / "s").stat().st_mode & 0o777 == mode
        assert [file.name for file in tmp_path.iterdir()] == ["s"]
    assert not (tmp_path / "s").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(wire.Unavailable) as caught:
        wire.Client(tmp_path / "s").call("echo")
    assert not caught.value.sent
    assert "No such file" in str(caught.value)


def silent_server(path: Path, answer: bytes, hold: float = 0.0) -> Callable[[], None]:
    """Takes one call, sends `answer` and closes after `hold` seconds."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def run() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(answer)
        time.sleep(hold)
        connection.close()
        listener.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread.join


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "within a frame"),
        (b"\x00\x00\x00\x09{}", "within a frame"),
        (b"\xff\xff\xff\xff", "over the limit"),
    ],
)
def test_half_an_answer_is_no_answer(tmp_path: Path, answer: bytes, reason: str) -> None:
    join = silent_server(tmp_path / "s", answer)
    with pytest.raises(wire.Unavailable, match=reason) as caught:
        wire.Client(tmp_path / "s", timeout=5).call("echo")
    assert caught.value.sent
    join()


def test_silence_ends_in_time(tmp_path: Path) -> None:
    join = silent_server(tmp_path / "s", b"\x00", hold=0.6)
    start = time.monotonic()
    with pytest.raises(wire.Unavailable, match=r"no answer within 0\.2 s") as caught:
        wire.Client(tmp_path / "s", timeout=0.2).call("echo")
    assert caught.value.sent
    assert time.monotonic() - start < 0.5
    join()


def test_an_answer_of_another_kind_is_refused(tmp_path: Path) -> None:
    join = silent_server(tmp_path / "s", frames.encode({"ok": 1}))
    with pytest.raises(wire.WireError, match="neither"):
        wire.Client(tmp_path / "s").call("echo")
    join()


def raw_call(path: Path, data: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(data)
        received = connection.recv(65536)
    return json.loads(received[4:]) if received else {}


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"{}",
        b'{"op": 1, "fields": {}}',
        b'{"op": "echo"}',
        b'{"op": "echo", "fields": 1}',
    ],
)
def test_bad_requests_are_answered(tmp_path: Path, body: bytes) -> None:
    with running(tmp_path / "s", {"echo": echo}):
        answer = raw_call(tmp_path / "s", struct.pack(">I", len(body)) + body)
        assert answer["error"] in ("bad_request", "unknown_operation")


def test_a_claimed_length_costs_the_server_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "s", {"echo": echo}):
        assert raw_call(tmp_path / "s", struct.pack(">I", wire.MAX_FRAME + 1)) == {}
        assert wire.Client(tmp_path / "s").call("echo")["uid"] == os.geteuid()


def test_a_slow_caller_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READ_SECONDS", 0.1)
    with running(tmp_path / "s", {"echo": echo}):
        start = time.monotonic()
        assert raw_call(tmp_path / "s", b"\x00\x00") == {}
        assert time.monotonic() - start < 2


def test_calls_run_side_by_side_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CALLS", 3)
    running_now, most, lock = [0], [0], threading.Lock()

    def slow(fields: wire.Fields, peer: wire.Peer) -> wire.Fields:
        with lock:
            running_now[0] += 1
            most[0] = max(most[0], running_now[0])
        time.sleep(0.05)
        with lock:
            running_now[0] -= 1
        return {}

    with running(tmp_path / "s", {"slow": slow}):
        client = wire.Client(tmp_path / "s")
        threads = [threading.Thread(target=client.call, args=("slow",)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [3]


def test_stopping_lets_a_call_finish(tmp_path: Path) -> None:
    begun, answers = threading.Event(), []

    def slow(fields: wire.Fields, peer: wire.Peer) -> wire.Fields:
        begun.set()
        time.sleep(0.5)
        return {"done": True}

    with running(tmp_path / "s", {"slow": slow}) as stop:
        client = wire.Client(tmp_path / "s")
        caller = threading.Thread(target=lambda: answers.append(client.call("slow")))
        caller.start()
        assert begun.wait(5)
        stop.set()
    caller.join()
    assert answers == [{"done": True}]


def test_a_dead_servers_socket_is_replaced_a_living_ones_not(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / "s"))
    with running(tmp_path / "s", {"echo": echo}):
        with pytest.raises(FileExistsError, match="stop it first"):
            wire.serve(tmp_path / "s", {}, frozenset(), threading.Event())
        assert wire.Client(tmp_path / "s").call("echo")["uid"] == os.geteuid()


def test_too_long_a_path_is_refused_with_the_limit(tmp_path: Path) -> None:
    with pytest.raises(wire.WireError, match="102 bytes"):
        wire.serve(tmp_path / ("s" * 100), {}, frozenset(), threading.Event())
