"""./baohan trustee: a key made and used where its holder is, without the platform."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT
from signing import seal
from signing.seal.approvals import Asked, read_answer, request_file

PHRASE = "a phrase that only we know 协会"


def run(folder: Path, *arguments: object, typed: str = PHRASE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", "trustee", *map(str, arguments)]
    return subprocess.run(
        command,
        input=f"{typed}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        timeout=60,
    )


def asked(public_key: bytes, part: bytes, letter: str = "letter-1") -> Asked:
    to = seal.Recipient.of("association", public_key)
    return Asked(letter, seal.part_request(part, to, bytes(32), bytes(32), 2))


def new_key(folder: Path) -> bytes:
    done = run(folder, "--new-key", "our.key")
    assert (done.returncode, done.stderr) == (0, "")
    return bytes.fromhex(done.stdout.split()[-1])


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    return line


def test_a_key_is_made_and_answers(tmp_path: Path) -> None:
    public_key = new_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "our.key").stat().st_mode) == 0o600
    assert PHRASE.encode() not in (tmp_path / "our.key").read_bytes()
    request = request_file("opening-1", "某项目 第 01 标段", [asked(public_key, b"p" * 32)])
    (tmp_path / "release.json").write_bytes(request)
    done = run(tmp_path, "release.json", "--key", "our.key")
    assert (done.returncode, done.stderr) == (0, "")
    assert "某项目 第 01 标段: 1 letters, 1 parts" in done.stdout
    [part] = read_answer((tmp_path / "release.answer.json").read_bytes(), "opening-1")
    assert (part.letter, part.subset, part.trustee, part.part) == (
        "letter-1", 2, "association", b"p" * 32,
    )  # fmt: skip
    assert stat.S_IMODE((tmp_path / "release.answer.json").stat().st_mode) == 0o600


def test_a_plain_key_of_32_bytes_will_do(tmp_path: Path) -> None:
    pair = seal.make_key_pair()
    (tmp_path / "raw.key").write_bytes(pair.private_key)
    request = request_file("o", "x", [asked(pair.public_key, b"q" * 32)])
    (tmp_path / "r.json").write_bytes(request)
    done = run(tmp_path, "r.json", "--key", "raw.key", "--out", "a.json", typed="")
    assert done.returncode == 0
    [part] = read_answer((tmp_path / "a.json").read_bytes(), "o")
    assert part.part == b"q" * 32


def test_a_part_that_does_not_open_is_said_and_the_others_are_answered(tmp_path: Path) -> None:
    pair = seal.make_key_pair()
    (tmp_path / "raw.key").write_bytes(pair.private_key)
    asked_for = [asked(pair.public_key, b"q" * 32, name) for name in ("good", "bad")]
    document = json.loads(request_file("o", "x", asked_for))
    document["letters"][1]["com"] = "11" * 32
    (tmp_path / "r.json").write_text(json.dumps(document))
    done = run(tmp_path, "r.json", "--key", "raw.key")
    assert done.returncode == 1
    assert "1 parts do not open" in done.stderr
    parts = read_answer((tmp_path / "r.answer.json").read_bytes(), "o")
    assert [(one.letter, one.part) for one in parts] == [("good", b"q" * 32), ("bad", b"")]


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    public_key = new_key(tmp_path)
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "big.key").write_bytes(bytes(5000))
    request = request_file("o", "x", [asked(public_key, b"q" * 32)])
    (tmp_path / "r.json").write_bytes(request)
    (tmp_path / "other.key").write_bytes(seal.make_key_pair().private_key)
    assert "FILE and --key" in one_line(run(tmp_path))
    assert "FILE and --key" in one_line(run(tmp_path, "r.json"))
    assert "cannot read none.json" in one_line(run(tmp_path, "none.json", "--key", "our.key"))
    assert "not a file of" in one_line(run(tmp_path, "bad.json", "--key", "our.key"))
    assert "is no key" in one_line(run(tmp_path, "r.json", "--key", "big.key"))
    wrong = run(tmp_path, "r.json", "--key", "our.key", typed="another phrase, not ours")
    assert "does not open with this passphrase" in one_line(wrong)
    assert "none of the keys" in one_line(run(tmp_path, "r.json", "--key", "other.key"))
    assert "exists already" in one_line(run(tmp_path, "--new-key", "our.key"))
    assert "口令太短" in one_line(run(tmp_path, "--new-key", "new.key", typed="short"))
    assert not (tmp_path / "new.key").exists()
    assert not (tmp_path / "r.answer.json").exists()


@pytest.mark.parametrize("flag", ["--help"])
def test_help_names_both_ways(tmp_path: Path, flag: str) -> None:
    done = run(tmp_path, flag)
    assert done.returncode == 0
    assert "--new-key" in done.stdout
