"""What trustees, changes of keys and lost keys leave in the stock."""

from dataclasses import dataclass, field

from bench.stock import Stock
from bench.stock_projects import Projects
from guarantees.records.key_change import KeyChange
from guarantees.records.person import OpeningKey
from guarantees.records.recovery import RecoveryRequest
from guarantees.records.trust import TrusteeApproval, TrusteeKey, TrustSetting
from guarantees.tables.trust import ALONE, TRUSTEES
from guarantees.values.ids import new_id

SETTINGS = 12
"""The timekeeper alone by turns with two of three; the last one, in force, asks no trustee."""
KEYS = 5
"""Of each trustee, one of them active."""
REQUESTS = 60


@dataclass
class Trust:
    keys: list[TrusteeKey] = field(default_factory=list)
    requests: list[RecoveryRequest] = field(default_factory=list)


def trust(stock: Stock, projects: Projects) -> Trust:
    made = Trust(_trustees(stock, projects), _requests(stock, projects))
    stock.add(*made.keys, *made.requests, _key_change(stock, stock.opening_keys["agency"]))
    return made


def _trustees(stock: Stock, projects: Projects) -> list[TrusteeKey]:
    """Settings and keys; every trustee has agreed to what was opened."""
    keys: list[TrusteeKey] = []
    members = {role: stock.main(role).id for role in TRUSTEES}
    for number in range(1, SETTINGS + 1):
        alone = number == SETTINGS or number % 2 == 0
        stock.add(
            TrustSetting(
                number=number,
                profile=ALONE if alone else "timekeeper+2of3",
                trustees={} if alone else members,
                set_by=stock.accounts["sec"].person,
                set_at=stock.ago(days=30 * (SETTINGS - number) + 1),
            )
        )
    for role, organisation in members.items():
        person = _person(stock, role)
        keys += (_trustee_key(stock, organisation, person, place) for place in range(KEYS))
        for planned in projects.opened:
            for opening in planned.openings:
                stock.add(
                    TrusteeApproval(
                        id=new_id(),
                        opening_id=opening.id,
                        organisation_id=organisation,
                        person_id=person,
                        at=opening.opening_time,
                    )
                )
    return keys


def _person(stock: Stock, role: str) -> str:
    return next(
        one.person
        for one in stock.accounts.values()
        if one.role == role and "trustee" in one.duties
    )


def _trustee_key(stock: Stock, organisation: str, person: str, place: int) -> TrusteeKey:
    return TrusteeKey(
        id=new_id(),
        organisation_id=organisation,
        person_id=person,
        public_key=stock.rng.randbytes(32),
        fingerprint=stock.rng.randbytes(32),
        wrapped_private=stock.rng.randbytes(120),
        state="retired" if place else "active",
        created_at=stock.ago(days=100 + place),
        rehearsed_at=stock.ago(days=20 + place),
    )


def _key_change(stock: Stock, keys: list[OpeningKey]) -> KeyChange:
    """Under way, from the first of these keys to the second."""
    old, new = keys[:2]
    return KeyChange(
        id=new_id(),
        organisation_id=old.organisation_id,
        old_key_id=old.id,
        new_key_id=new.id,
        person_id=old.person_id,
        state="running",
        started_at=stock.ago(minutes=5),
    )


def _requests(stock: Stock, projects: Projects) -> list[RecoveryRequest]:
    """For lots whose time has come; the latest is asked for, the others were refused."""
    lots = [lot for planned in projects.opened for lot in planned.lots][:REQUESTS]
    asked, decided = stock.accounts["olga"], stock.accounts["sec"]
    return [
        RecoveryRequest(
            id=new_id(),
            lot_id=lot.id,
            organisation_id=asked.organisation,
            state="refused" if place else "asked",
            reason="开标人员已经离职，口令没有移交，本单位没有别的钥匙。",
            asked_by=asked.person,
            asked_at=stock.ago(days=place, hours=1),
            decided_by=decided.person if place else None,
            decided_at=stock.ago(days=place) if place else None,
            note="采购代理机构的钥匙仍可使用。" if place else "",
        )
        for place, lot in enumerate(lots)
    ]
