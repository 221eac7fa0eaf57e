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
}
"""How the header calls the role of an organisation."""

NAVIGATION: Mapping[str, tuple[Entry, ...]] = {
    "public": (
        Entry("home.show", N_("首页")),
        Entry("public.verify", N_("查验保函")),
        Entry("public.institutions", N_("开函机构")),
        Entry("public.notices", N_("通知公告")),
        Entry("components.show", N_("组件")),
    ),
    "supplier": (Entry("supplier.home", N_("工作台")),),
    "institution": (Entry("institution.home", N_("工作台")),),
    "procurer": (Entry("procurer.home", N_("工作台")),),
    "agency": (Entry("agency.home", N_("工作台")),),
    "operator": (Entry("operator.home", N_("工作台")),),
    "regulator": (Entry("regulator.home", N_("工作台")),),
}
"""Entries by role (guarantees.records.organisation), left to right."""
