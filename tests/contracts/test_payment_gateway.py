"""The contract of ports.PaymentGateway, against the sandbox bank as it runs."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.gateway import HttpBank, NoBank
from app.processes.bank import Bank, make_server, serve
from app.processes.bank_books import Order
from app.processes.loopback import listen
from guarantees.errors import Duplicate, InvalidInput, Unavailable
from guarantees.ports import PaymentGateway, PremiumOrder
from guarantees.values.money import Money

ORDER = PremiumOrder("BF00AA", Money.parse("315.00"), "6222000012345678", "6222000087654321")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[tuple[Bank, str]]:
    made = Bank(tmp_path / "bank", "http://127.0.0.1:9/nobody")
    server = make_server(made, listen())
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(made, server, stop))
    thread.start()
    yield made, server.url
    stop.set()
    thread.join()


@pytest.fixture
def gateway(bank: tuple[Bank, str]) -> PaymentGateway:
    made, url = bank
    return HttpBank(url, made.public_key)


def notice(**changes: object) -> bytes:
    told = {
        "bank_reference": "SB1",
        "reference": "BF00AA",
        "outcome": "paid",
        "amount_fen": 31_500,
        "payer_account": "6222000012345678",
        "reason": "",
        "at": "2026-03-02T01:00:00+00:00",
    }
    return json.dumps({**told, **changes}).encode()


def test_an_order_is_idempotent_by_reference(
    gateway: PaymentGateway, bank: tuple[Bank, str]
) -> None:
    for _ in range(3):
        gateway.order(ORDER)
    held = bank[0].books.order("BF00AA")
    assert (held["payer"], held["payee"], held["fen"]) == (
        ORDER.payer_account,
        ORDER.payee_account,
        ORDER.amount.fen,
    )


def test_a_bank_that_is_away_or_refuses_is_unavailable(bank: tuple[Bank, str]) -> None:
    nobody = HttpBank("http://127.0.0.1:9", bank[0].public_key, (0.5, 0.5))
    with pytest.raises(Unavailable):
        nobody.order(ORDER)
    with pytest.raises(Unavailable):
        NoBank().order(ORDER)
    bank[0].messenger.away.set()
    with pytest.raises(Unavailable):
        HttpBank(bank[1], bank[0].public_key).order(ORDER)


def test_an_order_that_differs_from_the_first_is_refused(
    gateway: PaymentGateway, bank: tuple[Bank, str]
) -> None:
    """A conflict, and not a bank that is away."""
    gateway.order(ORDER)
    with pytest.raises(Duplicate):
        gateway.order(replace(ORDER, amount=Money.parse("316.00")))
    assert bank[0].books.order("BF00AA")["fen"] == 31_500


def test_a_bank_that_hangs_is_unavailable(bank: tuple[Bank, str]) -> None:
    with listen() as silent:
        port = silent.getsockname()[1]
        hanging = HttpBank(f"http://127.0.0.1:{port}", bank[0].public_key, (0.3, 0.3))
        with pytest.raises(Unavailable):
            hanging.order(ORDER)


def test_the_banks_own_notice_is_read(gateway: PaymentGateway, bank: tuple[Bank, str]) -> None:
    body = notice()
    told = gateway.read_notice(body, bank[0].sign(body))
    assert (told.reference, told.outcome, told.amount) == ("BF00AA", "paid", ORDER.amount)
    assert told.at.tzinfo is not None


def test_what_the_bank_really_sends_is_read(
    gateway: PaymentGateway, bank: tuple[Bank, str]
) -> None:
    bank[0].messenger.away.set()  # the test looks at the books instead
    bank[0].books.take(_as_bank(ORDER), bank[0].rules.of("1"), bank[0].clock())
    bank[0].books.carry_out(bank[0].clock(), bank[0].sign)
    [sent] = bank[0].books.due(bank[0].clock())
    assert gateway.read_notice(sent.notice, sent.signature).payer_account == ORDER.payer_account


def _as_bank(order: PremiumOrder) -> Order:
    return Order(order.reference, order.payer_account, order.payee_account, order.amount.fen)


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "maybe"},
        {"amount_fen": -1},
        {"amount_fen": 1.5},
        {"amount_fen": True},
        {"at": "2026-03-02T01:00:00"},
        {"at": 5},
        {"reference": ""},
        {"bank_reference": None},
        {"reason": "x" * 201},
        {"reason": "a\0b"},
        {"reason": "\ud800"},
        {"extra": 1},
    ],
)
def test_signed_notices_of_another_shape_are_refused(
    gateway: PaymentGateway, bank: tuple[Bank, str], changes: dict[str, object]
) -> None:
    body = notice(**changes)
    with pytest.raises(InvalidInput):
        gateway.read_notice(body, bank[0].sign(body))


def test_notices_that_the_bank_did_not_sign_are_refused(
    gateway: PaymentGateway, bank: tuple[Bank, str], tmp_path: Path
) -> None:
    body = notice()
    signature = bank[0].sign(body)
    stranger = Bank(tmp_path / "other", "http://127.0.0.1:9/")
    stranger.books.close()
    for wrong_body, wrong_signature in (
        (body + b" ", signature),
        (body, stranger.sign(body)),
        (body, ""),
        (body, "签名"),
        (body, base64.b64encode(b"x" * 64).decode()),
        (b"", signature),
        (b"[" * 9000, bank[0].sign(b"[" * 9000)),
        (b"[" * 5000, bank[0].sign(b"[" * 5000)),
        (b"[]", bank[0].sign(b"[]")),
        (b"\xff", bank[0].sign(b"\xff")),
    ):
        with pytest.raises(InvalidInput):
            gateway.read_notice(wrong_body, wrong_signature)
    with pytest.raises(InvalidInput):
        NoBank().read_notice(body, signature)
