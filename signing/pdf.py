"""Signing a letter: PAdES B-T (ETSI EN 319 142-1) as a certification that allows no change.

One phase, one type: `prepare` turns a PDF into a `Prepared` with its digest, `Prepared.finish`
into the signed bytes. pyHanko writes the incremental update; the CMS comes from `signing.cms` with
a held key (pyHanko's SimpleSigner parses the key for every signature, 35 to 110 ms).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NameObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.general import SigningError as PyHankoSigningError
from pyhanko.sign.signers.cms_embedder import (
    PdfCMSEmbedder,
    SigIOSetup,
    SigMDPSetup,
    SigObjSetup,
)
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from signing.certificates import name_of
from signing.cms import CmsSigner
from signing.errors import LetterNotSignable, SignatureTooLong
from signing.keys.protocol import SigningKey
from signing.timestamps import LONGEST_TOKEN, Timestamper

FIELD_NAME: Final = "Signature1"
PROFILE_KEY: Final = "BAOHAN_Profile"
"""Key of the signature dictionary in which a letter says what it is, under its own signature. A
reader holds it to that: without time-stamp, or with a byte off the canonical form, it is broken."""
PROFILE_B_T: Final = "PAdES-B-T"
_STEP: Final = 512
"""The reserved space is rounded up, so that all letters of a key have the same."""


@dataclass(frozen=True, slots=True)
class SealArea:
    """Where the visible seal is drawn; the signature field covers it, transparent."""

    page: int
    """From 0."""
    left: int
    """Points from the left edge; the others from the lower and left edges."""
    bottom: int
    right: int
    top: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A letter that is whole but for the value of its signature."""

    output: BytesIO
    digest: bytes
    """Hash of everything but the gap."""
    start: int
    """Offset of the gap, delimiters included."""
    end: int

    def finish(self, cms: bytes) -> bytes:
        """The signed letter: the value in lower-case hexadecimal, zeros behind it."""
        room = self.end - self.start - 2
        digits = cms.hex().encode("ascii")
        if len(digits) > room:
            raise SignatureTooLong(len(digits), room)
        self.output.seek(self.start + 1)
        self.output.write(digits.ljust(room, b"0"))
        return self.output.getvalue()


def sign_letter(
    pdf: bytes,
    *,
    key: SigningKey,
    timestamper: Timestamper,
    reason: str,
    now: datetime | None = None,
    location: str = "",
    field_name: str = FIELD_NAME,
    seal_area: SealArea | None = None,
    lists: Sequence[bytes] = (),
) -> bytes:
    """Sign a letter. The caller re-verifies the result before it counts as issued.

    `now` is the time that the signer claims (/M), the clock's by default. `lists` are revocation
    lists (DER) that go into the signed revision, so that the letter can be judged without asking
    for them and also when they are gone. Raises LetterNotSignable, TimestampError, or what the key
    raises.
    """
    signer = CmsSigner(key)

    def stamp(value: bytes) -> bytes:
        return timestamper.token(hashlib.sha256(value).digest()).der

    def attempt(room: int) -> bytes:
        size = signer.longest + room
        signature = SignatureObject(
            timestamp=now or datetime.now(UTC),
            subfilter=SigSeedSubFilter.PADES,
            name=name_of(key.certificate),
            reason=reason,
            location=location or None,
            bytes_reserved=2 * (-(-size // _STEP) * _STEP),
        )
        signature[NameObject(f"/{PROFILE_KEY}")] = NameObject(f"/{PROFILE_B_T}")
        writer = open_letter(pdf, lists)
        prepared = prepare(writer, signature, signer.digest, field_name, seal_area)
        return prepared.finish(signer.sign(prepared.digest, timestamp=stamp))

    try:
        return attempt(getattr(timestamper, "longest", LONGEST_TOKEN))
    except SignatureTooLong:  # the authority changed its certificates
        return attempt(LONGEST_TOKEN)


def open_letter(pdf: bytes, lists: Sequence[bytes]) -> IncrementalPdfFileWriter:
    """The letter, ready for one more revision that holds `lists` (/DSS). LetterNotSignable."""
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        if not writer.root.keys().isdisjoint({"/AcroForm", "/Perms", "/DSS"}):
            raise LetterNotSignable("it has a form or a signature already")
        if lists:
            _store_lists(writer, lists)
    except (PdfError, ValueError, KeyError) as error:
        raise LetterNotSignable(f"{type(error).__name__}: {error}") from None
    return writer


def _store_lists(writer: Any, lists: Sequence[bytes]) -> None:
    """Document security store (ISO 32000-2, 12.8.4.3). pyHanko is typed in part only, so Any."""
    dictionary: Any = DictionaryObject
    streams = [writer.add_object(StreamObject(stream_data=der)) for der in lists]
    store = dictionary({NameObject("/CRLs"): ArrayObject(streams)})
    writer.root[NameObject("/DSS")] = writer.add_object(store)
    writer.update_root()


def prepare(
    writer: IncrementalPdfFileWriter,
    signature: SignatureObject,
    digest: str,
    field_name: str,
    area: SealArea | None,
) -> Prepared:
    """Write the revision that will hold the signature. Raises LetterNotSignable."""
    try:
        append_signature_field(writer, _field(field_name, area))
        run = PdfCMSEmbedder().write_cms(field_name, writer, existing_fields_only=True)
        next(run)
        permissions = SigMDPSetup(digest, certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
        run.send(SigObjSetup(signature, mdp_setup=permissions))
        found, output = run.send(SigIOSetup(md_algorithm=digest, in_place=True))
    except (PdfError, PyHankoSigningError, ValueError, KeyError) as error:
        raise LetterNotSignable(f"{type(error).__name__}: {error}") from None
    return Prepared(
        output, found.document_digest, found.reserved_region_start, found.reserved_region_end
    )


def _field(name: str, area: SealArea | None) -> SigFieldSpec:
    if area is None:
        return SigFieldSpec(name)
    box = (area.left, area.bottom, area.right, area.top)
    return SigFieldSpec(name, on_page=area.page, box=box)
