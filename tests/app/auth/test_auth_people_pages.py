"""The pages of registration, admission, invitations and colleagues, from first click to last."""

import random
import re
from typing import Any

import pytest

from app.adapters.mail import render
from app.auth import throttle
from guarantees.queries import recipients
from guarantees.records import outbox
from guarantees.values.codes import make_credit_code
from guarantees.values.one_time_codes import code_of, step_at
from tests.accounts import PASSWORD
from tests.app.auth.conftest import Browser, Site

FORM: dict[str, Any] = {
    "name": "晋河科技有限公司",
    "credit_code": make_credit_code("91140100", random.Random(1)),
    "region": "山西省太原市",
    "account": "1400 0010 0020 0003",
    "person_name": "周予安",
    "mail": "zhou@example.com",
    "login_wish": "zhou",
    "password": PASSWORD,
    "repeated": PASSWORD,
}


def mails(site: Site) -> list[tuple[str, str]]:
    """(address, text) of the mails that the outbox asks for, which is emptied."""
    sent = []
    for message in site.world.mails():
        found = site.world.read(recipients.mails, message.arguments)
        sent += [(one.to, render(one.text, "http://localhost", one.fields)[1]) for one in found]
        site.world.run(outbox.finish, message)
    return sent


def enrol(browser: Browser, login: str) -> str:
    """The first login of a new person; the address it leads to."""
    assert browser.password(login).location == "/sign-in/authenticator"
    secret = re.search(r"secret=([A-Z2-7]+)", browser.get("/sign-in/authenticator").text)
    assert secret
    code = code_of(secret[1], step_at(browser.site.time[0]))
    return browser.send("/sign-in/authenticator", {"otp": code}).location or ""


def test_a_supplier_registers_is_confirmed_and_works(site: Site) -> None:
    visitor = site.browser()
    assert visitor.send("/join", FORM).location == "/join/done"
    login = re.search(r"zhou-\d{4}", visitor.get("/join/done").text)
    assert login

    operator = site.signed_in("system")
    page = operator.get("/organisations/?state=pending").text
    link = re.search(r'href="(/organisations/[a-z0-9]{26})">晋河科技有限公司', page)
    assert link
    page = operator.get(link[1]).text
    assert FORM["credit_code"] in page
    assert "1400001000200003" in page
    assert operator.send(f"{link[1]}/confirm").location == link[1]
    assert "注册通过" in operator.get(link[1]).text

    ((address, text),) = mails(site)
    assert address == "zhou@example.com"
    assert login[0] in text
    assert enrol(visitor, login[0]) == "/supplier/"


def test_refused_with_a_reason_that_the_mail_tells(site: Site) -> None:
    site.browser().send("/join", FORM)
    operator = site.signed_in("system")
    page = operator.get("/organisations/?state=pending").text
    link = re.search(r'href="(/organisations/[a-z0-9]{26})">晋河', page)
    assert link
    answer = operator.send(f"{link[1]}/refuse", {"reason": " "})
    assert answer.status_code == 422
    assert "请写明原因" in answer.text
    assert operator.send(f"{link[1]}/refuse", {"reason": "代码与名称不符"}).location == link[1]
    ((_address, text),) = mails(site)
    assert "代码与名称不符" in text
    assert site.signed_in("audit").get(link[1]).status_code == 200


def test_a_registration_with_mistakes_keeps_everything_but_passwords(site: Site) -> None:
    wrong = {**FORM, "credit_code": "91140100MA0KX2T83N", "mail": "zhou@", "repeated": "other"}
    page = site.browser().send("/join", wrong).text
    assert "第 18 位" in page or "第 3 至 8 位" in page or "校验不符" in page
    assert "不是可以收信的邮箱" in page
    assert "两次输入的密码不一样" in page
    for value in ("晋河科技有限公司", "91140100MA0KX2T83N", "zhou@", "1400 0010 0020 0003"):
        assert f'value="{value}"' in page
    assert PASSWORD not in page


def test_a_taken_credit_code_is_said_beside_the_field(site: Site) -> None:
    site.browser().send("/join", FORM)
    answer = site.browser().send("/join", FORM)
    assert answer.status_code == 422
    assert "已经注册或正在等待确认" in answer.text
    assert 'value="晋河科技有限公司"' in answer.text


def test_registrations_from_one_address_are_limited(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = throttle.AddressLimit(1, throttle.REGISTRATION_WINDOW)
    limits = throttle.Limits(registrations=limit)
    monkeypatch.setitem(site.app.extensions, "baohan_limits", limits)
    assert site.browser().send("/join", FORM).status_code == 303
    answer = site.browser().send("/join", FORM)
    assert answer.status_code == 429
    assert 'value="晋河科技有限公司"' in answer.text
    site.wait(throttle.REGISTRATION_WINDOW)
    assert site.browser().send("/join", FORM).status_code == 422


def test_an_administrator_invites_and_the_link_works_once(site: Site) -> None:
    ada = site.signed_in("ada")
    form = {"name": "吴复核", "mail": "wu@example.com", "roles": ["checker"]}
    assert ada.send("/people/invite", form).location == "/people/"
    assert "吴复核" in ada.get("/people/").text
    ((address, text),) = mails(site)
    assert address == "wu@example.com"
    path = re.search(r"http://localhost(/invitations/\S+)", text)
    assert path

    guest = site.browser()
    page = guest.get(path[1]).text
    assert "承保复核" in page
    assert "institution有限公司" in page
    answer = guest.send(path[1], {"login_wish": "wu", "password": "short", "repeated": "short"})
    assert "密码至少 10 个字符" in answer.text
    chosen = {"login_wish": "Wu", "password": PASSWORD, "repeated": PASSWORD}
    assert guest.send(path[1], chosen).location == "/join/done"
    login = re.search(r"wu-\d{4}", guest.get("/join/done").text)
    assert login
    assert guest.get(path[1]).status_code == 410
    assert guest.send(path[1], chosen).status_code == 410
    enrol(guest, login[0])
    assert guest.get("/account/").status_code == 200
    assert "未接受的邀请" in ada.get("/people/").text
    assert "wu@example.com" in ada.get("/people/").text  # among the people now


def test_an_invitation_is_withdrawn(site: Site) -> None:
    ada = site.signed_in("ada")
    ada.send("/people/invite", {"name": "吴", "mail": "wu@example.com", "roles": ["checker"]})
    ((_address, text),) = mails(site)
    link = re.search(r"/invitations/\S+", text)
    button = re.search(
        r'action="(/people/invitations/[0-9a-f]+/withdraw)"', ada.get("/people/").text
    )
    assert link
    assert button
    assert ada.send(button[1]).location == "/people/"
    assert "这份邀请不能再用" in site.browser().get(link[0]).text
    assert ada.send("/people/invitations/zz/withdraw").status_code == 404
    assert site.signed_in("anna").send(button[1]).status_code == 404


def test_roles_that_the_organisation_lacks_cannot_be_sent(site: Site) -> None:
    anna = site.signed_in("anna")
    form = {"name": "某人", "mail": "x@example.com", "roles": ["maker"]}
    assert anna.send("/people/invite", form).status_code != 303
    assert mails(site) == []


def test_changing_and_ending_a_colleague(site: Site) -> None:
    ada = site.signed_in("ada")
    mary = site.world.person("mary").id
    assert ada.send(f"/people/{mary}", {"roles": ["viewer"]}).location == f"/people/{mary}"
    assert site.world.person("mary").roles == ["viewer"]
    page = ada.get(f"/people/{mary}").text
    assert "变更角色" in page
    assert len(re.findall(r"<input[^>]*checked[^>]*>", page)) == 1
    ada.send(f"/people/{mary}/authenticator")
    assert not site.world.person("mary").totp_secret
    ada.send(f"/people/{mary}/disable")
    assert "已停用" in ada.get(f"/people/{mary}").text
    ada.send(f"/people/{mary}/enable")
    assert site.world.person("mary").state == "active"


def test_the_last_administrator_is_told_why_it_stays(site: Site) -> None:
    ada = site.signed_in("ada")
    own = site.world.person("ada").id
    ada.send(f"/people/{own}/disable")
    assert "最后一位管理员" in ada.get(f"/people/{own}").text
    answer = ada.send(f"/people/{own}", {"roles": ["viewer"]})
    assert answer.status_code == 422
    assert "最后一位管理员" in answer.text
    assert site.world.person("ada").state == "active"


def test_the_operators_three_stay_three(site: Site) -> None:
    security = site.signed_in("security")
    system = site.world.person("system").id
    answer = security.send(f"/people/{system}", {"roles": ["system_admin", "audit_admin"]})
    assert answer.status_code == 422
    assert "必须是三个人" in answer.text


@pytest.mark.parametrize(
    ("role", "extra"),
    [
        (
            "institution",
            {
                "institution_type": "bank",
                "account": "622200001111",
                "address": "太原市迎泽大街 1 号",
                "signatory": "何行长",
            },
        ),
        ("procurer", {}),
        ("agency", {}),
        ("regulator", {"level": "province"}),
    ],
)
def test_the_operator_enters_every_other_role(site: Site, role: str, extra: dict[str, str]) -> None:
    system = site.signed_in("system")
    form = {
        "role": role,
        "name": "晋河单位",
        "credit_code": make_credit_code("12140100", random.Random(8)),
        "region": "山西省",
        "administrator_name": "何某",
        "administrator_mail": "he@example.com",
    }
    bad = system.send("/organisations/new", {**form, "credit_code": "1"})
    assert "晋河单位" in bad.text
    assert bad.status_code == 200
    answer = system.send("/organisations/new", {**form, **extra})
    assert (answer.location or "").startswith("/organisations/")
    assert "还没有人加入" in system.get(answer.location or "").text
    assert [address for address, _text in mails(site)] == ["he@example.com"]
    if extra:
        answer = system.send("/organisations/new", form)
        assert answer.status_code == 422


def test_the_operators_list_pages_on_and_back(site: Site) -> None:
    for n in range(45):
        form = {
            **FORM,
            "name": f"候选 {n:02d} 公司",
            "credit_code": make_credit_code("91140100", random.Random(n)),
        }
        site.app.extensions["baohan_limits"] = throttle.Limits()
        assert site.browser().send("/join", form).status_code == 303
    system = site.signed_in("system")
    page = system.get("/organisations/?state=pending").text
    assert "有供应商等待确认" not in page
    assert names(page) == [f"候选 {n:02d} 公司" for n in range(20)]
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following
    page = system.get(following[1].replace("&amp;", "&")).text
    assert names(page) == [f"候选 {n:02d} 公司" for n in range(20, 40)]
    before = re.search(r'href="([^"]+)" rel="prev"', page)
    assert before
    assert names(system.get(before[1].replace("&amp;", "&")).text)[0] == "候选 00 公司"
    assert "有供应商等待确认" in system.get("/organisations/").text
    assert names(system.get("/organisations/?words=%E9%80%89+07").text) == ["候选 07 公司"]
    assert "没有符合条件的单位" in system.get("/organisations/?words=nothing").text


def names(page: str) -> list[str]:
    return re.findall(r'href="/organisations/[a-z0-9]{26}">([^<]+)</a>', page)


@pytest.mark.parametrize("login", ["anna", "ada", "olga", "system", "security", "audit"])
def test_every_role_reads_its_pages(site: Site, login: str) -> None:
    browser = site.signed_in(login)
    for path in ("/account/", "/account/password", "/people/"):
        assert browser.get(path).status_code == 200
