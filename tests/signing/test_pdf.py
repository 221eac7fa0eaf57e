"""Signed letters, as strangers' tools and our own verification see them."""

import re
import subprocess
from pathlib import Path

import pytest
from weasyprint import HTML, Attachment

from signing.cms import canonical
from signing.errors import LetterNotSignable, SignatureTooLong, TimestampError
from signing.parsing.der import measure
from signing.pdf import FIELD_NAME, SealArea, sign_letter
from signing.profiles import KeyKind
from signing.report import Integrity, Result
from signing.structure import examine
from signing.timestamps import Token
from tests.signing import papers
from tests.signing.made import CODE, LATER, NAME, NOW, approved, judged, key_of, pki, signed

RARE = "签发保函，经办人：𠮷䶮㛃𬭎"


def tool(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def printed() -> bytes:
    """Two pages with attached terms, as the letter press makes them."""
    terms = Attachment(string=papers.TERMS_TEXT.decode(), name="terms.json")
    pages = "<p>Guarantee</p><p style='page-break-before: always'>Second page</p>"
    return bytes(HTML(string=pages).write_pdf(attachments=[terms]))


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.RSA2048])
def test_strangers_tools_accept_a_letter(kind: KeyKind, printed: bytes, tmp_path: Path) -> None:
    letter = signed(printed, key_of(kind))
    (tmp_path / "letter.pdf").write_bytes(letter)
    start, end, _ = papers.ranges(letter)
    value = papers.signature_value(letter)
    (tmp_path / "covered").write_bytes(letter[:start] + letter[end:])
    (tmp_path / "cms").write_bytes(value[: measure(value)])

    seen = tool("pdfsig", "-nocert", "letter.pdf", folder=tmp_path).stdout
    assert "Signature is Valid" in seen
    assert "Total document signed" in seen
    assert "ETSI.CAdES.detached" in seen
    assert NAME in seen
    checked = tool("qpdf", "--check", "letter.pdf", folder=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    root = str(pki().authority.directory / "root.pem")
    verified = tool(
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-content",
        "covered", "-CAfile", root, "-attime", str(int(NOW.timestamp())), "-out", "content",
        folder=tmp_path,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr

    report = judged(letter)
    assert report.signature == Result.PASSED, report.steps
    assert report.integrity == Integrity.INTACT
    assert report.signer is not None
    assert (report.signer.name, report.signer.credit_code) == (NAME, CODE)
    assert report.time == report.claimed_time == NOW
    assert report.terms == papers.TERMS_TEXT


def test_the_value_is_lower_case_canonical_and_padded_with_zeros() -> None:
    letter = signed(papers.paper())
    start, end, covered = papers.ranges(letter)
    assert covered == len(letter)
    digits = letter[start + 1 : end - 1]
    assert re.fullmatch(rb"[0-9a-f]+", digits)
    value = bytes.fromhex(digits.decode())
    size = measure(value)
    assert canonical(value[:size])
    assert not value[size:].strip(b"\0")
    assert b"A" not in digits


def test_it_is_a_certification_that_allows_nothing() -> None:
    structure = examine(signed(papers.paper()))
    [site] = structure.sites
    assert (site.permission, site.name, site.faults) == (1, FIELD_NAME, ())
    assert "DocMDP" in structure.view.dictionary(structure.view.catalog["Perms"])


def test_names_and_reasons_are_chinese_with_rare_characters(tmp_path: Path) -> None:
    letter = sign_letter(
        papers.paper(),
        key=pki().key,
        timestamper=pki().stamps,
        reason=RARE,
        location="上海",
        now=NOW,
    )
    [site] = examine(letter).sites
    for key, text in (("Reason", RARE), ("Location", "上海"), ("Name", NAME)):
        assert site.dictionary[key].text == text  # type: ignore[union-attr]
    assert "\N{BYTE ORDER MARK}".encode("utf-16-be") in site.dictionary["Reason"].value  # type: ignore[union-attr]


def test_the_field_is_invisible_or_covers_the_seal() -> None:
    area = SealArea(page=0, left=300, bottom=100, right=420, top=220)
    arguments = {"key": pki().key, "timestamper": pki().stamps, "reason": "签发", "now": NOW}
    plain = examine(sign_letter(papers.paper(), **arguments)).sites[0].field.dictionary
    sealed = examine(sign_letter(papers.paper(), seal_area=area, **arguments))
    assert plain["Rect"] == [0.0, 0.0, 0.0, 0.0]
    widget = sealed.sites[0].field.dictionary
    assert widget["Rect"] == [300.0, 100.0, 420.0, 220.0]
    assert "AP" in widget
    assert judged(sign_letter(papers.paper(), seal_area=area, **arguments)).integrity == "intact"


@pytest.mark.parametrize(
    "pdf",
    [
        b"",
        b"no PDF",
        papers.paper()[:200],
        papers.paper(form=True),
        pytest.param("signed", id="signed already"),
    ],
)
def test_what_cannot_be_certified_is_refused(pdf: bytes | str) -> None:
    given = approved(papers.paper()) if isinstance(pdf, str) else pdf
    with pytest.raises(LetterNotSignable) as caught:
        signed(given)
    assert caught.value.why


class Growing:
    """An authority whose tokens turned longer than it said."""

    last = None

    def token(self, digest: bytes) -> Token:
        return pki().stamps.token(digest)


class Silent:
    """An authority that does not answer."""

    last = None

    def token(self, digest: bytes) -> Token:
        raise TimestampError("unavailable")


class Endless:
    """An authority whose tokens fit nowhere."""

    last = None

    def token(self, digest: bytes) -> Token:
        return Token(NOW, pki().stamps.token(digest).der * 9, b"")


def sign_with(timestamper: object) -> bytes:
    return sign_letter(
        papers.paper(), key=pki().key, timestamper=timestamper, reason="签发", now=NOW,  # type: ignore[arg-type]
        lists=pki().lists,
    )  # fmt: skip


def test_a_token_longer_than_expected_gets_more_room() -> None:
    assert judged(sign_with(Growing())).signature == Result.PASSED


def test_no_time_stamp_no_letter() -> None:
    with pytest.raises(TimestampError):
        sign_with(Silent())
    with pytest.raises(SignatureTooLong) as caught:
        sign_with(Endless())
    assert caught.value.needed > caught.value.room


def test_letters_of_a_key_reserve_the_same_space() -> None:
    sizes = {len(papers.signature_value(signed(papers.paper()))) for _ in range(3)}
    assert len(sizes) == 1
    assert sizes.pop() < 8192


def test_the_root_certificate_is_all_that_a_stranger_needs() -> None:
    from signing.trust import Anchor, Trust

    alone = Trust(anchors=(Anchor(pki().authority.root_der),))
    assert judged(signed(papers.paper()), alone, LATER).signature == Result.PASSED
