"""docs/sealing-vectors.json: known answers, met by this package and by an opener not of it."""

import base64
import hashlib
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from app.adapters.vault import Vault
from signing import seal
from signing.seal.derivation import derive
from tests.signing.tokens import Token

DOCS = Path(__file__).parents[2] / "docs"
OPENER = DOCS / "open_sealed_letter.py"
VECTORS = json.loads((DOCS / "sealing-vectors.json").read_text())


def values(case: dict[str, Any]) -> dict[str, bytes]:
    texts = ("number", "lot", "opening", "letter_sha256", "passphrase", "profile", "context")
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


@pytest.mark.parametrize("profile", seal.PROFILES)
def test_envelopes(profile: str) -> None:
    case = VECTORS["envelopes"][profile]
    known, context = values(case), context_of(case)
    assert case["profile"] == envelope_of(case).profile == profile
    assert derive(known["sp"], known["st"], context)[1] == envelope_of(case).com
    letter = seal.open_envelope(envelope_of(case), context, known["sp"], known["st"])
    assert hashlib.sha256(letter).hexdigest() == case["letter_sha256"]
    assert seal.leaf_hash(known["leaf_salt"], known["stored"]) == known["leaf"]
    names = [base64.b64decode(name).decode() for name in case["context"]]
    assert names == [context.number, context.lot, context.opening]


def envelope_of(case: dict[str, Any]) -> seal.Envelope:
    known = values(case)
    vault = Vault([known["vault_key"]], bytes(32))
    return seal.parse(seal.vault_unwrap(known["stored"], known["eid"], vault.unlock))


def test_every_kind_of_holder_is_there() -> None:
    found = {(way["envelope"], way["by"]) for way in VECTORS["openings"]}
    for profile, made in seal.PROFILES.items():
        ways = {by for envelope, by in found if envelope == profile}
        assert ways == {
            "archive key",
            "recovery key",
            "recovery key, opening key erased",
            "token",
            "procurer's later key",
            *("+".join(("procurer's key", *subset)) for subset in made.subsets or ((),)),
        }


@pytest.mark.parametrize(
    "way", VECTORS["openings"], ids=lambda way: f"{way['envelope']}-{way['by']}"
)
def test_openings(way: dict[str, Any]) -> None:
    """Each by our own functions; the independent opener does the same below."""
    case = VECTORS["envelopes"][way["envelope"]]
    envelope, context, known = envelope_of(case), context_of(case), values(case)
    keys = [base64.b64decode(key) for key in way["private_keys"]]
    wraps = [seal.Wrap.decoded(base64.b64decode(wrap)) for wrap in way["wraps_made_later"]]
    if way["by"] == "archive key":
        assert seal.unwrap_archive(envelope, context.ctx, keys[0]) == (known["sp"], known["st"])
        return
    assert sp_of(envelope, context, way, keys, wraps) == known["sp"]
    st_t = st_of(envelope, context, keys, wraps)
    assert st_t == known["st_t"]
    parts = {
        request.seat: seal.unwrap_part(request, key)
        for key in keys
        for request in envelope.trustee_requests(context, seal.fingerprint_of_private(key))
    }
    assert seal.combine_st(envelope, context, known["sp"], st_t, parts) == known["st"]


def sp_of(
    envelope: seal.Envelope,
    context: seal.SealContext,
    way: dict[str, Any],
    keys: list[bytes],
    wraps: list[seal.Wrap],
) -> bytes:
    handed_in = base64.b64decode(way["handed_in"])
    if not handed_in:
        return seal.unwrap_sp(envelope, context.ctx, keys[0], wraps)
    names = ("token_certificate", "token_key", "token_wrap")
    certificate, key, wrapped = (base64.b64decode(way[name]) for name in names)
    der = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    assert Token(der, key).opened(wrapped) == handed_in
    assert wrapped in {wrap.data for wrap in envelope.recipient_wraps}
    return seal.sp_handed_in(envelope, context.ctx, handed_in)


def st_of(
    envelope: seal.Envelope,
    context: seal.SealContext,
    keys: list[bytes],
    wraps: list[seal.Wrap],
) -> bytes:
    """By the opening key, or by the recovery key from what was archived."""
    request = envelope.release_request(context)
    later = [replace(request, enc_and_ct=wrap.data) for wrap in wraps if wrap.role == "T"]
    for key in keys:
        for one in (request, *later):
            with suppress(seal.SealBroken):
                return seal.unwrap_st(one, X25519PrivateKey.from_private_bytes(key))
    raise AssertionError("nobody released it")


def run_opener(*arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(OPENER), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_the_independent_opener_opens_them(tmp_path: Path) -> None:
    done = run_opener(DOCS / "sealing-vectors.json", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for number, way in enumerate(VECTORS["openings"]):
        letter = (tmp_path / f"letter-{number}").read_bytes()
        known = VECTORS["envelopes"][way["envelope"]]["letter_sha256"]
        assert hashlib.sha256(letter).hexdigest() == known


def test_the_independent_opener_is_short_and_independent() -> None:
    lines = OPENER.read_text().splitlines()
    assert len(lines) < 100
    assert not [line for line in lines if "import" in line and ("signing" in line or "app" in line)]


def test_the_independent_opener_opens_what_fits_and_only_that(tmp_path: Path) -> None:
    def returned(envelope: dict[str, Any], way: dict[str, Any]) -> int:
        content = {"envelopes": {"timekeeper+2of3": envelope}, "openings": [way]}
        (tmp_path / "spoilt.json").write_text(json.dumps(content))
        return run_opener(tmp_path / "spoilt.json", tmp_path).returncode

    envelope = VECTORS["envelopes"]["timekeeper+2of3"]
    (way,) = [
        way
        for way in VECTORS["openings"]
        if way["envelope"] == "timekeeper+2of3" and way["by"].endswith("regulator+association")
    ]
    keys, stored = way["private_keys"], envelope["stored"]
    assert returned(envelope, way) == 0
    for change in (
        {"context": [*envelope["context"][:2], base64.b64encode(b"opening-2").decode()]},
        {"stored": stored[:-8] + "AAAA" + stored[-4:]},
        {"vault_key": envelope["sp"]},
        {"letter_sha256": "0" * 64},
    ):
        assert returned(envelope | change, way) != 0
    for missing in range(len(keys)):
        less = keys[:missing] + keys[missing + 1 :]
        assert returned(envelope, way | {"private_keys": less}) != 0


def test_the_opener_opens_what_is_sealed_now(tmp_path: Path) -> None:
    from tests.signing import make_sealing_vectors

    made = make_sealing_vectors.opened(["timekeeper+regulator"])
    (tmp_path / "now.json").write_text(json.dumps(made))
    assert run_opener(tmp_path / "now.json", tmp_path).returncode == 0
