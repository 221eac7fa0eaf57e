"""What other people's tools say of a letter; as a command, the tables of docs/signatures.md.

python -m tests.signing.strangers, with the project and its environment on the path.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asn1crypto import cms

from signing.keys.protocol import SigningKey
from signing.levels import Level
from signing.longterm import lasts
from signing.parsing.der import measure
from signing.pdf import sign_letter
from signing.profiles import KeyKind
from signing.trust import Anchor, Trust
from tests.signing import papers
from tests.signing.made import NOW, key_of, pki

ACCEPTS, LACKS, LESS = "accepts", "cannot judge", "not reached"
TOOLS: Final = ("pdfsig", "openssl cms", "openssl pkeyutl", "qpdf", "mutool", "pyHanko B-LT")
_NO_EDDSA: Final = frozenset({"pdfsig", "openssl cms", "mutool"})
"""They lack Ed25519 in the versions of Debian 12."""


@dataclass(frozen=True)
class Opinion:
    """One tool's answer."""

    verdict: str
    command: str
    said: str


def expected(tool: str, kind: KeyKind, level: Level) -> str:
    """What the tools of Debian 12 say."""
    if tool == "pyHanko B-LT":
        return ACCEPTS if level == Level.B_LT else LESS
    return LACKS if kind == KeyKind.ED25519 and tool in _NO_EDDSA else ACCEPTS


def letter_of(pdf: bytes, key: SigningKey, level: Level) -> bytes:
    """`pdf`, signed at a level."""
    return sign_letter(
        pdf, key=key, timestamper=pki().stamps, reason="签发投标保函", now=NOW, level=level,
        trust=pki().trust,
    )  # fmt: skip


def opinions(letter: bytes, folder: Path) -> dict[str, Opinion]:
    """Every tool's, with the letter and its parts laid out in `folder`."""
    start, end, _ = papers.ranges(letter)
    value = papers.signature_value(letter)
    value = value[: measure(value)]
    signed = cms.ContentInfo.load(value)["content"]
    info = signed["signer_infos"][0]
    for name, content in {
        "letter.pdf": letter,
        "covered": letter[:start] + letter[end:],
        "cms": value,
        "root.pem": (pki().authority.directory / "root.pem").read_bytes(),
        "attributes": info["signed_attrs"].untag().dump(),
        "value": info["signature"].native,
        "key.der": signed["certificates"][0].chosen.public_key.dump(),
    }.items():
        (folder / name).write_bytes(content)
    made = list(_judge(folder, info["signature_algorithm"].signature_algo, info))
    return dict(made) | {"pyHanko B-LT": _long_term(letter)}


def _judge(folder: Path, algorithm: str, info: cms.SignerInfo) -> Iterator[tuple[str, Opinion]]:
    hashed = [] if algorithm == "ed25519" else [
        "-digest", info["digest_algorithm"]["algorithm"].native
    ]  # fmt: skip
    commands = {
        "pdfsig": (["pdfsig", "-nocert", "letter.pdf"], "Signature is Valid."),
        "openssl cms": (
            ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-content",
             "covered", "-CAfile", "root.pem", "-attime", str(int(NOW.timestamp())), "-out",
             "content"],
            "CMS Verification successful",
        ),
        "openssl pkeyutl": (
            ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER",
             "-rawin", *hashed, "-in", "attributes", "-sigfile", "value"],
            "Signature Verified Successfully",
        ),
        "qpdf": (["qpdf", "--check", "letter.pdf"], "No syntax or stream encoding errors found"),
        "mutool": (["mutool", "sign", "-v", "letter.pdf"], "The document is unchanged"),
    }  # fmt: skip
    for tool, (command, words) in commands.items():
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).strip()
        yield tool, Opinion(ACCEPTS if words in said else LACKS, " ".join(command), said)


def _long_term(letter: bytes) -> Opinion:
    reached = lasts(letter, Trust(anchors=(Anchor(pki().authority.root_der),)), NOW)
    command = "signing.longterm.lasts: validate_pdf_signature, /DSS alone, hard-fail, offline"
    return Opinion(ACCEPTS if reached else LESS, command, str(reached))


def table() -> list[str]:
    """The table of docs/signatures.md, by `expected`."""
    lines = ["| key | level | " + " | ".join(TOOLS) + " |", "|---" * (len(TOOLS) + 2) + "|"]
    for kind in KeyKind:
        for level in Level:
            words = " | ".join(expected(tool, kind, level) for tool in TOOLS)
            lines.append(f"| {kind} | {level} | {words} |")
    return lines


def main() -> None:
    """The table, and what each tool printed of one letter of each sort."""
    print("\n".join(table()))
    for kind, level in ((KeyKind.P256, Level.B_LT), (KeyKind.ED25519, Level.B_T)):
        print(f"\n### {kind}, {level}\n")
        with tempfile.TemporaryDirectory() as name:
            found = opinions(letter_of(papers.paper(), key_of(kind), level), Path(name))
        for opinion in found.values():
            print(f"```\n$ {opinion.command}\n{opinion.said}\n```")


if __name__ == "__main__":
    sys.exit(main())
