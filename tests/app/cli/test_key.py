"""`./baohan key`: rotate and revoke in a demonstration, and what the signer makes of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import crl

from app.cli import key
from app.cli.arguments import CommandError
from app.demo.cast import institutions
from app.processes.authority import AuthorityService, set_up
from app.processes.signing_keys import KeyRing
from signing.certificates import open_authority
from signing.trust import load_trust

CODE = institutions()[0].credit_code


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demonstration's authority and signer's keys, without the processes."""
    for name in ("data", "keys", "timekeeper", "signer", "run"):
        monkeypatch.setenv(f"BAOHAN_{name.upper()}", str(tmp_path / name))
    set_up(tmp_path / "authority", tmp_path / "signer", "http://127.0.0.1:9/crl")
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert key.main([*arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_key_is_rotated_under_a_running_signer(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = KeyRing(home / "signer", lambda: datetime.now(UTC))
    former = ring.key(CODE)
    assert ring.key(CODE) is former
    [before] = listed(capsys, "list", CODE)
    now, then = listed(capsys, "rotate", CODE)
    assert then == before and now != before
    successor = ring.key(CODE)
    assert successor.key_id != former.key_id
    lines = (home / "signer" / "journal").read_bytes().splitlines()
    last = json.loads(lines[-1])
    assert last["event"] == "key.changed"
    assert last["fields"] == {
        "institution": CODE, "former": former.key_id, "key": successor.key_id,
    }  # fmt: skip


def test_a_compromised_key_is_on_the_list(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    since = datetime.now(UTC) - timedelta(hours=2)
    listed(capsys, "rotate", CODE)
    serial = listed(capsys, "list", CODE)[1].split()[0]
    shown = listed(capsys, "revoke", CODE, "--certificate", serial, "--since", since.isoformat())
    assert shown[0].endswith("good")
    assert shown[1].endswith(f"revoked as of {since.isoformat()}")
    passphrase = (home / "authority" / "passphrase").read_bytes()
    trust = home / "trust"
    trust.mkdir()
    AuthorityService(open_authority(home / "authority", passphrase=passphrase), trust).publish()
    lists = [crl.CertificateList.load(der) for der in load_trust(trust).lists]
    serials = {
        f"{entry['user_certificate'].native:x}"
        for one in lists
        for entry in one["tbs_cert_list"]["revoked_certificates"]
    }
    assert serials == {serial}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rotate", "911100000000000000"), "missing"),
        (("revoke", CODE, "--since", "yesterday"), "write the time"),
        (("revoke", CODE, "--since", "2999-01-01T00:00:00+08:00"), "future"),
        (("revoke", CODE, "--since", "2026-01-01T00:00:00"), "offset"),
        (("revoke", CODE, "--certificate", "1"), "no certificate"),
    ],
)
def test_what_cannot_be_done_is_one_line(home: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        key.main(list(arguments))


def test_only_a_demonstration_has_an_authority(home: Path) -> None:
    (home / "authority").rename(home / "away")
    with pytest.raises(CommandError, match="demonstration"):
        key.main(["list", CODE])
