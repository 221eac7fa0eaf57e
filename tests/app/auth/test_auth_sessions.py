"""Logins over time: fixation, idle and absolute ends, being cut off, the cookie itself."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.auth.cookie import RENEW_AFTER
from guarantees.flow import manage_people
from guarantees.records.organisation import Organisation
from guarantees.tables.sign_in import ABSOLUTE, IDLE
from tests.accounts import PASSWORD, Accounts
from tests.app.auth.conftest import Browser, Site, make_app, open_site

SECOND = timedelta(seconds=1)


def inside(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


def test_each_step_makes_a_new_token_and_a_new_csrf_token(site: Site) -> None:
    browser = site.browser()
    tokens, csrf = [browser.cookie()], [browser.csrf()]
    browser.password("anna")
    tokens.append(browser.cookie())
    csrf.append(browser.csrf())
    browser.code("anna")
    tokens.append(browser.cookie())
    csrf.append(browser.csrf())
    plain = [(token or "").split(".")[0] for token in tokens]
    assert len(set(plain)) == 3
    assert len({_raw(site, one) for one in csrf}) == 3


def _raw(site: Site, token: str) -> str:
    """The random part under the signature, which changes each second."""
    serializer = URLSafeTimedSerializer(str(site.app.secret_key), salt="wtf-csrf-token")
    return str(serializer.loads(token))


@pytest.mark.parametrize("planted", ["half", "full", "chosen"])
def test_a_planted_cookie_never_becomes_the_victims_login(site: Site, planted: str) -> None:
    thief = site.browser()
    if planted == "chosen":
        thief.client.set_cookie("login", "chosen-by-a-thief")
    else:
        thief.password("clerk")
        if planted == "full":
            thief.code("clerk")
    victim = site.browser()
    victim.client.set_cookie("login", thief.cookie() or "")
    victim.password("anna")
    victim.code("anna")
    assert "anna" in victim.get("/account/").text
    assert "anna" not in thief.get("/account/").text


def test_the_old_half_opens_nothing_after_the_code(site: Site) -> None:
    browser = site.browser()
    browser.password("anna")
    half = browser.cookie()
    assert half
    browser.code("anna")
    thief = site.browser()
    thief.client.set_cookie("login", half)
    assert not inside(thief)
    site.wait(timedelta(seconds=30))
    assert thief.code("anna").location == "/sign-in"


def test_an_idle_login_ends_and_a_used_one_goes_on(site: Site) -> None:
    browser = site.signed_in("anna")
    for _time in range(4):
        site.wait(IDLE - RENEW_AFTER)
        assert inside(browser)
    site.wait(IDLE + SECOND)
    assert not inside(browser)
    assert "登录已过期" in browser.get("/sign-in").text


def test_time_of_last_use_is_a_minute_coarse_and_never_renewed_by_a_dead_login(
    site: Site,
) -> None:
    browser = site.signed_in("anna")
    first = browser.cookie()
    site.wait(RENEW_AFTER - SECOND)
    browser.get("/account/")
    assert browser.cookie() == first
    site.wait(SECOND)
    browser.get("/account/")
    assert browser.cookie() != first
    last = browser.cookie()
    site.wait(IDLE + SECOND)
    browser.get("/account/")
    assert browser.cookie() == last


def test_an_old_cookie_is_as_old_as_it_is(site: Site) -> None:
    """Whoever kept a cookie can't use it when it is idle, though the login goes on elsewhere."""
    browser = site.signed_in("anna")
    kept = browser.cookie()
    assert kept
    site.wait(IDLE - SECOND)
    assert inside(browser)
    site.wait(2 * SECOND)
    assert inside(browser)
    thief = site.browser()
    thief.client.set_cookie("login", kept)
    assert not inside(thief)


def test_a_login_ends_after_its_longest_time_however_busy(site: Site) -> None:
    browser = site.signed_in("anna")
    end = site.time[0] + ABSOLUTE
    while site.time[0] + IDLE / 2 <= end:
        site.wait(IDLE / 2)
        assert inside(browser)
    site.wait(end - site.time[0] + SECOND)
    assert not inside(browser)


@pytest.mark.parametrize("change", ["signature", "time", "token", "empty"])
def test_a_cookie_that_was_changed_is_nobodys(site: Site, change: str) -> None:
    browser = site.signed_in("anna")
    token, time, signature = (browser.cookie() or "").rsplit(".", 2)
    other = site.signed_in("clerk").cookie() or ""
    changed = {
        "signature": f"{token}.{time}.{signature[:-2]}AA",
        "time": f"{token}.{other.rsplit('.', 2)[1]}.{signature}",
        "token": f"{other.rsplit('.', 2)[0]}.{time}.{signature}",
        "empty": "..",
    }[change]
    thief = site.browser()
    thief.client.set_cookie("login", changed)
    assert not inside(thief)
    assert inside(browser)


def test_disabled_people_are_out_with_the_next_request(site: Site) -> None:
    browser = site.signed_in("mary")
    mary = site.world.person("mary").id
    site.world.run(manage_people.disable, site.world.actor("ada"), site.time[0], mary)
    assert not inside(browser)
    answer = site.browser().password("mary")
    assert answer.status_code == 403
    assert "您的账号已停用" in answer.text


def test_people_of_an_organisation_that_left_are_out_too(site: Site) -> None:
    browser = site.signed_in("anna")
    with site.world.sessions.reading() as session:
        row = session.get(Organisation, site.world.organisations["supplier"])
        assert row is not None
        row.state = "left"
        session.commit()
    assert not inside(browser)
    assert "目前不能使用平台" in site.browser().password("anna").text


def test_a_new_password_ends_the_logins_elsewhere(site: Site) -> None:
    elsewhere, browser = site.signed_in("anna"), site.signed_in("anna")
    new = {"password": "汾河边上没有名字的渡口", "repeated": "汾河边上没有名字的渡口"}
    answer = browser.send("/account/password", {"old_password": "wrong", **new})
    assert answer.status_code == 401
    assert "现在的密码不正确" in answer.text
    assert inside(elsewhere)
    answer = browser.send("/account/password", {"old_password": PASSWORD, **new})
    assert answer.location == "/account/"
    assert (inside(browser), inside(elsewhere)) == (True, False)
    assert site.browser().password("anna").status_code == 401
    assert site.browser().password("anna", new["password"]).status_code == 303


def test_signing_out_everywhere(site: Site) -> None:
    elsewhere, browser = site.signed_in("anna"), site.signed_in("anna")
    assert browser.send("/account/sign-out-everywhere").location == "/sign-in"
    assert (inside(browser), inside(elsewhere)) == (False, False)


def test_nothing_of_a_signed_in_person_is_stored_by_the_browser(site: Site) -> None:
    browser = site.signed_in("anna")
    for path in ("/account/", "/people/", "/"):
        assert browser.get(path).headers["Cache-Control"] == "no-store"


def test_reading_pages_writes_nothing(site: Site) -> None:
    browser = site.signed_in("anna")
    connection = site.world.sessions.engine
    written: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.split()[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
            written.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        for path in ("/", "/account/", "/people/", "/people/invite"):
            site.wait(RENEW_AFTER)
            assert browser.get(path).status_code == 200
    finally:
        event.remove(connection, "before_cursor_execute", note)
    assert written == []


@pytest.fixture(scope="module")
def secure_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_app(tmp_path_factory.mktemp("secure"), https=True)


def test_over_https_the_cookie_belongs_to_this_host_alone(
    secure_app: Flask, world: Accounts
) -> None:
    site = open_site(secure_app, world)
    answer = _secure_sign_in(site)
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "-login=" in one]
    name, _value = cookie.split("=", 1)
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert name == "__Host-login"
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def _secure_sign_in(site: Site) -> TestResponse:
    client = site.app.test_client()
    here = "https://baohan.example"
    page = client.get("/sign-in", base_url=here).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form = {"csrf_token": token[1], "login": "anna", "password": PASSWORD}
    return client.post("/sign-in", data=form, base_url=here, headers={"Referer": f"{here}/sign-in"})


def test_over_http_it_is_http_only_and_lax(site: Site) -> None:
    answer = site.browser().password("anna")
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("login=")]
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert attributes == {"HttpOnly", "Path=/", "SameSite=Lax"}
