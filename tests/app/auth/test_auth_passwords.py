"""Argon2id and what makes a password too weak: app/auth/passwords."""

import threading
import time

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.auth import passwords
from app.auth.passwords import LONGEST, Passwords, weakness
from app.language import init_language
from tests.accounts import CHEAP, PASSWORD


def test_hashes_carry_the_parameters_that_are_named() -> None:
    encoded = Passwords().hash(PASSWORD)
    parameters = f"m={passwords.MEMORY_KIB},t={passwords.TIME_COST},p={passwords.LANES}"
    assert encoded.startswith(f"$argon2id$v=19${parameters}$")
    assert len(encoded) <= 200  # column person.password_hash


def test_each_hash_has_a_salt_of_its_own_and_verifies() -> None:
    one, two = CHEAP.hash(PASSWORD), CHEAP.hash(PASSWORD)
    assert one != two
    assert CHEAP.verify(one, PASSWORD)
    assert not CHEAP.verify(one, f"{PASSWORD} ")
    assert not CHEAP.verify(one, "")


@pytest.mark.parametrize("encoded", ["", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_what_is_no_hash_is_never_right(encoded: str) -> None:
    assert not CHEAP.verify(encoded, PASSWORD)
    assert not CHEAP.verify(encoded, "")


def test_other_parameters_are_renewed_and_todays_are_not() -> None:
    stronger = Passwords(time_cost=2, memory_kib=16, lanes=1)
    old = CHEAP.hash(PASSWORD)
    assert CHEAP.renewed(old, PASSWORD) == ""
    new = stronger.renewed(old, PASSWORD)
    assert "m=16,t=2" in new
    assert stronger.verify(new, PASSWORD)


def test_a_password_is_the_same_on_every_keyboard() -> None:
    """NFKC: full-width letters, composed and decomposed accents."""
    assert CHEAP.verify(CHEAP.hash("ｃａｆé 1234567"), "cafe\u0301 1234567")


def test_only_so_many_hash_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def slow(_self: object, _password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return "$hash"

    monkeypatch.setattr("argon2.PasswordHasher.hash", slow)
    guarded = Passwords(1, 8, 1)
    threads = [threading.Thread(target=guarded.hash, args=("x",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == passwords.AT_ONCE


@pytest.fixture(scope="module")
def context() -> Flask:
    app = Flask("x")
    init_language(app)
    return app


WEAK = [
    "short",
    "123456789",
    "1111111111111",
    "ababababababab",
    "qwertyuiop",
    "0123456789",
    "9876543210",
    "Password123!",
    "zhang-4821-zhang",
    "x" * (LONGEST + 1),
    "my code 91140100MA0HT9W45X",
]


@pytest.mark.parametrize("password", WEAK)
def test_weak_ones_are_refused_with_a_reason(context: Flask, password: str) -> None:
    with context.test_request_context():
        assert weakness(password, "zhang-4821", "91140100MA0HT9W45X").endswith("。")
        assert weakness(PASSWORD, "zhang-4821", "91140100MA0HT9W45X", "") == ""
        assert weakness("correct horse battery", "") == ""


@given(st.text(st.characters(exclude_categories=()), max_size=LONGEST + 5))
def test_no_text_breaks_the_hasher(password: str) -> None:
    """Lone surrogates neither: JSON can carry them."""
    assert CHEAP.verify(CHEAP.hash(password), password) == (len(password) <= LONGEST)
