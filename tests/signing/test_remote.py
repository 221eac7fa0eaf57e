"""Keys that institutions hold: the client of the Cloud Signature Consortium API and its agent."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos

from signing import private_files
from signing.errors import KeyStoreError, KeyUnavailable
from signing.keys import remote
from signing.keys.protocol import SeeingKey
from signing.keys.remote import RemoteAddress, RemoteKey
from signing.keys.software import load_private
from signing.profiles import KeyKind
from signing.report import Result
from tests.signing import csc_server, made, papers
from tests.signing.csc_server import CREDENTIAL, PIN, TOKEN, Service
from tests.signing.made import CODE, judged, key_of, signed

NUMBER = json.loads(papers.TERMS_TEXT)["number"]
PAPER = papers.paper(terms=papers.TERMS_TEXT)


@contextmanager
def institution(
    kind: KeyKind = KeyKind.P256, terms: bytes = papers.TERMS_TEXT, **address: str
) -> Iterator[tuple[Service, RemoteKey]]:
    """An institution's service, and the platform's key that asks it."""
    folder = made.folder()
    held = made.issue_institution(
        made.pki().authority, made.NAME, CODE, made.MADE, kind=kind, directory=folder
    )
    private: Any = load_private(folder / f"{CODE}.key.pem", made.PASSPHRASE)
    oid = algos.SignedDigestAlgorithm.load(held.algorithm.identifier)["algorithm"].dotted
    service = csc_server.service_of(private, held.certificate, oid, {NUMBER: terms})
    with csc_server.serving(service) as url:
        fields = {"url": url, "credential": CREDENTIAL, "token": TOKEN, "pin": PIN} | address
        chain = [item.dump() for item in held.chain]
        yield service, RemoteKey(RemoteAddress(**fields), held.certificate.dump(), chain)


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384, KeyKind.RSA3072])
def test_an_institution_signs_its_letter(kind: KeyKind) -> None:
    with institution(kind) as (service, key):
        assert isinstance(key, SeeingKey)
        letters = [signed(PAPER, key) for _ in range(2)]
    for letter in letters:
        report = judged(letter)
        assert report.signature == Result.PASSED
        assert report.signer is not None and report.signer.fingerprint == key.key_id
    assert service.calls.count("csc/v2/info") == 1
    assert service.calls.count("agent/v1/documents") == 2
    # One authorization for one hash, and none that could be used once more.
    assert [left for _, left in service.sads.values()] == [0, 0]


def test_a_credential_without_a_pin() -> None:
    with institution(pin="") as (service, key):
        service.mode = "implicit"
        assert judged(signed(PAPER, key)).signature == Result.PASSED


def refusal(key: RemoteKey, pdf: bytes = PAPER) -> tuple[str, str]:
    with pytest.raises(KeyUnavailable) as caught:
        signed(pdf, key)
    return caught.value.reason, caught.value.detail


def test_the_agent_compares_the_terms_before_it_agrees() -> None:
    dearer = papers.TERMS_TEXT.replace(b"BH-1", b"BH-2")
    with institution() as (service, key):
        assert refusal(key, papers.paper(terms=dearer)) == ("refused", "not_decided")
        assert refusal(key, papers.paper()) == ("refused", "no_terms")
        assert not service.agent.seen and not service.sads
    with institution(terms=papers.TERMS_TEXT + b" ") as (service, key):
        assert refusal(key) == ("refused", "other_terms")


def test_the_agent_computes_the_hash_by_itself() -> None:
    """A platform that shows one document and has another one signed."""
    with institution() as (service, key):
        attributes: list[bytes] = []
        look = service.agent.look
        service.agent.look = (  # type: ignore[method-assign]
            lambda data, document: attributes.append(data) or look(data, document)
        )
        signed(PAPER, key)
        document = PAPER.replace(b"100000.00", b"900000.00")
        with pytest.raises(KeyUnavailable) as caught:
            key.sign_seeing(attributes[0], document)
        assert caught.value.detail == "not_one_signature"
        other = signed(papers.paper(terms=papers.TERMS_TEXT) + b"%\n")
        start, end, _ = papers.ranges(other)
        emptied = other[: start + 1] + b"0" * (end - start - 2) + other[end - 1 :]
        with pytest.raises(KeyUnavailable) as caught:
            key.sign_seeing(attributes[0], emptied)
        assert caught.value.detail == "other_document"
        with pytest.raises(KeyUnavailable) as caught:
            key.sign_seeing(attributes[0], other)
        assert caught.value.detail == "not_whole"


def test_nothing_is_signed_that_no_agent_saw() -> None:
    with institution() as (_, key), pytest.raises(KeyUnavailable) as caught:
        key.sign(b"a hash of something")
    assert (caught.value.reason, caught.value.detail) == ("refused", "not_agreed")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"token": "of somebody else"}, ("refused", "invalid_token")),
        ({"pin": "1357"}, ("refused", "invalid_pin")),
        ({"credential": "letters-2"}, ("refused", "invalid_request")),
    ],
)
def test_who_may_not_ask(fields: dict[str, str], wanted: tuple[str, str]) -> None:
    with institution(**fields) as (_, key):  # type: ignore[arg-type]
        assert refusal(key) == wanted


def twisted(path: str, change: dict[str, Any]) -> Any:
    return lambda asked, told: told | change if asked == f"csc/v2/{path}" else told


@pytest.mark.parametrize(
    ("path", "change", "reason"),
    [
        ("info", {"methods": []}, "not_an_answer"),
        ("credentials/list", {"credentialIDs": []}, "no_key"),
        ("credentials/info", {"cert": {}}, "not_an_answer"),
        ("credentials/info", {"cert": {"certificates": ["AAAA"]}}, "other_key"),
        ("credentials/info", {"key": {"status": "enabled", "algo": []}}, "other_key"),
        ("credentials/info", {"auth": {"mode": "oauth2code"}}, "refused"),
        ("signatures/signHash", {"signatures": []}, "not_an_answer"),
        ("signatures/signHash", {"signatures": ["?"]}, "not_an_answer"),
        ("signatures/signHash", {"signatures": ["AAAA"]}, "other_key"),
        ("credentials/authorize", {"SAD": None}, "refused"),
        ("info", {"logo": "x" * remote.MAX_ANSWER}, "not_an_answer"),
    ],
)
def test_services_that_misbehave(path: str, change: dict[str, Any], reason: str) -> None:
    with institution() as (service, key):
        service.twist = twisted(path, change)
        assert refusal(key)[0] == reason


def test_a_disabled_key() -> None:
    with institution() as (service, key):
        service.status = "disabled"
        assert refusal(key) == ("refused", "disabled explicit")


def test_an_authorization_that_ran_out_is_asked_for_again() -> None:
    with institution() as (service, key):
        lost: list[str] = []

        def forget(asked: str, told: dict[str, Any]) -> dict[str, Any]:
            if asked.endswith("authorize") and not lost:
                lost.append(told["SAD"])
                service.sads.clear()
            return told

        service.twist = forget
        assert judged(signed(PAPER, key)).signature == Result.PASSED
        assert service.calls.count("csc/v2/credentials/authorize") == 2


def test_an_institution_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with institution() as (_, key):
        pass
    assert refusal(key)[0] == "unavailable"
    monkeypatch.setattr(remote, "TIMEOUT", (0.2, 0.2))
    with institution() as (service, key):
        service.twist = lambda _, told: time.sleep(0.6) or told  # type: ignore[func-returns-value]
        assert refusal(key)[0] == "unavailable"


def test_the_address_is_private_and_encrypted(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made.issue_institution(made.pki().authority, made.NAME, CODE, made.MADE, directory=folder)
    with pytest.raises(KeyStoreError):
        remote.load(folder, CODE)
    path = folder / f"{CODE}.remote.json"
    fields = {"url": "http://bank.example", "credential": CREDENTIAL, "token": TOKEN}
    for content in (b"[]", b"{}", json.dumps(fields).encode()):
        private_files.write_new(path, content)
        with pytest.raises(KeyStoreError):
            remote.load(folder, CODE)
        path.unlink()
    fields["url"] = "https://bank.example"
    private_files.write_new(path, json.dumps(fields).encode())
    assert TOKEN not in repr(remote.load(folder, CODE)._service.address)
    path.chmod(0o644)
    with pytest.raises(private_files.ExposedFile):
        remote.load(folder, CODE)


def test_ed25519_signs_no_hashes() -> None:
    address = RemoteAddress("https://bank.example", CREDENTIAL, TOKEN)
    with pytest.raises(KeyStoreError):
        RemoteKey(address, key_of(KeyKind.ED25519).certificate.dump(), [])
