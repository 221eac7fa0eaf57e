"""Signing a letter: PAdES (ETSI EN 319 142-1) as a certification that allows no change.

One phase, one type: `prepare` turns a PDF into a `Prepared` with its digest, `Prepared.finish`
into the signed bytes. pyHanko writes the incremental update; the CMS comes from `signing.cms` with
a held key (pyHanko's SimpleSigner parses the key for every signature, 35 to 110 ms).
"""

import hashlib
import secrets
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
from signing.errors import AuthorityChanged, LetterNotSignable, SignatureTooLong
from signing.keys.protocol import SigningKey
from signing.levels import PROFILE_KEY, Level, Material
from signing.longterm import gather
from signing.timestamps import Timestamper, Token, room_for
from signing.trust import Trust

FIELD_NAME: Final = "Signature1"
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
    timestamper: Timestamper | None,
    reason: str,
    level: Level = Level.B_T,
    trust: Trust | None = None,
    now: datetime | None = None,
    location: str = "",
    field_name: str = FIELD_NAME,
    seal_area: SealArea | None = None,
    lists: Sequence[bytes] = (),
) -> bytes:
    """Sign a letter. The caller re-verifies the result before it counts as issued.

    `now` is the time that the signer claims (/M), the clock's by default. Level B-LT takes from
    `trust` what it needs, B-B asks no `timestamper`. `lists` are revocation lists (DER) that a
    letter of the lower levels brings along, so that it can be judged without asking for them.
    Everything goes into the signed revision. Raises LetterNotSignable, TimestampError,
    EvidenceMissing (B-LT), or what the key raises.
    """
    if level != Level.B_B and timestamper is None:
        raise ValueError("timestamper")
    signer = CmsSigner(key)
    claimed = now or datetime.now(UTC)
    stamps = _Stamps(timestamper) if timestamper and level != Level.B_B else None

    def attempt(last: Token | None) -> bytes:
        material = Material(lists=tuple(lists))
        if level == Level.B_LT and stamps:
            last = last or stamps.first()
            material = gather(key, last, trust or Trust(), claimed)
        size = signer.longest + (room_for(last) if stamps else 0)
        signature = SignatureObject(
            timestamp=claimed,
            subfilter=SigSeedSubFilter.PADES,
            name=name_of(key.certificate),
            reason=reason,
            location=location or None,
            bytes_reserved=2 * (-(-size // _STEP) * _STEP),
        )
        signature[NameObject(f"/{PROFILE_KEY}")] = NameObject(f"/{level}")
        writer = open_letter(pdf, material)
        prepared = prepare(writer, signature, signer.digest, field_name, seal_area)
        value = signer.sign(prepared.digest, timestamp=stamps, document=prepared.output.getvalue)
        signed = prepared.finish(value)
        if material.certificates and stamps and stamps.changed(last):
            raise AuthorityChanged
        return signed

    try:
        return attempt(timestamper.last if timestamper else None)
    except (SignatureTooLong, AuthorityChanged):
        return attempt(None)


class _Stamps:
    """Asks an authority for a token over a signature value, and remembers who made it."""

    def __init__(self, timestamper: Timestamper) -> None:
        self._timestamper = timestamper
        self._token: Token | None = None

    def first(self) -> Token:
        """A token over nothing in particular: it shows the authority's certificate."""
        return self._timestamper.token(secrets.token_bytes(32))

    def __call__(self, value: bytes) -> bytes:
        self._token = self._timestamper.token(hashlib.sha256(value).digest())
        return self._token.der

    def changed(self, expected: Token | None) -> bool:
        """Whether the last token is of another certificate than `expected`."""
        return not (self._token and expected and self._token.certificate == expected.certificate)


def open_letter(pdf: bytes, material: Material) -> IncrementalPdfFileWriter:
    """The letter, ready for one more revision that holds `material`. LetterNotSignable."""
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        if not writer.root.keys().isdisjoint({"/AcroForm", "/Perms", "/DSS"}):
            raise LetterNotSignable("it has a form or a signature already")
        if material:
            _store(writer, material)
    except (PdfError, ValueError, KeyError) as error:
        raise LetterNotSignable(f"{type(error).__name__}: {error}") from None
    return writer


def _store(writer: Any, material: Material) -> None:
    """Document security store (ISO 32000-2, 12.8.4.3), in the revision that is signed.

    Without /VRI, whose keys are digests of a signature that is not there yet. pyHanko is typed in
    part only, so Any.
    """
    dictionary: Any = DictionaryObject
    found = {"Certs": material.certificates, "CRLs": material.lists, "OCSPs": material.responses}
    store = dictionary({
        NameObject(f"/{name}"): ArrayObject(
            [writer.add_object(StreamObject(stream_data=der)) for der in ders]
        )
        for name, ders in found.items()
        if ders
    })  # fmt: skip
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
