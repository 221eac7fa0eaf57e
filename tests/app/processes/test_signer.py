"""The signer as a process of its own, called as the web process calls it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pytest

from app.adapters.letters import SignerClient
from app.cli.places import fonts, project
from app.processes.letter_refusals import LetterNotMade
from guarantees.errors import Unavailable
from guarantees.letters import MissingGlyph
from guarantees.ports import LetterFactory
from signing import wire
from signing.report import Integrity, Result
from signing.trust import load_trust
from signing.verify import verify
from tests.app.processes.test_produce import clock, journal_of
from tests.app.processes.workshop import ISSUER, Surroundings, another_issuer, surroundings
from tests.guarantees.letter_samples import sample_terms, text_of
from tests.guarantees.test_letters_reports import sample_result

START = 60.0
"""Seconds until it listens: fonts are read first, on cores that others use too."""


@dataclass
class Running:
    around: Surroundings
    socket: Path
    process: subprocess.Popen[bytes]
    client: SignerClient


@contextmanager
def signer(folder: Path, *extra: str, uid: int | None = None) -> Iterator[Running]:
    around = surroundings(folder)
    socket = folder / "signer.sock"
    with around.timestamping() as tsa:
        command = [
            sys.executable, "-m", "app.processes.signer",
            "--keys", str(around.keys), "--socket", str(socket),
            "--allow-uid", str(os.geteuid() if uid is None else uid),
            "--tsa", tsa, "--fonts", str(fonts()), "--trust", str(around.trust), *extra,
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=project(), stderr=subprocess.PIPE)
        try:
            wait_for(socket, process)
            yield Running(around, socket, process, SignerClient(socket))
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said.decode()


def wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START
    while not socket.exists():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    marking = ("--marking", "演示环境开立，不具法律效力")
    with signer(tmp_path_factory.mktemp("s"), *marking) as one:
        yield one


def test_a_sealed_letter_comes_over_the_socket(running: Running) -> None:
    factory: LetterFactory = running.client
    order = running.around.order()
    letter = running.around.opened(factory.produce(order), order)
    report = verify(letter, trust=load_trust(running.around.trust), at=clock())
    assert (report.signature, report.integrity) == (Result.PASSED, Integrity.INTACT)
    assert "演示环境开立，不具法律效力" in text_of(letter)


def test_the_person_is_in_the_journal(running: Running) -> None:
    order = running.around.order(intent="9" * 32)
    running.client.produce(order, person="7" * 32)
    uses = [event.fields for event in journal_of(running.around.keys)]
    assert {"intent": "9" * 32, "person": "7" * 32}.items() <= uses[-1].items()


def test_a_preview_is_unsigned_and_marked(running: Running) -> None:
    terms = sample_terms("accessory")
    pdf = running.client.preview(terms.canonical().decode(), "bid/v1")
    assert text_of(pdf).count("样张") >= 2
    assert terms.number not in text_of(pdf)
    report = verify(pdf, trust=load_trust(running.around.trust), at=clock())
    assert report.integrity == Integrity.UNSIGNED


def test_the_platform_signs_the_list(running: Running, tmp_path: Path) -> None:
    pdf = running.client.sign_list(sample_result())
    report = verify(pdf, trust=load_trust(running.around.trust), at=clock())
    assert report.signature == Result.PASSED
    assert [one.name for one in report.signers] == ["测试平台"]
    (tmp_path / "list.pdf").write_bytes(pdf)
    with pikepdf.open(tmp_path / "list.pdf") as opened:
        assert list(opened.attachments) == ["opening-result.json"]
    with pytest.raises(LetterNotMade) as caught:
        running.client.sign_list({"schema": "something else"})
    assert caught.value.reason == "bad_order"


def test_certificates_are_public(running: Running) -> None:
    found = {one["name"]: one for one in running.client.certificates()}
    assert set(found) == {ISSUER.credit_code, "platform"}
    institution = found[str(ISSUER.credit_code)]
    assert institution["subject"] == ISSUER.name
    assert institution["chain"] == [running.around.pki.issuing_der]
    assert b"PRIVATE" not in institution["certificate"]


def test_refusals_come_back_as_what_they_are(running: Running) -> None:
    client, around = running.client, running.around
    with pytest.raises(MissingGlyph) as glyph:
        client.produce(around.order(sample_terms(project_name="𫚉野家")))
    assert (glyph.value.character, glyph.value.field) == ("𫚉", "采购项目")
    with pytest.raises(LetterNotMade) as refused:
        client.produce(around.order(another_issuer(sample_terms())))
    assert refused.value.reason == "no_signing_key"
    assert isinstance(refused.value, Unavailable)
    with pytest.raises(LetterNotMade) as refused:
        client.preview("[]", "bid/v1")
    assert refused.value.reason == "bad_order"
    raw = wire.Client(running.socket)
    for fields in ({}, {"recipients": 7}, {"recipients": [], "intent": 1}):
        with pytest.raises(wire.RemoteError) as error:
            raw.call("produce", **fields)
        assert error.value.detail["reason"] == "bad_order"


def test_nobody_else_may_call(tmp_path: Path) -> None:
    with signer(tmp_path, uid=os.geteuid() + 4321) as one:
        with pytest.raises(LetterNotMade) as caught:
            one.client.certificates()
        assert (caught.value.reason, caught.value.detail) == ("internal", "peer_refused")


def test_a_signer_that_is_away(tmp_path: Path) -> None:
    with pytest.raises(LetterNotMade) as caught:
        SignerClient(tmp_path / "nobody.sock").certificates()
    assert caught.value.reason == "unreachable"


def test_it_says_in_one_line_why_it_cannot_start(tmp_path: Path) -> None:
    around = surroundings(tmp_path)
    (around.keys / "passphrase").unlink()
    command = [
        sys.executable, "-m", "app.processes.signer", "--keys", str(around.keys),
        "--socket", str(tmp_path / "s.sock"), "--allow-uid", "0", "--tsa", "http://127.0.0.1:9/",
        "--fonts", str(fonts()), "--trust", str(around.trust),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=project(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "passphrase" in done.stderr
    assert "Traceback" not in done.stderr
