"""Terms of every kind and form of letter, ordinary ones and ones that strain the layout."""

from datetime import date
from functools import cache
from typing import Any

from guarantees.values.money import Money
from guarantees.values.terms import FORMS, KINDS, Terms
from guarantees.values.terms_parts import Advance, Contract, Market, Policy, Reduction, Warranty
from tests.guarantees.letter_samples import letter, sample_terms

KINDS_AND_FORMS = [(kind, form) for kind in sorted(KINDS) for form in sorted(FORMS)]

CONTRACT = Contract(
    name="河东市第二人民医院全自动生化免疫流水线采购合同",
    number="HDYY-CG-2026-0187",
    signed_on=date(2026, 4, 20),
    price=Money(428_000_000),
)
_NO_BID = {"opening_time": None, "bid_validity_days": 0}
_PARTS: dict[str, dict[str, Any]] = {
    "bid": {},
    "performance": {"contract": CONTRACT, **_NO_BID},
    "quality": {
        "contract": CONTRACT,
        "warranty": Warranty(months=24, begins="自设备安装调试完毕并经受益人验收合格之日起"),
        "expiry_event": "受益人签发质量期终止证书",
        **_NO_BID,
    },
    "advance_payment": {
        "contract": CONTRACT,
        "advance": Advance(
            amount=Money(128_400_000),
            worked_off="累计付款达到合同价款 30% 后，从每期进度款中按 40% 抵扣，至全部抵扣完毕",
        ),
        "amount": Money(128_400_000),
        "effective_event": "申请人收到全部预付款",
        "expiry_event": "受益人签发预付款抵扣完毕的付款证书",
        "reductions": (
            Reduction(on=date(2026, 5, 31), event=None, remaining=Money(90_000_000)),
            Reduction(on=None, event="受益人签发第二期付款证书", remaining=Money(40_000_000)),
        ),
        **_NO_BID,
    },
    "market_entry": {
        "market": Market(
            name="湘江省政府采购电子卖场",
            operator="湘江采云科技有限公司",
            registration="XJ-RZ-2026-004412",
        ),
        "project_name": None,
        "project_number": None,
        "lot_number": None,
        "lot_name": None,
        "agency": None,
        **_NO_BID,
    },
}
POLICY = Policy(
    number="PBHD202614010000000187",
    clause="砥石财产保险股份有限公司政府采购投标履约保证保险条款（2025 版）",
    registration="C00010931412025061803651",
    premium=Money(96_000),
    surrender="保险责任开始前退还全部保险费；开始后按未经过的月数比例退还，已经索赔的不退",
)
CLAUSES = (
    "本保函的咨询和索赔受理由开立人贸易金融部办理，服务时间为每个营业日 9:00 至 17:00。",
    "受益人以平台以外的方式提交索赔通知书的，请同时以电话告知开立人。",
)


def form_terms(kind: str, form: str, members: int = 0, **changes: Any) -> Terms:
    """Ordinary terms of a kind and form, with `changes`."""
    own: dict[str, Any] = dict(_PARTS[kind])
    if form == "policy":
        own |= {"policy": POLICY, "issuer_type": "insurer"}
    return sample_terms(form, members, kind=kind, **(own | changes))  # type: ignore[arg-type]


@cache
def ordinary_letter(kind: str, form: str) -> bytes:
    """The letter of form_terms(kind, form), made once for a run."""
    return letter(form_terms(kind, form))


LONG = (
    "中国建筑第八工程局有限公司华北（山西）区域智慧医疗工程设计施"
    "工总承包联合项目管理有限责任公司太原第一分公司晋阳湖畔营业部"
)
"""A name of 60 characters."""
