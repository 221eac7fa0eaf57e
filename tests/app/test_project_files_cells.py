"""Single cells, the template, and the demonstration's own file."""

import csv
import io
import json
import string
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import demo_projects, project_cells, project_files, project_template
from app.adapters.project_columns import COLUMNS, read_head
from app.adapters.project_rows import ParsedFile
from guarantees.errors import GuaranteeError
from guarantees.values.moments import BEIJING
from guarantees.values.money import Money
from guarantees.values.notice import ProjectNotice, missing
from guarantees.values.notice_faults import obstacles


def notices(parsed: ParsedFile) -> list[ProjectNotice]:
    assert parsed.problems == ()
    return [row.notice for row in parsed.rows]


# --- single cells


@given(st.integers(min_value=1, max_value=10**15))
def test_amounts_come_back_however_they_are_written(fen: int) -> None:
    amount = Money(fen)
    for text in (amount.yuan, f"￥{amount.yuan}", f"人民币{amount.yuan}元", f" {amount.yuan} "):
        assert project_cells.amount(text) == amount


@given(st.integers(min_value=946_700_000, max_value=4_100_000_000))
def test_moments_come_back_however_they_are_written(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, BEIJING)
    whole = moment.replace(second=0)
    for text in (
        moment.isoformat(),
        moment.astimezone(UTC).isoformat(),
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
    ):
        assert project_cells.moment(text) == moment
    for text in (
        f"{whole.year}年{whole.month}月{whole.day}日{whole.hour}时{whole.minute}分",
        f"{whole.year}/{whole.month}/{whole.day} {whole.hour}:{whole.minute:02}",
        f"{whole:%Y-%m-%d}　{whole:%H：%M}（北京时间）",
    ):
        assert project_cells.moment(text) == whole


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026年3月17日上午9时整", 9),
        ("2026年3月17日 下午2点30分", 14),
        ("2026-03-17 12:00", 12),
        ("2026年3月17日下午12:05", 12),
    ],
)
def test_hours_in_words(text: str, hour: int) -> None:
    moment = project_cells.moment(text)
    assert moment is not None
    assert moment.astimezone(BEIJING).hour == hour


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_days_come_back(day: date) -> None:
    for text in (day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}年{day.month}月{day.day}日"):
        assert project_cells.day(text) == day
    assert isinstance(project_cells.day(f"{day:%Y-%m}"), project_cells.PartialDay)


READERS = (
    project_cells.line,
    project_cells.lines,
    project_cells.amount,
    project_cells.days,
    project_cells.moment,
    project_cells.day,
    project_cells.category,
    project_cells.accepted,
    project_cells.flag,
)


@given(st.text(max_size=60) | st.text(string.digits + "-/: 年月日.,元万TZ+", max_size=30))
def test_a_cell_is_read_or_refused_in_words(text: str) -> None:
    for read in READERS:
        try:
            said = repr(read(text))
        except GuaranteeError as error:
            said = str(error)
        assert said


# --- the template and the demonstration


def test_the_template_has_every_column_and_reads_its_own_heads() -> None:
    for head in (lambda column: column.head, lambda column: column.key):
        heads = next(csv.reader([project_template.as_csv(head).decode("utf-8-sig")]))
        assert [read_head(one).column for one in heads] == list(COLUMNS)


def test_the_examples_of_the_template_can_be_imported() -> None:
    rows = [[one.head for one in COLUMNS], [one.example for one in COLUMNS]]
    for build in (_csv, _as_records):
        [made] = notices(project_files.read(build(rows)))
        assert missing(made) == ()


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _as_records(rows: Sequence[Sequence[str]]) -> bytes:
    made = {
        column.key: example or None
        for column, example in zip(COLUMNS, rows[1], strict=True)
        if not column.field.startswith("lot.")
    }
    for name in ("submission_deadline", "opening_time"):
        made[name] = f"{made[name]}+08:00"
    return json.dumps([made], ensure_ascii=False).encode()


def test_demonstration_projects_show_every_state() -> None:
    now = datetime(2026, 3, 2, 1, 0, 30, tzinfo=UTC)
    loaded = demo_projects.load(now)
    assert {one.stage for one in loaded} == set(demo_projects.STAGES)
    known = {(one.role, one.name) for one in demo_projects.organisations()}
    for one in loaded:
        given = one.notice
        whole = not missing(given) and not obstacles(given, now)
        assert whole == (one.stage != "draft")
        assert given.procurer_name is not None
        assert "（演示）" in given.procurer_name
        assert ("procurer", given.procurer_name) in known
        assert given.agency_name is None or ("agency", given.agency_name) in known
    waits = {one.stage: one.notice.opening_time for one in loaded if one.stage in ("soon", "now")}
    assert waits == {"soon": now + timedelta(minutes=3), "now": now + timedelta(seconds=10)}
    registered = [one.notice for one in loaded if one.stage == "registered"]
    assert {one.category for one in registered} == {"goods", "services", "works"}
    assert any("衡阳" in (one.region or "") for one in registered)
    assert any(one.guarantee_accepted == "no" for one in registered)
    assert any(one.basic_account_demanded for one in registered)
    assert any(len(one.lots) > 1 for one in registered)
    assert all(
        one.submission_deadline is not None
        and one.submission_deadline.astimezone(BEIJING).weekday() < 5
        for one in registered
    )
