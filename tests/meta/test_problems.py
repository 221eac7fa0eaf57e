"""Every error class of the business and of signing has its answer for the reader."""

import importlib
import pkgutil
from collections.abc import Iterator
from string import ascii_lowercase

import pytest

import guarantees
import signing
from app.problem_table import PROBLEMS, find
from app.shell import TONES
from guarantees.errors import GuaranteeError
from signing.errors import SigningError

WAYS_OUT = {"home", "back", "retry", "sign_in"}


def _load_all() -> None:
    for package in (guarantees, signing):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.rpartition(".")[2].startswith("__"):
                importlib.import_module(module.name)


def _below(base: type[Exception]) -> Iterator[type[Exception]]:
    for one in base.__subclasses__():
        if one.__module__.startswith(("guarantees", "signing")):
            yield one
        yield from _below(one)


_load_all()
BUSINESS = sorted(set(_below(GuaranteeError)), key=lambda one: one.__qualname__)
DOCUMENTS = sorted(set(_below(SigningError)), key=lambda one: one.__qualname__)


def entries(error: type[Exception]) -> list[str]:
    names = (f"{one.__module__}.{one.__qualname__}" for one in error.__mro__)
    return [name for name in names if name in PROBLEMS]


@pytest.mark.parametrize("error", BUSINESS, ids=lambda one: f"{one.__module__}.{one.__qualname__}")
def test_every_business_error_is_in_the_table_with_its_own_family(error: type[Exception]) -> None:
    assert entries(error)[0] != "guarantees.errors.GuaranteeError", (
        f"add {error.__module__}.{error.__qualname__} to app/problem_table.py: status and title"
    )


@pytest.mark.parametrize("error", DOCUMENTS, ids=lambda one: f"{one.__module__}.{one.__qualname__}")
def test_an_error_of_signing_is_unexpected_unless_the_table_says_more(
    error: type[Exception],
) -> None:
    assert entries(error)
    assert "signing.errors.SigningError" in entries(error)


def test_both_packages_were_looked_through() -> None:
    assert len(BUSINESS) > 20
    assert len(DOCUMENTS) > 10


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_every_name_in_the_table_is_a_class(name: str) -> None:
    module, _dot, kind = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), kind), BaseException)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_every_entry_is_complete(name: str) -> None:
    problem = PROBLEMS[name]
    assert 400 <= problem.status < 600
    assert problem.title
    assert problem.tone in TONES
    assert problem.way_out in WAYS_OUT
    assert set(problem.code) <= {*ascii_lowercase, "_"}
    assert problem.code
    # An error without words of its own must be explained by the table.
    assert problem.advice or name.startswith("guarantees.")


def test_what_nobody_foresaw_is_a_500() -> None:
    assert find(ZeroDivisionError).status == 500
    assert find(KeyboardInterrupt).status == 500
