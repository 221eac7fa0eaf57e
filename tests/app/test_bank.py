"""The sandbox bank as a service: orders once, notices signed and repeated, books that last."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.processes.bank import Bank, make_server, serve
from app.processes.loopback import Answer, Handler, Server, as_json, listen

ORDER = {
    "reference": "BF0011",
    "amount_fen": 31_500,
    "payer_account": "6222000012345678",
    "payee_account": "6222000087654321",
}


@dataclass
class Clock:
    now: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Platform:
    """Takes notices as the platform does; answers `status`."""

    status: int = 200
    taken: list[tuple[bytes, str]] = field(default_factory=list)

    def take(self, request: Handler, rest: str) -> Answer:
        self.taken.append((request.body(), request.headers["X-Bank-Signature"]))
        return as_json(self.status, {})


class Notices(Handler):
    routes: ClassVar[Any] = {
        ("POST", "/notices"): lambda request, rest: request.service.take(request, rest)
    }


@pytest.fixture
def platform() -> Iterator[tuple[Platform, str]]:
    service = Platform()
    server = Server(listen(), type("Bound", (Notices,), {"service": service}))
    stop = threading.Event()
    thread = threading.Thread(target=server.run_until, args=(stop,))
    thread.start()
    yield service, f"{server.url}/notices"
    stop.set()
    thread.join()


@contextmanager
def running(bank: Bank) -> Iterator[str]:
    server = make_server(bank, listen())
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(bank, server, stop))
    thread.start()
    try:
        yield server.url
    finally:
        stop.set()
        thread.join()


def quiet(folder: Path, url: str) -> tuple[Bank, Clock]:
    """A bank whose rounds the test makes."""
    clock = Clock()
    return Bank(folder, url, clock), clock


def test_orders_are_taken_once(tmp_path: Path) -> None:
    bank, _ = quiet(tmp_path / "bank", "http://127.0.0.1:9/")
    with running(bank) as url:
        assert requests.post(f"{url}/orders", json=ORDER, timeout=5).status_code == 201
        assert requests.post(f"{url}/orders", json=ORDER, timeout=5).status_code == 200
        other = {**ORDER, "amount_fen": 1}
        assert requests.post(f"{url}/orders", json=other, timeout=5).status_code == 409


@pytest.mark.parametrize(
    "other",
    [
        {"amount_fen": 31_501},
        {"payer_account": "6222000012345679"},
        {"payee_account": "6222000087654320"},
    ],
)
def test_another_order_under_a_known_reference_is_a_conflict(
    tmp_path: Path, platform: tuple[Platform, str], other: dict[str, object]
) -> None:
    """Before and after it was carried out: nothing more is debited, the first answer stands."""
    taker, url = platform
    bank, clock = quiet(tmp_path / "bank", url)
    assert bank.order(ORDER).status == 201
    assert bank.order({**ORDER, **other}).status == 409
    for _ in range(3):
        bank.messenger.round()
        clock.now += timedelta(seconds=2)
    assert bank.order({**ORDER, **other}).status == 409
    assert bank.order(ORDER).status == 200
    bank.messenger.round()
    assert bank.books.balance(ORDER["payer_account"]) == (-31_500, 1)
    assert bank.books.balance(ORDER["payee_account"]) == (31_500, 1)
    assert len(taker.taken) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_fen": 0},
        {"amount_fen": "31500"},
        {"amount_fen": True},
        {"payer_account": "6222 0000"},
        {"reference": ""},
        {"reference": None},
    ],
)
def test_what_is_no_order_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    bank, _ = quiet(tmp_path / "bank", "http://127.0.0.1:9/")
    with running(bank) as url:
        answer = requests.post(f"{url}/orders", json={**ORDER, **wrong}, timeout=5)
    assert answer.status_code == 422


def test_bodies_that_are_too_long_or_no_json_are_refused(tmp_path: Path) -> None:
    bank, _ = quiet(tmp_path / "bank", "http://127.0.0.1:9/")
    with running(bank) as url:
        assert requests.post(f"{url}/orders", data=b"x" * 70_000, timeout=5).status_code == 413
        assert requests.post(f"{url}/orders", data=b"[" * 5000, timeout=5).status_code == 400
        assert requests.get(f"{url}/nowhere", timeout=5).status_code == 404


def test_a_notice_is_signed_and_delivered_once(
    tmp_path: Path, platform: tuple[Platform, str]
) -> None:
    taker, url = platform
    bank, clock = quiet(tmp_path / "bank", url)
    bank.order(ORDER)
    for _ in range(3):
        bank.messenger.round()
        clock.now += timedelta(seconds=2)
    [(body, signature)] = taker.taken
    public = Ed25519PublicKey.from_public_bytes(bank.public_key)
    public.verify(base64.b64decode(signature), body)
    notice = json.loads(body)
    assert (notice["reference"], notice["outcome"], notice["amount_fen"]) == (
        "BF0011",
        "paid",
        31_500,
    )
    assert bank.books.balance(ORDER["payer_account"]) == (-31_500, 1)
    assert bank.books.balance(ORDER["payee_account"]) == (31_500, 1)


def test_a_notice_comes_until_it_is_taken_and_the_same_each_time(
    tmp_path: Path, platform: tuple[Platform, str]
) -> None:
    taker, url = platform
    taker.status = 503
    bank, clock = quiet(tmp_path / "bank", url)
    bank.order(ORDER)
    bank.messenger.round()
    bank.messenger.round()  # the pause has not passed
    assert len(taker.taken) == 1
    clock.now += timedelta(seconds=1)
    bank.messenger.round()
    taker.status = 200
    clock.now += timedelta(seconds=2)
    bank.messenger.round()
    clock.now += timedelta(minutes=5)
    bank.messenger.round()
    assert len(taker.taken) == 3
    assert len(set(taker.taken)) == 1


def test_the_books_survive_a_restart(tmp_path: Path, platform: tuple[Platform, str]) -> None:
    taker, url = platform
    taker.status = 500
    first, _ = quiet(tmp_path / "bank", url)
    first.order(ORDER)
    first.messenger.round()
    first.books.close()
    taker.status = 200
    second, clock = quiet(tmp_path / "bank", url)
    clock.now += timedelta(minutes=1)
    assert second.public_key == first.public_key
    assert second.order(ORDER).status == 200
    second.messenger.round()
    assert len(set(taker.taken)) == 1
    assert second.books.balance(ORDER["payee_account"]) == (31_500, 1)


@pytest.mark.parametrize(
    ("tail", "outcome", "fen", "copies"),
    [("0001", "failed", 0, 1), ("0003", "paid", 31_500, 4), ("0004", "paid", 31_400, 1)],
)
def test_standing_rules_by_the_payers_last_digits(
    tmp_path: Path,
    platform: tuple[Platform, str],
    tail: str,
    outcome: str,
    fen: int,
    copies: int,
) -> None:
    taker, url = platform
    bank, clock = quiet(tmp_path / "bank", url)
    bank.order({**ORDER, "payer_account": f"622200001234{tail}"})
    for _ in range(8):
        bank.messenger.round()
        clock.now += timedelta(seconds=1)
    notices = [json.loads(body) for body, _ in taker.taken]
    assert len(notices) == copies
    assert {(one["outcome"], one["amount_fen"]) for one in notices} == {(outcome, fen)}


def test_delays_and_refusals(tmp_path: Path, platform: tuple[Platform, str]) -> None:
    taker, url = platform
    bank, clock = quiet(tmp_path / "bank", url)
    slow = {**ORDER, "payer_account": "62220000123450002"}
    away = {**ORDER, "reference": "BF2", "payer_account": "62220000123450005"}
    assert bank.order(slow).status == 201
    assert [bank.order(away).status for _ in range(4)] == [503, 503, 201, 200]
    bank.messenger.round()
    assert [json.loads(body)["reference"] for body, _ in taker.taken] == ["BF2"]
    clock.now += timedelta(seconds=61)
    bank.messenger.round()
    assert json.loads(taker.taken[-1][0])["reference"] == "BF0011"


def test_control_needs_the_token_and_changes_the_rules(tmp_path: Path) -> None:
    bank, _ = quiet(tmp_path / "bank", "http://127.0.0.1:9/")
    with running(bank) as url:
        rule = {"rule": {"outcome": "failed", "reason": "户名不符"}}
        assert requests.post(f"{url}/control", json=rule, timeout=5).status_code == 403
        allowed = {"X-Control-Token": bank.token}

        def control(document: object) -> int:
            answer = requests.post(f"{url}/control", json=document, headers=allowed, timeout=5)
            return answer.status_code

        assert control(rule) == 200
        assert bank.rules.of("6222").outcome == "failed"
        assert control({"clear": True}) == 200
        assert bank.rules.of("6222").outcome == "paid"
        assert control({"rule": {"colour": "red"}}) == 422
        assert control({"rule": {"repeat": "often"}}) == 422
        assert control({"away": True}) == 200
        assert requests.post(f"{url}/orders", json=ORDER, timeout=5).status_code == 503
        assert control({"away": False}) == 200
        assert requests.post(f"{url}/orders", json=ORDER, timeout=5).status_code == 201
        shown = requests.get(f"{url}/orders/BF0011", headers=allowed, timeout=5).json()
        assert shown["fen"] == 31_500


def test_the_folder_is_for_the_bank_alone(tmp_path: Path) -> None:
    bank, _ = quiet(tmp_path / "bank", "http://127.0.0.1:9/")
    bank.books.close()
    assert (tmp_path / "bank").stat().st_mode & 0o077 == 0
    assert (tmp_path / "bank" / "signing.key").stat().st_mode & 0o077 == 0
