"""The public home page says what the register knows, and invents nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adapters import schema
from app.adapters.database import Sessions, make_engine
from app.adapters.vault import Vault
from app.portals.public.home import Figures, HomePage, NoticeLine, of_register, use_home
from guarantees.queries import institutions
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from tests import world as worlds
from tests.house import around
from tests.shell_app import NOW, shell_app
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = make_engine(f"sqlite:///{tmp_path / 'baohan.db'}")
    schema.upgrade(engine)
    yield worlds.build(Sessions(engine, Vault.create(tmp_path / "keys")))
    engine.dispose()


def change(session: Session, name: str, **values: object) -> None:
    row = session.scalars(select(Organisation).where(Organisation.name == name)).one()
    for field, value in values.items():
        setattr(row, field, value)
    session.flush()


def add(session: Session, name: str, accepted: str, state: str, credit_code: str) -> None:
    session.add(
        Organisation(
            id=credit_code.ljust(32, "0"),
            role="institution",
            name=name,
            credit_code=credit_code,
            region="山西省",
            institution_type="insurer",
            state=state,
            details={"accepted_on": accepted} if accepted else {},
            created_at=datetime(2026, 1, 1, 17, tzinfo=UTC),
        )
    )


def populate(world: World) -> None:
    def write(session: Session) -> None:
        change(session, "演示institution有限公司", details={"accepted_on": "2026-02-01"})
        add(session, "乙财产保险", "2026-01-15", "suspended", "A")
        add(session, "甲财产保险", "2026-01-15", "left", "B")
        add(session, "丙财产保险", "", "active", "C")
        add(session, "待验收保险", "", "pending", "D")
        add(session, "未通过保险", "", "refused", "E")

    world.sessions.write("demo_data", write)


def test_accepted_institutions_by_day_of_acceptance_then_name(world: World) -> None:
    populate(world)
    rows = world.read(institutions.listed)
    assert [(row.name, row.accepted_on, row.state) for row in rows] == [
        ("丙财产保险", date(2026, 1, 2), "active"),
        ("乙财产保险", date(2026, 1, 15), "suspended"),
        ("甲财产保险", date(2026, 1, 15), "left"),
        ("演示institution有限公司", date(2026, 2, 1), "active"),
    ]
    assert [row.kinds for row in rows] == [(), (), (), ("bid",)]


def test_what_is_no_longer_offered_is_not_listed(world: World) -> None:
    def withdraw(session: Session) -> None:
        for product in session.scalars(select(Product)):
            product.state = "withdrawn"

    world.sessions.write("demo_data", withdraw)
    assert [row.kinds for row in world.read(institutions.listed)] == [()]


def test_the_page_lists_them_from_the_register(world: World, tmp_path: Path) -> None:
    populate(world)
    app = shell_app()
    app.extensions["baohan"] = around(world, tmp_path)
    use_home(app, of_register)
    page = app.test_client().get("/").text
    assert "按验收日期排列" in page
    assert "演示institution有限公司" in page
    assert "投标保函</td>" in page
    assert "保险公司" in page
    assert "暂停新业务" in page
    assert "待验收保险" not in page
    assert "运行情况" not in page


def test_an_empty_platform_says_so_and_shows_no_figures() -> None:
    page = shell_app().test_client().get("/").text
    assert "还没有通过验收的机构" in page
    assert "还没有公告。" in page
    assert "运行情况" not in page


def test_figures_and_notices_are_shown_as_they_are_given() -> None:
    app = shell_app()
    notice = NoticeLine("新版 <b> 启用", date(2026, 3, 4), "/notices/1")
    figures = Figures(NOW - timedelta(days=1), [("有效保函", "3", "份")])
    use_home(app, lambda: HomePage(notices=[notice], figures=figures))
    page = app.test_client().get("/").text
    assert "新版 &lt;b&gt; 启用" in page
    assert "截至 2026-03-11 11:12" in page
    assert "<dd>3 <small>份</small></dd>" in page


def test_verification_is_offered_only_where_it_exists() -> None:
    assert "查验暂不可用" in shell_app().test_client().get("/").text
    app = shell_app()
    app.add_url_rule("/verify", "public.verify", lambda: "", methods=["GET", "POST"])
    page = app.test_client().get("/").text
    assert '<form action="/verify" method="post" enctype="multipart/form-data">' in page
    assert 'name="number"' in page
    assert 'name="code"' in page
