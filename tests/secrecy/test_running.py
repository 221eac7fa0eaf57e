"""Before the opening nothing that the real, running system writes or shows holds a bid; after it
the letter exists under the at-rest key alone (sealing.md, "What must hold before the opening")."""

import gzip
import json
import re
from pathlib import Path

import pytest

from app.adapters.vault import Vault
from tests.secrecy import facts
from tests.secrecy.classes import place_of
from tests.secrecy.play import COMPARED, DEEPEST, NOBODYS, Play
from tests.secrecy.scanner import Finding, files
from tests.secrecy.sweep import HOUSE, Read

WRITING = (
    *("found", "sign_in", "register", "leave_half_a_form", "apply", "give_back", "complete"),
    *("recommend", "decide", "pay", "issue", "follow", "ask_early"),
)
"""Steps of every play, each with a scan."""

FACTS = frozenset(
    {"supplier", "credit code", "member", "contact", "payer account", "half a form", "reasons"}
    | {"premium", "capitals", "reference", "payment", "number", "check code"}
    | {"digest of the letter"}
)

FRESH = re.compile(
    r"页面时间 <time.*?</time>|(?<=>)剩 [^<]*(?=</time>)|<b>\d+</b>(?=[天时分秒])"
    r'|name="(?:csrf_token|key)"[^>]*value="[^"]*"'
    r'|"(?:index|proof)": .*'
)
"""What differs each time that a page is made; the log goes on by itself."""


def told(findings: dict[str, list[Finding]]) -> dict[str, list[str]]:
    return {step: [str(one) for one in found] for step, found in findings.items() if found}


def test_nothing_is_found_after_any_step(played: Play) -> None:
    record = played.scene.record
    after = ("look_around", "read", "pages", "wait", "open", "take")
    assert {*record.findings} == {*WRITING, *after}
    assert told(record.findings) == {}


def test_nothing_is_found_on_postgresql(begun: Play) -> None:
    assert {*begun.scene.record.findings} == {*WRITING}
    assert told(begun.scene.record.findings) == {}
    assert begun.scene.scanner.names == FACTS | DEEPEST
    assert "table sealed_case.blob" in begun.scene.record.places["issue"]


def test_the_scan_reaches_everything_that_is_written(played: Play) -> None:
    base, places = played.scene.installation.base, played.scene.record.places["wait"]
    patterns = (
        *("data/baohan.db", "data/baohan.db-wal", "data/files/sealed/*", "data/mail/*.eml"),
        *("log/web.log", "log/signer.log", "log/timekeeper.log", "log/bank.log"),
        *("log/authority.log", "log/stage.log", "run/run.json", "bank/books.db-wal"),
        *("timekeeper/journal.jsonl", "signer/journal", "keys/vault-0001.key", "tmp/weasyprint-*"),
    )
    for pattern in patterns:
        assert any(Path(place).match(str(base / pattern)) for place in places), pattern
    for table in (
        "sealed_case.blob",
        "outbox.blob",
        "draft.blob",
        "idempotency.blob",
        "event.note",
    ):
        assert f"table {table}" in places
    for pid in played.scene.installation.supervisor.keeper.pids().values():
        assert f"/proc/{pid}/environ" in places


def test_every_file_is_classified(played: Play) -> None:
    base, places = played.scene.installation.base, played.scene.record.places["take"]
    below = [Path(one) for one in places if one.startswith(f"{base}/")]
    found = {str(one.relative_to(base)) for one in below if not one.is_dir()}
    assert {one for one in found if place_of(one) is None} == set()
    assert {"data/baohan.db", "log/web.log", "run/run.json"} <= found


def test_each_secret_is_found_where_it_is_planted(played: Play) -> None:
    """With the scanner of the play, in the folders of the play: else silence proves nothing."""
    installation, scanner = played.scene.installation, played.scene.scanner
    assert played.secrets is not None
    planted = {
        installation.temporary / "upload.gz": gzip.compress(played.secrets.letter),
        installation.places.logs / "web.log.1": played.secrets.content_key.hex().encode(),
        installation.settings.data / "draft": b"\x00" + played.secrets.letter[20_000:40_000],
        installation.settings.run / "sp": played.secrets.sp,
        installation.settings.data / "mail" / "st": played.secrets.st.hex().upper().encode(),
        installation.places.bank / "key": played.secrets.recipient_key,
        installation.settings.signer / "journal.1": json.dumps([played.passphrase]).encode(),
    }
    for path, data in planted.items():
        path.write_bytes(data)
    found = {Path(one.place): one.secret for one in scanner.scan(files(installation.base))}
    for path in planted:
        path.unlink()
    assert {*found} == {*planted}
    assert {*found.values()} == DEEPEST


def test_the_facts_of_the_case_stand_in_its_blobs(played: Play) -> None:
    """They were written, and only encryption hid them."""
    case = played.insight.case(played.case)
    assert [one.name for one in case.applicants] == [facts.SUPPLIER.name, facts.MEMBER_NAME]
    assert case.contact == f"{facts.CONTACT} {facts.PHONE}"
    reasons = [one.reason for one in case.opinions]
    assert reasons == [facts.BACK_REASON, facts.MAKER_REASON, facts.CHECKER_REASON]
    assert case.quote.premium == facts.PREMIUM
    assert [one.payer_account for one in case.payments] == [facts.PAYER_ACCOUNT]


def test_no_temporary_file_is_made_for_a_case(played: Play) -> None:
    """However short it lives. Before T the library that sets letters keeps copies of its fonts."""
    made = played.scene.record.temporary
    assert {step: made[step] for step in WRITING if made[step]} == {}
    opening = [*made["open"], *made["take"]]
    assert [one for one in opening if not one.startswith("weasyprint-")] == []


# --- what others see


def test_pages_of_others_hold_nothing_of_the_case(played: Play) -> None:
    assert told({"pages": played.scene.record.findings["pages"]}) == {}
    read = played.scene.record.places["pages"]
    assert len([place for place in read if not place.startswith("the name")]) > 200
    for who, path in (("procurer", "/openings/"), ("agency", "/projects/"), ("regulator", "/")):
        assert f"{who} reads {path}" in read


def plain(page: Read, case: str) -> str:
    return FRESH.sub("", page.content.decode()).replace(case, NOBODYS)


@pytest.mark.parametrize("who", COMPARED)
def test_pages_do_not_show_that_there_is_a_case(played: Play, who: str) -> None:
    """Word for word as they were before anybody applied, but for the time of the page."""
    later = {path.replace(played.case, NOBODYS): page for path, page in played.pages[who].items()}
    assert len(played.before[who]) > 5
    for path, page in played.before[who].items():
        if path.endswith(".xlsx"):
            continue  # a zip file with times in it; its pages were scanned
        assert page.status == later[path].status, path
        assert plain(page, NOBODYS) == plain(later[path], played.case), path
    extra = {path for path in later if path.startswith(HOUSE)} - {*played.before[who]}
    assert extra == set()


def test_the_real_number_is_answered_as_an_unknown_one(played: Play) -> None:
    real, unknown = (FRESH.sub("", played.asked[name]) for name in ("real", "unknown"))
    assert real == unknown
    assert "没有查到这份保函" in real


# --- the early request


def test_the_timekeeper_refuses_before_t_and_writes_down_who_asked(played: Play) -> None:
    installation = played.scene.installation
    assert played.early["web"] == "early"
    assert "时间未到" in played.early["page"]
    journal = installation.settings.timekeeper / "journal.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    refused = [one["fields"] for one in events if one["event"] == "refused"]
    opening = played.insight.intent(played.case).opening
    early = [one for one in refused if one["code"] == "early"]
    assert [(one["peer"], one["about"]) for one in early] == [(installation.users.web.uid, opening)]
    assert early[0]["operation"] == "release"
    if installation.users.isolated:
        assert played.early["stranger"] == "peer_refused"
        assert [one["code"] for one in refused] == ["early", "peer_refused"]
    released = [one for one in events if one["event"] == "released"]
    assert [one["fields"]["opening"] for one in released] == [opening]
    kinds = [one["event"] for one in events]
    assert kinds.index("released") > len(kinds) - 1 - kinds[::-1].index("refused")


# --- after the opening


def test_the_opened_letter_is_kept_under_the_at_rest_key_alone(played: Play) -> None:
    installation = played.scene.installation
    assert played.secrets is not None
    kept = (installation.settings.data / "files" / "letters" / played.case).read_bytes()
    vault = installation.vault()
    assert vault.unlock(kept, played.case.encode()) == played.secrets.letter
    assert played.scene.scanner.in_data("kept", kept) == []
    ours = {Vault.key_id(kept), Vault.key_id(vault.lock(b"", b""))}
    assert len(ours) == 1
