"""Archive time-stamps beside a letter: renewed for decades, and what breaks them."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from signing.archival import Archived, ArchiveStamp, ends_at, is_due, judge, stamp
from signing.certificates import (
    Authority,
    create_authority,
    crl,
    issue_timestamping,
    revoke,
    root_crl,
)
from signing.errors import EvidenceMissing, Malformed, TimestampError
from signing.keys.protocol import SigningKey
from signing.trust import Anchor, Trust
from tests.signing.made import MADE, NOW, PASSPHRASE, folder, letter, stamps_at

DAY = timedelta(days=1)
YEAR = 365 * DAY
LATE = NOW + 2050 * DAY
LETTER = hashlib.sha256(letter()).digest()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return create_authority(folder() / "ca", MADE, passphrase=PASSPHRASE)


def tsa(authority: Authority, at: datetime, life: timedelta = 2 * YEAR) -> SigningKey:
    """A time-stamping key that begins then."""
    return issue_timestamping(authority, "时间戳", at, life=life, directory=folder())


def trust_at(authority: Authority, at: datetime) -> Trust:
    lists = crl(authority, at), root_crl(authority, at)
    return Trust(anchors=(Anchor(authority.root_der),), lists=lists)


def renewed(
    authority: Authority, times: Sequence[datetime], keys: Sequence[SigningKey]
) -> list[ArchiveStamp]:
    """A letter's stamps, made at these times with these keys."""
    made: list[ArchiveStamp] = []
    for at, key in zip(times, keys, strict=True):
        made.append(stamp(LETTER, made, stamps_at(key, at), trust_at(authority, at), at))
    return made


@pytest.fixture(scope="module")
def years(authority: Authority) -> tuple[ArchiveStamp, ...]:
    """Four stamps, each with a key of its own, over six years."""
    times = [NOW + number * 650 * DAY for number in range(4)]
    return tuple(renewed(authority, times, [tsa(authority, at - DAY) for at in times]))


def test_stamps_carry_a_letter_over_the_ends_of_their_certificates(
    authority: Authority, years: tuple[ArchiveStamp, ...]
) -> None:

    found = judge(LETTER, years, trust_at(authority, LATE), LATE)
    assert found == Archived("sound", NOW, ends_at(years[-1]))
    assert ends_at(years[2]) < LATE < ends_at(years[3])


def test_they_are_read_back(years: tuple[ArchiveStamp, ...]) -> None:
    assert tuple(ArchiveStamp.from_bytes(one.to_bytes()) for one in years) == years
    for data in (b"", b"[]", b"{}", b'{"token": "!", "lists": []}'):
        with pytest.raises(Malformed):
            ArchiveStamp.from_bytes(data)


def test_without_a_renewal_the_proof_ends(
    authority: Authority, years: tuple[ArchiveStamp, ...]
) -> None:

    trust = trust_at(authority, LATE)
    assert judge(LETTER, years[:3], trust, LATE).code == "ended"
    assert judge(LETTER, [], trust, LATE).code == "none"


def test_a_stamp_is_for_one_letter_and_one_place(
    authority: Authority, years: tuple[ArchiveStamp, ...]
) -> None:

    trust = trust_at(authority, LATE)
    first, second, *others = years
    assert judge(hashlib.sha256(b"another").digest(), years, trust, LATE).code == "broken"
    for changed in (
        (second, first, *others),
        (first, *others),
        (replace(first, lists=(b"list",)), second, *others),
        (first, replace(second, lists=second.lists[:1]), *others),
        (first, second, *others, ArchiveStamp(b"no token")),
    ):
        assert judge(LETTER, changed, trust, LATE).code == "broken"


def test_the_newest_needs_a_fresh_list(
    authority: Authority, years: tuple[ArchiveStamp, ...]
) -> None:

    for trust in (
        replace(trust_at(authority, LATE), lists=()),
        trust_at(authority, LATE - 30 * DAY),
    ):
        assert judge(LETTER, years, trust, LATE).code == "no_list"
    assert judge(LETTER, years, replace(trust_at(authority, LATE), anchors=()), LATE).code == (
        "untrusted"
    )


def test_a_stamp_from_the_future_or_out_of_order(authority: Authority) -> None:
    key = tsa(authority, NOW - DAY)
    [one] = renewed(authority, [NOW], [key])
    early = NOW - timedelta(hours=1)
    assert judge(LETTER, [one], trust_at(authority, early), early).code == "future"
    backwards = stamp(LETTER, [one], stamps_at(key, early), trust_at(authority, NOW), NOW)
    found = judge(LETTER, [one, backwards], trust_at(authority, NOW), NOW)
    assert found.code == "order"


def test_a_stamp_whose_key_was_given_up_before_it_was_renewed(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    first, second = tsa(authority, NOW - DAY), tsa(authority, NOW - DAY)
    later = NOW + 30 * DAY
    made = renewed(authority, [NOW, later], [first, second])
    revoke(authority, first.certificate, later + DAY)
    end = later + 2 * DAY
    # A renewal proves that the first was good until then.
    assert judge(LETTER, made, trust_at(authority, end), end).since == NOW
    assert judge(LETTER, made[:1], trust_at(authority, end), end).code == "revoked"
    with pytest.raises(EvidenceMissing) as caught:
        stamp(LETTER, made[:1], stamps_at(second, end), trust_at(authority, end), end)
    assert caught.value.why == "revoked"


def test_what_can_no_longer_be_proven_is_not_renewed(
    authority: Authority, years: tuple[ArchiveStamp, ...]
) -> None:
    late = NOW + 900 * DAY
    stamps = stamps_at(tsa(authority, late - DAY), late)
    with pytest.raises(EvidenceMissing) as caught:
        stamp(LETTER, years[:1], stamps, trust_at(authority, late), late)
    assert caught.value.why == "expired"
    with pytest.raises(EvidenceMissing):
        stamp(LETTER, [ArchiveStamp(b"?")], stamps, trust_at(authority, late), late)


def test_when_the_next_one_is_due(years: tuple[ArchiveStamp, ...]) -> None:
    end = ends_at(years[0])
    assert is_due(None, NOW)
    assert not is_due(years[0], end - 91 * DAY)
    assert is_due(years[0], end - 90 * DAY)


def test_no_new_stamp_if_the_authority_is_away(authority: Authority) -> None:
    class Away:
        last = None

        def token(self, digest: bytes) -> object:
            raise TimestampError("unavailable")

    with pytest.raises(TimestampError):
        stamp(LETTER, [], Away(), trust_at(authority, NOW), NOW)  # type: ignore[arg-type]
