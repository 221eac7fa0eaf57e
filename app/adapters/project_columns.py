"""The columns of a table of projects (CSV, XLSX): the documented template, as data.

English names are the keys of the JSON form. A head is known by its Chinese or its English name,
whatever its case, spaces and remarks in brackets; "万元" in the brackets is the column's unit.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.adapters import project_cells as cells
from guarantees.errors import N_
from guarantees.values.text import half_width


@dataclass(frozen=True)
class Column:
    field: str
    """Field of ProjectNotice, "lot.FIELD" of LotNotice, or "remark.KEY" for the remarks."""
    key: str
    """English head, key of the JSON form."""
    head: str
    """Chinese head of the template."""
    read: Callable[[str], object]
    explained: str
    example: str
    aliases: tuple[str, ...] = ()
    money: bool = False


COLUMNS = (
    Column(
        "number",
        "project_number",
        N_("项目编号"),
        cells.line,
        N_("公告上的编号；与来源编号至少填一个"),
        "YS-2026-GK-0012",
        ("采购项目编号", "招标编号", "编号", "number"),
    ),
    Column(
        "name",
        "name",
        N_("项目名称"),
        cells.line,
        N_("必填"),
        N_("示例：门诊楼空调设备采购"),
        ("采购项目名称", "名称", "project_name"),
    ),
    Column(
        "source_id",
        "id",
        N_("来源编号"),
        cells.line,
        N_("来源系统里的编号，再次导入时凭它对应；不填则用项目编号"),
        "",
        ("source_id", "公告编号"),
    ),
    Column(
        "method",
        "method",
        N_("采购方式"),
        cells.line,
        N_("按公告原文"),
        N_("公开招标"),
    ),
    Column(
        "procurer_name",
        "procurer",
        N_("采购人"),
        cells.line,
        N_("全称，与平台注册名称一致才能登记"),
        N_("示例市第一医院"),
        ("采购人名称", "采购单位", "招标人", "procurer_name"),
    ),
    Column(
        "agency_name",
        "agency",
        N_("代理机构"),
        cells.line,
        N_("全称；自行采购的不填"),
        N_("示例招标代理有限公司"),
        ("采购代理机构", "招标代理机构", "代理机构名称", "agency_name"),
    ),
    Column(
        "region",
        "region",
        N_("地区"),
        cells.line,
        N_("省、市、县"),
        N_("山西省太原市"),
        ("项目地区", "行政区域", "所属地区"),
    ),
    Column(
        "category",
        "category",
        N_("项目类型"),
        cells.category,
        N_("货物、服务或工程"),
        N_("货物"),
        ("类型", "类别", "采购类型"),
    ),
    Column(
        "budget",
        "budget_yuan",
        N_("项目预算（元）"),
        cells.amount,
        N_("“177000”“17.7万元”“￥1,770,000.00”都可以"),
        "1,770,000.00",
        ("项目预算", "预算金额", "预算", "budget"),
        money=True,
    ),
    Column(
        "remark.ceiling_yuan",
        "ceiling_yuan",
        N_("最高限价（元）"),
        cells.amount,
        N_("只作备注，不代替预算"),
        "",
        ("最高限价", "招标控制价"),
        money=True,
    ),
    Column(
        "deposit",
        "bid_deposit_yuan",
        N_("投标保证金（元）"),
        cells.amount,
        N_("公告写明不收取的填 0，没有写的留空"),
        "35,000.00",
        ("投标保证金", "保证金", "保证金金额", "deposit"),
        money=True,
    ),
    Column(
        "deposit_forms",
        "deposit_forms",
        N_("保证金形式"),
        cells.lines,
        N_("按公告原文"),
        N_("转账、支票、保函"),
        ("保证金提交形式",),
    ),
    Column(
        "guarantee_accepted",
        "guarantee_accepted",
        N_("是否接受保函"),
        cells.accepted,
        N_("是、否或未写明"),
        N_("是"),
        ("接受保函",),
    ),
    Column(
        "guarantee_quote",
        "guarantee_quote",
        N_("保函条款原文"),
        cells.lines,
        N_("公告里关于保函的句子"),
        "",
        ("公告关于保函的原文",),
    ),
    Column(
        "basic_account_demanded",
        "basic_account_demanded",
        N_("要求基本账户"),
        cells.flag,
        N_("公告要求从基本账户支付的填是"),
        N_("否"),
        ("要求从基本账户支付", "基本账户"),
    ),
    Column(
        "bid_validity_days",
        "bid_validity_days",
        N_("投标有效期（天）"),
        cells.days,
        N_("自投标截止起的日历天数"),
        "90",
        ("投标有效期",),
    ),
    Column(
        "submission_deadline",
        "submission_deadline",
        N_("投标截止时间"),
        cells.moment,
        N_("北京时间"),
        "2026-03-17 09:30",
        ("投标文件提交截止时间", "响应文件提交截止时间", "截止时间"),
    ),
    Column(
        "opening_time",
        "opening_time",
        N_("开标时间"),
        cells.moment,
        N_("北京时间，不早于投标截止"),
        "2026-03-17 09:30",
    ),
    Column(
        "published_on",
        "publish_date",
        N_("公告日期"),
        cells.day,
        "",
        "2026-02-20",
        ("发布日期", "published_on"),
    ),
    Column(
        "source", "source", N_("公告出处"), cells.line, N_("网址或文件名"), "", ("来源", "网址")
    ),
    Column("remark.notes", "notes", N_("备注"), cells.lines, "", "", ("remarks",)),
    Column(
        "lot.number",
        "lot_number",
        N_("标段编号"),
        cells.line,
        N_("有标段时每个标段一行，项目各列重复或留空"),
        "01",
        ("标段", "包号", "标段号", "分包编号", "合同包"),
    ),
    Column("lot.name", "lot_name", N_("标段名称"), cells.line, "", N_("冷水机组"), ("包名称",)),
    Column(
        "lot.budget",
        "lot_budget_yuan",
        N_("标段预算（元）"),
        cells.amount,
        "",
        "1,000,000.00",
        ("标段预算", "包预算", "lot_budget"),
        money=True,
    ),
    Column(
        "lot.deposit",
        "lot_deposit_yuan",
        N_("标段保证金（元）"),
        cells.amount,
        "",
        "20,000.00",
        ("标段保证金", "标段投标保证金", "lot_deposit"),
        money=True,
    ),
)

BY_FIELD = {column.field: column for column in COLUMNS}

REQUIRED = ("name",)
"""Fields whose columns every table has; all others may be left out."""

_BRACKETS = re.compile(r"[(\[【〔].*?[)\]】〕]")
_SPACES = re.compile(r"[\s_*:]+")


def plain(head: str) -> str:
    """A head without brackets, spaces, underscores, stars and case, to be compared."""
    return _SPACES.sub("", _BRACKETS.sub("", half_width(head))).casefold()


_KNOWN = {
    plain(name): column for column in COLUMNS for name in (column.key, column.head, *column.aliases)
}


@dataclass(frozen=True)
class Head:
    """One head of a file and what it means."""

    text: str
    """As it stands in the file."""
    column: Column | None
    """None: not one of ours."""
    unit: str = ""
    """ "万元" if the head says so."""


def read_head(text: str) -> Head:
    column = _KNOWN.get(plain(text))
    in_brackets = "".join(_BRACKETS.findall(half_width(text)))
    unit = "万元" if column is not None and column.money and "万" in in_brackets else ""
    return Head(text.strip(), column, unit)


def suggestion(text: str, heads: Sequence[Head] = ()) -> str:
    """The template's head that `text` resembles most and that is not there yet; or empty."""
    taken = {head.column.field for head in heads if head.column is not None}
    free = {word: column.head for word, column in _KNOWN.items() if column.field not in taken}
    near = difflib.get_close_matches(plain(text), free, n=1, cutoff=0.6)
    return free[near[0]] if near else ""
