"""docs/sealing-vectors.json: known answers, met by this package and by an opener not of it."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from app.adapters.vault import Vault
from signing import seal
from signing.seal.derivation import derive

DOCS = Path(__file__).parents[2] / "docs"
OPENER = DOCS / "open_sealed_letter.py"
VECTORS = json.loads((DOCS / "sealing-vectors.json").read_text())


def values(case: dict[str, Any]) -> dict[str, bytes]:
    texts = ("number", "lot", "opening", "letter_sha256", "passphrase")
    return {name: base64.b64decode(value) for name, value in case.items() if name not in texts}


def context_of(case: dict[str, Any]) -> seal.SealContext:
    return seal.SealContext(values(case)["eid"], case["number"], case["lot"], case["opening"])


@pytest.mark.parametrize("case", VECTORS["derivations"])
def test_derivations(case: dict[str, Any]) -> None:
    known = values(case)
    assert context_of(case).ctx == known["ctx"]
    assert derive(known["sp"], known["st"], context_of(case)) == (known["key"], known["com"])


@pytest.mark.parametrize("case", VECTORS["private_keys"])
def test_private_keys(case: dict[str, Any]) -> None:
    known = values(case)
    assert seal.unwrap_private(known["wrapped"], case["passphrase"]) == known["private_key"]


@pytest.mark.parametrize("holder", ["recipient", "agency", "recovery"])
@pytest.mark.parametrize("case", VECTORS["letters"])
def test_letters(case: dict[str, Any], holder: str) -> None:
    known, context = values(case), context_of(case)
    vault = Vault([known["vault_key"]], bytes(32))
    envelope = seal.parse(seal.vault_unwrap(known["stored"], context.eid, vault.unlock))
    sp = seal.unwrap_sp(envelope, context.ctx, known[f"{holder}_private_key"])
    opening_key = X25519PrivateKey.from_private_bytes(known["opening_private_key"])
    share = seal.unwrap_st(envelope.release_request(context), opening_key)
    assert (sp, share) == (known["sp"], known["st"])
    letter = seal.open_envelope(envelope, context, sp, share)
    assert hashlib.sha256(letter).hexdigest() == case["letter_sha256"]
    assert seal.leaf_hash(known["leaf_salt"], known["stored"]) == known["leaf"]


def run_opener(*arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(OPENER), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_the_independent_opener_opens_them(tmp_path: Path) -> None:
    done = run_opener(DOCS / "sealing-vectors.json", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for number, case in enumerate(VECTORS["letters"]):
        letter = (tmp_path / f"letter-{number}").read_bytes()
        assert hashlib.sha256(letter).hexdigest() == case["letter_sha256"]


def test_the_independent_opener_is_short_and_independent() -> None:
    lines = OPENER.read_text().splitlines()
    assert len(lines) < 100
    assert not [line for line in lines if "import" in line and ("signing" in line or "app" in line)]


@pytest.mark.parametrize("spoilt", ["lot", "opening_private_key", "stored"])
def test_the_independent_opener_refuses_what_does_not_fit(tmp_path: Path, spoilt: str) -> None:
    case = dict(VECTORS["letters"][0])
    replacements = {
        "lot": "lot-2",
        "opening_private_key": case["recovery_private_key"],
        "stored": case["stored"][:-8] + "AAAA" + case["stored"][-4:],
    }
    case[spoilt] = replacements[spoilt]
    (tmp_path / "spoilt.json").write_text(json.dumps({"letters": [case]}))
    assert run_opener(tmp_path / "spoilt.json").returncode != 0


def test_the_opener_opens_what_is_sealed_now(tmp_path: Path) -> None:
    from tests.signing import make_sealing_vectors

    (tmp_path / "now.json").write_text(json.dumps({"letters": [make_sealing_vectors.letter()]}))
    assert run_opener(tmp_path / "now.json").returncode == 0
