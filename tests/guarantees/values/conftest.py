from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from guarantees.values.money import Money
from guarantees.values.parties import Party
from guarantees.values.terms import Terms


@pytest.fixture(scope="session")
def make_terms() -> Callable[..., Terms]:
    """Terms of a bid guarantee of two suppliers, with any field replaced."""

    def make(**changes: Any) -> Terms:
        fields: dict[str, Any] = {
            "number": "BH26-4183-0927-5516-4",
            "version": 1,
            "kind": "bid",
            "form": "independent",
            "applicants": (
                Party("启衡医疗科技有限公司", "91140100MA0K000017", "lead", "0351-0000000"),
                Party("河东精仪有限公司", None, "member"),
            ),
            "beneficiary": Party("河东市第二人民医院", None, "beneficiary"),
            "agency": Party("晋禾招标代理有限公司", None, "agency"),
            "issuer": Party("北岳银行股份有限公司", None, "issuer"),
            "issuer_type": "bank",
            "project_number": "HDCG-2026-GK-0041",
            "project_name": "全自动生化免疫流水线采购项目",
            "lot_number": "02",
            "lot_name": "免疫分析设备",
            "amount": Money(7_000_000),
            "issued_on": date(2026, 3, 12),
            "effective_from": date(2026, 3, 17),
            "expires_on": date(2026, 6, 15),
            "bid_validity_days": 90,
            "opening_time": datetime(2026, 3, 17, 1, 30, tzinfo=UTC),
            "documents": ("付款请求书", "载明违约情形的声明"),
            "place_of_presentation": "河东市平阳路 1 号",
            "examination_days": 5,
            "governing_law": "中华人民共和国法律",
            "signatory": "周予安",
        }
        return Terms(**(fields | changes))

    return make
