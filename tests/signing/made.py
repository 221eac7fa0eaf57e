"""Keys, certificates, letters and the trust in them, made once for a run."""

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path

from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, SignatureObject

from signing.certificates import (
    Authority,
    create_authority,
    crl,
    issue_institution,
    issue_timestamping,
    root_crl,
)
from signing.cms import CmsSigner
from signing.keys.protocol import SigningKey
from signing.keys.software import SoftwareKey
from signing.pdf import sign_letter
from signing.profiles import KeyKind
from signing.report import SignatureReport, Step
from signing.timestamps import LocalTimestamper, TimeStampAuthority
from signing.trust import Anchor, Trust
from signing.verify import verify
from tests.signing import papers

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
"""When letters are signed and stamped."""
LATER = NOW + timedelta(hours=1)
"""When they are verified."""
MADE = NOW - timedelta(days=1)
"""When keys and certificates were made."""
NAME = "示范银行股份有限公司"
CODE = "911100001000012345"
PASSPHRASE = b"for tests"


def folder() -> Path:
    """A private folder that goes when the run ends."""
    path = Path(tempfile.mkdtemp(prefix="baohan-test-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@dataclass(frozen=True)
class Pki:
    """A development PKI with a key of each sort."""

    authority: Authority
    key: SoftwareKey
    stamps: LocalTimestamper

    @cached_property
    def lists(self) -> tuple[bytes, ...]:
        """Revocation lists as of NOW."""
        return crl(self.authority, NOW), root_crl(self.authority, NOW)

    @cached_property
    def trust(self) -> Trust:
        """Everything that a verification needs."""
        return Trust(anchors=(Anchor(self.authority.root_der),), lists=self.lists)


@cache
def pki() -> Pki:
    """The PKI of this run."""
    authority = create_authority(folder() / "ca", MADE, passphrase=PASSPHRASE)
    key = issue_institution(authority, NAME, CODE, MADE)
    return Pki(authority, key, stamps_at(issue_timestamping(authority, "演示时间戳", MADE), NOW))


def stamps_at(key: SigningKey, time: datetime) -> LocalTimestamper:
    """Time-stamps by that key, all of the same time."""
    return LocalTimestamper(TimeStampAuthority(key), lambda: time)


@cache
def key_of(kind: KeyKind) -> SoftwareKey:
    """A signing key of that kind."""
    return issue_institution(
        pki().authority, NAME, CODE, MADE, kind=kind, directory=folder() / kind
    )


@cache
def letter() -> bytes:
    """A signed letter with attached terms."""
    return signed(papers.paper(terms=papers.TERMS_TEXT))


def signed(pdf: bytes, key: SigningKey | None = None) -> bytes:
    """`pdf`, signed as letters are."""
    return sign_letter(
        pdf,
        key=key or pki().key,
        timestamper=pki().stamps,
        reason="签发投标保函",
        now=NOW,
        lists=pki().lists,
    )


def approved(
    pdf: bytes,
    name: str = "Signature1",
    *,
    key: SigningKey | None = None,
    box: tuple[int, int, int, int] | None = None,
    permission: MDPPerm | None = None,
    lock: FieldMDPSpec | None = None,
    stamped: bool = False,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    claimed: datetime = NOW,
) -> bytes:
    """`pdf` with one more signature, as other programs make them (an approval by default)."""
    signer = CmsSigner(key or pki().key)
    placeholder = SignatureObject(timestamp=claimed, subfilter=subfilter, bytes_reserved=16384)
    setup = SigMDPSetup(
        signer.digest, certify=permission is not None, docmdp_perms=permission, field_lock=lock
    )

    def stamp(value: bytes) -> bytes:
        return pki().stamps.token(hashlib.sha256(value).digest()).der

    return _embed(
        pdf, SigFieldSpec(name, box=box), SigObjSetup(placeholder, mdp_setup=setup), signer.digest,
        lambda digest: signer.sign(digest, timestamp=stamp if stamped else None),
    )  # fmt: skip


def document_stamped(pdf: bytes, name: str = "Stamp1") -> bytes:
    """`pdf` with a document time-stamp."""
    placeholder = DocumentTimestamp(bytes_reserved=16384)
    return _embed(
        pdf, SigFieldSpec(name), SigObjSetup(placeholder), "sha256",
        lambda digest: pki().stamps.token(digest).der,
    )  # fmt: skip


def _embed(pdf, field, setup, digest_name, sign):  # type: ignore[no-untyped-def]  # test helper
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    run = PdfCMSEmbedder(new_field_spec=field).write_cms(field.sig_field_name, writer)
    next(run)
    run.send(setup)
    prepared, output = run.send(SigIOSetup(md_algorithm=digest_name, in_place=True))
    prepared.fill_with_cms(output, sign(prepared.document_digest))
    return output.getvalue()


def judged(
    pdf: bytes, trust: Trust | None = None, at: datetime = LATER, password: str | None = None
) -> SignatureReport:
    """The report on a file under the run's trust."""
    return verify(pdf, trust=trust or pki().trust, at=at, password=password)


def step(report: SignatureReport, number: int) -> Step:
    """One step of a report."""
    return report.steps[number - 1]


def trust_in(ders: Sequence[bytes], lists: Sequence[bytes]) -> Trust:
    """Trust in these anchors with these lists."""
    return Trust(anchors=tuple(map(Anchor, ders)), lists=tuple(lists))


def named(subject: str) -> x509.Name:
    """A distinguished name of one common name."""
    return x509.Name.build({"common_name": subject})
