"""Successors of keys, and keys that were given up: what happens to the letters."""

from datetime import timedelta
from pathlib import Path

import pytest

from signing.certificates import (
    Authority,
    create_authority,
    crl,
    issue_institution,
    issue_timestamping,
    load_key,
    revoke,
    revoked_at,
    root_crl,
)
from signing.errors import KeyStoreError
from signing.keys.protocol import SigningKey
from signing.levels import Level
from signing.pdf import sign_letter
from signing.report import Result
from signing.rotation import certificates_of, rotate
from signing.trust import Anchor, Trust
from tests.signing import papers
from tests.signing.made import CODE, MADE, NAME, NOW, PASSPHRASE, judged, stamps_at, step

DAY = timedelta(days=1)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)


@pytest.fixture
def keys(authority: Authority, tmp_path: Path) -> Path:
    issue_institution(authority, NAME, CODE, MADE, directory=tmp_path / "keys")
    issue_timestamping(authority, "时间戳", MADE)
    return tmp_path / "keys"


def trust_at(authority: Authority, time=NOW) -> Trust:  # type: ignore[no-untyped-def]
    lists = crl(authority, time), root_crl(authority, time)
    return Trust(anchors=(Anchor(authority.root_der),), lists=lists)


def held(keys: Path) -> SigningKey:
    return load_key(keys, CODE, passphrase=PASSPHRASE)


def letter_at(authority: Authority, key: SigningKey, time=NOW) -> bytes:  # type: ignore[no-untyped-def]
    """At B-LT, as the signer makes it, stamped at that time."""
    stamps = stamps_at(load_key(authority.directory, "tsa", passphrase=PASSPHRASE), time)
    return sign_letter(
        papers.paper(), key=key, timestamper=stamps, reason="签发", now=time, level=Level.B_LT,
        trust=trust_at(authority, time),
    )  # fmt: skip


def test_letters_of_the_former_key_still_verify(authority: Authority, keys: Path) -> None:
    former = held(keys)
    before = letter_at(authority, former)
    successor = rotate(authority, keys, CODE, NOW)
    after = letter_at(authority, held(keys), NOW + DAY)
    assert successor.key_id == held(keys).key_id != former.key_id
    later = NOW + 2 * DAY
    for letter, key in ((before, former), (after, successor)):
        report = judged(letter, trust_at(authority, later), later)
        assert report.signature == Result.PASSED
        assert report.signer is not None and report.signer.fingerprint == key.key_id
        assert (report.signer.name, report.signer.credit_code) == (NAME, CODE)
    found = certificates_of(keys, CODE)
    assert [one.dump() for one in found] == [
        successor.certificate.dump(), former.certificate.dump(),
    ]  # fmt: skip


def test_the_former_private_key_is_gone(authority: Authority, keys: Path) -> None:
    path = keys / f"{CODE}.key.pem"
    before = path.read_bytes()
    rotate(authority, keys, CODE, NOW)
    assert path.read_bytes() != before
    assert [one.name for one in keys.glob("*.key.pem")] == [path.name]
    assert not list(keys.glob("next"))


def test_a_rotation_that_was_cut_off_is_repeated(
    authority: Authority, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate(authority, keys, CODE, NOW)
    with pytest.raises(KeyStoreError):
        held(keys)
    successor = rotate(authority, keys, CODE, NOW)
    assert held(keys).key_id == successor.key_id
    assert judged(letter_at(authority, held(keys)), trust_at(authority)).level == Level.B_LT


def test_a_key_that_is_held_elsewhere(authority: Authority, keys: Path) -> None:
    (keys / f"{CODE}.key.pem").unlink()
    with pytest.raises(KeyStoreError):
        rotate(authority, keys, CODE, NOW)


def test_a_compromise_parts_letters_by_their_time_stamps(authority: Authority, keys: Path) -> None:
    """A thief's letters bring lists that call the key good: they were made before it was known."""
    key = held(keys)
    honest = letter_at(authority, key, NOW)
    stolen_at = NOW + timedelta(hours=1)
    forged = letter_at(authority, key, NOW + timedelta(hours=2))
    known = NOW + timedelta(hours=3)
    for letter in (honest, forged):
        assert judged(letter, trust_at(authority, known), known).signature == Result.PASSED
    revoke(authority, key.certificate, stolen_at)
    assert revoked_at(authority, key.certificate) == stolen_at
    trust = trust_at(authority, known)
    report = judged(honest, trust, known)
    assert (report.signature, step(report, 5).code) == (Result.PASSED, "revoked_later")
    report = judged(forged, trust, known)
    assert (report.signature, step(report, 5).code) == (Result.FAILED, "revoked_before")


def test_what_the_signer_claims_does_not_put_a_letter_before_a_compromise(
    authority: Authority, keys: Path
) -> None:
    key = held(keys)
    claimed = sign_letter(
        papers.paper(), key=key, timestamper=None, reason="签发", now=NOW, level=Level.B_B
    )
    revoke(authority, key.certificate, NOW + timedelta(hours=1))
    known = NOW + timedelta(hours=3)
    report = judged(claimed, trust_at(authority, known), known)
    assert report.signature != Result.PASSED
    assert step(report, 5).code == "revoked"
