"""Levels B-B, B-T, B-LT: what a letter says of itself, and what readers hold it to."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signing import pdf as module
from signing.certificates import crl, issue_timestamping, revoke, root_crl
from signing.errors import EvidenceMissing
from signing.levels import PROFILE_KEY, Level, Material
from signing.longterm import gather, lasts
from signing.pdf import sign_letter
from signing.profiles import KeyKind
from signing.report import Integrity, Result
from signing.structure import examine
from signing.trust import Anchor, Purpose, Trust
from tests.signing import papers, strangers
from tests.signing.made import (
    LATER,
    MADE,
    NOW,
    document_stamped,
    folder,
    judged,
    key_of,
    pki,
    stamps_at,
    step,
)
from tests.signing.strangers import letter_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "signatures.md"
ANCHOR = Trust(anchors=(Anchor(pki().authority.root_der),))
"""The root certificate, and no revocation list."""


def at_level(level: Level) -> bytes:
    return letter_of(papers.paper(), pki().key, level)


@pytest.mark.parametrize("level", Level)
def test_a_letter_says_its_level_and_reaches_it(level: Level) -> None:
    letter = at_level(level)
    structure = examine(letter)
    assert structure.sites[0].dictionary[PROFILE_KEY] == level
    assert structure.whole_file(structure.sites[0])
    report = judged(letter)
    assert (report.signature, report.level) == (Result.PASSED, level)
    assert str(level) in step(report, 7).reason
    assert (report.time is None) == (level == Level.B_B)


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("level", Level)
def test_strangers_judge_every_level_and_key(kind: KeyKind, level: Level, tmp_path: Path) -> None:
    letter = letter_of(papers.paper(), key_of(kind), level)
    assert judged(letter).level == level
    for tool, opinion in strangers.opinions(letter, tmp_path).items():
        wanted = strangers.expected(tool, kind, level)
        # A newer version of a tool may have learnt what the one of Debian 12 lacks.
        assert opinion.verdict in {wanted, strangers.ACCEPTS}, (tool, opinion.said)


def test_the_table_in_the_docs_is_what_the_tools_are_held_to() -> None:
    assert "\n".join(strangers.table()) in DOCS.read_text()


def test_only_b_lt_needs_nobody_and_stays() -> None:
    """The root certificate is enough, also when every other certificate ended."""
    years = LATER + timedelta(days=12 * 365)
    for at in (LATER, years):
        report = judged(at_level(Level.B_LT), ANCHOR, at)
        assert (report.signature, report.level) == (Result.PASSED, Level.B_LT)
    for level in (Level.B_B, Level.B_T):
        assert judged(at_level(level), ANCHOR).signature == Result.INDETERMINATE


def test_pyhanko_confirms_b_lt_and_nothing_less() -> None:
    letter = at_level(Level.B_LT)
    assert lasts(letter, ANCHOR, NOW)
    assert not lasts(letter, ANCHOR, NOW + timedelta(seconds=1))
    assert not lasts(letter, replace(ANCHOR, anchors=()), NOW)
    assert not lasts(letter.replace(b"100000.00", b"900000.00"), ANCHOR, NOW)
    assert not lasts(b"no letter", ANCHOR, NOW)
    for level in (Level.B_B, Level.B_T):
        assert not lasts(at_level(level), pki().trust, NOW)


def test_the_material_is_of_both_chains_and_of_nothing_else() -> None:
    other = crl(pki().authority, NOW - timedelta(hours=2)), b"no list"
    trust = replace(pki().trust, lists=(*other, *pki().lists))
    found = gather(pki().key, pki().stamps.token(bytes(32)), trust, NOW)
    authority = pki().authority
    assert set(found.lists) == set(pki().lists)
    assert {authority.root_der, authority.issuing_der, pki().key.certificate.dump()} < set(
        found.certificates
    )
    assert len(found.certificates) == 4


@pytest.mark.parametrize(
    ("lists", "why"),
    [
        (lambda: (), "unknown"),
        (lambda: pki().lists[:1], "unknown"),
        (lambda: _lists_at(NOW - timedelta(days=20)), "stale"),
    ],
)
def test_without_fresh_lists_there_is_no_b_lt(lists, why: str) -> None:  # type: ignore[no-untyped-def]
    trust = replace(pki().trust, lists=lists())
    with pytest.raises(EvidenceMissing) as caught:
        _signed_with(trust)
    assert caught.value.why == why


def _lists_at(time):  # type: ignore[no-untyped-def]
    return crl(pki().authority, time), root_crl(pki().authority, time)


def _signed_with(trust: Trust, **changes: object) -> bytes:
    arguments: dict[str, object] = {
        "key": pki().key,
        "timestamper": pki().stamps,
        "reason": "签发",
        "now": NOW,
        "level": Level.B_LT,
        "trust": trust,
    }
    return sign_letter(papers.paper(), **arguments | changes)  # type: ignore[arg-type]


def test_without_trust_in_the_time_stamp_there_is_no_b_lt() -> None:
    for trust in (Trust(), replace(pki().trust, anchors=())):
        with pytest.raises(EvidenceMissing) as caught:
            _signed_with(trust)
        assert caught.value.why == "no_anchor"


def test_an_authority_with_a_new_certificate_is_asked_again() -> None:
    new = issue_timestamping(pki().authority, "新时间戳", MADE, directory=folder())
    stamps = stamps_at(new, NOW)
    stamps.last = pki().stamps.token(bytes(32))  # of the certificate before
    letter = _signed_with(pki().trust, timestamper=stamps)
    assert judged(letter, ANCHOR).level == Level.B_LT


def test_a_level_that_is_claimed_and_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader holds a letter to what it says of itself."""
    poor = Material(certificates=(pki().key.certificate.dump(),))
    monkeypatch.setattr(module, "gather", lambda *_: poor)
    monkeypatch.setattr(module._Stamps, "changed", lambda *_: False)
    report = judged(_signed_with(pki().trust))
    assert (report.signature, report.level) == (Result.INDETERMINATE, Level.B_T)
    assert step(report, 7).code == "level_not_reached"


def test_a_time_stamp_that_is_claimed_and_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = []
    for level in (Level.B_T, Level.B_LT):
        monkeypatch.setattr(module._Stamps, "__call__", lambda *_: None)
        monkeypatch.setattr(module._Stamps, "changed", lambda *_: False)
        letters.append(letter_of(papers.paper(), pki().key, level))
    for letter in letters:
        report = judged(letter)
        assert report.integrity == Integrity.BROKEN
        assert step(report, 2).code == "timestamp_removed"


def test_no_level_above_b_b_without_an_authority() -> None:
    with pytest.raises(ValueError, match="timestamper"):
        _signed_with(pki().trust, timestamper=None)
    assert judged(_signed_with(pki().trust, timestamper=None, level=Level.B_B)).level == Level.B_B


def test_a_certificate_that_is_revoked_does_not_sign_at_b_lt() -> None:
    authority = pki().authority
    key = issue_timestamping(authority, "将吊销", MADE, directory=folder())
    revoke(authority, key.certificate, NOW - timedelta(hours=1))
    lists = crl(authority, NOW + timedelta(seconds=1)), root_crl(authority, NOW)
    with pytest.raises(EvidenceMissing) as caught:
        _signed_with(replace(pki().trust, lists=lists), timestamper=stamps_at(key, NOW))
    assert caught.value.why == "revoked"


def test_an_anchor_for_signers_only_makes_no_time_stamp_last() -> None:
    [anchor] = ANCHOR.anchors
    one = replace(ANCHOR, anchors=(replace(anchor, purposes=frozenset({Purpose.SIGNING})),))
    assert not lasts(at_level(Level.B_LT), one, NOW)


@pytest.mark.parametrize("level", Level)
def test_nothing_may_follow_a_letter(level: Level) -> None:
    """Not even what PDF allows after a certification: validation data and other time-stamps."""
    letter = at_level(level)
    store = {70: b"<< /CRLs [] >>", papers.CATALOG: papers.body_of(letter, papers.CATALOG)}
    emptied = {int(number): b"<< >>" for number in re.findall(rb"/DSS (\d+) 0 R", letter)}
    for later in (
        papers.update(letter, store),
        papers.update(letter, emptied or {71: b"null"}),
        document_stamped(letter),
    ):
        report = judged(later)
        assert (report.signature, report.integrity) == (Result.FAILED, Integrity.MODIFIED)
