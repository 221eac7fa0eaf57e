"""The shell of pages: navigation, name, theme, language, messages."""

import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from app.portals.public.preferences import local_path
from app.shell import Viewer, notify, page_time
from tests.shell_app import NOW, SUPPLIER, shell_app


@pytest.fixture(scope="module")
def app() -> Flask:
    return shell_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_the_page_is_chinese_unless_the_reader_chose_otherwise(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="zh-CN">' in page
    assert "跳到正文" in page


def test_choosing_english_comes_back_to_the_page_and_lasts(client: FlaskClient) -> None:
    answer = client.get("/preferences/language/en?back=/components?a=1")
    assert answer.headers["Location"] == "/components?a=1"
    page = client.get("/").text
    assert '<html lang="en">' in page
    assert "Skip to the content" in page


def test_an_unknown_language_cookie_is_chinese(client: FlaskClient) -> None:
    client.set_cookie("language", "xx")
    assert '<html lang="zh-CN">' in client.get("/").text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_server_writes_the_theme_that_was_chosen(client: FlaskClient, theme: str) -> None:
    client.get(f"/preferences/theme/{theme}")
    assert f'data-bs-theme="{theme}"' in client.get("/").text
    client.get("/preferences/theme/system")
    assert "data-bs-theme" not in client.get("/").text


def test_a_forged_theme_cookie_is_ignored(client: FlaskClient) -> None:
    client.set_cookie("theme", '"><b>')
    assert "data-bs-theme" not in client.get("/").text


@pytest.mark.parametrize("path", ["/preferences/theme/pink", "/preferences/language/xx"])
def test_unknown_preferences_are_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "",
        "relative",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=1",
        " /",
    ],
)
def test_the_way_back_never_leaves_the_site(address: str) -> None:
    assert local_path(address) == "/"


@pytest.mark.parametrize("address", ["/", "/projects/1?q=医院&after=x", "/a//b"])
def test_the_way_back_keeps_local_addresses(address: str) -> None:
    assert local_path(address) == address


def test_page_time_is_beijing_and_says_so(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<time datetime="2026-03-12T11:12:04+08:00">2026-03-12 11:12:04</time>' in page


def test_one_request_has_one_time(app: Flask) -> None:
    with app.test_request_context("/"):
        assert page_time() == NOW
        assert g.now is page_time()


def test_the_banner_marks_a_demonstration_and_nothing_else(client: FlaskClient) -> None:
    assert "演示环境" in client.get("/").text
    assert "演示环境" not in shell_app(demonstration=False).test_client().get("/").text


def test_the_header_says_who_is_signed_in() -> None:
    app = shell_app(viewer=SUPPLIER)
    app.add_url_rule("/messages", "account.messages", lambda: "")
    page = app.test_client().get("/").text
    assert "启衡医疗科技有限公司" in page
    assert "供应商 · 周予安" in page
    assert '<a href="/messages">消息 2</a>' in page


def test_names_are_escaped() -> None:
    viewer = Viewer("supplier", "<b>&公司", "<i>")
    page = shell_app(viewer=viewer).test_client().get("/").text
    assert "&lt;b&gt;&amp;公司" in page
    assert "<i>" not in page


def test_navigation_shows_what_exists_and_marks_where_one_is(client: FlaskClient) -> None:
    page = client.get("/components").text
    assert '<a href="/components" aria-current="page">组件</a>' in page
    assert '<a href="/">首页</a>' in page
    assert "通知公告" not in page


def test_a_page_below_an_entry_marks_the_entry() -> None:
    app = shell_app(viewer=SUPPLIER)
    app.add_url_rule("/supplier", "supplier.home", lambda: "")
    page = app.test_client().get("/supplier/nowhere").text
    assert '<a href="/supplier" aria-current="page">工作台</a>' in page


def test_messages_of_the_last_page_are_shown_once_with_tone_and_role(app: Flask) -> None:
    app = shell_app()

    @app.get("/act")
    def act() -> str:
        notify("bad", "没有提交：金额不同。", "请补足 <b>。")
        return ""

    client = app.test_client()
    client.get("/act")
    page = client.get("/").text
    assert '<div class="flash t-bad" role="alert">' in page
    assert "请补足 &lt;b&gt;。" in page
    assert "没有提交" not in client.get("/").text


def test_a_message_needs_a_known_tone(app: Flask) -> None:
    with app.test_request_context("/"), pytest.raises(ValueError, match="pink"):
        notify("pink", "…")


def test_components_are_shown_to_all_in_a_demonstration_else_to_operators() -> None:
    operator = Viewer("operator", "平台运营中心", "安工")
    assert shell_app().test_client().get("/components").status_code == 200
    production = shell_app(demonstration=False)
    assert production.test_client().get("/components").status_code == 404
    supplier = shell_app(demonstration=False, viewer=SUPPLIER)
    assert supplier.test_client().get("/components").status_code == 404
    running = shell_app(demonstration=False, viewer=operator)
    assert running.test_client().get("/components").status_code == 200


def test_the_access_log_holds_the_route_and_no_address(app: Flask) -> None:
    app = shell_app()
    app.add_url_rule("/lots/<lot>", "lot", lambda lot: request.full_path)
    with capture_logs() as logs:
        app.test_client().get("/lots/HDCG-2026-GK-0041?supplier=9114")
        app.test_client().get("/secret-lot-name")
    assert [(one["method"], one["route"], one["status"]) for one in logs] == [
        ("GET", "/lots/<lot>", 200),
        ("GET", "-", 404),
    ]
    assert all(one["milliseconds"] >= 0 for one in logs)
    assert not any(word in str(logs) for word in ("HDCG", "9114", "secret", "127.0.0.1"))
