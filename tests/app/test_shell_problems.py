"""Errors become pages and problem details, in one place and in the reader's language."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.exceptions import HTTPException, TooManyRequests

from app.shell import use_viewer
from guarantees import errors
from guarantees.values.codes import parse_credit_code
from guarantees.values.money import Money
from signing.seal.broken import SealBroken
from signing.seal.private_keys import WeakPassphrase
from signing.timekeeper.refusals import TimekeeperRefused
from tests.shell_app import NOW, SUPPLIER, shell_app

SECRET = "启衡医疗科技有限公司 70,000.00"


def raise_(error: BaseException) -> None:
    raise error


def wrapped() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise RuntimeError(SECRET) from error


FAULTS: dict[str, Callable[[], object]] = {
    "unknown": lambda: abort(404),
    "foreign": lambda: raise_(errors.NotFound(id="of another organisation")),
    "amount": lambda: Money.parse("7o"),
    "code": lambda: parse_credit_code("91140100MA0HT9W45V"),
    "conflict": lambda: raise_(errors.Conflict()),
    "early": lambda: raise_(errors.TooEarly("2026-03-17 09:30")),
    "input": lambda: raise_(errors.InvalidInput({"amount": "请填写金额。"})),
    "away": lambda: raise_(errors.Unavailable()),
    "sealed": lambda: raise_(SealBroken()),
    "refused": lambda: raise_(
        TimekeeperRefused("early", opening_time=NOW + timedelta(days=1), now=NOW)
    ),
    "passphrase": lambda: raise_(WeakPassphrase(("too_short", "common"))),
    "unexpected": wrapped,
    "forbidden": lambda: abort(403),
    "session": lambda: abort(401),
    "often": lambda: raise_(TooManyRequests(retry_after=30)),
    "teapot": lambda: abort(418),
    "gateway": lambda: abort(502),
}


def faulty(app: Flask) -> Flask:
    def fail(name: str) -> str:
        FAULTS[name]()
        return "no fault"

    app.add_url_rule("/fail/<name>", "fail", fail)
    app.add_url_rule("/api/fail/<name>", "api_fail", fail)
    return app


@pytest.fixture(scope="module")
def app() -> Flask:
    return faulty(shell_app())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("unknown", 404, "没有找到这个页面"),
        ("amount", 422, "第 2 个字符“o”不是数字"),
        ("code", 422, "第 18 位不能是“V”"),
        ("conflict", 409, "内容刚被他人更新"),
        ("early", 409, "2026-03-17 09:30"),
        ("input", 422, "请填写金额。"),
        ("away", 503, "暂时不可用"),
        ("sealed", 409, "凭密封回执"),
        ("refused", 409, "开标时间 2026-03-13 11:12 未到，不予解锁；现在是 2026-03-12 11:12。"),
        ("passphrase", 422, "至少 12 个字符，或 8 个汉字。口令除去常见词"),
        ("unexpected", 500, "不是您的操作引起的"),
        ("forbidden", 403, "联系本单位管理员"),
        ("session", 401, "已自动退出"),
        ("often", 429, "稍后再试"),
        ("teapot", 418, "请求无法处理"),
        ("gateway", 502, "暂时不可用"),
    ],
)
def test_each_error_has_its_page(client: FlaskClient, name: str, status: int, said: str) -> None:
    answer = client.get(f"/fail/{name}")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert said in answer.text
    assert '<main id="main"' in answer.text


def test_what_belongs_to_others_looks_exactly_like_what_does_not_exist(client: FlaskClient) -> None:
    unknown, foreign = client.get("/fail/unknown"), client.get("/fail/foreign")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text.replace("foreign", "unknown") == unknown.text
    assert dict(foreign.headers).keys() == dict(unknown.headers).keys()
    assert client.get("/api/fail/foreign").json == client.get("/api/fail/unknown").json


def test_below_api_errors_are_problem_details(client: FlaskClient) -> None:
    answer = client.get("/api/fail/early")
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "时间未到",
        "status": 409,
        "detail": "时间未到，请在 2026-03-17 09:30 之后再试。",
        "code": "too_early",
    }


def test_details_name_each_field_that_is_wrong(client: FlaskClient) -> None:
    answer = client.get("/api/fail/input").json
    assert answer
    assert answer["errors"] == {"amount": "请填写金额。"}


def test_details_speak_the_readers_language(client: FlaskClient) -> None:
    client.set_cookie("language", "en")
    answer = client.get("/api/fail/early").json
    assert answer
    assert answer["detail"] == "It is too early. Please try again after 2026-03-17 09:30."


def test_a_field_of_an_error_is_translated_but_not_what_was_typed(client: FlaskClient) -> None:
    client.set_cookie("language", "en")
    said = client.get("/api/fail/code").json
    assert said
    assert said["detail"].startswith('Unified social credit code: character 18 cannot be "V"')


def test_an_unexpected_error_is_logged_under_the_id_that_the_reader_sees(
    client: FlaskClient,
) -> None:
    with capture_logs() as logs:
        page = client.get("/fail/unexpected").text
    shown = re.search(r"E-[0-9A-Z]{4}-0312-1112", page)
    assert shown
    entry = next(one for one in logs if one["event"] == "unexpected")
    assert entry["error_id"] == shown[0]
    assert entry["route"] == "/fail/<name>"
    assert entry["errors"] == ["RuntimeError", "KeyError"]
    assert any("wrapped" in frame for frame in entry["frames"])


def test_neither_page_nor_log_repeats_the_message_of_an_unexpected_error(
    client: FlaskClient,
) -> None:
    with capture_logs() as logs:
        page = client.get("/fail/unexpected").text
    assert "启衡" not in page
    assert "启衡" not in str(logs)
    assert "70,000" not in str(logs)


def test_expected_errors_are_not_logged_as_faults(client: FlaskClient) -> None:
    with capture_logs() as logs:
        client.get("/fail/conflict")
    assert [one["event"] for one in logs] == ["request"]


def test_when_even_the_page_fails_the_reader_still_gets_words_and_the_id() -> None:
    app = faulty(shell_app())
    app.jinja_env.globals["navigation"] = FAULTS["unexpected"]
    answer = app.test_client().get("/fail/unexpected")
    assert answer.status_code == 500
    assert "页面出错了" in answer.text
    assert re.search(r"E-[0-9A-Z]{4}-0312-1112", answer.text)
    assert "Content-Security-Policy" in answer.headers


def test_when_nobody_can_say_who_is_signed_in_the_page_comes_without_a_name() -> None:
    app = faulty(shell_app())
    use_viewer(app, lambda: raise_(ConnectionError()))  # type: ignore[arg-type, return-value]
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "页面出错了" in answer.text
    assert '<main id="main"' in answer.text


def test_headers_that_belong_to_an_error_stay(client: FlaskClient) -> None:
    assert client.get("/fail/often").headers["Retry-After"] == "30"
    refused = client.post("/preferences/theme/dark")
    assert refused.status_code in {400, 405}
    assert "GET" in client.delete("/preferences/theme/dark").headers.get("Allow", "GET")


def test_redirects_and_finished_answers_pass_untouched(app: Flask) -> None:
    app = shell_app()
    app.add_url_rule("/folder/", "folder", lambda: "in")
    finished = app.response_class("done", status=409)
    app.add_url_rule("/done", "done", lambda: abort(finished))
    client = app.test_client()
    assert client.get("/folder").status_code == 308
    assert client.get("/done").text == "done"


@pytest.mark.parametrize("status", [400, 404, 405, 408, 409, 410, 412, 415, 428, 429, 431, 451])
def test_no_http_error_of_werkzeug_is_without_words(client: FlaskClient, status: int) -> None:
    app = shell_app()
    app.add_url_rule("/it", "it", lambda: abort(status))
    answer = app.test_client().get("/it")
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert not issubclass(type(answer), HTTPException)


def test_the_way_out_of_a_member_is_its_desk(app: Flask) -> None:
    app = shell_app(viewer=SUPPLIER)
    app.add_url_rule("/supplier", "supplier.home", lambda: "desk")
    assert (
        '<a class="btn btn-line" href="/supplier">回工作台</a>' in app.test_client().get("/x").text
    )
