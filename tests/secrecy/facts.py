"""Who plays, and what is planted: facts that can be told from everything else on the machine."""

import json
from datetime import datetime

from app.demo.cast import CastOrganisation, CastPerson
from guarantees.values.money import Money

SUPPLIER = CastOrganisation(
    key="planted",
    role="supplier",
    name="恒岳星野数字工程有限公司",
    credit_code="91140105MA8K5T2Q7A",
    region="山西省太原市",
    account="6228480031190274418",
    contact="山西省太原市星野路 3 号",
    people=(CastPerson("planted", "柏清和", ("clerk", "admin")),),
)
MEMBER_NAME = "霁川遥感测绘有限公司"
MEMBER_CODE = "91140105MA7H3N9W45"

CONTACT = "苗未央"
PHONE = "13907351846"
PAYER_ACCOUNT = "6217003320048815573"

HALF_TYPED = "褚半夏代填"
"""In a form that was kept over a login that ran out."""

BACK_REASON = "请补充联合体分工及霜降项目验收单"
ANSWER = "分工已按谷雨版协议补正"
MAKER_REASON = "历史履约良好且惊蛰授信充足"
CHECKER_REASON = "同意按立夏额度承保"

DEPOSIT = Money(73_519_000)
PREMIUM = Money(330_836)
"""4500 ppm of the deposit."""

PROJECT_NUMBER = "SJ-2026-GK-7719"
PROJECT_NAME = "城市生命线传感网采购"
PROCURER = "太原示范医院（演示）"
AGENCY = "晋信示范招标代理有限公司（演示）"
INSTITUTION = "北岳银行股份有限公司（演示）"
PRODUCT = "政采投标保函"
PUBLIC = (PROJECT_NUMBER, PROJECT_NAME, PROCURER, AGENCY, INSTITUTION, PRODUCT)
"""No secrets: the notice and the register say them."""

CONTROL_SUPPLIER = ("砚池光学仪器有限公司", "91140105MA6F2B8C39")
"""Of the control letter, for the same lot, that nobody applied for."""
CONTROL_AMOUNT = Money(61_208_000)

ORGANISATIONS = (
    *("bank", "insurer", "guarantor", "supplier-b", "operator", "regulator"),
    *("trading-centre", PROCURER, AGENCY),
)
"""Keys or names in the demonstration's cast."""


def notice(opens: datetime) -> bytes:
    """A complete notice with one lot, as procurers import it; bids are due until the opening."""
    document = {
        "id": "secrecy-1",
        "project_number": PROJECT_NUMBER,
        "name": PROJECT_NAME,
        "method": "公开招标",
        "category": "goods",
        "region": "山西省太原市",
        "procurer": PROCURER,
        "agency": AGENCY,
        "budget_yuan": 40_000_000,
        "bid_deposit_yuan": DEPOSIT.fen // 100,
        "deposit_forms": "转账或保函",
        "guarantee_accepted": True,
        "guarantee_quote": "投标人可以自主选择以电子保函代替投标保证金。",
        "bid_validity_days": 90,
        "submission_deadline": opens.isoformat(),
        "opening_time": opens.isoformat(),
    }
    return json.dumps([document], ensure_ascii=False).encode()
