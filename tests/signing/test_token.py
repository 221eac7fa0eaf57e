"""Keys in a token, through PKCS #11; SoftHSM2 stands for the hardware."""

import threading
from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest

from signing import private_files
from signing.certificates import issue_institution
from signing.errors import KeyStoreError, KeyUnavailable
from signing.keys import token
from signing.keys.token import TokenKey
from signing.private_files import ExposedFile
from signing.profiles import KeyKind
from signing.report import Result
from tests.signing import made, papers, softhsm
from tests.signing.made import CODE, MADE, NAME, judged, pki, signed

KINDS = [KeyKind.RSA2048, KeyKind.P256, KeyKind.P384]


@pytest.fixture(scope="module")
def label() -> str:
    softhsm.make_token("letters")
    return "letters"


def in_token(directory: Path, label: str, kind: KeyKind = KeyKind.P256) -> Path:
    """A folder with an institution's certificate, and its key in the token."""
    folder = directory / kind
    issue_institution(pki().authority, NAME, CODE, MADE, kind=kind, directory=folder)
    softhsm.put_in(folder, CODE, label)
    return folder


@pytest.fixture
def own(tmp_path: Path) -> TokenKey:
    """A key in a token of its own, which a test may take away."""
    softhsm.make_token(tmp_path.name)
    return token.load(in_token(tmp_path, tmp_path.name), CODE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_signs_letters(kind: KeyKind, label: str, tmp_path: Path) -> None:
    softhsm.make_token(f"kind-{kind}")
    folder = in_token(tmp_path, f"kind-{kind}", kind)
    assert not list(folder.glob("*.key.pem"))
    key = token.load(folder, CODE)
    for _ in range(3):
        report = judged(signed(papers.paper(), key))
        assert report.signature == Result.PASSED
        assert report.signer is not None and report.signer.fingerprint == key.key_id


def test_the_session_stays_open(own: TokenKey, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    find = token._find
    monkeypatch.setattr(token, "_find", lambda *known: opened.append(1) or find(*known))
    for _ in range(5):
        own.sign(b"data")
    assert len(opened) == 1


def test_two_keys_of_one_token_and_many_threads(tmp_path: Path) -> None:
    softhsm.make_token("shared")
    keys = []
    for name in ("one", "two"):
        folder = tmp_path / name
        issue_institution(pki().authority, NAME, CODE, MADE, directory=folder)
        # Two keys of one label would be a question without an answer.
        for ending in (".key.pem", ".pem"):
            (folder / f"{CODE}{ending}").rename(folder / f"{name}{ending}")
        softhsm.put_in(folder, name, "shared")
        keys.append(token.load(folder, name))
    found: list[bool] = []

    def work() -> None:
        for key in keys:
            for number in range(5):
                data = b"%d" % number
                found.append(key.made(key.sign(data), data))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 40


def _close_session(key: TokenKey) -> None:
    key._key.session.close()


def _end_module(_: TokenKey) -> None:
    pkcs11.lib(softhsm.MODULE).finalize()


def _new_start(_: TokenKey) -> None:
    pkcs11.lib(softhsm.MODULE).reinitialize()


@pytest.mark.parametrize("lose", [_close_session, _end_module, _new_start])
def test_a_lost_session_is_opened_again(own: TokenKey, lose: Callable[[TokenKey], None]) -> None:
    own.sign(b"data")
    lose(own)
    assert own.made(own.sign(b"data"), b"data")


def test_a_token_that_is_taken_away_and_comes_back(tmp_path: Path) -> None:
    softhsm.make_token("away")
    folder = in_token(tmp_path, "away")
    key = token.load(folder, CODE)
    key.sign(b"data")
    tokens = softhsm.folder() / "tokens"
    tokens.rename(tokens.with_name("elsewhere"))
    tokens.mkdir()
    _new_start(key)
    with pytest.raises(KeyUnavailable) as caught:
        key.sign(b"data")
    assert caught.value.reason == "no_token"
    tokens.rmdir()
    tokens.with_name("elsewhere").rename(tokens)
    assert key.made(key.sign(b"data"), b"data")


def test_a_wrong_pin_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    softhsm.make_token("pins")
    folder = in_token(tmp_path, "pins")
    (folder / f"{CODE}.pin").unlink()
    private_files.write_new(folder / f"{CODE}.pin", b"wrong\n")
    key = token.load(folder, CODE)
    tried = []
    find = token._find
    monkeypatch.setattr(token, "_find", lambda *known: tried.append(1) or find(*known))
    for _ in range(4):
        with pytest.raises(KeyUnavailable) as caught:
            key.sign(b"data")
        assert caught.value.reason == "pin"
    assert len(tried) == 1


def test_a_key_that_is_not_there(tmp_path: Path, own: TokenKey) -> None:
    folder = made.folder()
    issue_institution(pki().authority, NAME, CODE, MADE, directory=folder)
    softhsm.address(folder, CODE, token=own._address.token, key="nobody's")
    with pytest.raises(KeyUnavailable) as caught:
        token.load(folder, CODE).sign(b"data")
    assert caught.value.reason == "no_key"


def test_a_key_that_is_not_the_certificates(own: TokenKey) -> None:
    folder = made.folder()
    issue_institution(pki().authority, NAME, CODE, MADE, directory=folder)
    softhsm.address(folder, CODE, token=own._address.token, key=CODE)
    with pytest.raises(KeyUnavailable) as caught:
        token.load(folder, CODE).sign(b"data")
    assert caught.value.reason == "other_key"


def test_files_that_are_missing_wrong_or_open_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    key = issue_institution(pki().authority, NAME, CODE, MADE, directory=folder)
    with pytest.raises(KeyStoreError):
        token.load(folder, CODE)
    private_files.write_new(folder / f"{CODE}.token.json", b'{"module": 1}')
    with pytest.raises(KeyStoreError):
        token.load(folder, CODE)
    (folder / f"{CODE}.token.json").unlink()
    softhsm.address(folder, CODE)
    (folder / f"{CODE}.pin").chmod(0o644)
    with pytest.raises(ExposedFile):
        token.load(folder, CODE)
    assert key.key_id


def test_kinds_that_no_token_is_asked_for() -> None:
    key = made.key_of(KeyKind.ED25519)
    address = token.TokenAddress(softhsm.MODULE, "", "")
    with pytest.raises(KeyStoreError):
        TokenKey(address, "", key.certificate.dump(), [])
