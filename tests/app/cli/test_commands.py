"""The dispatch of commands: one clear line for what is wrong, never a traceback."""

import sys
from types import ModuleType

import pytest

from app.cli import __main__ as cli
from app.cli.arguments import Arguments, CommandError
from app.cli.check import Outcome, Tool, report, run


def install(monkeypatch: pytest.MonkeyPatch, name: str, main: object) -> None:
    """Put a module in the place of a command's."""
    module = ModuleType(name)
    module.main = main  # type: ignore[attr-defined]  # a module made by hand
    monkeypatch.setitem(sys.modules, name, module)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What the command said on standard error, which must be a single line."""
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    return line


@pytest.mark.parametrize("argv", [[], ["nope"], ["SERVE"], ["--json"], [""]])
def test_unknown_commands(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == 2
    line = one_line(capsys)
    assert "serve test demo verify" in line
    assert not argv or repr(argv[0]) in line


def test_the_command_gets_its_arguments_and_gives_its_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[str]] = []

    def main(argv: list[str]) -> int:
        seen.append(argv)
        return 7

    install(monkeypatch, "app.cli.demo_opening", main)
    assert cli.main(["demo-opening", "--at", "a b"]) == 7
    assert seen == [["--at", "a b"]]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--nope"], "unrecognized arguments: --nope"),
        (["--count", "many"], "invalid int value: 'many'"),
        (["--co", "3"], "unrecognized arguments: --co 3"),
    ],
)
def test_bad_arguments(
    argv: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(argv: list[str]) -> int:
        arguments = Arguments("bench", "measure")
        arguments.add_argument("--count", type=int)
        arguments.parse_args(argv)
        return 0

    install(monkeypatch, "app.cli.bench", main)
    assert cli.main(["bench", *argv]) == 2
    assert (
        one_line(capsys)
        == f"baohan bench: {argument(words)}{words} (./baohan bench --help says more)"
    )


def argument(words: str) -> str:
    """What argparse puts before the fault of a value."""
    return "argument --count: " if words.startswith("invalid") else ""


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (CommandError("no letter.pdf\nhere", 3), 3, "baohan verify: no letter.pdf here"),
        (KeyboardInterrupt(), 130, None),
        (RuntimeError("a\nb"), 1, "baohan verify: unexpected RuntimeError at test_commands.py:"),
    ],
)
def test_failures(
    error: BaseException,
    status: int,
    line: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def main(argv: list[str]) -> int:
        raise error

    install(monkeypatch, "app.cli.verify", main)
    assert cli.main(["verify"]) == status
    if line is not None:
        assert one_line(capsys).startswith(line)


def test_a_traceback_for_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(argv: list[str]) -> int:
        raise RuntimeError("here")

    install(monkeypatch, "app.cli.verify", main)
    monkeypatch.setenv(cli.TRACEBACK, "1")
    assert cli.main(["verify"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_inside_a_command_is_not_taken_for_a_missing_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "module_name", lambda command: f"no_such_package.{command}")
    assert cli.main(["audit"]) == 1
    assert "no_such_package" in one_line(capsys)


def test_check_runs_all_and_reports_all(capsys: pytest.CaptureFixture[str]) -> None:
    good = run(Tool("good", (sys.executable, "-c", "print('fine')")))
    bad = run(Tool("bad", (sys.executable, "-c", "print('why'); raise SystemExit(3)")))
    assert (good.status, bad.status) == (0, 3)
    assert report([bad, good]) == 1
    out = capsys.readouterr().out
    assert "FAILED (exit 3)\nwhy\n" in out and "ok" in out and "fine" not in out
    assert report([Outcome(good.tool, 0, 0.1, "")]) == 0
