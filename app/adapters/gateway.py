"""The payment gateway over HTTP: orders to a bank, and the bank's signed notices.

Contract tests: tests/contracts/test_payment_gateway.py.
"""

import base64
import binascii
import json
from datetime import datetime
from http import HTTPStatus
from typing import Any

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from guarantees.errors import N_, Duplicate, InvalidInput, Unavailable
from guarantees.ports import BankNotice, PremiumOrder
from guarantees.values.money import LARGEST_FEN, Money
from signing import faults

ORDERING = faults.declare("gateway.order.before_call")
ORDERED = faults.declare("gateway.order.after_call")

PATIENCE = (2.0, 5.0)
"""Seconds to connect, and to wait for the answer: the job that orders tries again."""

LONGEST_NOTICE = 8 * 1024
LONGEST_FIELD = 200
"""Characters of a reference, account or reason."""

OUTCOMES = frozenset({"paid", "failed"})


class HttpBank:
    """PaymentGateway to a bank that speaks the sandbox's protocol."""

    def __init__(
        self, url: str, public_key: bytes, patience: tuple[float, float] = PATIENCE
    ) -> None:
        """public_key: Ed25519, 32 bytes, learned when the bank was set up and not from the bank's
        own answer today."""
        self._url = url.rstrip("/")
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._patience = patience

    def order(self, order: PremiumOrder) -> None:
        """See PaymentGateway. Told are the reference, both accounts and the amount."""
        document = {
            "reference": order.reference,
            "amount_fen": order.amount.fen,
            "payer_account": order.payer_account,
            "payee_account": order.payee_account,
        }
        faults.point(ORDERING)
        with requests.Session() as http:
            http.trust_env = False
            try:
                answer = http.post(
                    f"{self._url}/orders",
                    json=document,
                    timeout=self._patience,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise Unavailable(service="bank") from error
        if answer.status_code == HTTPStatus.CONFLICT:
            raise Duplicate(noun="payment order", id=order.reference)
        if answer.status_code not in (200, 201):
            raise Unavailable(service="bank", status=answer.status_code)
        faults.point(ORDERED)

    def read_notice(self, body: bytes, signature: str) -> BankNotice:
        """See PaymentGateway."""
        try:
            if len(body) > LONGEST_NOTICE:
                raise ValueError("too long")
            self._key.verify(base64.b64decode(signature, validate=True), body)
            return _notice(json.loads(body))
        except (InvalidSignature, binascii.Error, ValueError, TypeError, KeyError, RecursionError):
            pass
        raise InvalidInput({"notice": N_("不是本平台签约银行签名的到账通知。")})


class NoBank:
    """PaymentGateway of a platform that has no bank connected yet: orders wait in the outbox."""

    def order(self, order: PremiumOrder) -> None:
        raise Unavailable(service="bank")

    def read_notice(self, body: bytes, signature: str) -> BankNotice:
        raise InvalidInput({"notice": N_("不是本平台签约银行签名的到账通知。")})


def _notice(document: dict[str, Any]) -> BankNotice:
    """ValueError, TypeError or KeyError for what is no notice."""
    if set(document) != _FIELDS or document["outcome"] not in OUTCOMES:
        raise ValueError("fields")
    fen = document["amount_fen"]
    if type(fen) is not int or not 0 <= fen <= LARGEST_FEN:
        raise ValueError("amount")
    at = datetime.fromisoformat(document["at"])
    if at.tzinfo is None:
        raise ValueError("a moment without a zone")
    text = {name: _text(document[name]) for name in _TEXTS}
    if not text["reference"] or not text["bank_reference"]:
        raise ValueError("a reference is empty")
    return BankNotice(**text, outcome=document["outcome"], amount=Money(fen), at=at)


_TEXTS = ("bank_reference", "reference", "payer_account", "reason")
_FIELDS = frozenset({*_TEXTS, "outcome", "amount_fen", "at"})


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_FIELD or "\0" in value:
        raise ValueError("text")
    value.encode()  # a lone surrogate, as JSON can write one, cannot be stored
    return value
