"""An institution that signs with SM2 (国密): from the first start to a sealed letter."""

from pathlib import Path

import pytest
from asn1crypto import pem, x509

from app.demo.cast import institutions
from app.processes import gm_authority
from app.processes.authority import PASSPHRASE_FILE, AuthorityService, set_up
from app.processes.produce import produce
from app.processes.signing_desk import TrustFolder
from app.processes.signing_keys import KeyRing, Use
from app.settings import BadSetting, read
from signing.gm import authority as gm
from signing.gm.algorithms import on_sm2
from signing.keys.sm2 import Sm2Key
from signing.keys.software import SoftwareKey
from signing.report import Integrity, Result
from signing.timestamps import LocalTimestamper
from signing.trust import load_trust
from signing.verify import verify
from tests.app.processes.workshop import ISSUER, PASSPHRASE, clock, surroundings
from tests.guarantees.letter_samples import shared_press


def test_the_setting_names_institutions() -> None:
    first, second = (one.credit_code for one in institutions()[:2])
    assert read({}).gm_institutions == ()
    assert read({"BAOHAN_GM_INSTITUTIONS": f" {first},{second} "}).gm_institutions == (
        first,
        second,
    )
    with pytest.raises(BadSetting, match="BAOHAN_GM_INSTITUTIONS"):
        read({"BAOHAN_GM_INSTITUTIONS": f"{first},bank"})


def test_the_authority_gives_two_certificates_to_those_that_chose_it(tmp_path: Path) -> None:
    chosen, other, *_ = institutions()
    folder, ring, trust = (tmp_path / name for name in ("authority", "signer", "trust"))
    trust.mkdir()
    for _ in range(2):  # a second start changes nothing
        authority = set_up(folder, ring, "http://127.0.0.1:9/crl", [chosen.credit_code])
        AuthorityService(authority, trust).publish()
    keys = KeyRing(ring, clock)
    assert isinstance(keys.key(chosen.credit_code), Sm2Key)
    assert isinstance(keys.key(other.credit_code), SoftwareKey)
    assert chosen.credit_code in keys.names()

    encryption = folder / "gm" / f"{chosen.credit_code}{gm.ENCRYPTION}.pem"
    certificate = x509.Certificate.load(pem.unarmor(encryption.read_bytes())[2])
    assert on_sm2(certificate.public_key)
    assert certificate.key_usage_value.native == {
        "key_encipherment", "data_encipherment", "key_agreement",
    }  # fmt: skip
    signing = keys.key(chosen.credit_code).certificate
    assert certificate.public_key.dump() != signing.public_key.dump()
    assert signing.crl_distribution_points[0].url == "http://127.0.0.1:9/crl/gm-issuing.crl"

    found = load_trust(trust)
    assert len(found.anchors) == 2
    assert len(found.lists) == 4


def test_without_the_setting_nothing_of_it_is_made(tmp_path: Path) -> None:
    authority = set_up(tmp_path / "authority", tmp_path / "signer", "")
    (tmp_path / "trust").mkdir()
    AuthorityService(authority, tmp_path / "trust").publish()
    assert not list(tmp_path.rglob("gm*"))
    assert (tmp_path / "signer" / PASSPHRASE_FILE).exists()


def test_a_letter_is_signed_with_sm2_checked_and_sealed(tmp_path: Path) -> None:
    around = surroundings(tmp_path)
    code = str(ISSUER.credit_code)
    for name in (f"{code}.key.pem", f"{code}.pem"):
        (around.keys / name).unlink()
    authority = gm.create_authority(tmp_path / "gm", clock(), passphrase=PASSPHRASE)
    gm.issue_institution(authority, ISSUER.name, code, clock(), directory=around.keys)
    for name, content in gm_authority.published(authority, clock()).items():
        (around.trust / name).write_bytes(content)

    trust, order = TrustFolder(around.trust)(), around.order()
    made = produce(
        order,
        press=shared_press(),
        key=KeyRing(around.keys, clock).use(Use(code, "person", order.intent, "letter")),
        timestamper=LocalTimestamper(around.tsa, clock),
        trust=trust,
        now=clock(),
        timekeeper_keys=around.timekeeper_keys,
    )
    uses = (around.keys / "journal").read_bytes().splitlines()
    assert len(uses) == 1  # nobody but us can judge it: B-LT is not tried first
    report = verify(around.opened(made, order), trust=trust, at=clock())
    assert (report.signature, report.integrity) == (Result.PASSED, Integrity.INTACT)
    assert report.steps[1].code == "intact_sm2"
    assert report.signer is not None and report.signer.credit_code == code
    assert report.terms == order.terms.encode()
