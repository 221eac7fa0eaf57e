"""How a trustee's presence is said."""

from collections.abc import Mapping

from guarantees.errors import N_

PRESENCE: Mapping[str, tuple[str, str, str]] = {
    "ready": ("ok", N_("在岗"), N_("钥匙已演练，经办人近期登录过。")),
    "unseen": ("warn", N_("久未登录"), N_("经办人超过 14 天没有登录，请先联系。")),
    "unrehearsed": ("warn", N_("未演练"), N_("钥匙超过 90 天没有演练，不能确定还能使用。")),
    "no_key": ("bad", N_("没有钥匙"), N_("还没有在用的受托钥匙，届时不能同意解锁。")),
    "no_person": ("bad", N_("没有经办人"), N_("没有在用的受托人账号，届时无人办理。")),
}
"""State of guarantees.queries.trustees.Presence → tone, word, what it means."""
