"""The log in public: files for programs, pages for people, receipts that anybody checks."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.jobs import openings
from app.jobs.publishing import publish
from guarantees.flow.publish_log import BATCH
from signing import log
from signing.seal import leaf_of
from tests.app.portals.test_main_job import applied, decided, paid
from tests.log_house import ORIGIN
from tests.visitors import Pages, said
from tests.world import PASSPHRASE

ROOT = Path(__file__).resolve().parents[3]


def fetched(pages: Pages, path: str) -> Any:
    return pages.as_("")._ask("GET", path)


@pytest.fixture
def case(pages: Pages) -> str:
    """A sealed letter whose leaves wait."""
    made = applied(pages)
    decided(pages, made)
    paid(pages, made)
    return made


def receipt(pages: Pages, case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        pages.as_("supplier").get(f"/supplier/cases/{case}/receipt.json")
    )
    return found


def checked(pages: Pages, data: bytes, name: str = "receipt.json") -> str:
    answer = pages.as_("").post("/log/check", file=(BytesIO(data), name))
    assert answer.status_code == 200
    return said(answer.text)


def encoded(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode()


# --- files


def test_before_the_first_batch_the_page_says_so(pages: Pages) -> None:
    assert "还没有公布条目" in said(pages.as_("").get("/log/"))
    assert fetched(pages, "/log/checkpoint").status_code == 404
    assert fetched(pages, "/log/keys").data == b""


def test_a_stranger_reads_everything_over_http(pages: Pages) -> None:
    """With nothing but the addresses of tlog-tiles: keys, checkpoint, tiles, every entry."""
    for _ in range(5):
        publish(pages.house)
    keys = [log.Verifier.of_vkey(line) for line in fetched(pages, "/log/keys").text.splitlines()]
    note = fetched(pages, "/log/checkpoint")
    assert note.content_type == "text/plain; charset=utf-8"
    assert note.headers["Cache-Control"] == "public, max-age=5"
    opened = log.open_checkpoint(note.data, keys[0], keys[1:])
    assert [one.verifier.name for one in opened.by] == [ORIGIN, f"{ORIGIN}/timekeeper"]

    def read(tile: log.Tile) -> bytes:
        answer = fetched(pages, f"/log/{tile.path()}")
        assert answer.status_code == 200, tile
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        return bytes(answer.data)

    tree = log.Tree(opened.checkpoint.size, read)
    assert tree.root() == opened.checkpoint.root
    for index in (0, 255, 256, 5 * BATCH - 1):
        tile = log.tile_of(log.ENTRIES, index, tree.size)
        entry = log.unbundle(read(tile), tile)[index % log.WIDTH]
        log.check_inclusion(
            log.entry_hash(entry), index, tree.size, tree.inclusion(index), tree.root()
        )


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001", "tile/0/000.p/65", "tile/0/0", "tile/9/000", "tile/entries/000.p/0",
        "tile/0/..%2f..%2fcheckpoint", "tile/../checkpoint", "tile/0/000/..", "tile/.lock", ".lock",
    ],
)  # fmt: skip
def test_what_is_no_tile_is_not_found(pages: Pages, path: str) -> None:
    publish(pages.house)
    assert fetched(pages, "/log/tile/0/000.p/64").status_code == 200
    assert fetched(pages, f"/log/{path}").status_code == 404


def test_the_page_says_how_far_and_whose(pages: Pages) -> None:
    publish(pages.house)
    page = said(pages.as_("").get("/log/"))
    for expected in (ORIGIN, f"条目数 {BATCH}", f"{ORIGIN}/timekeeper", "怎样自己核对", "SHA-256"):
        assert expected in page


def test_a_damaged_checkpoint_breaks_no_page(pages: Pages) -> None:
    publish(pages.house)
    pages.house.log.folder.put_checkpoint(b"nothing of ours\n\n")
    assert "还没有公布条目" in said(pages.as_("").get("/log/"))


# --- receipts and letters


def test_a_receipt_gains_index_and_proof(pages: Pages, case: str) -> None:
    before = receipt(pages, case)
    assert (before["index"], before["proof"], before["letter_index"]) == (None, None, None)
    assert "尚未公布" in checked(pages, encoded(before))
    publish(pages.house)
    after = receipt(pages, case)
    assert after["leaf"] == before["leaf"]
    page = checked(pages, encoded(after))
    assert "已收入公开日志" in page
    assert f"日志第 {after['index']} 条" in page
    assert "不通过" not in page
    assert "无法判定" not in page
    # The same without this platform: receipt, its proofs, and the key from an earlier day.
    key = log.Verifier.of_vkey(after["log_key"])
    for name in ("", "letter_"):
        bundle = log.Bundle.read(after[f"{name}proof"].encode())
        assert bundle.index == after[f"{name}index"]
        bundle.check(bytes.fromhex(after[f"{name}leaf"]), key)
    salt, digest = bytes.fromhex(after["salt"]), bytes.fromhex(after["letter_sha256"])
    assert leaf_of(salt, digest).hex() == after["letter_leaf"]


def test_the_institution_has_the_same_receipt_and_is_led_to_the_check(
    pages: Pages, case: str
) -> None:
    publish(pages.house)
    maker = pages.as_("maker")
    page = maker.get(f"/institution/cases/{case}")
    assert f"/institution/cases/{case}/receipt.json" in page
    assert 'href="/log/check"' in page
    told = json.loads(maker.get(f"/institution/cases/{case}/receipt.json"))
    assert told == receipt(pages, case)
    assert "已收入公开日志" in checked(pages, encoded(told))
    assert pages.as_("rival").status(f"/institution/cases/{case}/receipt.json") == 403
    assert maker.status("/institution/cases/none/receipt.json") == 404


def test_an_old_receipt_without_proof_is_found_all_the_same(pages: Pages, case: str) -> None:
    before = receipt(pages, case)
    publish(pages.house)
    assert "已收入公开日志" in checked(pages, encoded(before))
    leaf_alone = encoded({"leaf": before["leaf"]})
    assert "已收入公开日志" in checked(pages, leaf_alone)


def test_pasted_text_is_as_good_as_a_file(pages: Pages, case: str) -> None:
    publish(pages.house)
    text = encoded(receipt(pages, case)).decode()
    answer = pages.as_("").post("/log/check", receipt=text)
    assert "已收入公开日志" in said(answer.text)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("leaf", "ab" * 32, "日志中没有，也没有等待收入"),
        ("salt", "ab" * 32, "日志叶不是由回执的盐和文件指纹算出的"),
        ("letter_sha256", "ab" * 32, "日志叶不是由回执的盐和文件指纹算出的"),
        ("letter_leaf", "ab" * 32, "日志叶不是由回执的盐和文件指纹算出的"),
        ("proof", "c2sp.org/tlog-proof@v1\n", "证明不成立"),
        ("letter_proof", "", "证明不成立"),
        ("leaf", "not hexadecimal", "文件不是本平台的回执"),
        ("leaf", 7, "文件不是本平台的回执"),
    ],
)
def test_an_altered_receipt_fails(
    pages: Pages, case: str, field: str, value: object, expected: str
) -> None:
    publish(pages.house)
    page = checked(pages, encoded({**receipt(pages, case), field: value}))
    assert "不在公开日志中，或内容不符" in page
    assert expected in page


def test_the_proof_of_another_entry_fails(pages: Pages, case: str) -> None:
    publish(pages.house)
    told = receipt(pages, case)
    told["proof"] = told["letter_proof"]
    assert "证明不成立" in checked(pages, encoded(told))


@pytest.mark.parametrize("data", [b"[]", b"{}", b"\xff\xfe", b"[" * 5000, b'{"leaf": null}'])
def test_what_is_no_receipt(pages: Pages, data: bytes) -> None:
    assert "文件不是本平台的回执" in checked(pages, data)


def test_nothing_handed_in_is_said_beside_the_field(pages: Pages) -> None:
    answer = pages.as_("").post("/log/check", receipt=" ")
    assert "请选择文件，或粘贴回执内容" in said(answer.text)


def test_a_letter_is_found_by_its_bytes_after_the_opening(pages: Pages, case: str) -> None:
    publish(pages.house)
    pages.world.now += timedelta(days=15)
    lot = pages.world.lot
    pages.as_("procurer").sent(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    openings.wait(lot, 30)
    pdf = pages.as_("supplier")._ask("GET", f"/supplier/cases/{case}/letter.pdf").data
    assert "已收入公开日志" in checked(pages, pdf, "letter.pdf")
    assert "登记簿中没有这份文件" in checked(pages, pdf + b"\n", "letter.pdf")
    told = receipt(pages, case)
    assert hashlib.sha256(pdf).hexdigest() == told["letter_sha256"]


def test_the_script_of_the_documentation_checks_a_receipt(
    pages: Pages, case: str, tmp_path: Path
) -> None:
    """docs/log.md: receipt and PDF, and nothing of ours."""
    publish(pages.house)
    pages.world.now += timedelta(days=15)
    lot = pages.world.lot
    pages.as_("procurer").sent(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    openings.wait(lot, 30)
    pdf = pages.as_("supplier")._ask("GET", f"/supplier/cases/{case}/letter.pdf").data
    told = receipt(pages, case)
    text = (ROOT / "docs" / "log.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    (tmp_path / "check.py").write_text(found[1])

    def run(told: dict[str, Any], pdf: bytes) -> int:
        (tmp_path / "receipt.json").write_text(json.dumps(told))
        (tmp_path / "letter.pdf").write_bytes(pdf)
        command = [sys.executable, "-I", "check.py", "receipt.json", "letter.pdf"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert run(told, pdf) == 0
    assert run(told, pdf + b"\n") == 1
    assert run({**told, "salt": "00" * 32}, pdf) == 1
    assert run({**told, "letter_proof": told["proof"]}, pdf) == 1
    other = told["letter_proof"].replace(f"\n{2 * BATCH}\n", f"\n{2 * BATCH + 1}\n")
    assert run({**told, "letter_proof": other}, pdf) == 1


def test_an_opening_has_a_receipt_of_its_own(pages: Pages, case: str) -> None:
    """Of certificate and signed list; before the opening it is the same for every lot."""
    lot, procurer = pages.world.lot, pages.as_("procurer")
    publish(pages.house)
    pages.world.now += timedelta(days=15)
    procurer.sent(f"/openings/{lot}/open", passphrase=PASSPHRASE, otp="123456")
    openings.wait(lot, 30)
    publish(pages.house)
    told = json.loads(procurer.get(f"/openings/{lot}/log.json"))
    key = log.Verifier.of_vkey(told["log_key"])
    listed = procurer._ask("GET", f"/openings/{lot}/list.pdf").data
    assert told["list_sha256"] == hashlib.sha256(listed).hexdigest()
    leaf = bytes.fromhex(told["list_leaf"])
    log.Bundle.read(told["list_proof"].encode()).check(leaf, key)
    digest = hashlib.sha256(told["certificate"].encode()).digest()
    assert leaf_of(bytes.fromhex(told["salt"]), digest).hex() == told["leaf"]
    page = checked(pages, encoded(told))
    assert "文件指纹与日志叶" in page
    # The world's certificate was made without the flow that logs it.
    assert "日志中没有，也没有等待收入" in page
    assert pages.as_("supplier").status(f"/openings/{lot}/log.json") == 403


def test_before_the_opening_a_letter_is_as_unknown_as_any(pages: Pages, case: str) -> None:
    """Even with the right digest nobody learns that it exists."""
    publish(pages.house)
    made = pages.world.letter_factory().preview("{}", "bid/v1")
    assert "登记簿中没有这份文件" in checked(pages, made, "letter.pdf")


def test_a_log_that_was_changed_under_the_register_fails(pages: Pages, case: str) -> None:
    publish(pages.house)
    told = receipt(pages, case)
    path = pages.house.log.folder.folder / f"tile/0/000.p/{BATCH}"
    path.write_bytes(bytes(32 * BATCH))
    page = checked(pages, encoded({"leaf": told["leaf"]}))
    assert "不在公开日志中，或内容不符" in page
