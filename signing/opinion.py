"""pyHanko's opinion on the integrity of each signature: the second of two readers.

pyHanko reads the file by itself; only which object holds a signature is taken from our own
reading. On hostile files it raises built-in exceptions; they are caught here, and nowhere else.
"""

import hashlib
import logging
from io import BytesIO
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.generic import IndirectObject, Reference
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, SignatureCoverageLevel
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator.errors import AlgorithmNotSupported

from signing.chain import TolerantValidator
from signing.comparison import HOSTILE, Opinion, compare_revisions
from signing.errors import Unreadable
from signing.gm.algorithms import SM3_NAME, digest_name, is_sm2
from signing.parsing.sites import Site

_REFERENCE: Final[Any] = IndirectObject
_COVERED: Final = (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION)

# pyHanko logs every hostile detail of every upload with a stack trace.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


class SecondReader:
    """A file as pyHanko reads it, opened when first needed."""

    def __init__(self, data: bytes, password: str | None) -> None:
        self._data = data
        self._password = password
        self._reader: PdfFileReader | None = None
        # pyHanko is typed in part only.
        self._found: dict[int, Any] = {}

    @property
    def reader(self) -> PdfFileReader:
        """The reader, decrypted. Raises Unreadable("password") or one of HOSTILE."""
        if self._reader is None:
            reader = PdfFileReader(BytesIO(self._data), strict=False)
            if reader.encrypted:
                opened = reader.decrypt((self._password or "").encode())
                if opened.status == AuthStatus.FAILED:
                    raise Unreadable("password")
            self._reader = reader
        return self._reader

    def opens(self) -> bool:
        """Whether the password, or none, opens the file."""
        try:
            return self.reader is not None
        except Unreadable:
            return False

    def open_stream(self, number: int) -> bytes:
        """Decoded bytes of an object stream of an encrypted file."""
        try:
            reader: Any = self.reader
            data: bytes = reader.get_object(Reference(number, 0, reader)).data
        except HOSTILE as error:
            raise Unreadable(type(error).__name__) from None
        return data

    def judge(self, site: Site, *, compare: bool, forms: bool = True) -> Opinion:
        """Digest, signature, coverage; or with `compare` the changes since.

        `forms` is False where our own reading found no form field touched: then none may be.
        """
        try:
            found = self._found.get(site.number) or self._find(site)
            self._found[site.number] = found
            return compare_revisions(found, forms=forms) if compare else self._judge(found, site)
        except AlgorithmNotSupported as error:
            return Opinion("unsupported", str(error))
        except InvalidSignature as error:
            return Opinion("signature", str(error))
        except HOSTILE as error:
            return Opinion("unreadable", f"{type(error).__name__}: {error}"[:300])

    def _judge(self, found: Any, site: Site) -> Opinion:
        if is_sm2(found.signer_info["signature_algorithm"]):
            return _without_value(found, site)
        found.compute_integrity_info(skip_diff=True)
        if found.coverage not in _COVERED:
            return Opinion("coverage")
        signer, content = found.signer_info, found.signed_data["encap_content_info"]
        kind = content["content_type"].native
        if kind == "tst_info":
            digest = _hash(
                signer["digest_algorithm"]["algorithm"].native, bytes(content["content"])
            )
            imprint = content["content"].parsed["message_imprint"]["hashed_message"].native
            if imprint != found.compute_digest():
                return Opinion("digest")
        else:
            digest = found.compute_digest()
        intact, valid = validate_sig_integrity(
            signer, found.signer_cert, kind, digest, TolerantValidator()
        )
        if not valid:
            return Opinion("signature")
        if not intact:
            return Opinion("digest")
        return Opinion("intact")

    def _find(self, site: Site) -> Any:
        reader: Any = self.reader
        make: Any = EmbeddedPdfSignature
        if site.field.number is not None:
            return make(reader, _REFERENCE(site.field.number, 0, reader), site.name)
        ranges = [0, *site.gap, site.end - site.gap[1]]
        return next(
            item
            for item in reader.embedded_signatures
            if item.sig_object.get("/ByteRange") == ranges
        )


def _without_value(found: Any, site: Site) -> Opinion:
    """Coverage and digest of an SM2 signature: all of it that pyHanko can judge."""
    if not bytes(found.pkcs7_content).startswith(site.cms):
        return Opinion("other_value")
    if digest_name(found.signer_info["digest_algorithm"]) == SM3_NAME:
        # pyHanko knows the hash by this name, and not by its identifier.
        found.external_digests[found.external_md_algorithm] = found.compute_digest(SM3_NAME)
    found.compute_integrity_info(skip_diff=True)
    if found.coverage not in _COVERED:
        return Opinion("coverage")
    stated = [
        attribute["values"][0].native
        for attribute in found.signer_info["signed_attrs"]
        if attribute["type"].native == "message_digest"
    ]
    return Opinion("covered" if stated == [found.compute_digest()] else "digest")


def _hash(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).digest()
