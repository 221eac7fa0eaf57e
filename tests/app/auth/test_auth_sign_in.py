"""Signing in by pages: steps, one answer for all faults, pauses, the way back, CSRF."""

import random
import re
from datetime import timedelta

import pytest

from app.auth import throttle
from guarantees.tables.sign_in import FIRST_PAUSE, FREE_ATTEMPTS, HALF_WAY
from guarantees.values.codes import make_credit_code
from guarantees.values.one_time_codes import code_of, step_at
from tests.accounts import PASSWORD
from tests.app.auth.conftest import Browser, Site

SECOND = timedelta(seconds=1)


def errors(page: str) -> list[str]:
    """The sentences of the summary on top."""
    found = re.search(r'<div class="errors".*?</ul></div>', page, re.DOTALL)
    return re.findall(r"<li>(?:<a[^>]*>)?(.*?)(?:</a>)?</li>", found[0]) if found else []


def test_password_then_code_then_ones_own_first_page(site: Site) -> None:
    browser = site.browser()
    answer = browser.password("anna")
    assert (answer.status_code, answer.location) == (303, "/sign-in/code")
    assert "anna" in browser.get("/sign-in/code").text
    answer = browser.code("anna")
    assert (answer.status_code, answer.location) == (303, "/supplier/")
    answer = browser.get("/account/")
    page = answer.text
    assert answer.status_code == 200
    assert "supplier有限公司" in page
    assert "anna·李" in page
    assert "供应商 · 单位管理员、经办" in page
    assert browser.get("/sign-in").location == "/supplier/"


def test_half_way_in_is_not_in(site: Site) -> None:
    browser = site.browser()
    browser.password("anna")
    assert browser.get("/account/").location == "/sign-in?next=/account/"


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("anna", "wrong password"),
        ("nobody", PASSWORD),
        ("nobody", "wrong password"),
        ("anna", "x" * 5000),
    ],
)
def test_one_answer_whatever_is_wrong(site: Site, login: str, password: str) -> None:
    browser = site.browser()
    answer = browser.password(login, password)
    assert answer.status_code == 401
    assert errors(answer.text) == ["用户名、密码或动态验证码不正确。"]
    assert f'value="{login}"' in answer.text  # what was typed stays
    assert password not in answer.text
    assert browser.cookie() is None


@pytest.mark.parametrize("login", ["mary", "nobody"])
def test_known_and_unknown_logins_pause_alike(site: Site, login: str) -> None:
    """The addresses differ, so that only the login is counted."""
    for n in range(FREE_ATTEMPTS):
        assert site.browser(f"10.0.0.{n}").password(login, "wrong").status_code == 401
    answer = site.browser("10.0.1.1").password(login, PASSWORD)
    assert answer.status_code == 429
    assert errors(answer.text) == [
        "连续多次不正确，账号已暂时锁定，请在 2026-03-02 09:01 之后再试。"
    ]
    site.wait(FIRST_PAUSE)
    assert site.browser("10.0.1.2").password(login, "wrong").status_code == 401
    answer = site.browser("10.0.1.3").password(login, "wrong")
    assert errors(answer.text)[0].endswith("2026-03-02 09:03 之后再试。")


def test_a_right_password_is_hashed_as_often_as_a_wrong_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = site.app.extensions["baohan_passwords"]
    hashed: list[str] = []
    verify = passwords._hasher.verify

    def counting(encoded: str, password: str) -> bool:
        hashed.append(encoded)
        return bool(verify(encoded, password))

    monkeypatch.setattr(type(passwords._hasher), "verify", lambda _self, *args: counting(*args))
    for login, password in (("anna", PASSWORD), ("anna", "wrong"), ("nobody", "wrong")):
        hashed.clear()
        site.browser().password(login, password)
        assert len(hashed) == 1
        assert hashed[0].startswith("$argon2id$")


def test_an_address_that_fails_too_often_rests_and_others_do_not(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = throttle.AddressLimit(3, timedelta(minutes=10))
    monkeypatch.setattr(
        type(site.app.extensions["baohan_limits"]), "sign_ins", limit, raising=False
    )
    monkeypatch.setitem(site.app.extensions, "baohan_limits", throttle.Limits(sign_ins=limit))
    for n in range(3):
        assert site.browser("10.0.0.1").password(f"guess{n}").status_code == 401
    answer = site.browser("10.0.0.1").password("anna")
    assert answer.status_code == 429
    assert "您所在的网络短时间内尝试次数太多" in errors(answer.text)[0]
    assert site.browser("10.0.0.2").password("anna").status_code == 303
    site.wait(timedelta(minutes=10))
    for _time in range(5):  # what succeeds is not counted
        assert site.browser("10.0.0.1").password("anna").status_code == 303


def test_a_household_of_ipv6_is_one_address(site: Site) -> None:
    with site.app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:0:1::7"}):
        one = throttle.address()
    with site.app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:0:1:ffff::8"}):
        assert throttle.address() == one
    with site.app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:0:2::7"}):
        assert throttle.address() != one


def test_a_wrong_code_and_a_replayed_one(site: Site) -> None:
    browser = site.browser()
    browser.password("anna")
    answer = browser.send("/sign-in/code", {"otp": "000000"})
    assert answer.status_code == 422
    assert "动态验证码不正确或已经用过" in errors(answer.text)[0]
    assert browser.code("anna").status_code == 303

    thief = site.browser()
    thief.password("anna")
    answer = thief.code("anna")
    assert answer.status_code == 422
    assert thief.get("/account/").status_code == 303
    site.wait(30 * SECOND)
    assert thief.code("anna").status_code == 303


def test_wrong_codes_pause_the_account(site: Site) -> None:
    browser = site.browser()
    browser.password("anna")
    for _time in range(FREE_ATTEMPTS):
        assert browser.send("/sign-in/code", {"otp": "1"}).status_code == 422
    answer = browser.code("anna")
    assert answer.status_code == 429
    assert "已暂时锁定" in errors(answer.text)[0]


def test_the_code_must_follow_soon(site: Site) -> None:
    browser = site.browser()
    browser.password("anna")
    site.wait(HALF_WAY + SECOND)
    answer = browser.code("anna")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "请重新输入用户名和密码" in browser.get("/sign-in").text


@pytest.mark.parametrize("path", ["/sign-in/code", "/sign-in/authenticator"])
def test_nobody_starts_with_the_second_step(site: Site, path: str) -> None:
    assert site.browser().get(path).location == "/sign-in"
    assert site.browser().send(path, {"otp": "123456"}).location == "/sign-in"


def test_the_first_login_enrols_an_authenticator(site: Site) -> None:
    site.world.change("anna", totp_secret=None, totp_step=0)
    browser = site.browser()
    assert browser.password("anna").location == "/sign-in/authenticator"
    page = browser.get("/sign-in/authenticator").text
    secret = re.search(r"secret=([A-Z2-7]+)", page)
    assert secret
    drawing = browser.get("/sign-in/authenticator.svg")
    assert drawing.mimetype == "image/svg+xml"
    assert drawing.headers["Cache-Control"] == "no-store"
    assert b"<svg" in drawing.data
    assert b"style" not in drawing.data
    answer = browser.send(
        "/sign-in/authenticator", {"otp": code_of(secret[1], step_at(site.time[0]))}
    )
    assert answer.location == "/supplier/"
    assert browser.get("/sign-in/authenticator.svg").status_code == 404
    # An enrolled person is never shown a secret again.
    again = site.browser()
    assert again.password("anna").location == "/sign-in/code"
    assert again.get("/sign-in/authenticator").location == "/sign-in"
    assert again.get("/sign-in/authenticator.svg").status_code == 404


def test_a_signed_out_visitor_comes_back_to_where_it_wanted(site: Site) -> None:
    browser = site.browser()
    answer = browser.get("/people/?s=1")
    assert answer.location == "/sign-in?next=/people/?s%3D1"
    browser.password("anna", back="/people/?s%3D1")
    assert browser.code("anna").location == "/people/?s=1"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:1",
        "evil",
    ],
)
def test_no_login_leads_to_another_site(site: Site, back: str) -> None:
    browser = site.browser()
    browser.password("anna", back=back)
    assert browser.code("anna").location == "/supplier/"


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/sign-in/code", "/sign-out", "/join", "/account/password", "/people/invite"],
)
def test_a_form_from_elsewhere_is_refused(site: Site, path: str) -> None:
    browser = site.signed_in("anna")
    answer = browser.client.post(path, data={"login": "anna", "password": PASSWORD})
    assert answer.status_code == 400
    assert browser.get("/account/").status_code == 200


def test_an_organisation_that_waits_is_told_so_and_not_let_in(site: Site) -> None:
    browser = site.browser()
    form = {
        "name": "晋河科技有限公司",
        "credit_code": make_credit_code("91140100", random.Random(1)),
        "region": "山西省太原市",
        "account": "1400001000200003",
        "person_name": "周予安",
        "mail": "zhou@example.com",
        "login_wish": "zhou",
        "password": PASSWORD,
        "repeated": PASSWORD,
    }
    assert browser.send("/join", form).location == "/join/done"
    login = re.search(r"zhou-\d{4}", browser.get("/join/done").text)
    assert login
    answer = browser.password(login[0])
    assert answer.status_code == 403
    assert "正在等待确认" in answer.text
    assert browser.cookie() is None
    assert browser.get("/sign-in/code").location == "/sign-in"


def test_signing_out_ends_the_login_for_a_stolen_cookie_too(site: Site) -> None:
    browser = site.signed_in("anna")
    stolen = browser.cookie()
    assert stolen
    answer = browser.send("/sign-out")
    assert answer.location == "/sign-in"
    assert browser.cookie() is None
    assert "已退出" in browser.get("/sign-in").text
    thief: Browser = site.browser()
    thief.client.set_cookie("login", stolen)
    assert thief.get("/account/").status_code == 303
