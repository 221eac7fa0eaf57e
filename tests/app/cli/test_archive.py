"""`./baohan archive`: offline, exact, and never over another file."""

from pathlib import Path

import pytest

from app.cli import archive
from app.cli.arguments import CommandError
from tests.signing.test_seal_archive import FILE, LETTER, OTHER, OWN


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "BH-2026-0001.sealed").write_bytes(FILE)
    for name, pair in (("own", OWN), ("other", OTHER)):
        key = tmp_path / name
        key.touch(mode=0o600)
        key.write_text(pair.private_key.hex() + "\n")
    return tmp_path / "BH-2026-0001.sealed"


def run(copy: Path, key: str = "own", *more: str) -> int:
    return archive.main([str(copy), "--key", str(copy.with_name(key)), *more])


def test_the_letter_lies_beside_the_copy(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(copy) == 0
    assert copy.with_suffix(".pdf").read_bytes() == LETTER
    assert "BH-2026-0001.pdf" in capsys.readouterr().err


def test_it_goes_where_it_is_told_and_over_nothing(copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "letter.pdf"
    assert run(copy, "own", "--out", str(out)) == 0
    with pytest.raises(CommandError, match="exists already"):
        run(copy, "own", "--out", str(out))
    assert out.read_bytes() == LETTER


def test_another_key_and_another_file_are_one_line(copy: Path) -> None:
    with pytest.raises(CommandError, match="does not open"):
        run(copy, "other")
    copy.write_bytes(FILE[:-1])
    with pytest.raises(CommandError, match="does not open"):
        run(copy)
    assert not copy.with_suffix(".pdf").exists()


def test_what_is_no_key_or_not_there_is_said(copy: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        run(copy, "nobody")
    wrong = copy.with_name("own")
    for text in ("", "zz", "00" * 31):
        wrong.write_text(text)
        with pytest.raises(CommandError, match="64 hexadecimal digits"):
            run(copy)
    wrong.write_text(OWN.private_key.hex())
    wrong.chmod(0o644)
    with pytest.raises(CommandError, match="lets other users in"):
        run(copy)
    copy.unlink()
    wrong.chmod(0o600)
    with pytest.raises(CommandError, match="no such file"):
        run(copy)
