"""Time-stamps taken away, exchanged, forged; and other things put into a signature's value."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms

from signing.certificates import create_authority, issue_timestamping
from signing.cms import SIGNED_DATA, oid, tlv
from signing.parsing.der import measure
from signing.report import Result
from tests.attacks.judging import failure, refused
from tests.signing import papers
from tests.signing.made import (
    MADE,
    NOW,
    PASSPHRASE,
    approved,
    folder,
    judged,
    letter,
    pki,
    signed,
    stamps_at,
    step,
)

STAMPED = approved(papers.paper(), stamped=True)
"""A file of another system: its signature does not say that a time-stamp belongs to it."""


def value_of(pdf: bytes) -> cms.ContentInfo:
    raw = papers.signature_value(pdf)
    return cms.ContentInfo.load(raw[: measure(raw)])


def signer_of(value: cms.ContentInfo) -> cms.SignerInfo:
    return value["content"]["signer_infos"][0]


INFO = ("version", "sid", "digest_algorithm", "signed_attrs", "signature_algorithm", "signature",
        "unsigned_attrs")  # fmt: skip
SIGNED = ("version", "digest_algorithms", "encap_content_info", "certificates", "signer_infos")


def rewritten(pdf: bytes, **fields: bytes) -> bytes:
    """The file with fields of its SignerInfo, or its `certificates`, exchanged for other DER."""
    content = value_of(pdf)["content"]
    info = {name: signer_of(value_of(pdf))[name].dump() for name in INFO}
    info |= {name: der for name, der in fields.items() if name in INFO}
    signed = {name: content[name].dump() for name in SIGNED} | {
        "signer_infos": tlv(0x31, tlv(0x30, *info.values()))
    }
    signed |= {name: der for name, der in fields.items() if name == "certificates"}
    value = tlv(0x30, oid(SIGNED_DATA), tlv(0xA0, tlv(0x30, *signed.values())))
    return papers.with_value(pdf, value)


def unsigned(*attributes: bytes) -> bytes:
    return tlv(0xA1, *attributes)


def token(der: bytes) -> bytes:
    return unsigned(attribute("1.2.840.113549.1.9.16.2.14", der))


def attribute(kind: str, value: bytes) -> bytes:
    return tlv(0x30, oid(kind), tlv(0x31, value))


def over(data: bytes) -> bytes:
    return pki().stamps.token(hashlib.sha256(data).digest()).der


def test_rewriting_nothing_changes_nothing() -> None:
    for pdf in (letter(), STAMPED):
        assert judged(rewritten(pdf)).signature == Result.PASSED


def test_taken_away() -> None:
    report = refused(rewritten(letter(), unsigned_attrs=b""))
    assert failure(report) == (2, "timestamp_removed")
    bare = judged(rewritten(STAMPED, unsigned_attrs=b""))
    assert (step(bare, 6).code, bare.time) == ("no_timestamp", None)


def test_of_another_letter() -> None:
    other = signed(papers.paper(form=False))
    exchanged = signer_of(value_of(other))["unsigned_attrs"].dump()
    report = refused(rewritten(letter(), unsigned_attrs=exchanged))
    assert failure(report) == (2, "timestamp_altered")
    stranger = judged(rewritten(STAMPED, unsigned_attrs=exchanged))
    assert (step(stranger, 6).code, stranger.signature) == ("timestamp_broken", Result.FAILED)


def test_over_something_else() -> None:
    for data in (b"", b"other", letter()):
        report = judged(rewritten(STAMPED, unsigned_attrs=token(over(data))))
        assert (step(report, 6).code, report.time) == ("timestamp_broken", None)


def test_by_somebody_else(tmp_path: Path) -> None:
    forger = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    key = issue_timestamping(forger, "演示时间戳", MADE)
    stamps = stamps_at(key, NOW - timedelta(hours=20))
    value = signer_of(value_of(letter()))["signature"].native
    der = stamps.token(hashlib.sha256(value).digest()).der
    for pdf in (letter(), STAMPED):
        value = signer_of(value_of(pdf))["signature"].native
        der = stamps.token(hashlib.sha256(value).digest()).der
        report = judged(rewritten(pdf, unsigned_attrs=token(der)))
        assert (step(report, 6).code, report.time) == ("timestamp_untrusted", None)
        assert report.signature == Result.INDETERMINATE


def test_a_later_one_of_a_trusted_authority_says_its_own_time() -> None:
    """It is a true statement; what it costs is the earlier proof, so the time it tells is later."""
    later = NOW + timedelta(minutes=30)
    key = issue_timestamping(pki().authority, "另一时间戳", MADE, directory=folder() / "tsa")
    value = signer_of(value_of(letter()))["signature"].native
    der = stamps_at(key, later).token(hashlib.sha256(value).digest()).der
    report = judged(rewritten(letter(), unsigned_attrs=token(der)))
    assert report.time == later


def test_two_of_them() -> None:
    value = signer_of(value_of(STAMPED))["signature"].native
    both = unsigned(*[attribute("1.2.840.113549.1.9.16.2.14", over(value)) for _ in range(2)])
    report = judged(rewritten(STAMPED, unsigned_attrs=both))
    assert report.signature == Result.INDETERMINATE
    assert step(report, 7).code == "unsigned_attributes"


@pytest.mark.parametrize("kind", ["1.2.3.4", "1.2.840.113549.1.9.6", "1.2.840.113549.1.9.16.2.23"])
def test_other_unsigned_additions_prevent_a_pass(kind: str) -> None:
    first = signer_of(value_of(STAMPED))["unsigned_attrs"][0].dump()
    report = judged(
        rewritten(STAMPED, unsigned_attrs=unsigned(first, attribute(kind, tlv(0x04, b"AB"))))
    )
    assert report.signature == Result.INDETERMINATE
    assert (step(report, 6).code, step(report, 7).code) == ("timestamped", "unsigned_attributes")


SHA1 = tlv(0x30, oid("1.3.14.3.2.26"))
SHA512 = tlv(0x30, oid("2.16.840.1.101.3.4.2.3"))
ECDSA_SHA1 = tlv(0x30, oid("1.2.840.10045.4.1"))
RSA_SHA256 = tlv(0x30, oid("1.2.840.113549.1.1.11"), b"\x05\x00")


@pytest.mark.parametrize(
    "fields",
    [
        {"version": b"\x02\x01\x00"},
        {"version": b"\x02\x01\x03"},
        {"digest_algorithm": SHA512},
        {"digest_algorithm": SHA1},
        {"signature_algorithm": ECDSA_SHA1},
        {"signature_algorithm": RSA_SHA256},
        {"signature": b"\x04\x00"},
        {"signature": tlv(0x04, b"0" * 70)},
        {"signed_attrs": b""},
        {"sid": tlv(0x80, b"0123456789")},
        {"certificates": b""},
    ],
    ids=str,
)
def test_a_changed_signer_info(fields: dict[str, bytes]) -> None:
    refused(rewritten(letter(), **fields))
    if "version" not in fields:
        assert judged(rewritten(STAMPED, **fields)).signature != Result.PASSED


def test_another_certificate_in_the_bag() -> None:
    bag = value_of(letter())["content"]["certificates"].contents
    other = pki().authority.root_der
    refused(rewritten(letter(), certificates=tlv(0xA0, bag, other)))


def test_the_value_of_another_letter() -> None:
    other = signed(papers.paper())
    refused(papers.with_value(letter(), papers.signature_value(other).rstrip(b"\0")))


@pytest.mark.parametrize("pdf", [letter(), STAMPED], ids=["letter", "stranger"])
@pytest.mark.parametrize("case", [bytes.upper, bytes.title])
def test_the_value_written_otherwise(pdf: bytes, case) -> None:  # type: ignore[no-untyped-def]
    """Other programs may write capitals; a letter of ours has one way to be written."""
    start, end, _ = papers.ranges(pdf)
    changed = pdf[:start] + case(pdf[start:end]) + pdf[end:]
    if case is bytes.upper and pdf is STAMPED:
        assert judged(changed).signature == Result.PASSED
    else:
        assert failure(refused(changed)) == (2, "hex")


def test_something_behind_the_value() -> None:
    start, end, _ = papers.ranges(letter())
    pdf = bytearray(letter())
    for place in (end - 2, end - 9, start + 2 * measure(papers.signature_value(letter())) + 1):
        changed = bytearray(pdf)
        changed[place : place + 1] = b"7"
        assert failure(refused(bytes(changed))) == (2, "padding")
