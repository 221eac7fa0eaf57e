"""Keyset pages: cursors in addresses, whatever people make of them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.paging import LONGEST_CURSOR, Cursor, Page, read_cursor, write_key
from tests.shell_app import shell_app

APP = shell_app()
APP.add_url_rule("/lots/<lot>/bids", "bids", lambda lot: lot)

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
KEYS = st.lists(TEXTS | st.integers(0, 2**53), min_size=1, max_size=3).map(tuple)


@given(KEYS, st.sampled_from(["after", "before"]))
def test_a_cursor_comes_back_as_it_was_written(key: tuple[str | int, ...], direction: str) -> None:
    word = write_key(key)
    assert word == "".join(c for c in word if c.isalnum() or c in "-_")
    with APP.test_request_context("/", query_string={direction: word}):
        cursor = read_cursor(len(key))
    assert cursor == Cursor(direction, key)  # type: ignore[arg-type]


@given(st.text(max_size=LONGEST_CURSOR + 5) | st.binary(max_size=60).map(str))
def test_a_broken_cursor_is_the_first_page(word: str) -> None:
    with APP.test_request_context("/", query_string={"after": word}):
        cursor = read_cursor(2)
    assert cursor is None or len(cursor.key) == 2


@pytest.mark.parametrize(
    "key", [("a",), ("a", "b", "c"), ("a", 1.5), ("a", None), ("a", ["b"]), ("a", True)]
)
def test_a_key_of_another_shape_is_the_first_page(key: tuple[object, ...]) -> None:
    word = write_key(key)  # type: ignore[arg-type]
    with APP.test_request_context("/", query_string={"after": word}):
        assert read_cursor(2) is None


def test_neighbours_keep_filters_and_drop_the_old_cursor() -> None:
    page = Page(items=["x"], first=("2026-03-12", "1"), last=("2026-03-10", "9"))
    here = "/lots/02/bids?q=医院&s=a&s=b&after=abc"
    with APP.test_request_context(here):
        following, before = page.next_url, page.previous_url
    assert following
    assert before
    assert urlsplit(following).path == "/lots/02/bids"
    asked = parse_qs(urlsplit(following).query)
    assert asked == {"q": ["医院"], "s": ["a", "b"], "after": [write_key(("2026-03-10", "9"))]}
    assert parse_qs(urlsplit(before).query)["before"] == [write_key(("2026-03-12", "1"))]


def test_the_only_page_has_no_neighbours() -> None:
    with APP.test_request_context("/lots/02/bids"):
        page: Page[str] = Page(items=[])
        assert page.next_url is page.previous_url is None


@pytest.mark.parametrize("name", ["_external", "_anchor", "_scheme", "endpoint", "lot"])
def test_a_filter_named_like_an_option_of_the_router_does_no_harm(name: str) -> None:
    page = Page(items=["x"], last=("1", "2"))
    with APP.test_request_context("/lots/02/bids", query_string={name: "javascript"}):
        address = page.next_url
    assert address
    assert address.startswith("/lots/02/bids?")
