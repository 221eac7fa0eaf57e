"""Who holds an institution's key: the signer, a token, or the institution and its agent."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos

from app.cli.places import fonts
from app.processes.letter_refusals import LetterNotMade
from app.processes.signing_desk import SigningDesk, TrustFolder
from app.processes.signing_keys import KeyRing
from guarantees.letter_reports import ReportPress
from signing import archival, private_files
from signing.certificates import load_key
from signing.keys.software import load_private
from signing.report import Result
from signing.timestamps import LocalTimestamper
from signing.trust import load_trust
from signing.verify import verify
from signing.wire import Peer, RemoteError
from tests.app.processes.workshop import ISSUER, PASSPHRASE, Surroundings, clock, surroundings
from tests.guarantees.letter_samples import FOLDER, sample_terms, shared_press
from tests.signing import csc_server, softhsm

CODE = str(ISSUER.credit_code)


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return surroundings(tmp_path)


def desk_of(around: Surroundings) -> SigningDesk:
    return SigningDesk(
        press=shared_press(),
        reports=ReportPress(fonts(), FOLDER.parent / "reports"),
        keys=KeyRing(around.keys, clock),
        timestamper=LocalTimestamper(around.tsa, clock),
        trust=TrustFolder(around.trust),
        clock=clock,
    )


def accepted(around: Surroundings, desk: SigningDesk) -> bool:
    order = around.order()
    letter = around.opened(desk.produce(order, person="p" * 32), order)
    return verify(letter, trust=load_trust(around.trust), at=clock()).signature == Result.PASSED


def uses(around: Surroundings) -> list[dict[str, Any]]:
    lines = (around.keys / "journal").read_bytes().splitlines()
    return [json.loads(line)["fields"] for line in lines]


def test_a_token(around: Surroundings) -> None:
    softhsm.make_token("desk")
    softhsm.put_in(around.keys, CODE, "desk", PASSPHRASE)
    desk = desk_of(around)
    assert desk.keys.names() == sorted([CODE, "platform"])
    assert accepted(around, desk)
    [use] = uses(around)
    assert (use["institution"], use["person"], use["purpose"]) == (CODE, "p" * 32, "letter")


def institution(around: Surroundings, decided: dict[str, bytes]) -> csc_server.Service:
    """Takes the key out of the signer's folder."""
    held = around.keys / f"{CODE}.key.pem"
    private: Any = load_private(held, PASSPHRASE)
    key = load_key(around.keys, CODE, passphrase=PASSPHRASE)
    held.unlink()
    oid = algos.SignedDigestAlgorithm.load(key.algorithm.identifier)["algorithm"].dotted
    return csc_server.service_of(private, key.certificate, oid, decided)


def point_to(around: Surroundings, url: str) -> None:
    fields = {"url": url, "credential": csc_server.CREDENTIAL, "token": csc_server.TOKEN}
    document = json.dumps(fields | {"pin": csc_server.PIN}).encode()
    private_files.write_new(around.keys / f"{CODE}.remote.json", document)


def test_the_institutions_agent_signs_what_was_decided(around: Surroundings) -> None:
    terms = sample_terms()
    service = institution(around, {terms.number: terms.canonical()})
    with csc_server.serving(service) as url:
        point_to(around, url)
        assert accepted(around, desk_of(around))
    assert len(uses(around)) == 1


def test_the_institutions_agent_refuses_other_terms(around: Surroundings) -> None:
    terms = sample_terms()
    other = sample_terms(lot_name="另一标段")
    service = institution(around, {terms.number: other.canonical()})
    with csc_server.serving(service) as url:
        point_to(around, url)
        with pytest.raises(LetterNotMade) as caught:
            desk_of(around).produce(around.order(terms))
    assert (caught.value.reason, caught.value.detail) == ("key_unavailable", "refused")
    assert not service.sads


def test_a_key_that_two_would_hold_is_used_by_none(around: Surroundings) -> None:
    softhsm.address(around.keys, CODE)
    with pytest.raises(LetterNotMade) as caught:
        desk_of(around).keys.key(CODE)
    assert caught.value.reason == "no_signing_key"


def test_the_signer_makes_archive_stamps(around: Surroundings) -> None:
    desk = desk_of(around)
    handle = desk.handlers()["archive_stamp"]
    digest, peer = bytes(range(32)), Peer(0, 0)
    made: list[bytes] = []
    for _ in range(2):
        made.append(bytes(handle({"sha256": digest, "before": list(made)}, peer)["stamp"]))
    stamps = [archival.ArchiveStamp.from_bytes(one) for one in made]
    later = clock() + timedelta(minutes=1)
    assert archival.judge(digest, stamps, load_trust(around.trust), later).code == "sound"
    for broken in (b"{}", b"", made[0].replace(b"token", b"other")):
        with pytest.raises(RemoteError) as caught:
            handle({"sha256": digest, "before": [broken]}, peer)
        assert caught.value.detail["reason"] == "not_verified"
