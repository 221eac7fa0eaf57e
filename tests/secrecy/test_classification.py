"""Everything that is written has been classified, and what can be checked by rule is
(sealing.md, "Each column, queue, file and log field is classified public or sealed")."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import JSON, BigInteger, Date, DateTime, Integer, LargeBinary, String, Table

from app.access_log import STEPS, coarse
from app.adapters import vault
from app.cli.places import project
from app.jobs.table import HANDLERS
from app.portals.public.health import Measures
from guarantees.records import (
    archive,
    authenticator,
    casebook,
    exposure,
    idempotency,
    kept_form,
    key_change,
    outbox,
)
from guarantees.records import web_session as sessions
from guarantees.records.base import ID_LENGTH, Base, Instant
from guarantees.tables.notices import NOTICES
from tests.secrecy import classes
from tests.secrecy.classes import Class

PACKAGES = ("app", "guarantees", "signing")
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
STANDARD = re.compile(r"^log = logging\.getLogger", re.MULTILINE)

PLAIN_HASHES = {
    "app/assets.py": "static files",
    "app/adapters/vault.py": "ids of random keys",
    "guarantees/letters.py": "terms in their PDF, which is sealed",
    "guarantees/letter_reports.py": "a PDF's own id",
    "guarantees/sums/order.py": "the public lottery of products",
    "guarantees/flow/steps/endings.py": "the end of a lot, which is public; the log salts it",
    "guarantees/records/withdrawal.py": "a statement that the log salts with 32 random bytes",
    "guarantees/flow/issue.py": "a sealed envelope, then salted for the log",
    "guarantees/flow/steps/openings.py": "a public certificate, then salted for the log",
    "app/jobs/openings.py": "the signed list of an opening, then salted for the log",
    "app/jobs/archiving.py": "an opened letter, held against its register; nothing is stored",
    "app/processes/signing_keys.py": "what a key signs, with a letter's random number in it",
    "app/receipts.py": "the same two, for who may read them; nothing is stored",
    "app/log_checks.py": "an uploaded PDF, looked up among opened letters; nothing is stored",
    "guarantees/flow/set_trust.py": "who the trustees are, public",
    "guarantees/flow/make_trustee_key.py": "public keys of trustees",
    "guarantees/flow/rehearse_trustee.py": "random names of trials without a letter",
    "guarantees/flow/change_key.py": "re-wraps, which are random; kept under the vault",
    "guarantees/flow/recover_lot.py": "a request made after T, for a keyed leaf",
    "guarantees/flow/rehearse.py": "a trial's share, 32 random bytes of no letter",
    "guarantees/flow/steps/trials.py": "the same",
}
"""Modules that hash without a key, and what. (signing has no database; it hashes what it is given.)
"""

OF_PEOPLE = ("person", "invitation", "rehearsal", "key_change")
"""Not of bids, whatever is sealed or keyed in them."""

TABLES = Base.metadata.tables
SEALED_TABLES = sorted(
    name
    for name, columns in classes.COLUMNS.items()
    if {Class.SEALED, Class.KEYED} & set(columns.values()) and name not in OF_PEOPLE
)
"""Of which a thief learns nothing."""


# --- columns


def test_every_column_is_classified() -> None:
    found = {name: set(table.columns.keys()) for name, table in Base.metadata.tables.items()}
    assert found == {name: set(columns) for name, columns in classes.COLUMNS.items()}


def test_every_leak_is_argued() -> None:
    leaks = {
        f"{table}.{column}"
        for table, columns in classes.COLUMNS.items()
        for column, kind in columns.items()
        if kind is Class.LEAK
    }
    assert leaks == set(classes.LEAKS)
    words = ("total writes", "writes per institution", "size bucket", "recipients")
    assert all(reason.startswith(words) for reason in classes.LEAKS.values())


def test_sealed_tables() -> None:
    """Named here so that none falls out of the next test with its last sealed column."""
    named = "draft exposure_book idempotency log_leaf lot_archive outbox payment_notice"
    assert f"{named} sealed_case sealed_index web_session" == " ".join(SEALED_TABLES)


@pytest.mark.parametrize("name", SEALED_TABLES)
def test_sealed_tables_hold_no_key_amount_or_time(name: str) -> None:
    table: Table = TABLES[name]
    assert not table.foreign_keys
    for column in table.columns:
        kind = classes.COLUMNS[name][column.name]
        forbidden = (Date, DateTime, Instant, JSON, *(() if kind is Class.LEAK else (BigInteger,)))
        assert not isinstance(column.type, forbidden), column.name
        if isinstance(column.type, String):
            assert column.type.length == ID_LENGTH, column.name
            assert kind in (Class.RANDOM, Class.PLAIN), column.name
        elif isinstance(column.type, LargeBinary):
            assert kind in (Class.SEALED, Class.KEYED), column.name
            assert (column.type.length == 32) == (kind is Class.KEYED), column.name
        elif isinstance(column.type, Integer):
            assert kind is Class.LEAK, column.name


def test_no_other_table_points_to_a_bid_before_its_opening() -> None:
    """Whatever has a foreign key to something of a bid is written at the opening, too."""
    for name, table in TABLES.items():
        for key in table.foreign_keys:
            if key.column.table.name == "guarantee_case":
                assert set(classes.COLUMNS[name].values()) == {Class.OPENED}, name


def test_sizes_are_those_that_the_records_ask_for() -> None:
    assert {
        "sealed_case.blob": casebook.SIZES,
        "exposure_book.blob": exposure.SIZES,
        "lot_archive.blob": archive.SIZES,
        "draft.blob": kept_form.SIZES,
        "outbox.blob": outbox.SIZE,
        "idempotency.blob": idempotency.SIZE,
        "web_session.blob": sessions.SIZE,
        "person.totp_secret": authenticator.SIZE,
        "key_change.digest": key_change.SIZE,
        "payment_notice.blob": (4 * classes.KIB,),
    } == classes.SIZES
    assert {size for sizes in classes.SIZES.values() for size in sizes} <= set(vault.SIZES)
    sealed = {
        f"{table}.{column}"
        for table, columns in classes.COLUMNS.items()
        for column, kind in columns.items()
        if kind is Class.SEALED
    }
    assert sealed == set(classes.SIZES)


# --- the code that writes


def modules(*packages: str) -> Iterator[tuple[str, str]]:
    for package in packages:
        for path in sorted((project() / package).rglob("*.py")):
            yield str(path.relative_to(project())), path.read_text()


def test_no_row_is_deleted() -> None:
    """Of any table: a gap would tell when something was there."""
    deleting = re.compile(r"\bdelete\(|\bDELETE\s+FROM\b|\bTRUNCATE\b|\.delete\(")
    found = [name for name, text in modules("app", "guarantees") if deleting.search(text)]
    assert found == []


def test_no_module_hashes_without_a_key_but_those_named() -> None:
    hashing = re.compile(r"\b(?:hashlib\.|sha\d*\(|md5\(|blake2)")
    found = {name for name, text in modules("app", "guarantees") if hashing.search(text)}
    assert found == set(PLAIN_HASHES)


# --- messages


def test_every_kind_of_message_is_classified() -> None:
    assert set(classes.MESSAGES) == set(HANDLERS)
    puts = list(_put())
    assert {kind for kind, _ in puts} == set(classes.MESSAGES)
    for kind, arguments in puts:
        assert arguments <= set(classes.MESSAGES[kind]), kind


def _put() -> Iterator[tuple[str, set[str]]]:
    """(kind, names of arguments) of every `Message("kind", …)`; of names only what they show."""
    for _, text in modules("app", "guarantees"):
        for call in _calls(text, "Message"):
            if len(call.args) == 2 and isinstance(call.args[0], ast.Constant):
                names = [
                    key.value
                    for one in ast.walk(call.args[1])
                    if isinstance(one, ast.Dict)
                    for key in one.keys
                    if isinstance(key, ast.Constant)
                ]
                yield str(call.args[0].value), {str(name) for name in names}


def test_mails_are_free_of_content() -> None:
    """Of whatever a bid causes: one text, in which nothing can be filled in but the address."""
    for notice in NOTICES:
        if notice.event.split(".")[0] in ("application", "payment", "letter"):
            assert notice.text == "news", notice.event
            assert notice.to in ("supplier", "institution"), notice.event
    for name in ("news", "correction"):
        text = (project() / f"templates/mail/{name}.txt").read_text()
        assert set(re.findall(r"{{\s*(\w+)", text)) == {"_", "base_url"}
        assert "%" not in text


def test_mails_about_a_lot_go_to_the_bidders_of_all() -> None:
    """One event for two roles, with a text of its own that names nothing."""
    for event in ("term.short", "lot.ended"):
        told = [(one.to, one.text) for one in NOTICES if one.event == event]
        assert told == [("supplier", "correction"), ("institution", "correction")]


# --- logs and metrics


def test_every_log_field_is_classified() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for name, text in modules(*PACKAGES):
        if STANDARD.search(text):
            continue
        for event, fields in _lines(text):
            found.setdefault((name, event), set()).update(fields)
    assert found == {key: set(fields) for key, fields in classes.LOG.items()}


def _lines(text: str) -> Iterator[tuple[str, set[str]]]:
    for call in _log_calls(text):
        assert len(call.args) == 1, ast.unparse(call)
        assert all(one.arg for one in call.keywords), ast.unparse(call)
        for event in _events(call.args[0]):
            yield event, {str(one.arg) for one in call.keywords}


def _events(expression: ast.expr) -> list[str]:
    """The texts that it may be; of another expression its source."""
    if isinstance(expression, ast.IfExp):
        return [*_events(expression.body), *_events(expression.orelse)]
    if isinstance(expression, ast.Constant):
        return [str(expression.value)]
    return [ast.unparse(expression)]


def test_what_the_standard_library_logs_is_classified() -> None:
    found = {
        name: frozenset(ast.unparse(one) for call in _log_calls(text) for one in call.args[1:])
        for name, text in modules(*PACKAGES)
        if STANDARD.search(text)
    }
    assert found == classes.STANDARD_LOG


def test_no_logger_has_another_name() -> None:
    """Else its lines would escape the two tests above."""
    made = re.compile(r"^(.*?)(?:structlog\.get_logger|logging\.getLogger)\(", re.MULTILINE)
    named = {
        (name, match[1])
        for name, text in modules(*PACKAGES)
        for match in made.finditer(text)
        if match[1] != "log = "
    }
    assert named == {  # settings of libraries' loggers
        ("guarantees/letter_engine.py", "    logger, collector = "),
        ("signing/opinion.py", ""),
    }


def _log_calls(text: str) -> Iterator[ast.Call]:
    for call in (one for level in LEVELS for one in _calls(text, level)):
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "log":
            yield call


def _calls(text: str, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
            yield node


def test_durations_are_logged_in_coarse_steps() -> None:
    assert [coarse(seconds) for seconds in (0, 0.0499, 0.05, 0.0501, 0.15, 0.2, 3, 99)] == [
        *(50, 50, 50, 150, 150, 500, 10_000, 10_000),
    ]
    assert all(longer >= 3 * step for step, longer in pairwise(STEPS))


def test_every_metric_is_classified() -> None:
    measures = Measures()
    measures.parts.labels("database").set(1)
    measures.reads.labels("/", 200).observe(0)
    found: dict[str, set[str]] = {}
    for family in measures.registry.collect():
        labels = {label for sample in family.samples for label in sample.labels}
        found[family.name] = labels
    assert found == {name: set(labels) for name, labels in classes.METRICS.items()}


# --- files


def test_places_of_files() -> None:
    assert classes.place_of("data/files/sealed/0dj3hjvkzawzd2whq9hnh6v4sq") is not None
    assert classes.place_of("data/files/lots/01") is None
    assert classes.place_of("data/drafts/letter.pdf") is None
    for place in classes.FILES:
        bids = {place.name, place.content} & {Class.SEALED, Class.RANDOM, Class.OPENED, Class.LEAK}
        assert bids or place.why, place.pattern


def test_names_in_the_store_are_ids() -> None:
    """Of an intent, a case, an opening: nothing else is put there."""
    name = re.compile(r'f"(\w+/\{[\w.]+\})"')
    found = {
        one
        for _, text in modules("app/jobs", "guarantees/flow")
        if "put_once" in text
        for one in name.findall(text)
    }
    assert found == {"sealed/{order.intent}", "letters/{case}", "lists/{opening}"}
