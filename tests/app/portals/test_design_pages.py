"""The institution's administrator adapts its letters: upload, look at the specimen, use."""

from io import BytesIO

import pytest

from tests.guarantees.design_samples import png
from tests.visitors import Pages, said
from tests.world import add_person

PATH = "/institution/design/"


@pytest.fixture
def admin(pages: Pages) -> Pages:
    add_person(pages.world, "bank_admin", "maker", "admin")
    return pages


def test_uploaded_looked_at_and_used(admin: Pages) -> None:
    visitor = admin.as_("bank_admin")
    assert "还没有自己的样式" in said(visitor.get(PATH))
    visitor.sent(
        PATH,
        logo=(BytesIO(png()), "logo.png"),
        clauses="请同时以电话告知。\n\n  第二条   附加约定。",
    )
    listed = said(visitor.get(PATH))
    assert "未启用" in listed
    assert "2. 第二条 附加约定。" in listed
    assert f"{PATH}1/specimen.pdf" in visitor.get(PATH)
    assert visitor.get(f"{PATH}1/specimen.pdf").startswith("%PDF")
    visitor.sent(f"{PATH}1/use")
    assert "在用" in said(visitor.get(PATH))
    assert "平台绘制" in said(visitor.get(PATH))


@pytest.mark.parametrize(
    ("fields", "said_so"),
    [
        ({"logo": (b"<svg/>", "logo.svg")}, "只接受 PNG 文件"),
        ({"seal": (b"\x89PNG\r\n\x1a\nbroken", "seal.png")}, "已损坏"),
        ({"clauses": "甲" * 301}, "最多 300 个字"),
        ({"clauses": "甲\n" * 7}, "最多 6 项"),
    ],
)
def test_what_is_refused_is_said_at_its_field(
    admin: Pages, fields: dict[str, object], said_so: str
) -> None:
    sent = {
        name: (BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
        for name, value in fields.items()
    }
    answer = admin.as_("bank_admin").post(PATH, **sent)
    assert answer.status_code == 422
    assert said_so in said(answer.text)
    assert "还没有自己的样式" in said(admin.as_("bank_admin").get(PATH))


def test_others_look_and_do_not_touch(admin: Pages) -> None:
    admin.as_("bank_admin").sent(PATH, clauses="另行约定。")
    maker = admin.as_("maker")
    assert "另行约定。" in said(maker.get(PATH))
    assert "保存并看样张" not in said(maker.get(PATH))
    assert maker.post(PATH, clauses="甲").status_code == 403
    assert maker.post(f"{PATH}1/use").status_code == 403
    assert admin.as_("supplier").status(PATH) == 403
    assert admin.as_("bank_admin").status(f"{PATH}2/specimen.pdf") == 404
