"""One letter from order to seal, in this process."""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.cli.places import fonts
from app.processes.letter_refusals import PERMANENT, REASONS, LetterNotMade
from app.processes.signing_desk import SigningDesk, TrustFolder
from app.processes.signing_keys import KeyRing, Use
from guarantees.letter_reports import ReportPress
from guarantees.letters import MissingGlyph
from guarantees.values.terms import Terms
from signing import private_files, seal
from signing.certificates import crl, issue_institution, issue_timestamping, revoke
from signing.errors import TimestampError
from signing.report import Integrity, Result
from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.journal import Event, FileJournal, JournalUnavailable
from signing.timestamps import LocalTimestamper, TimeStampAuthority
from signing.trust import Trust, load_trust
from signing.verify import verify
from tests.app.processes.workshop import (
    ISSUER,
    Surroundings,
    another_issuer,
    clock,
    make,
    surroundings,
)
from tests.guarantees.letter_samples import FOLDER, sample_terms, shared_press


def test_a_letter_is_signed_checked_and_sealed(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    order = around.order()
    made = make(around, ring, trust, order)
    letter = around.opened(made, order)
    report = verify(letter, trust=trust, at=clock())
    assert (report.signature, report.integrity) == (Result.PASSED, Integrity.INTACT)
    assert report.signer is not None
    assert report.signer.credit_code == ISSUER.credit_code
    assert bytes.fromhex(report.signer.fingerprint) == made.certificate
    assert made.signed_at == report.time
    assert report.terms == order.terms.encode()
    assert letter not in made.inner
    assert order.terms.encode() not in made.inner


def test_each_making_is_sealed_anew(around: Surroundings, ring: KeyRing, trust: Trust) -> None:
    order = around.order()
    first, second = (make(around, ring, trust, order) for _ in range(2))
    assert first.eid != second.eid
    assert first.inner != second.inner
    around.opened(first, order)
    around.opened(second, order)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"terms": "{}"}, "bad_order"),
        ({"certificate": b"{}"}, "wrong_opening"),
        ({"lot": "d" * 32}, "wrong_opening"),
        ({"recovery": b"short"}, "not_sealable"),
        ({"recipients": (("procurer", bytes(31)),)}, "not_sealable"),
    ],
)
def test_orders_that_are_refused(
    around: Surroundings, ring: KeyRing, trust: Trust, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(LetterNotMade) as caught:
        make(around, ring, trust, around.order(**change))
    assert caught.value.reason == reason
    assert reason in PERMANENT
    assert REASONS[reason] in str(caught.value)


def test_nothing_is_sealed_to_an_opening_that_has_begun(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    past = clock() - timedelta(seconds=1)
    opening = around.opening(opening_time=past, deadline=past)
    with pytest.raises(LetterNotMade) as caught:
        make(around, ring, trust, around.order(certificate=opening.to_bytes()))
    assert caught.value.reason == "opening_begun"


def test_nothing_is_sealed_to_a_key_that_the_timekeeper_did_not_sign(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    opening = around.opening()
    forged = replace(opening, public_key=around.recipient.public_key)
    with pytest.raises(LetterNotMade) as caught:
        make(around, ring, trust, around.order(certificate=forged.to_bytes()))
    assert (caught.value.reason, caught.value.detail) == ("wrong_opening", "signature")


def test_a_letter_that_does_not_verify_is_not_issued(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    order = around.order()
    for lacking in (replace(trust, anchors=()), replace(trust, lists=())):
        with pytest.raises(LetterNotMade) as caught:
            make(around, ring, lacking, order)
        assert caught.value.reason == "not_verified"


def test_a_revoked_certificate_issues_nothing(tmp_path: Path) -> None:
    around = surroundings(tmp_path)
    ring = KeyRing(around.keys, clock)
    key = ring.key(str(ISSUER.credit_code))
    revoke(around.pki, key.certificate, clock() - timedelta(minutes=1))
    (around.trust / "issuing.crl").write_bytes(crl(around.pki, clock()))
    with pytest.raises(LetterNotMade) as caught:
        make(around, ring, load_trust(around.trust), around.order())
    assert caught.value.reason == "not_verified"


def test_without_a_time_stamp_there_is_no_letter(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    class Away:
        last = None

        def token(self, digest: bytes) -> object:
            raise TimestampError("unavailable")

    with pytest.raises(LetterNotMade) as caught:
        make(around, ring, trust, around.order(), timestamper=Away())
    assert (caught.value.reason, caught.value.detail) == ("timestamp", "unavailable")


def test_a_time_stamp_of_strangers_does_not_count(
    around: Surroundings, ring: KeyRing, trust: Trust, tmp_path: Path
) -> None:
    strangers = surroundings(tmp_path)
    with pytest.raises(LetterNotMade) as caught:
        make(
            around, ring, trust, around.order(), timestamper=LocalTimestamper(strangers.tsa, clock)
        )
    assert caught.value.reason == "not_verified"


WRITES: list[str] = []
WATCHING = [False]


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: files that are opened to be written while WATCHING."""
    if WATCHING[0] and event == "open":
        path, mode, flags = arguments
        writing = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writing or (isinstance(mode, str) and set(mode) & set("wax+")):
            WRITES.append(str(path))


@contextmanager
def watched() -> Iterator[list[str]]:
    if not hasattr(_watch, "added"):
        sys.addaudithook(_watch)
        _watch.added = True  # type: ignore[attr-defined]
    WRITES.clear()
    WATCHING[0] = True
    try:
        yield WRITES
    finally:
        WATCHING[0] = False


def test_the_plain_letter_is_never_in_a_file(
    around: Surroundings, ring: KeyRing, trust: Trust, tmp_path: Path
) -> None:
    order = around.order()
    make(around, ring, trust, order)  # what is loaded once is loaded
    with watched() as writes:
        (tmp_path / "seen").write_bytes(b"x")
        assert writes == [str(tmp_path / "seen")]
        make(around, ring, trust, order)
        assert writes == [str(tmp_path / "seen")]


# --- keys and their journal ----------------------------------------------------------------------


def journal_of(keys: Path) -> list[Event]:
    lines = (keys / "journal").read_bytes().splitlines()
    return [Event.read(line) for line in lines]


def test_every_use_of_a_key_is_written_down(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    before = len(journal_of(around.keys))
    make(around, ring, trust, around.order(intent="e" * 32))
    event = journal_of(around.keys)[before]
    key = ring.key(str(ISSUER.credit_code))
    assert event.event == "key.used"
    assert len(event.fields.pop("data")) == 64
    assert event.fields == {
        "institution": ISSUER.credit_code,
        "person": "person",
        "intent": "e" * 32,
        "purpose": "letter",
        "key": key.key_id,
    }


def test_what_can_not_be_written_down_is_not_signed(
    around: Surroundings, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Event:
        raise JournalUnavailable("no space left")

    monkeypatch.setattr(FileJournal, "append", full)
    signed = []
    key = ring.key(str(ISSUER.credit_code))
    monkeypatch.setattr(type(key), "sign", lambda _, data: signed.append(data))
    with pytest.raises(LetterNotMade) as caught:
        ring.use(Use(str(ISSUER.credit_code), "", "f" * 32, "letter")).sign(b"data")
    assert caught.value.reason == "journal"
    assert signed == []


def test_one_signer_at_a_time(around: Surroundings, ring: KeyRing) -> None:
    with pytest.raises(BlockingIOError):
        KeyRing(around.keys, clock)


def test_keys_that_there_are_not(around: Surroundings, ring: KeyRing) -> None:
    for name in (str(sample_terms().beneficiary.credit_code), "../pki/root", ""):
        with pytest.raises(LetterNotMade) as caught:
            ring.key(name)
        assert caught.value.reason == "no_signing_key"
    assert ring.names() == sorted([str(ISSUER.credit_code), "platform"])


def test_a_key_under_another_institutions_name(tmp_path: Path) -> None:
    around = surroundings(tmp_path)
    other = str(sample_terms().beneficiary.credit_code)
    for ending in (".key.pem", ".pem"):
        source = around.keys / f"{ISSUER.credit_code}{ending}"
        target = around.keys / f"{other}{ending}"
        target.write_bytes(source.read_bytes())
        target.chmod(0o600)
    with pytest.raises(LetterNotMade) as caught:
        KeyRing(around.keys, clock).key(other)
    assert caught.value.detail == "certificate of another institution"


def test_a_certificate_that_ended(tmp_path: Path) -> None:
    around = surroundings(tmp_path)
    code = str(sample_terms().beneficiary.credit_code)
    past = clock() - timedelta(days=10)
    life = timedelta(days=5)
    issue_institution(around.pki, "某银行", code, past, life=life, directory=around.keys)
    with pytest.raises(LetterNotMade) as caught:
        KeyRing(around.keys, clock).use(Use(code, "", "f" * 32, "letter"))
    assert caught.value.reason == "no_signing_key"


# --- the desk ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(around: Surroundings, ring: KeyRing) -> SigningDesk:
    return SigningDesk(
        press=shared_press(),
        reports=ReportPress(fonts(), FOLDER.parent / "reports"),
        keys=ring,
        timestamper=LocalTimestamper(around.tsa, clock),
        trust=TrustFolder(around.trust),
        clock=clock,
        timekeeper_keys=around.timekeeper_keys,
    )


def test_the_desk_takes_the_issuers_key(around: Surroundings, desk: SigningDesk) -> None:
    order = around.order()
    assert around.opened(desk.produce(order, person="p" * 32), order)
    with pytest.raises(LetterNotMade) as caught:
        desk.produce(around.order(another_issuer(sample_terms())))
    assert caught.value.reason == "no_signing_key"
    nameless = replace(sample_terms(), issuer=replace(ISSUER, credit_code=None))
    with pytest.raises(LetterNotMade):
        desk.produce(around.order(nameless))


def test_a_missing_glyph_comes_through(around: Surroundings, desk: SigningDesk) -> None:
    with pytest.raises(MissingGlyph):
        desk.produce(around.order(sample_terms(project_name="𫚉野家")))


def test_trust_is_read_again_when_it_changed(tmp_path: Path) -> None:
    around = surroundings(tmp_path)
    trust = TrustFolder(around.trust)
    before = trust()
    assert trust() is before
    (around.trust / "issuing.crl").write_bytes(crl(around.pki, clock() + timedelta(seconds=1)))
    assert trust().lists != before.lists


def test_another_timestamping_authority_of_the_pki_counts(
    around: Surroundings, ring: KeyRing, trust: Trust, tmp_path: Path
) -> None:
    (tmp_path / "tsa").mkdir(mode=0o700)
    other = issue_timestamping(around.pki, "第二时间戳", clock(), directory=tmp_path / "tsa")
    stamper = LocalTimestamper(TimeStampAuthority(other), clock)
    order = around.order()
    assert around.opened(make(around, ring, trust, order, timestamper=stamper), order)


def test_terms_of_the_order_are_those_of_the_letter(
    around: Surroundings, desk: SigningDesk
) -> None:
    terms = sample_terms(lot_name="另一标段")
    order = around.order(terms)
    letter = around.opened(desk.produce(order), order)
    report = verify(letter, trust=desk.trust(), at=clock())
    assert report.terms is not None
    assert Terms.from_canonical(report.terms) == terms


def test_a_letter_has_its_institutions_archive_copy(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    pair = seal.make_key_pair()
    order = around.order()
    made = make(around, ring, trust, order, archive_key=pair.public_key)
    assert seal.archive_fingerprint(made.inner) == seal.fingerprint_of(pair.public_key)
    opening = OpeningCertificate.from_bytes(order.certificate)
    number = Terms.from_canonical(order.terms.encode()).number
    context = seal.SealContext(made.eid, number, order.lot, opening.opening)
    file = seal.archive_file(made.inner, context)
    letter = seal.open_archive(file, pair.private_key)
    assert hashlib.sha256(letter).digest() == made.sha256


def test_the_ring_knows_the_public_half_only(around: Surroundings, ring: KeyRing) -> None:
    code = str(ISSUER.credit_code)
    assert ring.archive_key(code) is None
    public = around.keys / f"{code}.archive.pub"
    private_files.write_new(public, bytes(31))
    with pytest.raises(LetterNotMade):
        ring.archive_key(code)
    public.unlink()
    private_files.write_new(public, bytes(range(32)))
    assert ring.archive_key(code) == bytes(range(32))
    public.unlink()
