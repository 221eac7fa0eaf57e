"""The main navigation of each role, as data; portal owners add their entries here.

Only entries whose endpoint is registered are shown, so a page may be listed before it exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from guarantees.errors import N_


@dataclass(frozen=True, slots=True)
class Entry:
    endpoint: str
    """Flask endpoint without required arguments."""
    label: str
    """Chinese source text, marked with N_()."""


ROLE_NAMES: Mapping[str, str] = {
    "public": N_("公众"),
    "supplier": N_("供应商"),
    "institution": N_("开函机构"),
    "procurer": N_("采购人"),
    "agency": N_("采购代理机构"),
    "operator": N_("平台运营"),
    "regulator": N_("监管部门"),
    "trading_centre": N_("公共资源交易中心"),
    "association": N_("行业协会"),
}
"""How the header calls the role of an organisation."""

SHARED = (
    Entry("people.index", N_("人员")),
    Entry("account.show", N_("我的账号")),
    Entry("public.verify", N_("查验保函")),
)
"""What everybody who is signed in has."""

TRUSTEE = (
    Entry("trustee.index", N_("受托解锁")),
    Entry("trustee_keys.index", N_("受托钥匙")),
)
"""What organisations have that may be trustees."""

NAVIGATION: Mapping[str, tuple[Entry, ...]] = {
    "public": (
        Entry("home.show", N_("首页")),
        Entry("public.verify", N_("查验保函")),
        Entry("log.show", N_("公开日志")),
        Entry("public.institutions", N_("开函机构")),
        Entry("public.notices", N_("通知公告")),
        Entry("components.show", N_("组件")),
    ),
    "supplier": (
        Entry("supplier.home", N_("工作台")),
        Entry("choose.lots_page", N_("选择产品")),
        Entry("supplier.cases", N_("我的申请")),
        *SHARED,
    ),
    "institution": (
        Entry("institution.queue", N_("待办")),
        Entry("institution.cases", N_("保函")),
        Entry("offers.products", N_("产品")),
        Entry("offers.policies", N_("自动承保政策")),
        Entry("designs.index", N_("保函样式")),
        *SHARED,
    ),
    "procurer": (
        Entry("projects.index", N_("项目")),
        Entry("opening.rooms", N_("开标室")),
        Entry("opening_keys.index", N_("解密钥匙")),
        *SHARED,
    ),
    "agency": (
        Entry("projects.index", N_("项目")),
        Entry("opening.rooms", N_("开标室")),
        Entry("opening_keys.index", N_("解密钥匙")),
        *SHARED,
    ),
    "operator": (
        Entry("projects.index", N_("项目")),
        Entry("supervision.coming", N_("开标演练")),
        Entry("recoveries.index", N_("恢复申请")),
        Entry("organisations.index", N_("单位")),
        Entry("holds.index", N_("法律保全")),
        Entry("trust.index", N_("受托人")),
        *SHARED,
    ),
    "regulator": (
        *TRUSTEE,
        Entry("supervision.coming", N_("开标演练")),
        *SHARED,
        Entry("holds.index", N_("法律保全")),
    ),
    "trading_centre": (*TRUSTEE, *SHARED),
    "association": (*TRUSTEE, *SHARED),
}
"""Entries by role (guarantees.records.organisation), left to right."""
