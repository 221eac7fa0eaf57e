"""What a procurement notice says about a project. None: the notice does not say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from guarantees.errors import N_
from guarantees.values.money import Money

CATEGORIES: Mapping[str, str] = {
    "goods": N_("货物"),
    "services": N_("服务"),
    "works": N_("工程"),
}
"""Type of project (项目类型); decides whose ceiling holds, GPR-33 or TBR-26."""

ACCEPTED: Mapping[str, str] = {
    "yes": N_("接受"),
    "no": N_("不接受"),
    "unknown": N_("公告未写明"),
}
"""Whether guarantees are accepted in place of the deposit (SX-2.2)."""

FIELD_NAMES: Mapping[str, str] = {
    "name": N_("项目名称"),
    "number": N_("项目编号"),
    "method": N_("采购方式"),
    "category": N_("项目类型"),
    "region": N_("地区"),
    "procurer_name": N_("采购人"),
    "agency_name": N_("采购代理机构"),
    "budget": N_("项目预算"),
    "deposit": N_("投标保证金"),
    "deposit_forms": N_("保证金形式"),
    "guarantee_accepted": N_("是否接受保函"),
    "guarantee_quote": N_("公告关于保函的原文"),
    "basic_account_demanded": N_("要求从基本账户支付"),
    "bid_validity_days": N_("投标有效期"),
    "submission_deadline": N_("投标截止时间"),
    "opening_time": N_("开标时间"),
    "published_on": N_("公告日期"),
    "source": N_("公告出处"),
    "lots": N_("标段"),
    "remarks": N_("公告其他内容"),
    "lot.number": N_("标段编号"),
    "lot.name": N_("标段名称"),
    "lot.budget": N_("标段预算"),
    "lot.deposit": N_("标段投标保证金"),
}
"""What each fact is called on screen, in files and in messages; "lot." for facts of a lot."""


@dataclass(frozen=True)
class LotNotice:
    number: str
    name: str
    """May be empty: then the lot is called as its project."""
    budget: Money | None = None
    deposit: Money | None = None
    """Bid deposit (投标保证金) of this lot; zero where the notice asks for none."""


@dataclass(frozen=True)
class ProjectNotice:
    source_system: str
    source_id: str
    name: str
    number: str | None = None
    method: str | None = None
    category: str | None = None
    """goods, services or works; decides which law's ceiling applies."""
    region: str | None = None
    procurer_name: str | None = None
    agency_name: str | None = None
    budget: Money | None = None
    deposit: Money | None = None
    deposit_forms: str | None = None
    guarantee_accepted: str = "unknown"
    """yes, no or unknown."""
    guarantee_quote: str | None = None
    basic_account_demanded: bool = False
    """The notice demands payment from the bidder's basic account (基本账户)."""
    bid_validity_days: int | None = None
    """Calendar days from the submission deadline."""
    submission_deadline: datetime | None = None
    opening_time: datetime | None = None
    published_on: date | None = None
    source: str | None = None
    lots: tuple[LotNotice, ...] = ()
    remarks: str = field(default="", compare=False)
    """What else the notice says, a line each, in its own words; no fact that anything rests on."""

    def effective_lots(self) -> tuple[LotNotice, ...]:
        """A notice without lots is one lot; a single lot inherits the project's figures."""
        lots = self.lots or (LotNotice(number="1", name=self.name),)
        if len(lots) > 1:
            return lots
        only = lots[0]
        return (
            LotNotice(
                number=only.number,
                name=only.name or self.name,
                budget=only.budget or self.budget,
                deposit=only.deposit if only.deposit is not None else self.deposit,
            ),
        )


def missing(notice: ProjectNotice) -> tuple[str, ...]:
    """Facts that must be asked for before bidders can be served; never invented.

    Names of fields; for lots that the notice lists "lots[NUMBER].field".
    """
    needed = ("category", "region", "procurer_name", "bid_validity_days", "submission_deadline")
    gaps = [name for name in (*needed, "opening_time") if getattr(notice, name) is None]
    if notice.guarantee_accepted == "unknown":
        gaps.append("guarantee_accepted")
    for lot in notice.effective_lots():
        place = f"lots[{lot.number}]." if notice.lots else ""
        gaps += [f"{place}{name}" for name in ("budget", "deposit") if getattr(lot, name) is None]
    return tuple(gaps)


def gap_name(gap: str) -> tuple[str, str]:
    """A name that `missing` gave, as (Chinese name of the field, lot number or "")."""
    if not gap.startswith("lots["):
        return FIELD_NAMES[gap], ""
    number, _, name = gap.removeprefix("lots[").rpartition("].")
    return FIELD_NAMES[f"lot.{name}"], number
