"""Projects come in by hand and by file: drafts with gaps, nothing twice, nothing of others."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from guarantees.errors import Forbidden, NotFound
from guarantees.flow import enter_project
from guarantees.queries import projects
from guarantees.records.project import Lot, Project, ProjectVersion
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice
from guarantees.values.notice_faults import NoticeRefused
from guarantees.values.notice_rows import ImportRefused
from tests.conftest import Database
from tests.guarantees.flow.project_samples import (
    GAPS,
    NOTICE,
    Kept,
    Mark,
    Office,
    notice,
    office_on,
    view,
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("world"))


@pytest.fixture
def office(kept: Kept, tmp_path: Path) -> Iterator[Office]:
    with kept.open(tmp_path) as opened:
        yield opened


def test_what_the_notice_does_not_say_stays_unknown(office: Office) -> None:
    seen = view(office, office.enter(GAPS))
    assert seen.state == "draft"
    assert seen.notice.budget is None
    assert seen.notice.submission_deadline is None
    assert seen.gaps == (
        "category",
        "region",
        "procurer_name",
        "bid_validity_days",
        "submission_deadline",
        "opening_time",
        "guarantee_accepted",
        "budget",
        "deposit",
    )


def test_the_form_sent_twice_makes_one_project(office: Office) -> None:
    world = office.world
    arguments = (world.as_("agency"), world.now, NOTICE, "the same key")
    first = world.run("enter_project", enter_project.enter, *arguments)
    again = world.run("enter_project", enter_project.enter, *arguments)
    assert first == again
    assert office.count(Project) == 2  # the world's own and this one


def test_a_number_entered_before_is_pointed_out(office: Office) -> None:
    office.enter()
    with pytest.raises(NoticeRefused) as refused:
        office.enter()
    [fault] = refused.value.faults
    assert fault.field == "number"
    assert "YS-2026-001" in str(fault.reason)


def test_two_agencies_may_enter_the_same_number(office: Office) -> None:
    office.enter()
    assert office.enter(who=office.stranger())


def test_a_supplier_enters_no_project(office: Office) -> None:
    with pytest.raises(Forbidden):
        office.enter(who="supplier")


def test_a_procurer_enters_only_its_own(office: Office) -> None:
    assert office.enter(who="procurer")
    with pytest.raises(NoticeRefused) as refused:
        office.enter(notice(number="2", procurer_name="别家医院"), who="procurer")
    assert refused.value.faults[0].field == "procurer_name"


def test_parties_are_matched_by_exact_name_only(office: Office) -> None:
    seen = view(office, office.enter())
    assert (seen.procurer_registered, seen.agency_registered) == (True, True)
    seen = view(office, office.enter(notice(number="2", procurer_name="演示procurer公司")))
    assert (seen.procurer_registered, seen.agency_registered) == (False, True)


def test_faults_name_every_field_at_once(office: Office) -> None:
    wrong = notice(
        name="名" * 301,
        category="boats",
        bid_validity_days=0,
        budget=Money(-1),
        lots=(LotNotice("1", ""), LotNotice("1", "")),
        submission_deadline=NOTICE.submission_deadline.replace(year=1999),
    )
    with pytest.raises(NoticeRefused) as refused:
        office.enter(wrong)
    assert {one.field for one in refused.value.faults} == {
        "name",
        "category",
        "bid_validity_days",
        "budget",
        "lots[1].number",
        "submission_deadline",
    }


def test_a_draft_of_others_is_not_found(office: Office) -> None:
    project = office.enter(notice(procurer_name="别家医院"))
    for who in (office.stranger(), "procurer"):
        with pytest.raises(NotFound):
            view(office, project, who)
        with pytest.raises(NotFound):
            office.correct(project, NOTICE, who=who)
    assert view(office, project, "operator").id == project


def test_import_makes_drafts_and_again_changes_nothing(office: Office) -> None:
    made = office.import_(NOTICE, GAPS)
    assert [one.outcome for one in made] == ["created", "created"]
    versions = office.count(ProjectVersion)
    again = office.import_(NOTICE, GAPS)
    assert [(one.project, one.outcome) for one in again] == [
        (one.project, "unchanged") for one in made
    ]
    assert office.count(ProjectVersion) == versions


def test_one_bad_notice_and_nothing_is_imported(office: Office) -> None:
    before = office.count(Project)
    with pytest.raises(ImportRefused) as refused:
        office.import_(NOTICE, replace(GAPS, category="boats"), replace(GAPS, number="x" * 101))
    assert [(one.row, one.column) for one in refused.value.problems] == [
        (2, "项目类型"),
        (3, "项目编号"),
        (3, "项目编号"),
    ]
    assert "与第 2 行（条）的“N-2”重复" in str(refused.value.problems[1].reason)
    assert office.count(Project) == before


def test_what_people_filled_in_survives_a_reimport(office: Office) -> None:
    [made] = office.import_(replace(GAPS, region="山西省"))
    filled = notice(source_id="N-2", number=None, name=GAPS.name, region="山西省太原市")
    office.correct(made.project, filled)
    [again] = office.import_(replace(GAPS, region="山西省"))
    assert again.outcome == "unchanged"
    assert again.gaps == ()
    [moved] = office.import_(replace(GAPS, region="山西省大同市", bid_validity_days=60))
    assert moved.outcome == "completed"
    seen = view(office, made.project).notice
    assert (seen.region, seen.bid_validity_days) == ("山西省大同市", 60)
    assert seen.lots == filled.lots
    assert seen.category == "goods"
    [last] = office.import_(replace(GAPS, region="山西省大同市", bid_validity_days=60))
    assert last.outcome == "unchanged"


def test_what_people_corrected_survives_every_later_import(office: Office) -> None:
    """The source keeps its error beside news of its own; a lot that people dropped stays away."""
    [made] = office.import_(NOTICE)
    corrected = notice(region="山西省大同市", lots=NOTICE.lots[:1])
    office.correct(made.project, corrected)
    news = notice(method="邀请招标")
    [moved] = office.import_(news)
    assert moved.outcome == "completed"
    for _ in range(2):
        [again] = office.import_(news)
        assert again.outcome == "unchanged"
    seen = view(office, made.project).notice
    assert (seen.region, seen.method) == ("山西省大同市", "邀请招标")
    assert seen.lots == NOTICE.lots[:1]
    # At last the source agrees with the people, and later moves on: now its word counts again.
    agreed = replace(news, region="山西省大同市")
    assert [one.outcome for one in office.import_(agreed)] == ["unchanged"]
    [last] = office.import_(replace(agreed, region="山西省"))
    assert last.outcome == "completed"
    assert view(office, made.project).notice.region == "山西省"


def test_two_agencies_with_the_same_file_do_not_meet(office: Office) -> None:
    [own] = office.import_(NOTICE)
    [other] = office.import_(NOTICE, who=office.stranger())
    assert other.outcome == "created"
    assert other.project != own.project


def test_an_import_corrects_a_registered_project(office: Office) -> None:
    [made] = office.import_(NOTICE)
    office.register(made.project)
    raised = replace(NOTICE.lots[0], deposit=Money.parse("20001"))
    [moved] = office.import_(notice(lots=(raised, NOTICE.lots[1])))
    assert moved.outcome == "corrected"
    assert [one.code for one in moved.breaks] == ["deposit_raised"]
    earlier = NOTICE.opening_time - timedelta(minutes=1)
    with pytest.raises(ImportRefused) as refused:
        office.import_(notice(opening_time=earlier))
    assert refused.value.problems[0].column == "开标时间"
    assert view(office, made.project).version == 2


def test_a_file_cannot_take_a_number_from_another_id(office: Office) -> None:
    office.import_(NOTICE)
    with pytest.raises(ImportRefused) as refused:
        office.import_(replace(NOTICE, source_id="N-9"))
    assert "来源编号为“N-1”" in str(refused.value.problems[0].reason)


def test_search_takes_wildcards_for_what_they_are(office: Office) -> None:
    office.enter(notice(name="100%_空调"))
    office.enter(notice(number="2"))

    def found(text: str) -> list[str]:
        page = office.world.read(
            projects.listed, office.world.as_("agency"), office.world.now, text
        )
        return [one.name for one in page.items]

    assert found("100%_") == ["100%_空调"]
    assert found("yS-2026-001 空调") == ["100%_空调"]
    assert found("% 空调") == ["100%_空调"]
    assert found("没有") == []


def test_both_databases_import_correct_and_list(own_database: Database, tmp_path: Path) -> None:
    with office_on(own_database, tmp_path / "keys") as office:
        made = office.import_(*(notice(source_id=f"{n}", number=f"{n}") for n in range(45)))
        assert len({one.project for one in made}) == 45
        actor, now = office.world.as_("agency"), office.world.now
        seen: list[str] = []
        cursor = None
        while True:
            page = office.world.read(projects.listed, actor, now, "空调", "draft", cursor)
            seen += [one.id for one in page.items]
            if page.last is None:
                break
            cursor = Mark("after", page.last)
        assert len(seen) == 45
        assert set(seen) == {one.project for one in made}
        back = office.world.read(
            projects.listed, actor, now, "空调", "draft", Mark("before", page.first)
        )
        assert [one.id for one in back.items] == seen[20:40]
        assert back.last is not None


def test_lots_keep_their_ids(office: Office) -> None:
    project = office.enter()

    def lots() -> dict[str, tuple[str, bool]]:
        rows = office.world.read(
            lambda session: session.scalars(select(Lot).where(Lot.project_id == project)).all()
        )
        return {one.number: (one.id, one.withdrawn) for one in rows}

    first = lots()
    office.correct(project, notice(lots=NOTICE.lots[:1]))
    second = lots()
    assert second == {"01": first["01"], "02": (first["02"][0], True)}
    office.correct(project, NOTICE, expected=2)
    assert lots() == first
