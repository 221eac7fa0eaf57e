"""What a procurement notice says about a project. None: the notice does not say it."""

from dataclasses import dataclass
from datetime import date, datetime

from guarantees.values.money import Money


@dataclass(frozen=True)
class LotNotice:
    number: str
    name: str
    budget: Money | None = None
    deposit: Money | None = None
    """Bid deposit (投标保证金) of this lot."""


@dataclass(frozen=True)
class ProjectNotice:
    source_system: str
    source_id: str
    name: str
    number: str | None = None
    method: str | None = None
    category: str | None = None
    """goods, services or works; decides which law's ceiling applies."""
    region: str | None = None
    procurer_name: str | None = None
    agency_name: str | None = None
    budget: Money | None = None
    deposit: Money | None = None
    deposit_forms: str | None = None
    guarantee_accepted: str = "unknown"
    """yes, no or unknown."""
    guarantee_quote: str | None = None
    basic_account_demanded: bool = False
    """The notice demands payment from the bidder's basic account (基本账户)."""
    bid_validity_days: int | None = None
    """Calendar days from the submission deadline."""
    submission_deadline: datetime | None = None
    opening_time: datetime | None = None
    published_on: date | None = None
    source: str | None = None
    lots: tuple[LotNotice, ...] = ()

    def effective_lots(self) -> tuple[LotNotice, ...]:
        """A notice without lots is one lot; a single lot inherits the project's figures."""
        lots = self.lots or (LotNotice(number="1", name=self.name),)
        if len(lots) > 1:
            return lots
        only = lots[0]
        return (
            LotNotice(
                number=only.number,
                name=only.name or self.name,
                budget=only.budget or self.budget,
                deposit=only.deposit if only.deposit is not None else self.deposit,
            ),
        )


def missing(notice: ProjectNotice) -> tuple[str, ...]:
    """Facts that must be asked for before bidders can be served; never invented.

    Names of fields; for lots "lots[NUMBER].field".
    """
    needed = ("category", "region", "procurer_name", "bid_validity_days", "submission_deadline")
    gaps = [name for name in (*needed, "opening_time") if getattr(notice, name) is None]
    if notice.guarantee_accepted == "unknown":
        gaps.append("guarantee_accepted")
    for lot in notice.effective_lots():
        gaps += [
            f"lots[{lot.number}].{name}"
            for name in ("budget", "deposit")
            if getattr(lot, name) is None
        ]
    return tuple(gaps)
