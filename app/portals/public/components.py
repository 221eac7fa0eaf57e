"""/components: every component in every state, for whoever builds or reviews pages.

Shown to everybody in a demonstration, in production to operators only; it holds invented data.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, abort, current_app, render_template, request
from werkzeug.datastructures import ImmutableMultiDict

from app.auth.guard import needs
from app.paging import Page
from app.portals.public.sample_form import SampleForm
from app.shell import TONES, notify, viewer
from app.status import STATUS
from app.text import _
from guarantees.values.money import Money

blueprint = Blueprint("components", __name__)

NOW = datetime(2026, 3, 12, 3, 12, 4, tzinfo=UTC)
"""The page shows states, not the hour: all its times hang on this one."""

LONG_NAME = (
    "晋河市政务云计算与数据共享交换平台二期建设及五年运行维护服务"
    "采购项目供应商联合体牵头单位信息技术股份有限责任公司"
)
"""58 characters: names on licences may be that long."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the page is drawn from."""

    now: datetime
    opening: datetime
    soon: datetime
    overdue: datetime
    deposit: Money
    odd: Money
    premium: Money
    issued_on: date
    digest: str
    supplier: str
    bank: str
    person: str
    long_name: str


SAMPLE = Sample(
    now=NOW,
    opening=NOW + timedelta(days=4, hours=22, minutes=18),
    soon=NOW + timedelta(hours=1, minutes=40),
    overdue=NOW - timedelta(minutes=26),
    deposit=Money(7_000_000),
    odd=Money(125_430_050),
    premium=Money(31_500),
    issued_on=date(2026, 3, 12),
    digest="8e210c7f55da19b4a0f3c6d2e4b5978113c0ffee0d15ea5e2718281828459045",
    supplier="启衡医疗科技有限公司",
    bank="北岳银行股份有限公司",
    person="周予安",
    long_name=LONG_NAME,
)


@blueprint.route("/components", methods=["GET", "POST"])
@needs("public.read")
def show() -> str:
    """The page of all components; its form answers what is typed and keeps nothing."""
    seen_by = viewer()
    if not current_app.config["DEMONSTRATION"] and (not seen_by or seen_by.role != "operator"):
        abort(404)
    return render_template(
        "public/components.html",
        sample=SAMPLE,
        tones=TONES,
        status=STATUS,
        wrong=_form(),
        typed=request.method == "POST",
        page=Page(items=(), first=None, last=("2026-06-15", "1")),
        noted={"fee": _("一次缴纳 ¥280.00"), "lock": _("锁定 ¥70,000.00，解除后退还")},
    )


def _form() -> SampleForm:
    """What was typed, or else an example with errors."""
    typed = request.method == "POST"
    form = SampleForm() if typed else SampleForm(ImmutableMultiDict(WRONG_INPUT))
    if form.validate():
        notify("ok", _("没有需要改正的地方。"), _("这是示例，填写的内容没有保存。"))
    if not typed:
        form.csrf_token.errors = []  # the example was never sent
    return form


WRONG_INPUT = (
    ("credit_code", "91140100MA0HT9W45V"),
    ("amount", "70,000.0x"),
    ("opening", "2026-03-17 09:30"),
    ("until", ""),
    ("way", "fee"),
    ("consent", "basic"),
    ("remark", "成员额度在授权内。"),
)
"""As a person would type it: a wrong last character, no date chosen."""
