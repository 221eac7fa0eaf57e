"""What is done in both worlds, minute by minute; only which lots the requests name differs."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from app.auth.actors import VISITOR
from app.jobs import key_changes
from app.jobs.reminders import Reminders
from guarantees.errors import Unavailable
from guarantees.flow import correct_project, keep_form, steps
from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.ports import BankNotice, LetterOrder, Produced
from guarantees.records import project_notice, web_session
from guarantees.records.kept_form import KeptForm
from guarantees.values.codes import make_credit_code
from guarantees.values.money import Money
from tests.house import OPENING, Gateway
from tests.secrecy.market import TENDERS
from tests.visitors import Pages
from tests.world import PASSPHRASE, START, PlainLetters, World

ACCOUNT = "6222000012345678"
LONG = "".join(chr(0x4E00 + 37 * place % 20_000) for place in range(300))
"""What people write when they give reasons."""
NEW_PASSPHRASE = "eine neue Losung 新的口令"
STEP = timedelta(minutes=7)
FIRST_OPENED = (0, 1, 2, 3, 4, 5)
"""Places of the lots whose T comes first."""
TENDER_OF = [place for place, one in enumerate(TENDERS) for _ in range(one.lots)]
"""Place of a lot → place of its tender."""

LIVING = frozenset({"issued", "returned", "unpaid", "failed", "stuck"})
"""Fates after which the lot is not free for the same supplier's next request."""


@dataclass(frozen=True)
class Request:
    who: str
    product: str
    fate: str
    lots: int = 1
    """In one request: of one project."""
    members: int = 0
    """Of a consortium, with long names."""


REQUESTS = (
    Request("supplier", "bank policy", "issued"),
    Request("rival", "bank people", "declined"),
    Request("rival", "bank policy", "taken back"),
    Request("third", "insurer policy", "issued", lots=2),
    Request("third", "bank people", "returned", members=5),
    Request("supplier", "insurer people", "withdrawn"),
    Request("supplier", "insurer policy", "stuck"),
    Request("fourth", "bank policy", "withdrawn"),
    Request("fourth", "bank policy", "unpaid"),
    Request("fourth", "insurer policy", "failed"),
    Request("rival", "insurer policy", "stuck"),
)
"""In their order. What was declined or withdrawn may be asked for again, or something else."""

Plan = Sequence[tuple[int, ...]]
"""For each request the places of its lots."""


def plan(seed: int) -> Plan:
    """An assignment of lots: each supplier as often as in every other plan, freely otherwise."""
    rng, made, taken = random.Random(seed), [], set[tuple[str, int]]()
    for request in REQUESTS:
        free = [one for one in _choices(request) if not taken & {(request.who, lot) for lot in one}]
        chosen = rng.choice(free)
        made.append(chosen)
        if request.fate in LIVING:
            taken |= {(request.who, lot) for lot in chosen}
    return made


def _choices(request: Request) -> list[tuple[int, ...]]:
    lots = FIRST_OPENED if request.fate == "stuck" else range(len(TENDER_OF))
    if request.lots == 1:
        return [(one,) for one in lots]
    return [(one, one + 1) for one in lots if TENDER_OF[one : one + 2] == [TENDER_OF[one]] * 2]


class Bank(Gateway):
    """Takes notices as JSON: what the bank's signature is worth has tests of its own."""

    def read_notice(self, body: bytes, signature: str) -> BankNotice:
        reference = json.loads(body)["reference"]
        order = next(one for one in self.orders if one.reference == reference)
        paid = order.amount if signature == "whole" else Money(1)
        number = f"YH{self.orders.index(order):06}"
        return BankNotice(number, reference, "paid", paid, order.payer_account, "", START)


@dataclass
class Letters(PlainLetters):
    """The world's letters, unless the signer is away."""

    world: World
    away: bool = False
    calls: int = 0

    def produce(self, order: LetterOrder) -> Produced:
        if self.away:
            raise Unavailable(service="signer")
        return super().produce(order)


def _members(request: Request) -> dict[str, str]:
    rng = random.Random(request.members)
    lines = {
        f"members-{place}": (LONG[place * 50 :][:50], make_credit_code("91140100MA", rng))
        for place in range(request.members)
    }
    names = {f"{line}-name": name for line, (name, _) in lines.items()}
    return names | {f"{line}-credit_code": code for line, (_, code) in lines.items()}


@dataclass
class Day:
    """One world's part: yields the name of each step that was done."""

    pages: Pages
    products: dict[str, str]
    plan: Plan
    cases: dict[int, list[str]] = field(default_factory=dict)
    """Place of a request → its cases."""
    metrics: str = ""
    """What /metrics says at the end."""

    def steps(self) -> Iterator[str]:
        yield from self._apply()
        yield from self._underwrite()
        yield from self._pay()
        yield from self._prepare_to_open()
        yield from self._change()
        yield from self._wait_for_the_opening()

    def _done(self, name: str) -> str:
        self.pages.world.now += STEP
        return name

    def _requests(self, *fates: str) -> Iterator[tuple[Request, str]]:
        for place, request in enumerate(REQUESTS):
            if request.fate in fates:
                for case in self.cases[place]:
                    yield request, case

    def _work(self) -> str:
        self.pages.work()
        return self._done("jobs")

    # --- applications

    def _apply(self) -> Iterator[str]:
        for place, request in enumerate(REQUESTS):
            lots = [self.pages.world.lots[one] for one in self.plan[place]]
            self._keep_half_a_form(request, lots[0])
            yield self._done(f"half a form {place}")
            self._send(place, request, lots)
            yield self._done(f"apply {place}")
            yield self._work()
            if request.fate in ("declined", "withdrawn"):
                yield from self._ended(request, self.cases[place][0])

    def _keep_half_a_form(self, request: Request, lot: str) -> None:
        """Typed when the login had run out; kept, and forgotten when the form is sent again."""
        world, page = self.pages.world, f"/supplier/lots/{lot}/apply"
        person, token = world.people[request.who].person_id, web_session.new_token()
        login = web_session.Login(person, 0, world.now, web_session.FULL)
        world.run("sign_in", web_session.begin, token, login)
        form = KeptForm(page, world.now, {f"product-{lot}": [self.products[request.product]]})
        assert world.run("draft", keep_form.keep, VISITOR, world.now, token, form)
        world.run("draft", keep_form.forget, world.as_(request.who), world.now, page)
        world.run("sign_out", web_session.end, token)

    def _send(self, place: int, request: Request, lots: Sequence[str]) -> None:
        supplier, product = self.pages.as_(request.who), self.products[request.product]
        path = f"/supplier/lots/{lots[0]}/apply"
        key = re.search(r'name="key"[^>]*value="([^"]+)"', supplier.get(path))
        assert key is not None
        chosen = {f"product-{lot}": product for lot in lots}
        fields = {"key": key[1], "contact": "周予安 13800000000", "consents": [*CONSENT_ITEMS]}
        before = self._listed(request.who)
        supplier.sent(path, **chosen, **fields, **_members(request))
        self.cases[place] = [one for one in self._listed(request.who) if one not in before]
        assert len(self.cases[place]) == request.lots

    def _listed(self, who: str) -> list[str]:
        page = self.pages.as_(who).get("/supplier/cases")
        return list(dict.fromkeys(re.findall(r"/supplier/cases/(\w{26})", page)))

    def _ended(self, request: Request, case: str) -> Iterator[str]:
        if request.fate == "withdrawn":
            self.pages.as_(request.who).sent(f"/supplier/cases/{case}/withdraw")
            yield self._done("withdraw")
        else:
            yield from self._recommended(request, case, "decline", "额度不足")
            yield from self._decided(request, case, "decline", "额度不足")
        yield self._work()

    # --- the institution

    def _recommended(
        self, request: Request, case: str, decision: str, reason: str = ""
    ) -> Iterator[str]:
        maker = "insurer-maker" if request.product.startswith("insurer") else "maker"
        path = f"/institution/cases/{case}/recommend"
        self.pages.as_(maker).sent(path, decision=decision, reason=reason)
        yield self._done(f"maker: {decision}")

    def _decided(
        self, request: Request, case: str, decision: str, reason: str = "同意"
    ) -> Iterator[str]:
        checker = "insurer-checker" if request.product.startswith("insurer") else "checker"
        fields = {"decision": decision, "reason": reason, "checked": "y", "otp": "123456"}
        self.pages.as_(checker).sent(f"/institution/cases/{case}/decide", **fields)
        yield self._done(f"checker: {decision}")

    def _underwrite(self) -> Iterator[str]:
        for request, case in self._requests("returned"):
            yield from self._recommended(request, case, "back", LONG)
            yield self._work()
            self.pages.as_(request.who).sent(f"/supplier/cases/{case}/complete", answer=LONG)
            yield self._done("complete")
            yield from self._recommended(request, case, "approve")
            yield from self._decided(request, case, "approve")
            yield self._work()

    # --- money and letters

    def _pay(self) -> Iterator[str]:
        letters = self.pages.house.letters
        assert isinstance(letters, Letters)
        for fates in (("issued", "taken back", "returned", "failed"), ("stuck",)):
            letters.away = fates == ("stuck",)
            for request, case in self._requests(*fates):
                yield from self._paid(request, case, whole=request.fate != "failed")
                if request.fate == "failed":
                    yield from self._paid(request, case, whole=True)
                yield self._work()

    def _paid(self, request: Request, case: str, *, whole: bool) -> Iterator[str]:
        self.pages.as_(request.who).sent(f"/supplier/cases/{case}/pay", payer_account=ACCOUNT)
        yield self._done("order")
        yield self._work()
        bank = self.pages.house.gateway
        assert isinstance(bank, Bank)
        answer = self.pages.app.test_client().post(
            "/api/v1/payments/notices",
            json={"reference": bank.orders[-1].reference},
            headers={"X-Bank-Signature": "whole" if whole else "less"},
        )
        assert answer.status_code == 200
        yield self._done("notice")

    # --- the procurer

    def _prepare_to_open(self) -> Iterator[str]:
        """It rehearses, and changes its key: every unopened case is written anew."""
        procurer, lot = self.pages.as_("procurer"), self.pages.world.lots[0]
        procurer.sent(f"/openings/{lot}/rehearse", passphrase=PASSPHRASE)
        yield self._done("rehearse")
        [path] = re.findall(r'href="(/opening-keys/\w+)"', procurer.get("/opening-keys/"))
        fields = {"passphrase": NEW_PASSPHRASE, "passphrase_again": NEW_PASSPHRASE}
        procurer.sent(f"{path}/change", old=PASSPHRASE, otp="123456", **fields)
        key_changes.wait_for_all(60)
        yield self._done("change key")

    # --- what changes before the opening

    def _change(self) -> Iterator[str]:
        """A letter is taken back; a notice is corrected so that letters fall short, whichever."""
        for request, case in self._requests("taken back"):
            path = f"/supplier/cases/{case}/withdraw-letter"
            self.pages.as_(request.who).sent(path, reason=LONG, sure="y")
            yield self._done("take back")
            yield self._work()
        self.pages.world.run("correct_project", self._correct)
        yield self._done("correct")
        self.pages.world.now += timedelta(hours=1)
        yield self._work()

    def _correct(self, session: Session) -> None:
        """Of the first tender, in every world."""
        world = self.pages.world
        project = steps.lot(session, world.lots[0]).project
        held = project_notice.to_notice(project, steps.current_version(session, project))
        days = (held.bid_validity_days or 0) + 30
        correct_project.correct(
            session,
            world.as_("procurer"),
            world.now,
            project.id,
            replace(held, bid_validity_days=days),
            expected=project.current,
            note="更正公告",
            timekeeper=self.pages.house.timekeeper,
        )

    def _wait_for_the_opening(self) -> Iterator[str]:
        """What was paid and has no letter lapses; nobody has opened anything."""
        self.pages.world.now = OPENING - STEP
        Reminders(self.pages.house).run_due()
        yield self._done("remind")
        yield self._work()
        self.pages.world.now = OPENING + STEP
        yield self._work()
        answer = self.pages.app.test_client().get("/metrics")
        assert answer.status_code == 200
        self.metrics = answer.text
        yield self._done("metrics")
