"""Every route names an action of tables/permissions, and every action is checked somewhere."""

import ast
from pathlib import Path

import pytest
from flask import Flask

from app.auth.guard import action_of, check_routes
from app.factory import create_app
from guarantees.tables.permissions import PERMISSIONS
from tests.shell_app import TestSettings

ROOT = Path(__file__).resolve().parents[2]
CHECKERS = ("app", "guarantees/flow", "guarantees/queries")
"""Where rights are asked for."""

LATER = {"supervision.read"}
"""Actions whose pages come with a later issue."""


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(TestSettings(), secret_key="only for tests")


def actions(app: Flask) -> dict[str, str | None]:
    return {rule.endpoint: action_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}


def test_every_route_names_an_action(app: Flask) -> None:
    check_routes(app)
    assert len(actions(app)) > 20


def test_every_action_is_checked_by_a_route_or_a_flow() -> None:
    assert PERMISSIONS.keys() - words_of_the_code() == LATER


def words_of_the_code() -> set[str]:
    """Every string literal of the packages that check rights."""
    return {
        node.value
        for package in CHECKERS
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_what_writes_is_no_get(app: Flask) -> None:
    """Routes whose action changes something take a POST: a link never acts."""
    for rule in app.url_map.iter_rules():
        action = action_of(app, rule.endpoint) or ""
        if action.partition(".")[2] in {"decide", "open", "withdraw", "order", "return"}:
            assert "POST" in (rule.methods or set()), rule.endpoint


def test_second_factors_belong_to_people_only() -> None:
    for name, permission in PERMISSIONS.items():
        if permission.second_factor:
            assert permission.people, name
            assert "system" not in permission.organisations, name
