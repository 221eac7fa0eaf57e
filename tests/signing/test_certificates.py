"""The development PKI: what its certificates say, how its keys are kept."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from signing.certificates import (
    create_authority,
    credit_code_of,
    crl,
    issue_institution,
    issue_platform,
    issue_timestamping,
    load_key,
    name_of,
    open_authority,
    revoke,
    root_crl,
)
from signing.errors import KeyStoreError
from signing.keys import software
from signing.private_files import ExposedFile
from signing.profiles import KeyKind, Usage, end_entity, new_key, subject_name
from tests.signing.made import CODE, MADE, NAME, NOW, PASSPHRASE, key_of, pki

SPKI = PublicFormat.SubjectPublicKeyInfo
CODES = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18)
URL = "http://127.0.0.1:9/crl"


def test_what_was_made_opens_again(tmp_path: Path) -> None:
    made = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE, crl_url=URL)
    opened = open_authority(tmp_path / "ca", passphrase=PASSPHRASE)
    assert opened.root_der == made.root_der
    assert opened.issuing_der == made.issuing_der
    assert opened.crl_url == URL
    with pytest.raises(FileExistsError):
        create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)


def test_private_files_are_encrypted_and_for_one_user(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    issue_institution(authority, NAME, CODE, MADE, directory=tmp_path / "signer")
    keys = sorted(tmp_path.rglob("*.key.pem"))
    assert [path.name for path in keys] == ["issuing.key.pem", "root.key.pem", f"{CODE}.key.pem"]
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"ENCRYPTED" in path.read_bytes().splitlines()[0]
    assert stat.S_IMODE((tmp_path / "signer").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("name", "passphrase"), [(CODE, b"another"), ("110000000000000000", PASSPHRASE)]
)
def test_a_key_that_cannot_be_had_says_why(tmp_path: Path, name: str, passphrase: bytes) -> None:
    authority = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    issue_institution(authority, NAME, CODE, MADE)
    with pytest.raises(KeyStoreError) as caught:
        load_key(tmp_path / "ca", name, passphrase=passphrase)
    assert name in caught.value.path
    assert caught.value.why


def test_a_key_with_another_certificate_is_refused(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    issue_institution(authority, NAME, CODE, MADE)
    issue_platform(authority, "平台", MADE)
    ca = tmp_path / "ca"
    with pytest.raises(KeyStoreError, match="another key"):
        software.load(ca / f"{CODE}.key.pem", ca / "platform.pem", PASSPHRASE)


def test_an_open_folder_is_refused(tmp_path: Path) -> None:
    create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    (tmp_path / "ca").chmod(0o755)
    with pytest.raises(ExposedFile):
        open_authority(tmp_path / "ca", passphrase=PASSPHRASE)


def test_an_authority_that_is_not_there_or_does_not_open(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir(mode=0o700)
    with pytest.raises(KeyStoreError, match="missing"):
        open_authority(tmp_path / "none", passphrase=PASSPHRASE)
    create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    with pytest.raises(KeyStoreError, match="does not open"):
        open_authority(tmp_path / "ca", passphrase=b"another")


@pytest.mark.parametrize("kind", KeyKind)
def test_every_kind_of_key_signs(kind: KeyKind) -> None:
    key = key_of(kind)
    signature = key.sign(b"data")
    assert len(signature) <= key.algorithm.size
    public = pyca.load_der_x509_certificate(key.certificate.dump()).public_key()
    assert not kind.startswith("rsa") or public.key_size == int(kind[3:])  # type: ignore[union-attr]
    check_signature(public, signature, key.algorithm.digest)


def check_signature(public: object, signature: bytes, digest: str) -> None:
    """Raises InvalidSignature."""
    algorithm = hashes.SHA384() if digest == "sha384" else hashes.SHA256()
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, b"data", ec.ECDSA(algorithm))
    elif isinstance(public, ed25519.Ed25519PublicKey):
        public.verify(signature, b"data")
    else:
        public.verify(signature, b"data", padding.PKCS1v15(), algorithm)  # type: ignore[attr-defined]


@given(CODES)
def test_the_credit_code_is_read_back(code: str) -> None:
    authority = pki().authority
    issued = end_entity(
        authority.issuing, subject_name(NAME, code), authority.issuing.private, Usage.SIGNING,
        NOW, timedelta(days=1), "",
    )  # fmt: skip
    certificate = x509.Certificate.load(issued.public_bytes(Encoding.DER))
    assert credit_code_of(certificate) == code
    assert name_of(certificate) == NAME


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ({"common_name": "甲", "serial_number": CODE}, CODE),
        ({"common_name": "甲", "serial_number": "A-1"}, None),
        ({"common_name": "甲", "organization_identifier": "VATDE-123"}, None),
        ({"common_name": CODE}, None),
    ],
)
def test_where_a_credit_code_counts(subject: dict[str, str], code: str | None) -> None:
    certificate = x509.Certificate.load(pki().key.certificate.dump()).copy()
    certificate["tbs_certificate"]["subject"] = x509.Name.build(subject)
    assert credit_code_of(certificate) == code


@pytest.mark.parametrize("code", ["", "91110000100001234", "91110000100001234I", "9" * 19])
def test_a_code_that_is_none_gets_no_certificate(code: str) -> None:
    with pytest.raises(ValueError, match="GB 32100"):
        issue_institution(pki().authority, NAME, code, MADE)


def test_profiles(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE, crl_url=URL)
    signer = issue_institution(authority, NAME, CODE, MADE).certificate
    stamps = issue_timestamping(authority, "时间戳", MADE).certificate
    assert signer.key_usage_value.native == {"digital_signature", "non_repudiation"}
    assert signer.extended_key_usage_value is None
    assert stamps.extended_key_usage_value.native == ["time_stamping"]
    assert "extended_key_usage" in stamps.critical_extensions
    for certificate in (signer, stamps):
        assert certificate.subject.native["organizational_unit_name"] == "demonstration"
        assert certificate.ca is False
        [point] = certificate.crl_distribution_points
        assert point["distribution_point"].chosen[0].native == f"{URL}/issuing.crl"


def test_lists_have_number_and_key_identifier_and_name_the_revoked(tmp_path: Path) -> None:
    authority = create_authority(tmp_path / "ca", MADE, passphrase=PASSPHRASE)
    key = issue_institution(authority, NAME, CODE, MADE)
    revoke(authority, key.certificate, NOW, pyca.ReasonFlags.key_compromise)
    revoke(authority, key.certificate, NOW + timedelta(days=1))
    before, after = (
        asn1_crl.CertificateList.load(crl(authority, when))
        for when in (NOW - timedelta(minutes=1), NOW + timedelta(minutes=1))
    )
    assert not before["tbs_cert_list"]["revoked_certificates"].native
    [entry] = after["tbs_cert_list"]["revoked_certificates"]
    assert entry["user_certificate"].native == key.certificate.serial_number
    assert entry["revocation_date"].native == NOW
    assert entry.crl_reason_value.native == "key_compromise"
    assert after.crl_number_value.native > before.crl_number_value.native
    issuing = x509.Certificate.load(authority.issuing_der)
    assert after.authority_key_identifier == issuing.key_identifier
    root = asn1_crl.CertificateList.load(root_crl(authority, NOW))
    assert root.issuer.native == x509.Certificate.load(authority.root_der).subject.native


def test_serial_numbers_and_keys_never_repeat() -> None:
    authority = pki().authority
    certificates = [
        end_entity(
            authority.issuing, subject_name(NAME), new_key(KeyKind.P256), Usage.SIGNING, NOW,
            timedelta(days=1), "",
        )
        for _ in range(8)
    ]  # fmt: skip
    assert len({item.serial_number for item in certificates}) == 8
    assert len({item.public_key().public_bytes(Encoding.DER, SPKI) for item in certificates}) == 8
