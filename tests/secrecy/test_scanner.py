"""The scanner finds a planted letter and planted facts in every disguise, and cries no wolf."""

import base64
import gzip
import io
import json
import os
import quopri
import random
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from app.cli.places import project
from guarantees.values.codes import make_credit_code, new_letter_number
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms
from tests.guarantees.letter_samples import letter, sample_terms
from tests.secrecy.scanner import WINDOW, Scanner, files

KEY = bytes(range(101, 133))
REASON = "历史履约良好，额度内同意。"
AMOUNT = Money(73_519_004)
RANDOM = random.Random(5)


@dataclass(frozen=True)
class Sample:
    terms: Terms
    pdf: bytes
    control: bytes


@pytest.fixture(scope="module")
def sample() -> Sample:
    """A letter, and one of another supplier for the same lot with the same template."""
    terms = sample_terms(amount=AMOUNT)
    other = sample_terms(
        number=new_letter_number(2026, RANDOM.randrange),
        applicants=(Party("云岭数据有限公司", make_credit_code("9114", RANDOM), "lead"),),
    )
    return Sample(terms, letter(terms), letter(other))


@pytest.fixture(scope="module")
def facts_of(sample: Sample) -> dict[str, str]:
    return {
        "supplier": sample.terms.applicants[0].name,
        "credit code": str(sample.terms.applicants[0].credit_code),
        "number": sample.terms.number,
        "capitals": AMOUNT.capitals,
        "reason": REASON,
    }


@pytest.fixture(scope="module")
def scanner(sample: Sample, facts_of: dict[str, str]) -> Scanner:
    made = Scanner()
    for name, text in facts_of.items():
        made.add_fact(name, text)
    made.add_bytes("content key", KEY)
    assert made.add_letter("letter", sample.pdf, sample.control) > 10_000
    return made


def found(scanner: Scanner, data: bytes) -> set[str]:
    return {one.secret for one in scanner.in_data("a file", data)}


def zipped(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", data)
    return target.getvalue()


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def at_alignment(skip: int, encode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: encode(b"x" * skip + data)


NOISE = b"\x00\xffnoise \x01\x02"
DISGUISES: dict[str, Callable[[bytes], bytes]] = {
    "bare": bytes,
    "hex": lambda data: data.hex().encode(),
    "HEX": lambda data: data.hex().upper().encode(),
    "hex at an odd place": lambda data: b"a" + data.hex().encode(),
    **{f"base64 {n}": at_alignment(n, base64.b64encode) for n in range(3)},
    **{f"urlsafe base64 {n}": at_alignment(n, base64.urlsafe_b64encode) for n in range(3)},
    "base64 in lines": base64.encodebytes,
    "base64 unpadded in a word": lambda data: b"ab" + base64.b64encode(data).rstrip(b"="),
    "percent": lambda data: quote(data).encode(),
    "quoted-printable": quopri.encodestring,
    "repr": lambda data: repr(data).encode(),
    "octal": lambda data: b"".join(b"\\%03o" % byte for byte in data),
    "zlib": zlib.compress,
    "zlib at 1": lambda data: zlib.compress(data, 1),
    "gzip": gzip.compress,
    "deflate": deflated,
    "zip": zipped,
    "hex of base64 of gzip": lambda data: base64.b64encode(gzip.compress(data)).hex().encode(),
}
AT_THE_BEGINNING = frozenset({"deflate"})
"""What has no mark is found where the data begins."""


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_planted_letter_is_found(scanner: Scanner, sample: Sample, disguise: str) -> None:
    hidden = DISGUISES[disguise](sample.pdf)
    before = b"" if disguise in AT_THE_BEGINNING else NOISE
    assert "letter" in found(scanner, before + hidden + NOISE)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_planted_facts_and_keys_are_found(
    scanner: Scanner, facts_of: dict[str, str], disguise: str
) -> None:
    before = b"" if disguise in AT_THE_BEGINNING else NOISE
    planted = {name: text.encode() for name, text in facts_of.items()} | {"content key": KEY}
    missed = {
        name
        for name, value in planted.items()
        if name not in found(scanner, before + DISGUISES[disguise](value * 2) + NOISE)
    }
    assert missed == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
@pytest.mark.parametrize("disguise", ["bare", "hex", "base64 1", "zlib", "percent"])
def test_facts_are_found_in_every_encoding(
    scanner: Scanner, facts_of: dict[str, str], encoding: str, disguise: str
) -> None:
    for name, text in facts_of.items():
        hidden = DISGUISES[disguise](f"受理：{text}，已办".encode(encoding))
        assert name in found(scanner, NOISE + hidden + NOISE), name


def test_facts_are_found_as_characters_written_out(
    scanner: Scanner, facts_of: dict[str, str]
) -> None:
    name = facts_of["supplier"]
    once = json.dumps({"n": name})
    entities = "".join(f"&#x{ord(character):x};" for character in name)
    numbers = "".join(f"&#{ord(character)};" for character in name)
    for text in (once, once.upper().replace("\\U", "\\u"), json.dumps(once), entities, numbers):
        assert name not in text
        assert "supplier" in found(scanner, text.encode()), text


def test_every_window_is_found_wherever_it_lies(scanner: Scanner, sample: Sample) -> None:
    """A window that the control lacks, alone among random bytes, at each offset."""
    own = [
        sample.pdf[start : start + WINDOW]
        for start in range(len(sample.pdf) // 2, len(sample.pdf) - WINDOW, 997)
        if sample.pdf[start : start + WINDOW] not in sample.control
    ]
    assert len(own) > 20
    for place in range(40):
        window = own[place % len(own)]
        assert found(scanner, os.urandom(1000 + place) + window + os.urandom(77)) == {"letter"}
        assert found(scanner, os.urandom(1000 + place) + window[:-1]) == set()


def test_text_is_extracted_from_pdfs(scanner: Scanner, sample: Sample) -> None:
    ways = {(one.secret, one.way) for one in scanner.in_data("a file", NOISE + sample.pdf)}
    assert {
        ("supplier", ("pdf text",)),
        ("capitals", ("pdf text",)),
        ("letter", ()),
        ("supplier", ("zlib",)),  # in the attached terms
    } <= ways


def test_the_same_terms_set_anew_are_found(scanner: Scanner, sample: Sample) -> None:
    """A draft of the letter has other bytes, and the same text."""
    draft = letter(sample_terms(amount=AMOUNT, signatory="另一位签署人"))
    assert {"supplier", "credit code", "number", "capitals"} <= found(scanner, draft)


def test_what_breaks_off_is_found(scanner: Scanner, sample: Sample) -> None:
    """Streams that end early or are damaged, as on pages that were used again."""
    packed = zlib.compress(os.urandom(3000) + REASON.encode() + sample.pdf)
    assert {"reason", "letter"} <= found(scanner, packed[: len(packed) // 2])
    assert {"reason", "letter"} <= found(scanner, packed[:60_000] + os.urandom(9000))


def test_a_database_file_shows_what_was_deleted_and_what_overflows(
    scanner: Scanner, sample: Sample, tmp_path: Path
) -> None:
    database = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE t (blob BLOB)")
    database.execute("INSERT INTO t VALUES (?)", (sample.pdf,))
    database.execute("INSERT INTO t VALUES (?)", (REASON,))
    database.execute("DELETE FROM t")
    names = {Path(one.place).name for one in scanner.scan(files(tmp_path))}
    database.close()
    assert "test.db-wal" in names


def test_an_innocent_tree_gives_nothing(
    scanner: Scanner, sample: Sample, tmp_path: Path, facts_of: dict[str, str]
) -> None:
    """Among it the control letter, and all that is public of the case."""
    terms = sample.terms
    public = {
        "project": terms.project_name,
        "procurer": terms.beneficiary.name,
        "institution": terms.issuer.name,
        "product": "政采投标保函",
        "lot": terms.lot_name,
    }
    (tmp_path / "control.pdf").write_bytes(sample.control)
    (tmp_path / "project.json").write_text(json.dumps(public, ensure_ascii=False))
    (tmp_path / "escaped.json").write_text(json.dumps(public))
    (tmp_path / "random").write_bytes(os.urandom(2**20))
    (tmp_path / "zeros").write_bytes(bytes(2**18))
    assert scanner.scan(files(tmp_path, project() / "app", project() / "templates")) == []
    assert not any(text in public.values() for text in facts_of.values())


def test_names_of_files_are_looked_at(
    scanner: Scanner, facts_of: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / f"{facts_of['number']}.pdf").touch()
    (tmp_path / quote(facts_of["supplier"])).mkdir()
    assert {one.secret for one in scanner.scan(files(tmp_path))} >= {"number", "supplier"}


def test_what_is_known_somewhere_counts_elsewhere(tmp_path: Path) -> None:
    scanner = Scanner({"supplier": ("*/baohan.db*",)})
    scanner.add_fact("supplier", "山河云图信息技术有限公司")
    for name in ("baohan.db", "baohan.db-wal", "web.log"):
        (tmp_path / name).write_text("山河云图信息技术有限公司")
    (finding,) = scanner.scan(files(tmp_path))
    assert finding.place.endswith("web.log")
    assert str(finding) == f"supplier in {tmp_path}/web.log"
    scanner.forget("supplier")
    assert scanner.scan(files(tmp_path)) == []


def test_a_secret_that_chance_would_find_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Scanner().add_fact("amount", "7万")


def test_clean_data_is_looked_at_again_for_a_new_secret(tmp_path: Path) -> None:
    scanner = Scanner()
    scanner.add_fact("one", "第一件事实")
    data = "第二件事实".encode()
    assert found(scanner, data) == set()
    scanner.add_fact("two", "第二件事实")
    assert found(scanner, data) == {"two"}


def test_forty_megabytes_take_seconds(scanner: Scanner, tmp_path: Path) -> None:
    """As stored letters and pages of a database look, with one fact among them."""
    for number in range(10):
        (tmp_path / f"{number}").write_bytes(os.urandom(4 * 2**20))
    (tmp_path / "last").write_bytes(os.urandom(2**20) + REASON.encode() + os.urandom(2**20))
    started = time.process_time()
    assert [one.secret for one in scanner.scan(files(tmp_path))] == ["reason"]
    assert time.process_time() - started < 15


def test_copies_of_what_is_public_are_not_looked_into(scanner: Scanner, sample: Sample) -> None:
    own = Scanner()
    own.add_letter("letter", sample.pdf, sample.control)
    own.add_public(sample.pdf)
    assert found(own, sample.pdf) == set()
    assert found(own, sample.pdf + b"x") == {"letter"}
