"""Carrying out orders and telling the platform, until it has answered 200."""

import threading
from collections.abc import Callable
from datetime import datetime

import requests
import structlog

from app.processes.bank_books import Books, Delivery, Signer

SIGNATURE_HEADER = "X-Bank-Signature"
PATIENCE = (2.0, 15.0)
"""Seconds to connect, and to wait for an answer."""

ROUND = 0.1
"""Seconds between looks at the books."""

log = structlog.get_logger("bank")


class Messenger:
    """The bank's thread that books and notifies."""

    def __init__(
        self, books: Books, sign: Signer, notify_url: str, clock: Callable[[], datetime]
    ) -> None:
        self._books = books
        self._sign = sign
        self._url = notify_url
        self._clock = clock
        self._http = requests.Session()
        self._http.trust_env = False  # a proxy has no business on loopback
        self.away = threading.Event()
        """Set by tests: the bank does nothing until it is cleared."""

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(ROUND):
            if not self.away.is_set():
                self.round()
        self._http.close()

    def round(self) -> None:
        now = self._clock()
        self._books.carry_out(now, self._sign)
        for delivery in self._books.due(now):
            if self._delivered(delivery):
                self._books.delivered(delivery.reference, self._clock())
            else:
                self._books.not_delivered(delivery.reference, self._clock())

    def _delivered(self, delivery: Delivery) -> bool:
        headers = {SIGNATURE_HEADER: delivery.signature, "Content-Type": "application/json"}
        try:
            answer = self._http.post(
                self._url,
                data=delivery.notice,
                headers=headers,
                timeout=PATIENCE,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            log.info("not_delivered", error=type(error).__name__)
            return False
        if answer.status_code != 200:
            log.info("not_delivered", status=answer.status_code)
        return answer.status_code == 200
