"""`./baohan verify FILE…`: is this letter genuine? Exit status 0 passed, 1 failed, 2 undecided."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.cli.arguments import Arguments, CommandError
from app.processes.places import Places
from app.settings import BadSetting, read
from signing.errors import TrustMaterialError, WorkerError
from signing.report import Report, Result
from signing.structure import MAX_BYTES
from signing.trust import Trust, load_trust
from signing.verify import judge
from signing.worker import Pool

_WORDS: Final = {
    Result.PASSED: "通过",
    Result.FAILED: "未通过",
    Result.INDETERMINATE: "无法确定",
    Result.NOT_RUN: "未执行",
}


def main(argv: list[str]) -> int:
    """Verify files in a process of their own, print a report or JSON (design.md, 5)."""
    arguments = _parser().parse_args(argv)
    files = [_file(name) for name in arguments.files]
    trust = _trust(arguments.trust)
    try:
        reports = _verify(files, trust, arguments.password)
    except WorkerError as error:
        raise CommandError(f"cannot look at files: {error.why}") from error
    if arguments.json:
        found = [
            {"file": name} | report.to_dict()
            for name, report in zip(arguments.files, reports, strict=True)
        ]
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for name, report in zip(arguments.files, reports, strict=True):
            print(_readable(name, report))
    return _status([report.evidence.signature for report in reports])


def _parser() -> Arguments:
    parser = Arguments("verify", "Judge signed letters (PDF).")
    parser.add_argument("files", metavar="FILE", nargs="+", help="a PDF file")
    parser.add_argument(
        "--trust",
        metavar="FILE_OR_DIR",
        help="certificates and revocation lists to trust; without it, those of this platform",
    )
    parser.add_argument("--password", metavar="P", help="password that opens an encrypted file")
    parser.add_argument("--json", action="store_true", help="print a list with one object a file")
    return parser


def _file(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise CommandError(f"{name}: no such file; give the path of a PDF")
    return path


def _trust(given: str | None) -> Trust:
    """Trust from where the user says, else the platform's own; nothing if there is none yet."""
    try:
        if given is not None:
            return load_trust(Path(given))
        folder = Places(read()).trust
        return load_trust(folder) if folder.is_dir() else Trust()
    except TrustMaterialError as error:
        raise CommandError(f"{error.path} {error.why}") from error
    except BadSetting as error:
        raise CommandError(str(error)) from error


def _verify(files: Sequence[Path], trust: Trust, password: str | None) -> list[Report]:
    at = datetime.now(UTC)
    with Pool(workers=1) as pool:
        return [
            judge(pool.verify(_content(path), trust=trust, at=at, password=password), register=None)
            for path in files
        ]


def _content(path: Path) -> bytes:
    """The file, or one byte more of it than is looked at."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _readable(name: str, report: Report) -> str:
    evidence = report.evidence
    lines = [f"{name}：{_WORDS[evidence.signature]}（{evidence.indication}）"]
    lines += [f"  签署者 {signer.name}" for signer in evidence.signers]
    for step in report.steps:
        lines.append(f"  {step.number} {step.name}：{_WORDS[step.result]}。{step.reason}")
        if step.advice and step.result in (Result.FAILED, Result.INDETERMINATE):
            lines.append(f"      {step.advice}")
    return "\n".join(lines)


def _status(results: Sequence[Result]) -> int:
    if Result.FAILED in results:
        return 1
    return 0 if set(results) == {Result.PASSED} else 2
