"""Distinct letters to measure with: invented parties, the same for the same number."""

import random
from datetime import UTC, date, datetime
from typing import Final

from guarantees.tables.letter_forms import newest
from guarantees.values.codes import make_credit_code, new_letter_number
from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms

ISSUER: Final = "北岳商业银行股份有限公司太原分行"
ISSUER_CODE: Final = make_credit_code("911401000", random.Random(1))  # nosec B311
CHECK_CODE: Final = "7K3F9M2Q"
TEMPLATE: Final = newest("bid", "independent")
"""What the letters of a run are made from."""

_PLACES = ("太原市", "大同市", "呼和浩特市", "景德镇市", "衢州市", "亳州市", "乌鲁木齐市", "晋中市")
_NAMES = ("启衡", "泽安", "云岭", "百衡", "晋原", "锦绣", "瀚海", "璟宸", "臻诚", "骏骐")
_TRADES = (
    "医疗科技有限公司",
    "市政工程有限公司",
    "水利水电第八工程局有限公司",
    "建筑装饰工程（集团）有限责任公司",
)
_WORKS = (
    "全自动生化免疫流水线采购项目",
    "第三污水处理厂扩建工程及配套管网设计施工总承包（EPC）",
    "智慧城管平台二期软件采购",
)


def sample_terms(number: int) -> Terms:
    """The terms of the `number`-th letter: one or three applicants, independent form."""
    rng = random.Random(number)  # nosec B311 - not a secret

    def company() -> str:
        return rng.choice(_PLACES) + rng.choice(_NAMES) + rng.choice(_TRADES)

    def party(name: str, role: str, prefix: str = "9114") -> Party:
        return Party(name, make_credit_code(prefix, rng), role)  # type: ignore[arg-type]

    members = 2 if number % 5 == 0 else 0
    names = list(dict.fromkeys(company() for _ in range(20)))[: members + 1]
    return Terms(
        number=new_letter_number(2026, rng.randrange),
        version=1,
        kind="bid",
        form="independent",
        applicants=tuple(
            party(name, "member" if place else "lead") for place, name in enumerate(names)
        ),
        beneficiary=party(rng.choice(_PLACES) + "第二人民医院", "beneficiary", "1214"),
        agency=party("山西衡信招标代理有限公司", "agency"),
        issuer=Party(ISSUER, ISSUER_CODE, "issuer", "山西省太原市迎泽大街 229 号"),
        issuer_type="bank",
        project_number=f"HDCG-2026-GK-{rng.randrange(10000):04d}",
        project_name=rng.choice(_PLACES) + rng.choice(_WORKS),
        lot_number=f"{rng.randrange(1, 30):02d}",
        lot_name=f"第{rng.randrange(1, 30)}标段",
        amount=Money(rng.randrange(10_000, 900_000) * 100),
        issued_on=date(2026, 3, 12),
        effective_from=date(2026, 3, 12),
        expires_on=date(2026, 7, 15),
        bid_validity_days=90,
        opening_time=datetime(2026, 3, 17, 1, 30, tzinfo=UTC),
        documents=("索赔通知书", "申请人发生本保函第三条所列情形的声明"),
        place_of_presentation="山西省太原市迎泽大街 229 号",
        examination_days=5,
        governing_law="中华人民共和国法律",
        signatory="李明远（保函业务部总经理）",
    )


def verify_url(terms: Terms) -> str:
    return f"https://baohan.example.cn/verify?number={terms.number}&code={CHECK_CODE}"
