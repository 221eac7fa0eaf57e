"""What a correction notice (更正公告) of a registered project may not do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from guarantees.errors import N_
from guarantees.sums.corrections import changes
from guarantees.values.moments import beijing_text
from guarantees.values.notice import FIELD_NAMES, ProjectNotice
from guarantees.values.notice_faults import Fault, gaps, obstacles
from guarantees.values.sentence import Sentence


def refusals(before: ProjectNotice, after: ProjectNotice, now: datetime) -> tuple[Fault, ...]:
    """Why a registered project may not be corrected so; empty if it may."""
    if before.opening_time is not None and now >= before.opening_time:
        return (
            _refused(
                "opening_time",
                "opening_reached",
                N_("开标时间 %(opening)s 已到，公告不能再更正。"),
                opening=beijing_text(before.opening_time),
            ),
        )
    return (
        *gaps(after),
        *_late(before, after, now),
        *_printed(before, after),
        *_earlier(before, after),
        *(one for one in obstacles(after, now) if not _unchanged(one.field, before, after)),
    )


def _unchanged(field: str, before: ProjectNotice, after: ProjectNotice) -> bool:
    """A deadline that has passed stands; only a new one must lie ahead."""
    return field == "submission_deadline" and getattr(before, field) == getattr(after, field)


def _late(before: ProjectNotice, after: ProjectNotice, now: datetime) -> Iterator[Fault]:
    deadline = before.submission_deadline
    if deadline is None or now < deadline:
        return
    if changes(before, replace(after, opening_time=before.opening_time)):
        yield _refused(
            "submission_deadline",
            "deadline_reached",
            N_("投标截止时间 %(deadline)s 已过，此后只能推迟开标时间，其他内容不能再更正。"),
            deadline=beijing_text(deadline),
        )


def _printed(before: ProjectNotice, after: ProjectNotice) -> Iterator[Fault]:
    """What stands on letters and in envelopes for good."""
    if before.procurer_name != after.procurer_name and after.procurer_name:
        yield _refused(
            "procurer_name",
            "procurer_changed",
            N_(
                "项目已登记，采购人不能由“%(before)s”改为“%(after)s”：它是保函的受益人，函件已"
                "为它的钥匙密封。采购人确有变更的，请终止本项目后另行登记。"
            ),
            before=before.procurer_name,
            after=after.procurer_name,
        )
    if before.number != after.number:
        yield _refused(
            "number",
            "number_changed",
            N_("项目已登记，项目编号不能由“%(before)s”改为“%(after)s”：函件上印有原编号。"),
            before=before.number or N_("无"),
            after=after.number or N_("无"),
        )


def _earlier(before: ProjectNotice, after: ProjectNotice) -> Iterator[Fault]:
    was, now = before.opening_time, after.opening_time
    if was is not None and now is not None and now < was:
        yield _refused(
            "opening_time",
            "opening_earlier",
            N_(
                "开标时间只能推迟，不能由 %(before)s 提前到 %(after)s：密封的函件到原定时间"
                "才能解密。"
            ),
            before=beijing_text(was),
            after=beijing_text(now),
        )


def _refused(field: str, code: str, text: str, **places: object) -> Fault:
    return Fault(field, Sentence(code, text, {"field": FIELD_NAMES[field], **places}))
