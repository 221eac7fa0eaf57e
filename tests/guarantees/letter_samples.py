"""Terms to print, and what can be read back out of a letter."""

import random
import re
import subprocess
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from app.cli.places import fonts, project
from guarantees.letters import LetterPress
from guarantees.tables.letter_forms import newest
from guarantees.values.codes import make_credit_code, new_letter_number
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Form, Terms

FOLDER = project() / "templates" / "letters"
CHECK_CODE = "7K3F9M2Q"

_MEMBERS = (
    "启衡医疗科技有限公司",
    "泽安诊断技术有限公司",
    "Aurora Healthcare（上海）医疗器械有限公司",
    "晋原医疗设备有限公司",
)
_DOCUMENTS = {
    "independent": ("付款请求书", "违约声明（可以写在付款请求书中）"),
    "accessory": ("索赔通知书", "申请人发生本保函第三条所列情形的证明材料"),
    "policy": ("索赔通知书", "发生本保险单第一条所列情形的证明材料"),
}


def sample_terms(form: Form = "independent", members: int = 0, **changes: object) -> Terms:
    """Ordinary terms; `members` joins that many companies to the lead; `changes` replace fields."""
    rng = random.Random(20260312)

    def party(name: str, role: str, contact: str = "", prefix: str = "9114") -> Party:
        return Party(name, make_credit_code(prefix, rng), role, contact)  # type: ignore[arg-type]

    names = {
        "independent": ("北岳商业银行股份有限公司太原分行", "bank"),
        "accessory": ("砥石融资担保有限公司", "guarantee_company"),
        "policy": ("砥石财产保险股份有限公司山西分公司", "insurer"),
    }
    issuer, issuer_type = names[form]
    fields: dict[str, object] = {
        "number": new_letter_number(2026, rng.randrange),
        "version": 1,
        "kind": "bid",
        "form": form,
        "applicants": (
            party("山河云图信息技术有限公司", "lead"),
            *(party(name, "member") for name in _MEMBERS[:members]),
        ),
        "beneficiary": party("河东市第二人民医院", "beneficiary", prefix="1214"),
        "agency": party("山西衡信招标代理有限公司", "agency"),
        "issuer": party(
            issuer,
            "issuer",
            "山西省太原市迎泽大街 229 号 电话 0351-000-0000",
        ),
        "issuer_type": issuer_type,
        "project_number": "HDCG-2026-GK-0041",
        "project_name": "全自动生化免疫流水线采购项目",
        "lot_number": "02",
        "lot_name": "第二标段：化学发光免疫分析系统",
        "amount": Money(7_000_000),
        "issued_on": date(2026, 3, 12),
        "effective_from": date(2026, 3, 12),
        "expires_on": date(2026, 7, 15),
        "bid_validity_days": 90,
        "opening_time": datetime(2026, 3, 17, 1, 30, tzinfo=UTC),
        "documents": _DOCUMENTS[form],
        "place_of_presentation": "山西省太原市迎泽大街 229 号，或者平台“索赔与解除”",
        "examination_days": 5,
        "governing_law": "中华人民共和国法律",
        "signatory": "李明远（保函业务部总经理）",
    }
    return Terms(**{**fields, **changes})  # type: ignore[arg-type]


def verify_url(terms: Terms) -> str:
    return f"https://baohan.example.cn/verify?number={terms.number}&code={CHECK_CODE}"


@cache
def shared_press() -> LetterPress:
    """One press for all tests of a process."""
    return LetterPress(fonts(), FOLDER)


def letter(terms: Terms, template: str = "") -> bytes:
    """The letter made from `template`, by default the newest."""
    return shared_press().render(
        terms,
        verify_url=verify_url(terms),
        check_code=CHECK_CODE,
        template=template or newest(terms.kind, terms.form).name,
    )


def text_of(pdf: bytes) -> str:
    """The text in the order of the content, without white space (poppler's pdftotext)."""
    command = ["pdftotext", "-raw", "-enc", "UTF-8", "-", "-"]
    done = subprocess.run(command, input=pdf, capture_output=True, check=True)
    return re.sub(r"\s+", "", done.stdout.decode())


def words_of(pdf: bytes) -> list[tuple[str, str]]:
    """(position, word) of every word, page by page (pdftotext -bbox)."""
    command = ["pdftotext", "-bbox", "-enc", "UTF-8", "-", "-"]
    done = subprocess.run(command, input=pdf, capture_output=True, check=True)
    found = re.findall(r"<word (xMin.*?)>(.*?)</word>", done.stdout.decode())
    return [(position, word) for position, word in found]


def raster(pdf: bytes, directory: Path, page: int, dpi: int = 150) -> Path:
    """One page as a PNG file."""
    target = directory / f"page-{page}-{dpi}"
    command = ["pdftoppm", "-png", "-singlefile", "-r", str(dpi), "-f", str(page), "-l", str(page)]
    subprocess.run([*command, "-", str(target)], input=pdf, capture_output=True, check=True)
    return target.with_suffix(".png")
