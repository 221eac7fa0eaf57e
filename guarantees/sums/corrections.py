"""What a correction notice (更正公告) changes and what it breaks.

Before the opening nobody learns whether there are bids: the sentences name the kind of letter that
no longer suffices, never how many there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta

from guarantees.errors import N_
from guarantees.values.moments import beijing_date, beijing_text
from guarantees.values.money import Money
from guarantees.values.notice import LotNotice, ProjectNotice
from guarantees.values.sentence import Sentence

_NOT_FACTS = frozenset({"source_system", "source_id", "lots", "remarks"})


@dataclass(frozen=True)
class Change:
    field: str
    """Field of ProjectNotice, or "lot.field" for a field of LotNotice; "lot" for a whole lot."""
    lot: str
    """Lot number; empty for facts of the project."""
    before: object
    after: object


def changes(before: ProjectNotice, after: ProjectNotice) -> tuple[Change, ...]:
    """Every fact that the two notices state differently, lots as both state them in effect."""
    names = [one.name for one in fields(ProjectNotice) if one.name not in _NOT_FACTS]
    differing = (
        Change(name, "", getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    )
    return (*differing, *_lot_changes(before, after))


def _lot_changes(before: ProjectNotice, after: ProjectNotice) -> Iterator[Change]:
    old, new = _by_number(before), _by_number(after)
    for number in [*old, *(number for number in new if number not in old)]:
        was, now = old.get(number), new.get(number)
        if was is None or now is None:
            yield Change("lot", number, was and was.name, now and now.name)
            continue
        for name in ("name", "budget", "deposit"):
            if getattr(was, name) != getattr(now, name):
                yield Change(f"lot.{name}", number, getattr(was, name), getattr(now, name))


def _by_number(notice: ProjectNotice) -> dict[str, LotNotice]:
    return {lot.number: lot for lot in notice.effective_lots()}


def breaks(before: ProjectNotice, after: ProjectNotice) -> tuple[Sentence, ...]:
    """What no longer holds after the correction of a registered project, in words."""
    return (
        *_name(before, after),
        *_deadline(before, after),
        *_term(before, after),
        *_opening(before, after),
        *_lots(before, after),
        *_acceptance(before, after),
        *_parties(before, after),
    )


def _deadline(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    was, now = before.submission_deadline, after.submission_deadline
    if was is None or now is None or was == now:
        return
    places = {"before": beijing_text(was), "after": beijing_text(now)}
    if now > was:
        yield Sentence(
            "deadline_later",
            N_("投标截止由 %(before)s 推迟到 %(after)s：到新的截止时间为止都可以申请保函。"),
            places,
        )
    else:
        yield Sentence(
            "deadline_earlier",
            N_(
                "投标截止由 %(before)s 提前到 %(after)s：还没有出函的申请须在新的截止时间前"
                "办完，逾期不能再出函。"
            ),
            places,
        )


def bid_validity_end(notice: ProjectNotice) -> date | None:
    """Last day of the bid's validity, by calendar days from the deadline (TBR-25, 26)."""
    if notice.submission_deadline is None or notice.bid_validity_days is None:
        return None
    return beijing_date(notice.submission_deadline) + timedelta(days=notice.bid_validity_days)


def _term(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    was, now = bid_validity_end(before), bid_validity_end(after)
    if was is None or now is None or was == now:
        return
    places = {"before": was.isoformat(), "after": now.isoformat()}
    if now > was:
        yield Sentence(
            "validity_extended",
            N_(
                "投标有效期届满日由 %(before)s 延至 %(after)s：到期日早于 %(after)s 的投标保函"
                "不再够用，须由供应商申请变更或重新开立。"
            ),
            places,
        )
    else:
        yield Sentence(
            "validity_shortened",
            N_("投标有效期届满日由 %(before)s 提前到 %(after)s：此前开立的投标保函仍然够用。"),
            places,
        )


def _opening(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    was, now = before.opening_time, after.opening_time
    if was is not None and now is not None and now > was:
        yield Sentence(
            "opening_later",
            N_(
                "开标由 %(before)s 推迟到 %(after)s：守时服务按新的时间重新签发开标证书，"
                "已密封的函件继续密封到新的时间，不能再提前。"
            ),
            {"before": beijing_text(was), "after": beijing_text(now)},
        )


def _lots(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    old, new = _by_number(before), _by_number(after)
    for number, lot in old.items():
        if number not in new:
            yield Sentence(
                "lot_withdrawn",
                N_("标段 %(lot)s 撤回：不再接受该标段的申请，为它开立的投标保函不再需要。"),
                {"lot": number},
            )
        else:
            yield from _deposit(number, lot.deposit, new[number].deposit)
    for number in new.keys() - old.keys():
        yield Sentence(
            "lot_added",
            N_("增加标段 %(lot)s：登记开标后可以申请，原有标段的保函不适用于它。"),
            {"lot": number},
        )


def _deposit(number: str, was: Money | None, now: Money | None) -> Iterator[Sentence]:
    if was is None or now is None or was == now:
        return
    places = {"lot": number, "before": was.yuan, "after": now.yuan}
    if now > was:
        yield Sentence(
            "deposit_raised",
            N_(
                "标段 %(lot)s 的投标保证金由 %(before)s 元提高到 %(after)s 元：金额低于 "
                "%(after)s 元的投标保函不再够用，须由供应商申请变更或重新开立。"
            ),
            places,
        )
    else:
        yield Sentence(
            "deposit_lowered",
            N_(
                "标段 %(lot)s 的投标保证金由 %(before)s 元降为 %(after)s 元：此前开立的投标"
                "保函仍然够用。"
            ),
            places,
        )


def _acceptance(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    if before.guarantee_accepted == "yes" and after.guarantee_accepted == "no":
        yield Sentence(
            "guarantee_refused",
            N_(
                "更正后不再接受保函：这与不得拒收保函的规定抵触，规则检查会指出，"
                "此前开立的投标保函仍然有效。"
            ),
        )
    if not before.basic_account_demanded and after.basic_account_demanded:
        yield Sentence(
            "basic_account",
            N_("更正后要求从基本账户支付：保费从其他账户支付的投标保函可能不符合新的要求。"),
        )


def _name(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    if before.name != after.name:
        yield Sentence(
            "renamed",
            N_("项目名称由“%(before)s”改为“%(after)s”：此前开立的函件上是原名称。"),
            {"before": before.name, "after": after.name},
        )


def _parties(before: ProjectNotice, after: ProjectNotice) -> Iterator[Sentence]:
    was, now = before.agency_name, after.agency_name
    if was != now:
        if was:
            yield Sentence(
                "agency_left",
                N_(
                    "采购代理机构不再是“%(agency)s”：对它的授权随更正撤回，之后出函不再"
                    "使用它的解密钥匙。"
                ),
                {"agency": was},
            )
        if now:
            yield Sentence(
                "agency_joined",
                N_(
                    "采购代理机构改为“%(agency)s”：须由采购人另行授权后才能开标，更正前密封的"
                    "函件只能由采购人的钥匙解密。"
                ),
                {"agency": now},
            )
