"""The guard, codes with acts, and forms that outlive their login."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from app.auth.guard import UnguardedRoutes, check_routes, needs
from guarantees.queries import sign_ins
from guarantees.tables.permissions import SECOND_FACTOR_FRESH
from guarantees.tables.sign_in import ABSOLUTE, FREE_ATTEMPTS, IDLE
from tests.app.auth.conftest import Browser, Site

SECOND = timedelta(seconds=1)


def test_a_route_without_an_action_ends_the_start() -> None:
    app = Flask("x", static_folder=None)
    app.add_url_rule("/open", "open", lambda: "")
    app.add_url_rule("/good", "good", needs("public.read")(lambda: ""))
    with pytest.raises(UnguardedRoutes, match=r"without @needs.*: open$"):
        check_routes(app)
    app = Flask("x", static_folder=None)
    app.add_url_rule("/job", "job", needs("payment.settle")(lambda: ""))
    with pytest.raises(UnguardedRoutes, match=r": job$"):
        check_routes(app)


def test_an_action_that_the_table_lacks_is_an_error_at_import() -> None:
    with pytest.raises(LookupError, match=r"no\.such"):
        needs("no.such")


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("clerk", "/people/", 200),
        ("clerk", "/people/invite", 403),
        ("anna", "/people/invite", 200),
        ("anna", "/organisations/", 403),
        ("audit", "/organisations/", 200),
        ("audit", "/organisations/new", 403),
        ("system", "/organisations/new", 200),
        ("security", "/people/invite", 200),
        ("system", "/people/invite", 403),
        ("olga", "/supplier/", 403),
        ("anna", "/nowhere", 404),
    ],
)
def test_rights_by_role(site: Site, login: str, path: str, status: int) -> None:
    answer = site.signed_in(login).get(path)
    assert answer.status_code == status
    if status == 403:
        assert "没有权限" in answer.text


@pytest.mark.parametrize("path", ["/people/", "/account/", "/organisations/", "/people/invite"])
def test_visitors_are_sent_to_the_login(site: Site, path: str) -> None:
    answer = site.browser().get(path)
    assert (answer.status_code, answer.location) == (303, f"/sign-in?next={path}")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/join", "/components", "/join/done"])
def test_public_pages_are_public(site: Site, path: str) -> None:
    assert site.browser().get(path).status_code in (200, 302)


@pytest.mark.parametrize("act", ["", "/disable", "/enable", "/authenticator"])
def test_anothers_people_look_as_if_they_were_not_there(site: Site, act: str) -> None:
    browser = site.signed_in("anna")
    mary = site.world.person("mary").id
    sent = browser.send(f"/people/{mary}{act}", {"roles": ["viewer"]})
    nobody = browser.send(f"/people/nobody{act}", {"roles": ["viewer"]})
    assert sent.status_code == nobody.status_code == 404
    assert _bare(sent.text) == _bare(nobody.text)
    assert site.world.person("mary").state == "active"


def _bare(page: str) -> str:
    """Without what differs by address and by request."""
    return re.sub(r'(people%?2?F?/?[a-z0-9]{6,}|value="[^"]*"|\?back=[^"]*)', "", page)


# codes with acts


def act(browser: Browser, name: str, otp: str = "") -> int:
    return browser.send(f"/acts/{name}", {"otp": otp}).status_code


def test_an_act_takes_a_fresh_code_and_not_the_one_of_the_login(site: Site) -> None:
    browser = site.signed_in("carl")
    assert act(browser, "one") == 422
    assert act(browser, "one", site.world.code("carl")) == 422  # used for signing in
    site.wait(30 * SECOND)
    assert act(browser, "one", site.world.code("carl")) == 200


def test_a_code_counts_for_its_act_alone_and_for_five_minutes(site: Site) -> None:
    browser = site.signed_in("carl")
    site.wait(30 * SECOND)
    code = site.world.code("carl")
    assert act(browser, "one", code) == 200
    assert act(browser, "two", code) == 422
    assert act(browser, "two") == 422
    site.wait(SECOND_FACTOR_FRESH)
    assert act(browser, "one") == 200  # the same act again, corrected
    site.wait(SECOND)
    assert act(browser, "one") == 422


def test_wrong_codes_with_acts_lock_too(site: Site) -> None:
    browser = site.signed_in("carl")
    site.wait(30 * SECOND)
    for _time in range(FREE_ATTEMPTS):
        assert act(browser, "one", "000000") == 422
    assert act(browser, "one", site.world.code("carl")) == 429
    assert site.browser().password("carl").status_code == 429


def test_the_code_comes_after_the_right(site: Site) -> None:
    browser = site.signed_in("mary")
    site.wait(30 * SECOND)
    before = site.world.person("mary").totp_step
    assert act(browser, "one", site.world.code("mary")) == 403
    assert site.world.person("mary").totp_step == before  # the code is not used up


# forms that outlive their login

TYPED = {"name": "吴复核", "mail": "wu@example.com", "roles": ["viewer", "clerk"]}


@pytest.mark.parametrize("span", [IDLE, ABSOLUTE])
def test_what_was_typed_comes_back_after_the_login(site: Site, span: timedelta) -> None:
    browser = site.signed_in("anna")
    csrf = browser.csrf()
    site.wait(span + SECOND)
    answer = browser.client.post("/people/invite", data={**TYPED, "csrf_token": csrf})
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/people/invite")
    assert "您填写的内容已保留" in browser.get("/sign-in?next=/people/invite").text
    assert site.world.mails() == []  # nothing was done
    browser.password("anna", back="/people/invite")
    assert browser.code("anna").location == "/people/invite"
    page = browser.get("/people/invite").text
    assert "已恢复您上次填写的内容" in page
    assert 'value="吴复核"' in page
    assert 'value="wu@example.com"' in page
    assert len(re.findall(r"<input[^>]*checked[^>]*>", page)) == 2
    # Sent again it is done, and forgotten.
    assert browser.send("/people/invite", TYPED).location == "/people/"
    assert len(site.world.mails()) == 1
    assert "吴复核" not in browser.get("/people/invite").text


def test_somebody_else_at_the_same_browser_does_not_get_it(site: Site) -> None:
    browser = site.signed_in("anna")
    csrf = browser.csrf()
    site.wait(IDLE + SECOND)
    browser.client.post("/people/invite", data={**TYPED, "csrf_token": csrf})
    browser.password("ada", back="/people/invite")
    browser.code("ada")
    assert "吴复核" not in browser.get("/people/invite").text


def test_passwords_and_codes_are_not_kept(site: Site) -> None:
    browser = site.signed_in("carl")
    csrf = browser.csrf()
    site.wait(IDLE + SECOND)
    typed = {"old_password": "secret-1", "password": "secret-2", "otp": "123456", "note": "留言"}
    browser.client.post("/account/password", data={**typed, "csrf_token": csrf})
    kept = site.world.read(sign_ins.kept, site.world.actor("carl"), "/account/password")
    assert kept is not None
    assert kept.fields == {"note": ["留言"]}


def test_a_form_that_only_posts_leads_back_to_the_page_it_stood_on(site: Site) -> None:
    browser = site.signed_in("system")
    csrf = browser.csrf()
    site.wait(IDLE + SECOND)
    data = {"reason": "代码与名称不符", "csrf_token": csrf}
    page = f"/organisations/{site.world.organisations['supplier']}"
    answer = browser.client.post(
        f"{page}/refuse", data=data, headers={"Referer": f"http://localhost{page}?a=1"}
    )
    assert answer.location == f"/sign-in?next={page}?a%3D1"
    answer = browser.client.post(
        f"{page}/refuse", data=data, headers={"Referer": "http://evil.example/organisations/"}
    )
    assert answer.location == "/sign-in?next=/"


def test_after_signing_out_nothing_is_kept(site: Site) -> None:
    browser = site.signed_in("anna")
    cookie = browser.cookie() or ""
    browser.send("/sign-out")
    browser.client.set_cookie("login", cookie)
    browser.send("/people/invite", TYPED)
    assert site.world.read(sign_ins.kept, site.world.actor("anna"), "/people/invite") is None


SAME = {"Sec-Fetch-Site": "same-origin"}


def test_a_form_from_before_another_login_comes_back_filled(site: Site) -> None:
    browser = site.signed_in("anna")
    old = browser.csrf()
    site.wait(30 * SECOND)
    browser.password("anna")  # in another window
    browser.code("anna")
    typed = {**TYPED, "csrf_token": old}
    answer = browser.client.post("/people/invite", data=typed, headers=SAME)
    assert (answer.status_code, answer.location) == (303, "/people/invite")
    assert site.world.mails() == []
    assert 'value="吴复核"' in browser.get("/people/invite").text
    assert browser.send("/people/invite", TYPED).location == "/people/"


def test_a_button_from_before_another_login_asks_to_be_pressed_again(site: Site) -> None:
    browser = site.signed_in("ada")
    page = f"/people/{site.world.person('mary').id}"
    headers = {**SAME, "Referer": f"http://localhost{page}"}
    answer = browser.client.post(f"{page}/disable", data={"csrf_token": "old"}, headers=headers)
    assert answer.location == page
    assert "页面已过期，已为您刷新" in browser.get(page).text
    assert site.world.person("mary").state == "active"


@pytest.mark.parametrize("site_header", [None, "cross-site", "same-site", "none"])
def test_a_strangers_form_is_neither_done_nor_kept(site: Site, site_header: str | None) -> None:
    browser = site.signed_in("anna")
    headers = {"Sec-Fetch-Site": site_header} if site_header else {}
    answer = browser.client.post("/people/invite", data=TYPED, headers=headers)
    assert answer.status_code == 400
    assert site.world.read(sign_ins.kept, site.world.actor("anna"), "/people/invite") is None


def test_an_old_form_without_a_login_leads_to_the_login(site: Site) -> None:
    browser = site.signed_in("anna")
    site.wait(IDLE + SECOND)
    answer = browser.client.post("/people/invite", data=TYPED, headers=SAME)
    assert answer.location == "/sign-in?next=/people/invite"
    assert site.browser().client.post("/join", data=TYPED, headers=SAME).status_code == 400
