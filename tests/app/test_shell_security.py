"""Headers, cookies, CSRF and limits of every response."""

import gzip
from collections.abc import Mapping
from io import BytesIO

import pytest
from flask import Flask, request, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app import headers
from app.factory import FORM_LIMIT, UPLOAD_LIMIT
from tests.shell_app import SUPPLIER, shell_app


def add_views(app: Flask) -> Flask:
    @app.post("/take")
    def take() -> dict[str, object]:
        file = request.files.get("file")
        kept = type(file.stream).__name__ if file else ""
        return {"fields": len(request.form), "kept": kept}

    @app.get("/enter")
    def enter() -> str:
        session["who"] = "1"
        return "in"

    app.add_url_rule("/token", "token", generate_csrf)

    @app.get("/view")
    def view() -> str:
        headers.allow("object-src", "'self'")
        return "letter"

    return app


@pytest.fixture(scope="module")
def app() -> Flask:
    return add_views(shell_app())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def submit(client: FlaskClient, fields: Mapping[str, object]) -> TestResponse:
    """Post a form as a browser does; the test client would use temporary files of its own."""
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post("/take", data=body, content_type=kind)


def token(client: FlaskClient) -> str:
    return client.get("/token").text


@pytest.mark.parametrize("path", ["/", "/components", "/nowhere", "/api/nowhere"])
def test_every_answer_forbids_code_frames_and_other_sites(client: FlaskClient, path: str) -> None:
    sent = client.get(path).headers
    assert sent["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Referrer-Policy"] == "same-origin"
    assert sent["Cross-Origin-Opener-Policy"] == "same-origin"
    assert sent["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in sent["Permissions-Policy"]
    assert "Strict-Transport-Security" not in sent


def test_one_view_may_widen_its_policy_and_the_next_has_the_strict_one(client: FlaskClient) -> None:
    assert "object-src 'self'" in client.get("/view").headers["Content-Security-Policy"]
    assert "object-src" not in client.get("/").headers["Content-Security-Policy"]


def test_over_https_cookies_are_bound_to_the_host_and_the_browser_stays_on_https() -> None:
    client = add_views(shell_app(https=True)).test_client()
    sent = client.get("/enter", base_url="https://baohan.example").headers
    assert sent["Strict-Transport-Security"].startswith("max-age=63072000")
    cookie = sent["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_over_http_the_cookie_is_still_out_of_reach_of_scripts(client: FlaskClient) -> None:
    cookie = client.get("/enter").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_pages_of_a_session_are_not_stored(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
    client.get("/enter")
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_pages_depend_on_cookies(client: FlaskClient) -> None:
    assert "Cookie" in client.get("/").headers["Vary"]


def style_sheet(client: FlaskClient) -> str:
    return client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]


def test_style_sheets_are_kept_a_year_under_an_address_that_follows_their_content(
    client: FlaskClient,
) -> None:
    address = style_sheet(client)
    assert "bootstrap.min.css?v=" in address
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000"


def test_style_sheets_are_sent_compressed_to_whoever_takes_it(client: FlaskClient) -> None:
    address, packed = style_sheet(client), {"Accept-Encoding": "gzip, br"}
    with client.get(address) as plain:
        whole = plain.data
    for _time in range(2):
        with client.get(address, headers=packed) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in answer.headers["Vary"]
            assert int(answer.headers["Content-Length"]) == len(answer.data) < len(whole) / 5
            assert gzip.decompress(answer.data) == whole
            tag = answer.headers["ETag"]
    with client.get(address, headers={**packed, "If-None-Match": tag}) as kept:
        assert kept.status_code == 304
        assert kept.data == b""


def test_pages_hold_tokens_and_are_not_compressed(client: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/", headers={"Accept-Encoding": "gzip"}).headers


def test_a_post_without_token_is_refused_in_words(client: FlaskClient) -> None:
    answer = client.post("/take", data={"a": "1"})
    assert answer.status_code == 400
    assert "页面已过期" in answer.text


def test_a_post_with_the_token_passes(client: FlaskClient) -> None:
    answer = client.post("/take", data={"csrf_token": token(client), "a": "1"})
    assert answer.json == {"fields": 2, "kept": ""}


def test_a_token_of_another_session_is_refused(app: Flask, client: FlaskClient) -> None:
    foreign = token(app.test_client())
    token(client)
    assert client.post("/take", data={"csrf_token": foreign}).status_code == 400


def test_uploads_never_touch_the_disk(client: FlaskClient) -> None:
    data = {
        "csrf_token": token(client),
        "file": FileStorage(BytesIO(b"%PDF" + bytes(2**20)), "a.pdf"),
    }
    assert submit(client, data).json == {"fields": 1, "kept": "BytesIO"}


def test_too_large_a_file_gets_a_page_that_names_the_limit(client: FlaskClient) -> None:
    data = {"csrf_token": token(client), "file": FileStorage(BytesIO(bytes(UPLOAD_LIMIT)), "a.pdf")}
    answer = submit(client, data)
    assert answer.status_code == 413
    assert "文件不得超过 20 MB" in answer.text


def test_a_declared_length_is_enough_to_refuse(client: FlaskClient) -> None:
    kind = "multipart/form-data; boundary=x"
    declared = {"CONTENT_LENGTH": str(100 * 2**20)}
    answer = client.post("/take", content_type=kind, environ_overrides=declared)
    assert answer.status_code == 413


def test_too_large_a_field_is_refused(client: FlaskClient) -> None:
    data = {"csrf_token": token(client), "text": "字" * FORM_LIMIT}
    assert submit(client, data).status_code == 413


def test_too_many_fields_are_refused(client: FlaskClient) -> None:
    data = {f"f{number}": "1" for number in range(1001)}
    assert submit(client, data).status_code == 413


def test_signing_out_is_a_post_with_a_token() -> None:
    app = shell_app(viewer=SUPPLIER)
    app.add_url_rule("/sign-out", "auth.sign_out", lambda: "", methods=["POST"])
    page = app.test_client().get("/").text
    assert '<form method="post" action="/sign-out"><input type="hidden" name="csrf_token"' in page


def test_what_no_database_stores_goes_no_further(client: FlaskClient) -> None:
    assert client.get("/?q=%00").status_code == 400
    assert client.get("/?%00=q").status_code == 400
    assert client.get("/no%00page").status_code == 400
    assert client.post("/components", data={"name": "a\0b"}).status_code == 400
    assert client.get("/?q=%EF%BF%BD").status_code == 200
