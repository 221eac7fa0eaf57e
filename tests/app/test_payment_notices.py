"""POST /api/v1/payments/notices: what the bank signed counts once, anything else not at all."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from werkzeug.test import TestResponse

from app.adapters.gateway import HttpBank
from app.processes.web import application
from guarantees.records.sealed import PaymentNotice
from tests import house as houses
from tests.app.jobs.steps import ACCOUNT, get, ordered
from tests.world import World

ADDRESS = "/api/v1/payments/notices"
KEY = Ed25519PrivateKey.generate()
Send = Callable[[bytes, str], int]


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    bank = HttpBank("http://127.0.0.1:9", KEY.public_key().public_bytes_raw())
    return application(replace(houses.around(world, tmp_path), gateway=bank))


@pytest.fixture
def send(app: Flask) -> Send:
    def sent(body: bytes, signature: str) -> int:
        headers = {"X-Bank-Signature": signature, "Content-Type": "application/json"}
        return app.test_client().post(ADDRESS, data=body, headers=headers).status_code

    return sent


def signed(body: bytes) -> str:
    return base64.b64encode(KEY.sign(body)).decode()


def notice(world: World, case: str, **changes: object) -> bytes:
    payment = get(world, case).payment()
    assert payment is not None
    told = {
        "bank_reference": "SB1",
        "reference": payment.reference,
        "outcome": "paid",
        "amount_fen": payment.amount.fen,
        "payer_account": ACCOUNT,
        "reason": "",
        "at": world.now.isoformat(),
    }
    return json.dumps({**told, **changes}).encode()


def notices(world: World) -> int:
    with world.sessions.reading() as session:
        return session.query(PaymentNotice).count()


def test_a_signed_notice_pays_and_its_repetition_changes_nothing(world: World, send: Send) -> None:
    case = ordered(world)
    body = notice(world, case)
    assert send(body, signed(body)) == 200
    paid = get(world, case)
    assert paid.state == "issuing"
    assert send(body, signed(body)) == 200
    assert get(world, case) == paid
    assert notices(world) == 1


def test_every_outcome_is_answered_alike(world: World, app: Flask) -> None:
    case = ordered(world)
    bodies = [
        notice(world, case, reference="BFUNKNOWN", bank_reference="SB0"),
        notice(world, case, amount_fen=1),
        notice(world, case, amount_fen=1),
    ]
    answers = [
        app.test_client().post(ADDRESS, data=one, headers={"X-Bank-Signature": signed(one)})
        for one in bodies
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    payment = get(world, case).payment()
    assert payment is not None
    assert payment.state == "mismatched"


def test_what_the_bank_did_not_sign_leaves_nothing(world: World, send: Send) -> None:
    case = ordered(world)
    body = notice(world, case)
    stranger = Ed25519PrivateKey.generate()
    forged = base64.b64encode(stranger.sign(body)).decode()
    for wrong, signature in (
        (body, ""),
        (body, forged),
        (body + b" ", signed(body)),
        (b"", signed(b"")),
        (b"\x00" * 100, signed(b"\x00" * 100)),
    ):
        assert send(wrong, signature) == 422
    assert get(world, case).state == "awaiting_payment"
    assert notices(world) == 0


def test_a_long_body_and_other_methods_are_refused(app: Flask) -> None:
    client = app.test_client()
    body = b"x" * 100_000
    headers = {"X-Bank-Signature": signed(body)}
    assert client.post(ADDRESS, data=body, headers=headers).status_code == 422
    assert client.get(ADDRESS).status_code == 405


def test_the_same_notice_at_once_pays_once(world: World, send: Send) -> None:
    case = ordered(world)
    body = notice(world, case)
    signature = signed(body)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: send(body, signature), range(40)))
    assert set(statuses) == {200}
    after = get(world, case)
    assert [one.state for one in after.payments] == ["settled"]
    assert len(after.postings) == 2
    assert notices(world) == 1


def test_another_notice_under_the_same_bank_reference_is_a_conflict(
    world: World, app: Flask
) -> None:
    """The first one stands; the second is refused in problem details and leaves nothing."""
    case = ordered(world)
    first = notice(world, case)
    client = app.test_client()

    def sent(body: bytes) -> TestResponse:
        return client.post(ADDRESS, data=body, headers={"X-Bank-Signature": signed(body)})

    answer = sent(first)
    paid = get(world, case)
    for changes in (
        {"amount_fen": 1},
        {"reference": "BFUNKNOWN"},
        {"outcome": "failed"},
        {"reason": "余额不足"},
        {"payer_account": "6222000099999999"},
    ):
        refused = sent(notice(world, case, **changes))
        assert (refused.status_code, refused.mimetype) == (409, "application/problem+json")
        assert refused.json is not None
        assert refused.json["code"] == "notice_differs"
    later = notice(world, case, at=(world.now + timedelta(seconds=1)).isoformat())
    for again in (sent(first), sent(later)):
        assert (again.status_code, again.data) == (answer.status_code, answer.data)
    assert get(world, case) == paid
    assert notices(world) == 1


def test_a_second_debit_is_told_and_pays_nothing(world: World, send: Send) -> None:
    """Under a bank reference of its own, for a payment that was settled: money has moved."""
    case = ordered(world)
    first = notice(world, case)
    send(first, signed(first))
    before = get(world, case)
    second = notice(world, case, bank_reference="SB2", amount_fen=31_500)
    for _ in range(2):
        assert send(second, signed(second)) == 200
    after = get(world, case)
    assert (after.state, after.postings, after.payments) == (
        before.state,
        before.postings,
        before.payments,
    )
    [event] = [one for one in after.events if one.what == "payment.again"]
    assert "315.00" in event.note
    assert "原路退回" in event.note
    assert notices(world) == 2


def test_a_failure_after_the_money_is_told_and_one_after_a_failure_is_not(
    world: World, send: Send
) -> None:
    case = ordered(world)
    first = notice(world, case)
    second = notice(world, case, bank_reference="SB2", outcome="failed", amount_fen=0)
    third = notice(world, case, bank_reference="SB3", outcome="failed", amount_fen=0)
    for body in (first, second):
        assert send(body, signed(body)) == 200
    assert [one.note for one in get(world, case).events if one.what == "payment.again"] == [
        "银行此后又通知这笔缴费没有成功，请机构与银行核对。"
    ]
    other = ordered(world, "rival")
    fourth = notice(world, other, bank_reference="SB4", outcome="failed", amount_fen=0)
    fifth = notice(world, other, bank_reference="SB5", outcome="failed", amount_fen=0)
    for body in (third, fourth, fifth):
        send(body, signed(body))
    assert not [one for one in get(world, other).events if one.what == "payment.again"]
