"""Everybody at once, over HTTP: two server processes on PostgreSQL, many threads on SQLite."""

from collections import Counter
from dataclasses import dataclass

from app.api.payments import SIGNATURE_HEADER
from guarantees.flow import pay, underwrite
from guarantees.flow.apply import CONSENT_ITEMS, submit
from guarantees.records import casebook, codec, exposure, outbox, slots
from guarantees.records.case import Case
from guarantees.tables import notices
from guarantees.values.money import Money
from tests import world as worlds
from tests.races.conftest import CROWD, Arena
from tests.races.crowd import Answer, Ask, Form, form_of
from tests.world import World

REQUESTS = 100
ROOM = 3
"""Letters that the tight policy has room for."""

ACCOUNT = "6222000012345678"


@dataclass(frozen=True)
class Seen:
    """What stands in the database of one lot and of the outbox."""

    cases: list[Case]
    messages: Counter[str]
    """Kinds of messages; mails by their event."""


def seen(world: World, lot: str) -> Seen:
    with world.sessions.reading() as session:
        ids = list(slots.all_in(session, "lot", (lot,)))
        assert len(set(ids)) == len(ids)
        messages = outbox.pending(session, world.now, 10_000)
        return Seen(
            [casebook.get(session, one) for one in ids],
            Counter(one.arguments.get("event", one.kind) for one in messages),
        )


def put(before: Seen, after: Seen) -> Counter[str]:
    return after.messages - before.messages


def told(*events: str) -> Counter[str]:
    """One outbox message for every notice of each event."""
    return Counter({one: len(notices.for_event(one)) for one in events})


def apply_form(arena: Arena, lot: str, product: str, who: str) -> Form:
    form = form_of(arena.servers, f"/supplier/lots/{lot}/apply?product-{lot}={product}", who)
    form.hidden.update({f"product-{lot}": product, "contact": "周予安 13800000000"})
    return form


def ask(form: Form, who: str, **more: str) -> Ask:
    return form.ask(who, consents=list(CONSENT_ITEMS), **more)


def landed(answers: list[Answer]) -> set[str]:
    """Where all were sent on to; nobody may be told of a failure."""
    failed = [one for one in answers if one.status not in (302, 303)]
    assert not failed, (len(failed), failed[0].status, failed[0].text[-3000:])
    return {one.location for one in answers}


def test_one_application_of_100_identical_submissions(arena: Arena) -> None:
    world, lot = arena.world, arena.world.lots[0]
    before = seen(world, lot)
    form = apply_form(arena, lot, world.product, "supplier")
    answers = arena.servers.at_once([ask(form, "supplier")] * REQUESTS)
    after = seen(world, lot)
    [case] = after.cases
    assert landed(answers) == {f"/supplier/cases/{case.id}"}
    assert put(before, after) == told("application.submitted", "application.approved")
    assert guards(world, lot, case) == 1
    assert [one.what for one in case.events] == ["application.submitted", "application.approved"]


def guards(world: World, lot: str, case: Case) -> int:
    with world.sessions.reading() as session:
        return slots.count(session, "guard", (lot, case.supplier))


def test_one_application_of_100_with_keys_of_their_own(arena: Arena) -> None:
    world, lot = arena.world, arena.world.lots[0]
    before = seen(world, lot)
    form = apply_form(arena, lot, arena.by_people, "rival")
    asks = [ask(form, "rival", key=f"key {place}") for place in range(REQUESTS)]
    answers = arena.servers.at_once(asks)
    after = seen(world, lot)
    [case] = [one for one in after.cases if one.id not in {case.id for case in before.cases}]
    assert landed(answers) == {f"/supplier/cases/{case.id}"}
    assert put(before, after) == told("application.submitted")
    assert guards(world, lot, case) == 1


def payable(arena: Arena, lot: str, who: str) -> tuple[str, pay.PremiumOrder]:
    """A case of `who` whose premium the bank was asked to collect."""
    world = arena.world
    form = world.form(lot, product=arena.by_people)
    [case] = world.run("apply", submit, world.as_(who), world.now, form, "payable")
    maker, checker = world.as_("maker"), world.as_("checker")
    world.run("underwrite", underwrite.recommend, maker, world.now, case, "approve", "")
    world.run("underwrite", underwrite.decide, checker, world.now, case, "approve", "")
    world.run("order_payment", pay.order, world.as_(who), world.now, case, ACCOUNT)
    order = world.read(pay.order_for_bank, case)
    assert order is not None
    return case, order


def test_one_payment_of_100_identical_notices(arena: Arena) -> None:
    world, lot = arena.world, arena.world.lots[1]
    case, order = payable(arena, lot, "supplier")
    before = seen(world, lot)
    document = {
        "reference": order.reference,
        "amount_fen": order.amount.fen,
        "payer_account": order.payer_account,
    }
    notice = arena.bank.notice(document)
    headers = {SIGNATURE_HEADER: notice["signature"], "Content-Type": "application/json"}
    one = Ask("/api/v1/payments/notices", notice["body"].encode(), headers)
    answers = arena.servers.at_once([one] * REQUESTS)
    assert Counter(one.status for one in answers) == {200: REQUESTS}
    assert len({one.text for one in answers}) == 1
    after = seen(world, lot)
    paid = world.read(casebook.get, case)
    assert [payment.state for payment in paid.payments] == ["settled"]
    assert paid.state == "issuing"
    assert len(paid.postings) == 2
    assert len({posting.entry for posting in paid.postings}) == 1
    assert sum(posting.fen for posting in paid.postings) == 0
    assert put(before, after) == told("payment.settled") + Counter(issue=1)


def test_the_last_yuan_of_a_policy_is_taken_once(arena: Arena) -> None:
    world, lot = arena.world, arena.world.lots[2]
    amount = Money.parse("70000")
    total = str(amount.fen * ROOM // 100)
    policy = worlds.with_policy(world, ceiling="70000", total=total)
    form = apply_form(arena, lot, world.product, "s0")
    asks = [ask(form, f"s{place}") for place in range(CROWD)]
    landed(arena.servers.at_once(asks))
    cases = seen(world, lot).cases
    states = Counter(case.state for case in cases)
    assert states == {"awaiting_payment": ROOM, "submitted": CROWD - ROOM}
    assert used(world, f"policy:{policy}") == amount.fen * ROOM


def used(world: World, key: str) -> int:
    institution = world.people["maker"].organisation_id
    with world.sessions.reading() as session:
        row = session.get(exposure.ExposureBook, institution)
        assert row is not None
        body = world.sessions.vault.open(exposure.PURPOSE, row.blob, institution.encode())
    book: exposure.Book = codec.from_bytes(exposure.Book, body)
    return book.used[key]


def test_a_rush_of_suppliers_gets_in_to_the_last_one(arena: Arena) -> None:
    """Nobody's application is lost to the others', though all write to the same lists."""
    world, lot = arena.world, arena.world.lots[3]
    form = apply_form(arena, lot, arena.by_people, "s0")
    asks = [ask(form, f"s{place}") for place in range(CROWD)]
    assert len(landed(arena.servers.at_once(asks))) == CROWD
    suppliers = {case.supplier for case in seen(world, lot).cases}
    assert suppliers == {world.people[f"s{place}"].organisation_id for place in range(CROWD)}
