"""The level that the signer signs at: B-LT where pyHanko confirms it, else B-T."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.processes.letter_refusals import LetterNotMade
from app.processes.signing_keys import KeyRing
from signing.certificates import crl, root_crl
from signing.levels import PROFILE_KEY, Level
from signing.report import Result
from signing.structure import examine
from signing.trust import Trust
from signing.verify import verify
from tests.app.processes.workshop import Surroundings, clock, make


def test_letters_are_signed_at_b_lt(around: Surroundings, ring: KeyRing, trust: Trust) -> None:
    order = around.order()
    letter = around.opened(make(around, ring, trust, order), order)
    alone = replace(trust, lists=(), intermediates=())
    report = verify(letter, trust=alone, at=clock() + timedelta(days=900))
    assert (report.signature, report.level) == (Result.PASSED, Level.B_LT)


def test_what_pyhanko_does_not_confirm_is_not_claimed(
    around: Surroundings, ring: KeyRing, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.processes.produce.lasts", lambda *_: False)
    order = around.order()
    letter = around.opened(make(around, ring, trust, order), order)
    [site] = examine(letter).sites
    assert site.dictionary[PROFILE_KEY] == Level.B_T
    assert verify(letter, trust=trust, at=clock()).signature == Result.PASSED


def test_without_fresh_lists_no_letter_counts(
    around: Surroundings, ring: KeyRing, trust: Trust
) -> None:
    before = _uses(around)
    old = tuple(make_list(around.pki, clock() - timedelta(days=9)) for make_list in (crl, root_crl))
    with pytest.raises(LetterNotMade) as caught:
        make(around, ring, replace(trust, lists=old), around.order())
    assert caught.value.reason == "not_verified"
    assert _uses(around) == before + 1  # at B-T; for B-LT no key was used


def _uses(around: Surroundings) -> int:
    return len((around.keys / "journal").read_bytes().splitlines())
