"""`./baohan recover`: one clear line for what is wrong, an answer beside the request."""

from pathlib import Path

import pytest

from app.cli.arguments import CommandError
from app.cli.recover import main
from signing import seal
from signing.seal import recovery
from tests.signing.envelopes import KEYS
from tests.signing.test_seal_recovery import PLATFORM, REQUEST, SP


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    request, key = tmp_path / "request.json", tmp_path / "recovery.key"
    request.write_bytes(REQUEST)
    key.write_bytes(KEYS.recovery.private_key)
    return str(request), str(key)


def test_it_writes_the_answer_and_says_where(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    request, key = files
    assert main([request, "--key", key]) == 0
    assert capsys.readouterr().out == f"1 of 1 shares taken out; hand in {request}.answer.json\n"
    answer = Path(f"{request}.answer.json").read_bytes()
    public = KEYS.recovery.public_key
    assert recovery.read_answer(answer, "r1", PLATFORM.private_key, public) == {"a": SP}


def test_the_answer_goes_where_it_is_told_to(files: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "elsewhere.json"
    assert main([files[0], "--key", files[1], "--out", str(out)]) == 0
    assert out.exists()


def test_what_is_wrong_is_said_in_one_line(files: tuple[str, str], tmp_path: Path) -> None:
    request, key = files
    short, other, text = tmp_path / "short", tmp_path / "other", tmp_path / "text"
    short.write_bytes(b"k" * 31)
    other.write_bytes(seal.make_key_pair().private_key)
    text.write_text("no request")
    for argv, why in (
        ([request, "--key", str(short)], "is no recovery key: it must hold 32 bytes"),
        ([request, "--key", request], "has more than 32 bytes"),
        ([request, "--key", str(other)], "made for another recovery key"),
        ([str(text), "--key", key], "not a recovery request"),
        (["missing.json", "--key", key], "missing.json: No such file"),
        ([request], "--key"),
        ([request, "--key", key, "--out", "/nowhere/x"], "/nowhere/x: No such file"),
    ):
        with pytest.raises(CommandError) as refused:
            main(argv)
        assert why in refused.value.message
        assert "\n" not in refused.value.message
