"""Pages of projects: entering, completing, registering, correcting, mandates and opening keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from guarantees.queries import project_detail
from guarantees.records.person import OpeningKey
from guarantees.records.project import Project
from signing import wire
from tests.app.project_site import Forms, Site, site
from tests.guarantees.flow.project_samples import GAPS, NOTICE, Kept, notice

COMPLETE = {
    "region": "山西省太原市",
    "category": "goods",
    "procurer_name": "演示procurer有限公司",
    "submission_deadline": "2026-03-12T09:00",
    "opening_time": "2026-03-12T10:00",
    "bid_validity_days": "90",
    "guarantee_accepted": "yes",
    "budget": "177万元",
    "deposit": "35,000",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def pages(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with site(kept, tmp_path, monkeypatch) as made:
        yield made


def view(pages: Site, project: str) -> project_detail.ProjectView:
    world = pages.office.world
    return world.read(project_detail.view, world.as_("operator"), world.now, project)


def entered(pages: Site, **fields: str) -> str:
    """A project entered through the form; answers its address."""
    answer = pages.send("/projects/new", pages.get("/projects/new"), name="空调采购", **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location


# --- entering and completing


def test_a_project_is_entered_completed_and_registered(pages: Site) -> None:
    address = entered(pages)
    draft = pages.get(address)
    for gap in ("项目类型", "地区", "采购人", "投标有效期", "项目预算", "投标保证金"):
        assert f"<li>{gap}</li>" in draft
    assert "登记项目</button>" not in draft
    pages.follow(pages.send(f"{address}/edit", pages.get(f"{address}/edit"), **COMPLETE))
    whole = pages.get(address)
    assert "¥1,770,000.00" in whole
    assert "2026-03-12 09:00" in whole
    done = pages.follow(pages.press(whole, f"{address}/register"))
    assert "项目已登记" in done
    assert "密封中" in done
    assert "登记项目</button>" not in done


def test_a_new_form_begins_with_the_own_name(pages: Site) -> None:
    assert 'name="agency_name" type="text" value="演示agency有限公司"' in pages.get("/projects/new")
    pages.who = "procurer"
    page = pages.get("/projects/new")
    assert 'readonly type="text" value="演示procurer有限公司"' in page
    changed = pages.send("/projects/new", page, name="x", procurer_name="别家医院")
    assert "采购人只能办理本单位的项目" in pages.read(changed, 422)


def test_the_form_sent_twice_makes_one_project(pages: Site) -> None:
    page = pages.get("/projects/new")
    first = pages.send("/projects/new", page, name="空调采购")
    again = pages.send("/projects/new", page, name="空调采购")
    assert first.location == again.location
    assert pages.office.count(Project) == 2


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("bid_validity_days", "九十", "“九十”不是天数，请填整数，例如 90。"),
        ("budget", "十万", "不是数字，请用阿拉伯数字填写"),
        ("deposit", "-5", "是负数，这里只能填写零或正数"),
        ("submission_deadline", "明天上午", "时间“明天上午”无法识别，请按“2026-03-17 09:30”"),
        ("opening_time", "2026-03-12", "“2026-03-12”只有日期，没有时刻"),
        ("published_on", "2026-02", "日期“2026-02”无法识别"),
        ("name", " ", "请填写项目名称。"),
        ("name", "名" * 301, "有 301 个字，最多 300 个字"),
        ("region", "太原\x07", "看不见的控制字符（U+0007）"),
        ("procurer_name", "=HYPERLINK(1)", "”是公式，请改为它的值"),
        ("budget", "0", "“项目预算”不能是零"),
        ("bid_validity_days", "9999", "应在 1 到 3650 天之间"),
    ],
)
def test_what_cannot_be_read_stays_with_its_reason(
    pages: Site, field: str, typed: str, said: str
) -> None:
    sent = {"name": "空调采购", "region": "山西省"} | {field: typed}
    answer = pages.send("/projects/new", pages.get("/projects/new"), **sent)
    page = pages.read(answer, 422)
    assert said in page
    [fields] = [one for _, one in Forms(page).forms if "name" in one]
    assert {name: fields[name] for name in sent} == {k: v.strip() for k, v in sent.items()}
    assert pages.office.count(Project) == 1


def test_lots_are_added_and_taken_away_without_a_script(pages: Site) -> None:
    page = pages.get("/projects/new")
    for _ in range(3):
        page = pages.read(pages.send("/projects/new", page, name="三个标段", add_lot="1"))
    typed = {f"lot{lot}_{name}": f"{name} {lot}" for lot in range(3) for name in ("number", "name")}
    page = pages.read(pages.send("/projects/new", page, remove_lot="1", **typed))
    [fields] = [one for _, one in Forms(page).forms if "name" in one]
    assert fields["name"] == "三个标段"
    assert [fields[f"lot{lot}_number"] for lot in range(2)] == ["number 0", "number 2"]
    assert "lot2_number" not in fields
    project = pages.follow(
        pages.send("/projects/new", page, lot0_budget="100万元", lot1_deposit="5000")
    )
    assert "¥1,000,000.00" in project
    assert "<li>标段 number 2：标段预算</li>" in project


def test_two_lots_of_one_number_are_pointed_out_beside_the_second(pages: Site) -> None:
    page = pages.get("/projects/new")
    for _ in range(2):
        page = pages.read(pages.send("/projects/new", page, name="x", add_lot="1"))
    answer = pages.send("/projects/new", page, lot0_number="01", lot1_number="01")
    page = pages.read(answer, 422)
    assert '<p class="error" id="lot1_number-error">' in page
    assert "标段编号“01”出现了两次" in page


def test_the_notice_speaks_beside_the_fields(pages: Site) -> None:
    quote = "保证金须从基本账户转出，不接受其他形式。"
    project = pages.office.enter(notice(guarantee_quote=quote, bid_validity_days=None))
    page = pages.get(f"/projects/{project}/edit")
    assert f'<blockquote class="mb-2" lang="zh-CN">{quote}</blockquote>' in page
    assert "公告没有写明，登记前须补充。" in page
    assert "公告原文提到“基本账户”" in page


def test_seconds_of_a_notice_survive_the_form(pages: Site) -> None:
    project = pages.office.enter(notice(opening_time=NOTICE.opening_time.replace(second=17)))
    address = f"/projects/{project}/edit"
    answer = pages.send(address, pages.get(address))
    assert "内容没有变化" in pages.follow(answer)


def test_names_are_shown_as_text(pages: Site) -> None:
    project = pages.office.enter(notice(name="<script>alert(1)</script>"))
    page = pages.get(f"/projects/{project}")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


# --- registering


def test_the_timekeeper_is_away(pages: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    project = pages.office.enter()
    address = f"/projects/{project}"

    def away(*arguments: object) -> None:
        raise wire.Unavailable("timekeeper.sock", "nobody there", sent=False)

    monkeypatch.setattr(pages.office.timekeeper, "register", away)
    page = pages.follow(pages.press(pages.get(address), f"{address}/register"))
    assert "还没有登记。" in page
    assert "所需的服务暂时不可用，内容没有丢失" in page
    assert view(pages, project).state == "draft"


def test_what_stops_a_registration_is_said(pages: Site) -> None:
    project = pages.office.enter(notice(procurer_name="没有注册的医院"))
    address = f"/projects/{project}"
    page = pages.follow(pages.press(pages.get(address), f"{address}/register"))
    assert "采购人“没有注册的医院”还没有在平台注册，或注册名称与公告不完全一致" in page


def test_a_contradiction_hides_the_button(pages: Site) -> None:
    project = pages.office.enter(notice(opening_time=NOTICE.submission_deadline.replace(hour=0)))
    page = pages.get(f"/projects/{project}")
    assert "早于投标截止时间" in page
    assert "登记项目</button>" not in page


# --- correcting


def test_a_correction_is_shown_before_it_counts(pages: Site) -> None:
    project = pages.office.registered()
    address = f"/projects/{project}"
    answer = pages.send(
        f"{address}/edit", pages.get(f"{address}/edit"), bid_validity_days="120", note="更正（一）"
    )
    preview = pages.read(answer)
    assert "到期日早于 2026-07-10 的投标保函不再够用" in preview
    assert view(pages, project).version == 1
    back = pages.read(pages.send(f"{address}/edit", preview, back="1"))
    [fields] = [one for _, one in Forms(back).forms if "name" in one]
    assert (fields["bid_validity_days"], fields["note"]) == ("120", "更正（一）")
    done = pages.follow(pages.send(f"{address}/edit", preview, confirm="1"))
    assert "更正已生效，现在是第 2 版。" in done
    seen = view(pages, project)
    assert [(one.field, one.before, one.after) for one in seen.versions[0].changes] == [
        ("bid_validity_days", 90, 120)
    ]
    assert seen.notice.lots == NOTICE.lots
    assert seen.corrections[0].note == "更正（一）"


def test_a_correction_without_reason_keeps_what_was_typed(pages: Site) -> None:
    address = f"/projects/{pages.office.registered()}/edit"
    preview = pages.read(pages.send(address, pages.get(address), bid_validity_days="120"))
    page = pages.read(pages.send(address, preview, confirm="1"), 422)
    assert "请写明更正公告的标题、日期或更正事由" in page
    [fields] = [one for _, one in Forms(page).forms if "name" in one]
    assert fields["bid_validity_days"] == "120"


def test_an_earlier_opening_is_refused_in_the_form(pages: Site) -> None:
    address = f"/projects/{pages.office.registered()}/edit"
    answer = pages.send(address, pages.get(address), opening_time="2026-03-12T09:30")
    page = pages.read(answer, 422)
    assert '<p class="error" id="opening_time-error">' in page
    assert "开标时间只能推迟，不能由 2026-03-12 10:00 提前到 2026-03-12 09:30" in page


def test_who_comes_second_is_told(pages: Site) -> None:
    project = pages.office.registered()
    address = f"/projects/{project}/edit"
    page = pages.get(address)
    pages.office.correct(project, notice(bid_validity_days=100))
    preview = pages.read(pages.send(address, page, bid_validity_days="120", note="更正"))
    answer = pages.read(pages.send(address, preview, confirm="1"), 422)
    assert "其他人刚提交了第 2 版。您填写的内容保留在本页" in answer
    assert view(pages, project).notice.bid_validity_days == 100


def test_pages_say_nothing_of_bids(pages: Site) -> None:
    """A registered project's page is made of the notice, its versions and its keys alone."""
    page = pages.get(f"/projects/{pages.office.registered()}")
    for word in ("份保函", "申请数", "投标人数"):
        assert word not in page


# --- lists and rights


def test_the_list_finds_and_pages(pages: Site) -> None:
    for number in range(25):
        pages.office.enter(notice(number=f"N-{number}", name=f"设备{number:02}"))
    first = pages.get("/projects/?q=设备")
    assert first.count('<tr><th scope="row"') == 20
    onward = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = pages.get(onward.replace("&amp;", "&"))
    assert second.count('<tr><th scope="row"') == 5
    assert 'rel="prev"' in second
    assert "没有符合条件的项目" in pages.get("/projects/?q=没有这种东西")
    assert "设备07" in pages.get("/projects/?q=N-7&state=draft")
    assert pages.get("/projects/?after=broken&state=nonsense").count('<tr><th scope="row"') == 20


def test_others_are_not_found_alike(pages: Site) -> None:
    project = pages.office.enter(GAPS)
    pages.who = pages.office.stranger()
    known = [pages.get(path, 404) for path in (f"/projects/{project}", f"/projects/{project}/edit")]
    unknown = [pages.get(path, 404) for path in ("/projects/nothing", "/projects/nothing/edit")]
    assert [one.replace(project, "nothing") for one in known] == unknown
    pages.who = "supplier"
    pages.get("/projects/", 403)
    pages.who = "nobody"
    assert pages.client.get("/projects/").status_code == 303


def test_a_mandate_alone_lets_look_and_no_more(pages: Site) -> None:
    project = pages.office.registered(notice(agency_name=None))
    pages.who = pages.office.stranger()
    address = f"/projects/{project}"
    pages.get(address, 404)
    pages.who = "procurer"
    page = pages.get(f"{address}/mandates")
    granted = pages.send(f"{address}/mandates", page, "agency", agency="另一家agency（演示）")
    assert "授权已生效。" in pages.follow(granted)
    pages.who = "other agency"
    seen = pages.get(address)
    assert "更正公告</a>" not in seen
    pages.get(f"{address}/edit", 404)


def test_an_agency_is_led_to_the_opening_only_under_a_mandate_for_it(pages: Site) -> None:
    project = pages.office.registered()
    address = f"/projects/{project}"
    room = f'href="/openings/{view(pages, project).lots[0].id}"'
    assert room not in pages.get(address)
    pages.who = "procurer"
    assert room in pages.get(address)
    mandates = f"{address}/mandates"
    pages.send(mandates, pages.get(mandates), "agency", actions="opening.read")
    pages.who = "agency"
    assert room in pages.get(address)


# --- mandates and keys


def test_a_mandate_is_withdrawn_on_its_page(pages: Site) -> None:
    project = pages.office.enter()
    address = f"/projects/{project}/mandates"
    pages.who = "procurer"
    page = pages.get(address)
    assert 'value="演示agency有限公司"' in page
    page = pages.follow(pages.send(address, page, "agency", actions="opening.read"))
    assert "查看开标室</td>" in page
    mandate = view(pages, project).mandates[0].id
    page = pages.follow(pages.press(page, f"{address}/{mandate}/withdraw"))
    assert "授权已撤回。" in page
    assert view(pages, project).mandates[0].withdrawn_at is not None


def test_a_key_is_made_under_a_passphrase_that_is_kept_nowhere(pages: Site, tmp_path: Path) -> None:
    page = pages.get("/opening-keys/")
    assert "还没有钥匙" in page
    weak = pages.send("/opening-keys/", page, "passphrase", passphrase="123456")
    assert "口令太短" in pages.read(weak, 422)
    secret = "雁门关外的第三棵松树 1987"
    typo = pages.send(
        "/opening-keys/", page, "passphrase", passphrase=secret, passphrase_again=secret + "x"
    )
    wrong = pages.read(typo, 422)
    assert "两次输入的口令不一致" in wrong
    assert secret not in wrong
    made = pages.send(
        "/opening-keys/", page, "passphrase", passphrase=secret, passphrase_again=secret
    )
    shown = pages.follow(made)
    assert "解密钥匙已建立。" in shown
    world = pages.office.world
    key = world.read(
        lambda session: session.scalars(
            select(OpeningKey).where(
                OpeningKey.organisation_id == world.people["agency"].organisation_id
            )
        ).one()
    )
    assert key.fingerprint.hex() in shown
    for file in tmp_path.glob("world.db*"):
        assert secret.encode() not in file.read_bytes()


def test_pages_can_be_read_in_english_without_losing_the_notice(pages: Site) -> None:
    project = pages.office.registered()
    pages.client.set_cookie("language", "en")
    assert NOTICE.name in pages.get(f"/projects/{project}")
    assert "project_number" in pages.client.get("/projects/template.csv").get_data(as_text=True)
