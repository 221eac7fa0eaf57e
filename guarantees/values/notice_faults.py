"""What a notice may not hold, whoever hands it in: file, form or program.

Gaps are no fault (`notice.missing`); contradictions only stop the registration (`obstacles`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from guarantees.errors import N_, GuaranteeError, InvalidInput
from guarantees.values.moments import beijing_text
from guarantees.values.money import LARGEST_FEN, Money
from guarantees.values.notice import (
    ACCEPTED,
    CATEGORIES,
    FIELD_NAMES,
    LotNotice,
    ProjectNotice,
    gap_name,
    missing,
)
from guarantees.values.sentence import Sentence
from guarantees.values.text import check_line

LINE_LIMITS = {
    "name": 300,
    "number": 100,
    "method": 60,
    "region": 100,
    "procurer_name": 100,
    "agency_name": 100,
    "source": 1000,
}
"""Most characters of one printable line: what a letter (values.terms, parties) can carry."""

TEXT_LIMITS = {"deposit_forms": 2000, "guarantee_quote": 4000, "remarks": 8000}
"""Most characters of the notice's own words, which may have several lines."""

LOT_NUMBER_LIMIT = 60
LOT_NAME_LIMIT = 300

MAX_LOTS = 200
"""Lots of one project; framework tenders of the largest provinces stay below a hundred."""

VALIDITY_DAYS = (1, 3650)
"""Bid validity: a day to ten years; letters carry up to 3660 days (values.terms)."""

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""The procurement law is of 2002; years outside are typing errors."""


@dataclass(frozen=True)
class Fault:
    field: str
    """Name of a field of ProjectNotice, or "lots[NUMBER].field"."""
    reason: Sentence


class NoticeRefused(InvalidInput):
    """A notice that cannot be taken as it is; every fault names its field."""

    code = "notice_refused"
    text = N_("公告内容有需要改正之处，没有写入任何内容。")

    def __init__(self, found: Iterable[Fault]) -> None:
        self.faults = tuple(found)
        super().__init__({one.field: str(one.reason) for one in self.faults})


def faults(notice: ProjectNotice) -> tuple[Fault, ...]:
    """Everything in `notice` that cannot be stored; empty if all of it can."""
    found = [*_lines(notice), *_texts(notice), *_words(notice), *_amounts(notice)]
    return (*found, *_times(notice), *_lots(notice))


def _lines(notice: ProjectNotice) -> Iterator[Fault]:
    for name, limit in LINE_LIMITS.items():
        value = getattr(notice, name)
        if value is not None:
            yield from _line(name, FIELD_NAMES[name], value, limit)


def _line(field: str, name: str, value: str, limit: int, *, empty: bool = False) -> Iterator[Fault]:
    try:
        check_line(value, field=name, limit=limit, empty=empty)
    except GuaranteeError as error:
        yield Fault(field, Sentence.of(error))


def _texts(notice: ProjectNotice) -> Iterator[Fault]:
    for name, limit in TEXT_LIMITS.items():
        value = getattr(notice, name) or ""
        if len(value) > limit:
            yield _fault(
                name,
                "text_too_long",
                N_("“%(field)s”有 %(length)d 个字，最多 %(limit)d 个字，请缩短。"),
                length=len(value),
                limit=limit,
            )
            continue
        for line in value.splitlines():
            yield from _line(name, FIELD_NAMES[name], line.strip(), limit, empty=True)


def _words(notice: ProjectNotice) -> Iterator[Fault]:
    if notice.category is not None and notice.category not in CATEGORIES:
        yield _fault(
            "category",
            "unknown_category",
            N_("“%(given)s”不是项目类型，请写货物、服务或工程。"),
            given=notice.category,
        )
    if notice.guarantee_accepted not in ACCEPTED:
        yield _fault(
            "guarantee_accepted",
            "unknown_answer",
            N_("“%(given)s”无法识别，请写接受、不接受或公告未写明。"),
            given=notice.guarantee_accepted,
        )
    days = notice.bid_validity_days
    if days is not None and not VALIDITY_DAYS[0] <= days <= VALIDITY_DAYS[1]:
        yield _fault(
            "bid_validity_days",
            "validity_range",
            N_("投标有效期应在 %(low)d 到 %(high)d 天之间，现在是 %(given)s 天。"),
            low=VALIDITY_DAYS[0],
            high=VALIDITY_DAYS[1],
            given=days,
        )


def _amounts(notice: ProjectNotice) -> Iterator[Fault]:
    for name in ("budget", "deposit"):
        yield from _amount(name, FIELD_NAMES[name], getattr(notice, name))


def _amount(field: str, name: str, amount: Money | None) -> Iterator[Fault]:
    if amount is None:
        return
    if not 0 <= amount.fen <= LARGEST_FEN:
        yield _fault(
            field,
            "amount_range",
            N_("“%(field)s”应在零到十万亿元之间，现在是 %(given)s 元。"),
            name=name,
            given=amount.yuan,
        )
    elif amount.fen == 0 and field.endswith("budget"):
        yield _fault(
            field, "budget_zero", N_("“%(field)s”不能是零；公告没有写的请留空。"), name=name
        )


def _times(notice: ProjectNotice) -> Iterator[Fault]:
    for name in ("submission_deadline", "opening_time", "published_on"):
        value = getattr(notice, name)
        if value is not None and not _plausible(value):
            yield _fault(
                name,
                "year_range",
                N_("“%(field)s”的年份 %(given)s 不在 2000 到 2099 年之间，请核对。"),
                given=value.year,
            )


def _plausible(value: date) -> bool:
    if isinstance(value, datetime):
        return EARLIEST <= value < LATEST
    return EARLIEST.date() <= value < LATEST.date()


def _lots(notice: ProjectNotice) -> Iterator[Fault]:
    if len(notice.lots) > MAX_LOTS:
        yield _fault(
            "lots",
            "too_many_lots",
            N_("一个项目最多 %(limit)d 个标段，现在有 %(count)d 个，请分成几个项目。"),
            limit=MAX_LOTS,
            count=len(notice.lots),
        )
        return
    seen: set[str] = set()
    for lot in notice.lots:
        yield from _lot(lot)
        if lot.number in seen:
            yield _fault(
                f"lots[{lot.number}].number",
                "lot_twice",
                N_("标段编号“%(number)s”出现了两次，同一项目内不能重复。"),
                number=lot.number,
            )
        seen.add(lot.number)


def _lot(lot: LotNotice) -> Iterator[Fault]:
    place = f"lots[{lot.number}]"
    yield from _line(f"{place}.number", FIELD_NAMES["lot.number"], lot.number, LOT_NUMBER_LIMIT)
    yield from _line(f"{place}.name", FIELD_NAMES["lot.name"], lot.name, LOT_NAME_LIMIT, empty=True)
    for name in ("budget", "deposit"):
        yield from _amount(f"{place}.{name}", FIELD_NAMES[f"lot.{name}"], getattr(lot, name))


def _fault(place: str, code: str, text: str, *, name: str = "", **fields: object) -> Fault:
    known = name or FIELD_NAMES.get(place, FIELD_NAMES["lots"])
    return Fault(place, Sentence(code, text, {"field": known, **fields}))


def gaps(notice: ProjectNotice) -> Iterator[Fault]:
    """A fault for each fact that `missing` asks for."""
    for gap in missing(notice):
        name, lot = gap_name(gap)
        text = N_("标段 %(lot)s 的“%(field)s”不能空着。") if lot else N_("“%(field)s”不能空着。")
        yield Fault(gap, Sentence("gap", text, {"field": name, "lot": lot}))


def obstacles(notice: ProjectNotice, now: datetime) -> tuple[Fault, ...]:
    """What, besides gaps, stops a registration: times that contradict each other or are past."""
    deadline, opening = notice.submission_deadline, notice.opening_time
    found = []
    if deadline is not None and opening is not None and opening < deadline:
        found.append(
            _fault(
                "opening_time",
                "opening_before_deadline",
                N_("开标时间（%(opening)s）早于投标截止时间（%(deadline)s），请核对公告后更正。"),
                opening=beijing_text(opening),
                deadline=beijing_text(deadline),
            )
        )
    if deadline is not None and deadline <= now:
        found.append(
            _fault(
                "submission_deadline",
                "deadline_passed",
                N_("投标截止时间（%(deadline)s）已过，不能再登记。"),
                deadline=beijing_text(deadline),
            )
        )
    elif opening is not None and opening <= now:
        found.append(
            _fault(
                "opening_time",
                "opening_passed",
                N_("开标时间（%(opening)s）已过，不能再登记。"),
                opening=beijing_text(opening),
            )
        )
    return tuple(found)
