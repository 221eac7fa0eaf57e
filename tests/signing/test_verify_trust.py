"""What is trusted, and what lists say: read from folders, asked in the right way."""

from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import TrustMaterialError
from signing.revocation import check_chain
from signing.trust import Anchor, Purpose, Trust, load_trust
from tests.signing.made import LATER, NOW, pki

CHAIN = (
    pki().key.certificate,
    pki().key.chain[0],
    type(pki().key.certificate).load(pki().authority.root_der),
)
DAY = timedelta(days=1)


def test_a_folder_of_many_things(tmp_path: Path) -> None:
    root, issuing = pki().authority.root_der, pki().authority.issuing_der
    (tmp_path / "sub").mkdir()
    (tmp_path / "root.crt").write_bytes(root)
    (tmp_path / "sub" / "both.pem").write_bytes(
        b"".join(pem.armor("CERTIFICATE", der) for der in (root, issuing))
    )
    (tmp_path / "signer.cer").write_bytes(pki().key.certificate.dump())
    (tmp_path / "a.crl").write_bytes(pki().lists[0])
    (tmp_path / "b.pem").write_bytes(pem.armor("X509 CRL", pki().lists[1]))
    (tmp_path / "secret.key.pem").write_text("never opened")
    (tmp_path / "timekeeper.json").write_text("{}")
    trust = load_trust(tmp_path)
    assert [anchor.certificate for anchor in trust.anchors] == [root]
    assert trust.anchors[0].purposes == set(Purpose)
    assert trust.intermediates == (issuing,)
    assert set(trust.lists) == set(pki().lists)


def test_a_single_certificate_is_believed_because_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "issuing.pem").write_bytes(pem.armor("CERTIFICATE", pki().authority.issuing_der))
    trust = load_trust(tmp_path / "issuing.pem")
    assert [anchor.certificate for anchor in trust.anchors] == [pki().authority.issuing_der]
    assert load_trust_of_folder(tmp_path) == ()


def load_trust_of_folder(folder: Path) -> tuple[Anchor, ...]:
    return load_trust(folder).anchors


@pytest.mark.parametrize("content", [b"", b"text", b"\x30\x03\x02\x01\x01", b"\x30\x80"])
def test_what_is_no_certificate_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "root.pem"
    file.write_bytes(content)
    for path in (file, tmp_path):
        with pytest.raises(TrustMaterialError) as caught:
            load_trust(path)
        assert "root.pem" in caught.value.path


def test_nothing_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(TrustMaterialError):
            load_trust(path)


@given(
    st.lists(st.tuples(st.binary(max_size=9), st.sets(st.sampled_from(Purpose))), max_size=3),
    st.lists(st.binary(max_size=9), max_size=3),
    st.lists(st.binary(max_size=9), max_size=3),
)
def test_trust_survives_the_way_into_a_worker(
    anchors: list[tuple[bytes, set[Purpose]]], intermediates: list[bytes], lists: list[bytes]
) -> None:
    trust = Trust(
        tuple(Anchor(der, frozenset(purposes)) for der, purposes in anchors),
        tuple(intermediates),
        tuple(lists),
    )
    again = Trust.from_bytes(trust.to_bytes())
    assert again == trust
    assert again.key == trust.key


def a_list(
    *extensions: tuple[x509.ExtensionType, bool],
    entries: tuple[x509.RevokedCertificate, ...] = (),
    made: timedelta = timedelta(0),
    life: timedelta = DAY,
) -> bytes:
    """A list of the issuing CA."""
    issuing = pki().authority.issuing
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuing.certificate.subject)
        .last_update(NOW + made)
        .next_update(NOW + made + life)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuing.private, hashes.SHA256()).public_bytes(Encoding.DER)


def revoked(reason: x509.ReasonFlags | None = None) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(pki().key.certificate.serial_number)
        .revocation_date(NOW - DAY / 2)
    )
    if reason:
        builder = builder.add_extension(x509.CRLReason(reason), False)
    return builder.build()


def said(*lists: bytes, proven: bool = True) -> str:
    root = pki().lists[1]
    return check_chain(CHAIN, [*lists, root], used=NOW, at=LATER, proven=proven).code


def point(**fields: object) -> x509.IssuingDistributionPoint:
    plain = {
        "full_name": None, "relative_name": None, "only_contains_user_certs": False,
        "only_contains_ca_certs": False, "only_some_reasons": None, "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }  # fmt: skip
    return x509.IssuingDistributionPoint(**plain | fields)  # type: ignore[arg-type]


def test_a_plain_list() -> None:
    assert said(a_list()) == "good"
    assert said(a_list(entries=(revoked(),))) == "revoked"
    assert said() == "unknown"


@pytest.mark.parametrize(
    "extension",
    [
        x509.DeltaCRLIndicator(1),
        point(indirect_crl=True),
        point(only_contains_ca_certs=True),
        point(only_contains_attribute_certs=True),
        point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    ],
    ids=["delta", "indirect", "authorities only", "attributes only", "some reasons", "unknown"],
)
def test_a_list_that_is_not_the_whole_is_left_aside(extension: x509.ExtensionType) -> None:
    assert said(a_list((extension, True))) == "unknown"
    assert said(a_list((extension, True)), a_list()) == "good"


def test_a_later_list_counts_beside_an_earlier_one() -> None:
    later = a_list(entries=(revoked(),), made=timedelta(minutes=30))
    assert said(a_list(), later) == "revoked"
    assert said(later, a_list()) == "revoked"


def test_lists_from_the_future_and_after_the_end_are_not_read() -> None:
    assert said(a_list(made=DAY)) == "unknown"
    assert said(a_list(made=-DAY * 9)) == "stale"
    years = a_list(made=timedelta(days=4 * 365))
    status = check_chain(
        CHAIN, [years, pki().lists[1]], used=NOW, at=NOW + timedelta(days=5 * 365), proven=True
    )
    assert status.code == "unknown"


def test_a_suspension_that_was_lifted() -> None:
    lifted = a_list(entries=(revoked(x509.ReasonFlags.remove_from_crl),))
    held = a_list(entries=(revoked(x509.ReasonFlags.certificate_hold),))
    assert (said(lifted), said(held)) == ("good", "revoked")


def test_what_is_no_list_is_no_list() -> None:
    assert said(b"", b"\x30\x00", a_list()[:-1], pki().authority.root_der) == "unknown"


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_list_does_not_count(place: int, difference: int) -> None:
    whole = bytearray(a_list(entries=(revoked(),)))
    whole[place % len(whole)] ^= difference
    assert said(bytes(whole)) in {"unknown", "revoked"}
