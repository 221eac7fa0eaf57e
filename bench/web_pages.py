"""Which pages are measured: every GET rule of the URL map, for each role that may read it.

A rule with arguments needs an entry in ARGUMENTS; one without is found by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Flask, url_for
from werkzeug.routing import Rule

from app.auth.guard import action_of
from bench.full_house import FullHouse
from bench.stock import MEMBERS, NOT_ENROLLED, Account
from bench.stock_cases import FILED
from guarantees.records.case import Case
from guarantees.records.lot_end import LotEnd
from guarantees.tables.permissions import PERMISSIONS

NOBODY = ""
"""Not signed in."""
HALF_WAY = "vera"
"""Has typed the password and not yet the code."""
NEW = NOT_ENROLLED
"""The same, before the first login."""
JOINED = "joined"
"""Has just registered."""

DISTINCT = 40
"""Different ids asked for, at most."""

Values = dict[str, Any]
Finder = Callable[[FullHouse, Account | None], Iterable[Values]]


@dataclass(frozen=True)
class Page:
    rule: str
    endpoint: str
    who: str
    """Login, or one of NOBODY, HALF_WAY, NEW, JOINED."""
    variant: str
    """Asked for beside the ids: a filter, a search, "next" for pages further on; or LARGEST."""
    addresses: tuple[str, ...]
    """Distinct ones, taken in turn."""

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.who or "nobody", self.variant) if part)


NOT_MEASURED: Mapping[str, str] = {
    "/institution/design/<int(max=99999):number>/specimen.pdf": "the signer renders it",
    "/log/checkpoint": "a file, of a log that the stock has not published",
    "/log/tile/<path:rest>": "the same",
    "/openings/<lot>/log.json": "the stock's certificates are random, none is in a log",
    "/openings/<lot>/recovery/request.json": "asked for once, after T, by who lost a key",
    "/openings/<lot>/rehearse/<key>.cms": "the stock has no tokens",
    "/openings/<lot>/shares/<key>.zip": "the stock has no tokens",
    "/trustee/keys/rehearsal.json": "the stock has no trustees' keys",
    "/trustee/lots/<lot>/request.json": "the stock's lots ask no trustee",
}
"""Rules that are left out → what the stock lacks to ask for them; shown with the figures."""


class Unmapped(Exception):
    """GET rules that nothing here knows how to ask for."""

    def __init__(self, rules: list[str]) -> None:
        super().__init__(f"bench/web_pages.ARGUMENTS lacks the arguments of {', '.join(rules)}")
        self.rules = rules


def pages(app: Flask, house: FullHouse) -> list[Page]:
    """Unmapped if a rule is not known here."""
    made: list[Page] = []
    lost: list[str] = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule in NOT_MEASURED:
            continue
        found = list(_pages(app, house, rule))
        made += found
        if not found:
            lost.append(rule.rule)
    if lost:
        raise Unmapped(sorted(lost))
    return made


def _pages(app: Flask, house: FullHouse, rule: Rule) -> Iterator[Page]:
    for who in _readers(app, rule):
        account = house.stock.accounts.get(who)
        if rule.arguments and rule.endpoint not in ARGUMENTS:
            return
        finder = ARGUMENTS.get(rule.endpoint, _nothing)
        values = list(finder(house, account))[:DISTINCT]
        addresses = tuple(dict.fromkeys(_address(app, rule, one) for one in values))
        variants = VARIANTS.get(rule.endpoint, {"": ""})
        for variant, query in variants.items():
            asked = tuple(_queried(one, query, house) for one in addresses)
            if rule.endpoint in LARGEST_FIRST and len(asked) > 1:
                named = f"{LARGEST} {variant}".rstrip()
                yield Page(rule.rule, rule.endpoint, who, named, asked[:1])
                asked = asked[1:]
            if asked:
                yield Page(rule.rule, rule.endpoint, who, variant, asked)


def _readers(app: Flask, rule: Rule) -> Iterable[str]:
    """One of each role of organisation that may, the first who has the duties; or nobody."""
    if rule.endpoint in ONLY:
        return ONLY[rule.endpoint]
    permission = PERMISSIONS[action_of(app, rule.endpoint) or ""]
    signed_in = []
    for role, people in MEMBERS.items():
        may = (
            login
            for login, duties in people.items()
            if not permission.people or permission.people & set(duties.split())
        )
        if not permission.organisations or role in permission.organisations:
            signed_in += list(may)[:1]
    return signed_in if permission.organisations else [NOBODY, *signed_in]


def _address(app: Flask, rule: Rule, values: Values) -> str:
    with app.test_request_context():
        return url_for(rule.endpoint, **values)


def _queried(address: str, query: str, house: FullHouse) -> str:
    """The address with its query; {…} stand for facts of the house."""
    supplier = house.stock.main("supplier").name
    lead = house.cases.sealed[-1].lead.name
    number, code = _proof(house.cases.opened[0])
    product, other = [one.id for one in house.stock.products if one.ceiling_fen > 10**7][:2]
    filled = query.format(
        supplier=quote(supplier),
        lead=quote(lead),
        project=quote(house.projects.open[0].project.number or ""),
        number=number,
        code=code,
        product=product,
        other=other,
    )
    return f"{address}?{filled}" if filled else address


def _proof(case: Case) -> tuple[str, str]:
    assert case.intent is not None
    return case.intent.number, case.intent.check_code


ONLY = {
    "static": [NOBODY],
    "bootstrap.static": [NOBODY],
    "components.show": ["sys"],
    "auth.code": [HALF_WAY],
    "auth.enrol": [NEW],
    "auth.enrol_code": [NEW],
    "join.done": [JOINED],
}
"""Rules that are not a matter of roles: by whom they are asked for."""

CASES = {
    "": "",
    "search": "q={lead}",
    "search of a project": "q={project}",
    "search in vain": "q=zzzz",
    "issued": "s=issued",
    "next": "",
}
LARGEST = "largest"
LARGEST_FIRST = frozenset({"choose.application", "opening.room", "projects.show", "projects.edit"})
"""Endpoints whose first address is by far the largest page: it has figures of its own."""

VARIANTS = {
    "institution.queue": {**CASES, "to make": "s=make", "to check": "s=check"},
    "institution.cases": CASES,
    "supplier.cases": CASES,
    "choose.lots_page": {
        "": "",
        "search": "q=%E9%87%87%E8%B4%AD&region=%E5%B1%B1%E8%A5%BF",
        "next": "",
    },
    "choose.compare": {
        "": "",
        "sorted": "sort=premium&type=bank",
        "side by side": "c={product}&c={other}",
    },
    "projects.index": {"": "", "search": "q={project}", "drafts": "state=draft", "next": ""},
    "organisations.index": {
        "": "",
        "search": "words={lead}",
        "waiting": "role=supplier&state=pending",
        "next": "",
    },
    "opening.room": {"": "", "filtered": "v=attention&q={supplier}"},
    "public.verify": {"": "", "found": "number={number}&code={code}"},
}
"""Endpoint → variant → query."""


def _nothing(house: FullHouse, account: Account | None) -> Iterable[Values]:
    yield {}


def _open_lots(house: FullHouse, account: Account | None) -> Iterable[Values]:
    """Of different projects, the one with most lots among them."""
    for planned in house.projects.open:
        yield {"lot": planned.lots[-1].id}


def _rooms(house: FullHouse, account: Account | None) -> Iterable[Values]:
    """Opened and waiting ones that the account's organisation attends."""
    own = account.organisation if account else ""
    for planned in (*house.projects.opened, *house.projects.open[:5]):
        if own in (planned.version.procurer_id, planned.version.agency_id):
            yield from ({"lot": lot.id} for lot in planned.lots[:2])


def _filed_lots(house: FullHouse, account: Account | None) -> Iterable[Values]:
    return ({"lot": lot} for lot in dict.fromkeys(case.lot for case in _filed(house, account)))


def _letters(house: FullHouse, account: Account | None) -> Iterable[Values]:
    return ({"lot": case.lot, "case": case.id} for case in _filed(house, account))


def _filed(house: FullHouse, account: Account | None) -> Iterator[Case]:
    """Opened cases whose letters lie in the store and concern the account's organisation."""
    procurer = house.stock.main("procurer").id
    filed = house.projects.filed(procurer)
    own = account.organisation if account else ""
    for case in house.cases.opened:
        concerned = (case.supplier, case.institution, procurer, house.stock.main("agency").id)
        if case.lot not in filed or own not in concerned or case.letter is None:
            continue
        if case.letter.state == "opened":
            yield case


def _own_letters(house: FullHouse, account: Account | None) -> Iterable[Values]:
    return ({"case": case.id} for case in _filed(house, account))


def _cases(house: FullHouse, account: Account | None) -> Iterable[Values]:
    """Sealed and opened ones by turns."""
    own = account.organisation if account else ""
    for pair in zip(house.cases.sealed, house.cases.opened, strict=False):
        for case in pair:
            if own in (case.supplier, case.institution):
                yield {"case": case.id}


def _receipts(house: FullHouse, account: Account | None) -> Iterable[Values]:
    own = account.organisation if account else ""
    for case in (*house.cases.sealed, *house.cases.opened):
        if case.letter and own in (case.supplier, case.institution):
            yield {"case": case.id}


def _withdrawable(house: FullHouse, account: Account | None) -> Iterable[Values]:
    """Issued and sealed: a letter that its supplier can take back."""
    own = account.organisation if account else ""
    for case in house.cases.sealed:
        if case.state == "issued" and case.supplier == own:
            yield {"case": case.id}


def _withdrawn(house: FullHouse, account: Account | None) -> Iterable[Values]:
    own = account.organisation if account else ""
    for case in house.cases.sealed:
        if case.withdrawal is not None and case.supplier == own:
            yield {"case": case.id}


def _copies(house: FullHouse, account: Account | None) -> Iterable[Values]:
    own = account.organisation if account else ""
    for case in house.cases.sealed[:FILED]:
        if case.letter is not None and case.institution == own:
            yield {"case": case.id}


def _end(house: FullHouse, account: Account | None, end: LotEnd) -> Iterable[Values]:
    """In the largest open project, if it is the account's."""
    project = house.projects.open[0].project.id
    if {"project": project} in list(_registered(house, account)):
        yield {"project": project, "request": end.request}


def _registered(house: FullHouse, account: Account | None) -> Iterable[Values]:
    drafts = {one.project.id for one in house.projects.drafts}
    return (one for one in _projects(house, account) if one["project"] not in drafts)


def _projects(house: FullHouse, account: Account | None) -> Iterable[Values]:
    """The largest, those with the longest history, drafts; the operator sees all."""
    own = account.organisation if account else ""
    for planned in (
        *house.projects.open[:9],
        *house.projects.opened[:9],
        *house.projects.drafts[:9],
    ):
        parties = (planned.version.procurer_id, planned.version.agency_id)
        if own in parties or (account and account.role == "operator"):
            yield {"project": planned.project.id}


def _series(house: FullHouse, account: Account | None) -> Iterable[Values]:
    own = account.organisation if account else ""
    return ({"series": one.series} for one in house.stock.products if one.institution_id == own)


def _organisations(house: FullHouse, account: Account | None) -> Iterable[Values]:
    for known in house.stock.organisations.values():
        yield from ({"organisation_id": one.id} for one in known[:5])


def _opening_keys(house: FullHouse, account: Account | None) -> Iterable[Values]:
    """The first of the agency's is being changed."""
    known = house.stock.opening_keys.get(account.role if account else "", ())
    return ({"key": one.id} for one in known)


def _trustee_keys(house: FullHouse, account: Account | None) -> Iterable[Values]:
    own = account.organisation if account else ""
    return ({"key": one.id} for one in house.trust.keys if one.organisation_id == own)


def _waiting_lots(house: FullHouse, account: Account | None) -> Iterable[Values]:
    return ({"lot": planned.lots[0].id} for planned in house.projects.opened)


def _people(house: FullHouse, account: Account | None) -> Iterable[Values]:
    own = account.organisation if account else ""
    for one in house.stock.accounts.values():
        if one.organisation == own:
            yield {"person_id": one.person}


ARGUMENTS: dict[str, Finder] = {
    "static": lambda house, account: [
        {"filename": name} for name in ("css/tokens.css", "css/parts.css", "icon.svg")
    ],
    "bootstrap.static": lambda house, account: [{"filename": "css/bootstrap.min.css"}],
    "preferences.language": lambda house, account: [{"key": key} for key in ("zh", "en")],
    "preferences.theme": lambda house, account: [{"key": key} for key in ("light", "system")],
    "join.accept": lambda house, account: [{"token": house.stock.invitation}],
    "choose.compare": _open_lots,
    "choose.application": _open_lots,
    "supplier.case": _cases,
    "supplier.receipt": _receipts,
    "supplier.letter": _own_letters,
    "withdrawing.letter": _withdrawable,
    "withdrawing.proof": _withdrawn,
    "institution.archive": _copies,
    "institution.case": _cases,
    "institution.letter": _own_letters,
    "institution.receipt": _receipts,
    "offers.product": _series,
    "opening.room": _rooms,
    "opening.letters_zip": _filed_lots,
    "opening.signed_list": _filed_lots,
    "opening.letter": _letters,
    "opening.letter_pdf": _letters,
    "projects.show": _projects,
    "projects.edit": _projects,
    "projects.mandates": _projects,
    "projects.ends": _registered,
    "projects.confirm_end": lambda house, account: _end(house, account, house.changes.asked),
    "projects.keep_end": lambda house, account: _end(house, account, house.changes.confirmed),
    "holds.lift": lambda house, account: [{"hold": house.changes.hold.id}],
    "opening_keys.show": _opening_keys,
    "recoveries.show": lambda house, account: [
        {"request_id": one.id} for one in house.trust.requests
    ],
    "trustee.lot": _waiting_lots,
    "trustee_keys.wrapped": _trustee_keys,
    "organisations.show": _organisations,
    "people.person": _people,
}
"""Endpoint → the arguments of its rule, as the account may ask for them."""
