"""`./baohan verify`: what it prints and how it ends."""

import json
from pathlib import Path

import pytest

from app.cli import __main__ as baohan
from app.cli.verify import main
from tests.signing import papers
from tests.signing.made import NAME, approved, letter, pki, signed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files to judge, and the trust beside them as the demonstration leaves it."""
    (tmp_path / "letter.pdf").write_bytes(letter())
    (tmp_path / "forged.pdf").write_bytes(letter().replace(b"100000.00", b"900000.00"))
    (tmp_path / "plain.pdf").write_bytes(papers.paper())
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "approved.pdf").write_bytes(approved(papers.paper()))
    ca = pki().authority.directory
    (tmp_path / "trust").mkdir()
    for name in ("root.pem", "issuing.pem"):
        (tmp_path / "trust" / name).write_bytes((ca / name).read_bytes())
    (tmp_path / "trust" / "notes.txt").write_text("not a certificate")
    return tmp_path


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


@pytest.mark.parametrize("trust", ["trust", "trust/root.pem"])
def test_a_letter_passes(folder: Path, trust: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main([str(folder / "letter.pdf"), "--trust", str(folder / trust), "--json"])
    [answer] = answers(capsys)
    assert status == 0
    assert answer["file"] == str(folder / "letter.pdf")
    assert (answer["signature"], answer["integrity"], answer["signer"]) == (
        "PASSED", "intact", NAME,
    )  # fmt: skip
    assert answer["letter"] is None and answer["status"] is None


def test_one_bad_file_among_good_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(folder / name) for name in ("letter.pdf", "forged.pdf", "empty.pdf")]
    assert main([*files, "--trust", str(folder / "trust"), "--json"]) == 1
    found = answers(capsys)
    assert [item["file"] for item in found] == files
    assert [item["integrity"] for item in found] == ["intact", "broken", "malformed"]


def test_an_undecided_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "approved.pdf"), "--trust", str(folder / "trust")]) == 2
    shown = capsys.readouterr().out
    assert "无法确定" in shown and "吊销" in shown


def test_a_report_to_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(folder / "forged.pdf"), "--trust", str(folder / "trust")])
    shown = capsys.readouterr().out
    assert "forged.pdf：未通过" in shown
    assert "2 内容完整性：未通过" in shown
    assert "不要接受该文件" in shown
    assert NAME not in shown


def test_the_platform_s_own_trust(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOHAN_SIGNER", str(folder / "signer"))
    assert main([str(folder / "letter.pdf"), "--json"]) == 0
    monkeypatch.setenv("BAOHAN_SIGNER", str(folder / "elsewhere" / "signer"))
    capsys.readouterr()
    assert main([str(folder / "letter.pdf"), "--json"]) == 2
    [answer] = answers(capsys)
    assert (answer["signature"], answer["integrity"]) == ("INDETERMINATE", "intact")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["{0}/missing.pdf"],
        ["{0}"],
        ["{0}/letter.pdf", "--trust", "{0}/missing"],
        ["{0}/letter.pdf", "--trust", "{0}/letter.pdf"],
        ["{0}/letter.pdf", "--trust", "{0}/trust/notes.txt"],
        ["{0}/letter.pdf", "--unknown"],
    ],
)
def test_bad_input_is_one_line(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = baohan.main(["verify", *(item.format(folder) for item in arguments)])
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.startswith("baohan verify: ") and len(err.splitlines()) == 1


def test_a_huge_file_is_read_no_further_than_needed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "huge.pdf").open("wb") as file:
        file.truncate(1 << 40)
    assert main([str(folder / "huge.pdf"), "--json"]) == 2
    [answer] = answers(capsys)
    assert answer["integrity"] == "malformed"


def test_the_password(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "again.pdf").write_bytes(signed(papers.paper()))
    assert main(
        [str(folder / "again.pdf"), "--trust", str(folder / "trust"), "--password", "x", "--json"]
    ) == 0  # fmt: skip
    assert answers(capsys)[0]["signature"] == "PASSED"
