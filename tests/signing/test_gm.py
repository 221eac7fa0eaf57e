"""Letters signed with SM2 and SM3: what strangers' tools say of them."""

import subprocess
import sys
from pathlib import Path

import pytest
from asn1crypto import algos, cms, crl, pem, x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from signing.certificates import load_key
from signing.cms import SEQUENCE, tlv
from signing.errors import KeyStoreError
from signing.gm import authority as gm_authority
from signing.gm.algorithms import (
    Sm2Pair,
    public_key_info,
    sm3,
    verifies,
)
from signing.gm.pkcs8 import unlock
from signing.keys.sm2 import Sm2Key
from tests.meta.files import ROOT
from tests.signing import papers
from tests.signing.gm_made import gm, gm_letter, value_of
from tests.signing.made import (
    CODE,
    MADE,
    NAME,
    NOW,
    PASSPHRASE,
    folder,
    pki,
)

DISTID = "distid:1234567812345678"


def tool(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def signer_of(pdf: bytes) -> cms.SignerInfo:
    return cms.ContentInfo.load(value_of(pdf))["content"]["signer_infos"][0]


# What the standards say


def test_the_example_of_the_standard() -> None:
    """The examples in Annex A of GB/T 32918.5 and of GB/T 32905."""
    public = bytes.fromhex(
        "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    signature = algos.DSASignature({
        "r": 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
        "s": 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
    }).dump()  # fmt: skip
    assert verifies(public_key_info(public), b"message digest", signature)
    assert not verifies(public_key_info(public), b"message digests", signature)
    assert sm3(b"a", b"bc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_a_signature_has_one_encoding_and_a_key_lies_on_the_curve() -> None:
    pair = Sm2Pair.generate()
    key, signature = public_key_info(pair.public), pair.sign(b"data")
    assert verifies(key, b"data", signature)
    assert not verifies(key, b"data", signature + b"\0")
    first, second = decode_dss_signature(signature)
    longer = tlv(
        SEQUENCE,
        tlv(0x02, b"\0\0" + first.to_bytes(32, "big")),
        tlv(0x02, b"\0\0" + second.to_bytes(32, "big")),
    )
    assert not verifies(key, b"data", longer)
    beside = pair.public[:-1] + bytes([pair.public[-1] ^ 1])
    assert not verifies(public_key_info(beside), b"data", signature)
    assert not verifies(pki().key.certificate.public_key, b"data", signature)


ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
EXTREMES = (0, 1, ORDER - 1, ORDER, ORDER + 1, 2**256 - 1, 2**256, 2**300, 2**4000)


@pytest.mark.parametrize("first", EXTREMES)
def test_numbers_out_of_range_are_no_signature(first: int) -> None:
    pair = Sm2Pair.generate()
    for second in EXTREMES:
        signature = algos.DSASignature({"r": first, "s": second}).dump()
        assert not verifies(public_key_info(pair.public), b"data", signature)


# Strangers' tools


def checked(data: bytes, signature: bytes, certificate: x509.Certificate, folder: Path) -> str:
    """What `openssl pkeyutl` says of an SM2 signature."""
    (folder / "data").write_bytes(data)
    (folder / "value").write_bytes(signature)
    (folder / "holder.der").write_bytes(certificate.dump())
    public = tool(
        "openssl", "x509", "-inform", "DER", "-in", "holder.der", "-noout", "-pubkey", folder=folder
    )
    (folder / "public.pem").write_text(public.stdout)
    return tool(
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin",
        "-digest", "sm3", "-pkeyopt", DISTID, "-in", "data", "-sigfile", "value",
        folder=folder,
    ).stdout.strip()  # fmt: skip


def test_openssl_verifies_the_signature_value_over_the_signed_attributes(tmp_path: Path) -> None:
    signer = signer_of(gm_letter())
    attributes, value = signer["signed_attrs"].untag().dump(), signer["signature"].native
    good, bad = "Signature Verified Successfully", "Signature Verification Failure"
    assert checked(attributes, value, gm().key.certificate, tmp_path) == good
    other = attributes[:-1] + bytes([attributes[-1] ^ 1])
    assert checked(other, value, gm().key.certificate, tmp_path) == bad
    assert checked(attributes, value, gm().key.chain[0], tmp_path) == bad


def test_openssl_finds_the_digest_of_the_file_in_the_attributes(tmp_path: Path) -> None:
    start, end, _ = papers.ranges(gm_letter())
    (tmp_path / "covered").write_bytes(gm_letter()[:start] + gm_letter()[end:])
    found = tool("openssl", "dgst", "-sm3", "-r", "covered", folder=tmp_path).stdout.split()[0]
    attributes = signer_of(gm_letter())["signed_attrs"]
    stated = [item["values"][0].native for item in attributes
              if item["type"].native == "message_digest"]  # fmt: skip
    assert [found] == [value.hex() for value in stated]


def test_openssl_accepts_every_link_of_the_chain(tmp_path: Path) -> None:
    held = {"root": gm().authority.root.certificate, "issuing": gm().key.chain[0],
            "holder": gm().key.certificate}  # fmt: skip
    for name, certificate in held.items():
        (tmp_path / f"{name}.pem").write_bytes(pem.armor("CERTIFICATE", certificate.dump()))
    for name, above in (("root", "root"), ("issuing", "root"), ("holder", "issuing")):
        body = held[name]
        said = checked(
            body["tbs_certificate"].dump(), body["signature_value"].native, held[above], tmp_path
        )
        assert said == "Signature Verified Successfully"
    for name, above in (("issuing", "root"), ("holder", "issuing")):
        told = tool(
            "openssl", "verify", "-vfyopt", DISTID, "-attime", str(int(NOW.timestamp())),
            "-partial_chain", "-trusted", f"{above}.pem", f"{name}.pem", folder=tmp_path,
        )  # fmt: skip
        assert (told.returncode, told.stdout.strip()) == (0, f"{name}.pem: OK")


def test_openssl_verifies_the_lists(tmp_path: Path) -> None:
    holders = (gm().key.chain[0], gm().authority.root.certificate)
    for der, holder in zip(gm().lists[:2], holders, strict=True):
        found = crl.CertificateList.load(der)
        body, value = found["tbs_cert_list"].dump(), found["signature"].native
        assert checked(body, value, holder, tmp_path) == "Signature Verified Successfully"


def test_openssl_reads_the_key_files(tmp_path: Path) -> None:
    path = gm().authority.directory / f"{CODE}.key.pem"
    told = tool(
        "openssl", "pkey", "-in", str(path), "-passin", f"pass:{PASSPHRASE.decode()}", "-pubout",
        "-outform", "DER", "-out", "public", folder=tmp_path,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "public").read_bytes() == gm().key.certificate.public_key.dump()


def test_what_cannot_judge_such_a_letter_does_not_call_it_modified(tmp_path: Path) -> None:
    """docs/gm.md quotes them; a version that learns SM2 is to be entered there."""
    (tmp_path / "letter.pdf").write_bytes(gm_letter())
    (tmp_path / "cms").write_bytes(value_of(gm_letter()))
    seen = tool("pdfsig", "-nocert", "letter.pdf", folder=tmp_path)
    assert "Total document signed" in seen.stdout
    assert "Signature is Valid" not in seen.stdout
    assert "Digest Mismatch" not in seen.stdout
    clean = tool("qpdf", "--check", "letter.pdf", folder=tmp_path)
    assert (clean.returncode, clean.stderr) == (0, "")


# Keys on disk, and what others see of all this


def test_a_key_is_read_with_its_passphrase_and_its_own_certificate() -> None:
    directory = folder() / "ring"
    for code in (CODE, "91330000MA00000001"):
        gm_authority.issue_institution(gm().authority, NAME, code, MADE, directory=directory)
    key = load_key(directory, CODE, passphrase=PASSPHRASE)
    assert isinstance(key, Sm2Key)
    assert verifies(key.certificate.public_key, b"data", key.sign(b"data"))
    with pytest.raises(KeyStoreError, match="does not open"):
        load_key(directory, CODE, passphrase=b"another")
    with pytest.raises(KeyStoreError, match="missing"):
        load_key(directory, "absent", passphrase=PASSPHRASE)
    (directory / f"{CODE}.key.pem").replace(directory / "91330000MA00000001.key.pem")
    with pytest.raises(KeyStoreError, match="another key"):
        load_key(directory, "91330000MA00000001", passphrase=PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"no key", pem.armor("PRIVATE KEY", b"\x30\0"),
                                     pem.armor("ENCRYPTED PRIVATE KEY", b"\x30\0")])  # fmt: skip
def test_what_is_no_key_file(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        unlock(content, PASSPHRASE)


_MAPS = """
import inspect, sys
from asn1crypto import algos, cms, core, keys, x509
import pyhanko.sign.validation, pyhanko.sign.signers, pyhanko.sign.diff_analysis
import pyhanko.sign.timestamps, pyhanko.pdf_utils.incremental_writer, pyhanko_certvalidator

def maps():
    modules = [sys.modules[name] for name in sorted(sys.modules) if name.startswith("asn1crypto.")]
    return {
        (module.__name__, name, field): repr(getattr(kind, field))
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        for field in ("_map", "_oid_specs")
        if isinstance(getattr(kind, field, None), dict)
    }

before = maps()
import signing.verify, signing.pdf, signing.worker, signing.keys.sm2, signing.gm.authority
after = maps()
changed = [key for key in before if after[key] != before[key]]
assert len(before) > 100, len(before)
assert not changed, changed
kinds = (algos.DigestAlgorithmId, algos.SignedDigestAlgorithmId, keys.NamedCurve)
assert not [oid for kind in kinds for oid in kind._map if oid.startswith("1.2.156.10197")]
"""


def test_the_maps_of_asn1crypto_stay_as_they_are() -> None:
    """What we know of SM2 and SM3 changes nobody's reading of anything."""
    ran = subprocess.run(
        [sys.executable, "-c", _MAPS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_lines_of_the_documentation_check_a_letter(tmp_path: Path) -> None:
    lines = (ROOT / "docs" / "gm.md").read_text(encoding="utf-8").split("```sh\n")[1]
    (tmp_path / "letter.pdf").write_bytes(gm_letter())
    ran = tool("sh", "-c", lines.split("```")[0], folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    *_, digest, stated, verdict = ran.stdout.splitlines()
    assert digest.rpartition(" ")[2] == stated.rpartition(":")[2].lower()
    assert verdict == "Signature Verified Successfully"
