"""The plain way to a signed letter: WeasyPrint and pyHanko as their manuals show them.

Same terms, words, fonts, drawings, PDF profile and time-stamping authority as ours; fresh
FontConfiguration and stylesheet each time, images as SVG, SimpleSigner with RSA-2048.
"""

import base64
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration

from bench.letters import CHECK_CODE, TEMPLATE, verify_url
from bench.measure import Phases
from guarantees.letter_drawings import Drawing, qr_code
from guarantees.letter_glyphs import FONT_FILES
from guarantees.letters import TERMS_FILE, TERMS_XML, LetterPress
from guarantees.terms_xml import xml_of
from guarantees.values.terms import Terms
from signing.timestamps import TimeStampAuthority


class PlainPress:
    """Renders with WeasyPrint, from the words and drawings of our own press."""

    def __init__(self, press: LetterPress, fonts_dir: Path, stylesheet: Path) -> None:
        self._press = press
        faces = "".join(
            f'@font-face {{ font-family: "Baohan Serif"; font-weight: {weight}; '
            f"src: url({(fonts_dir / FONT_FILES[file]).absolute().as_uri()}) }}\n"
            for weight, file in (("normal", "regular"), ("bold", "bold"))
        )
        self._stylesheet = faces + stylesheet.read_text("utf-8").replace(
            ', "Baohan Serif Rare", "Baohan Serif Other"', ""
        )

    def render(self, terms: Terms) -> bytes:
        """One letter."""
        html = self._press.html(terms, check_code=CHECK_CODE, template=TEMPLATE.name)
        pictures = {"baohan:seal": self._press.seal(terms), "baohan:qr": qr_code(verify_url(terms))}
        for address, drawing in pictures.items():
            html = html.replace(address, _data_url(drawing))
        fonts = FontConfiguration()
        canonical = terms.canonical()
        attached = {TERMS_FILE: canonical, TERMS_XML: xml_of(canonical)}
        pdf: bytes = HTML(string=html).write_pdf(
            stylesheets=[CSS(string=self._stylesheet, font_config=fonts)],
            font_config=fonts,
            attachments=[
                Attachment(string=content, name=name, relationship="Data")
                for name, content in attached.items()
            ],
            pdf_variant="pdf/a-3a",
        )
        return pdf


def _data_url(drawing: Drawing) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.svg().encode()).decode()


class PlainSigner:
    """Signs and validates with pyHanko."""

    def __init__(
        self,
        private: Any,
        certificate: x509.Certificate,
        chain: list[x509.Certificate],
        root: x509.Certificate,
        authority: TimeStampAuthority,
    ) -> None:
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko is typed in part
        registry.register_multiple(chain)
        self._signer = signers.SimpleSigner(
            signing_cert=certificate,
            signing_key=keys.PrivateKeyInfo.load(der),
            cert_registry=registry,
        )
        self._authority = authority
        self._root = root

    def sign(self, pdf: bytes, now: datetime, phases: Phases) -> bytes:
        """PAdES B-T, certified; the time stamp is a phase of its own."""
        metadata = signers.PdfSignatureMetadata(
            field_name="Signature1",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )
        out = signers.sign_pdf(
            IncrementalPdfFileWriter(BytesIO(pdf)),
            metadata,
            signer=self._signer,
            timestamper=_Stamper(self._authority, now, phases),
        )
        return bytes(out.getbuffer())

    def validate(self, pdf: bytes, now: datetime) -> bool:
        """pyHanko's own validation, with the time stamp's."""
        context = ValidationContext(
            trust_roots=[self._root], moment=now, revocation_mode="soft-fail", allow_fetching=False
        )
        found = PdfFileReader(BytesIO(pdf)).embedded_signatures[0]
        return bool(
            validate_pdf_signature(found, context, ts_validation_context=context).bottom_line
        )


class _Stamper(timestamps.TimeStamper):
    """The same in-process authority that our own signatures ask."""

    def __init__(self, authority: TimeStampAuthority, now: datetime, phases: Phases) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the same
        self._authority, self._now, self._phases = authority, now, phases

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        with self._phases.phase("timestamp", within="sign"):
            return tsp.TimeStampResp.load(self._authority.respond(req.dump(), self._now))
