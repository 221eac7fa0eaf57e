"""The main job through the flows alone: applied, decided, paid, issued, opened."""

from datetime import timedelta

import pytest

from app.cli.places import fonts
from guarantees.errors import Duplicate, NotFound, SamePerson, TooEarly
from guarantees.flow import apply, complete, issue, open_lot, pay, underwrite
from guarantees.flow.steps.means import Means
from guarantees.letter_glyphs import Glyphs, MissingGlyph
from guarantees.ports import BankNotice
from guarantees.records import casebook
from guarantees.records.case import Applicant, Case
from guarantees.values.money import Money
from signing.seal import unwrap_st
from tests import world as worlds
from tests.world import World


def applied(world: World, who: str = "supplier", key: str = "k1") -> str:
    [case] = world.run("apply", apply.submit, world.as_(who), world.now, world.form(), key)
    return case


def decided(world: World, case: str) -> None:
    maker, checker = world.as_("maker"), world.as_("checker")
    world.run("underwrite", underwrite.recommend, maker, world.now, case, "approve", "")
    world.run("underwrite", underwrite.decide, checker, world.now, case, "approve", "同意")


def notice(world: World, case: str, **changes: object) -> BankNotice:
    payment = get(world, case).payment()
    assert payment is not None
    told = {
        "bank_reference": f"BANK-{payment.reference}",
        "reference": payment.reference,
        "outcome": "paid",
        "amount": payment.amount,
        "payer_account": payment.payer_account,
        "reason": "",
        "at": world.now,
    }
    return BankNotice(**{**told, **changes})  # type: ignore[arg-type]


def paid(world: World, case: str) -> None:
    account = "6222000012345678"
    supplier = world.as_("supplier")
    world.run("order_payment", pay.order, supplier, world.now, case, account)
    outcome = world.run("payment_notice", pay.receive, notice(world, case), world.now)
    assert outcome == "settled"


def issued(world: World, case: str) -> str:
    order = world.run(
        "reserve_letter",
        issue.reserve,
        world.now,
        case,
        base_url="https://example.invalid",
        recovery=world.recovery.public_key,
    )
    assert order is not None
    stored = issue.produce(
        order,
        letters=world.letter_factory(),
        files=world.files,
        vault=world.sessions.vault,
    )
    return world.run("settle_letter", issue.settle, world.now, case, order.intent, stored)


def get(world: World, case: str) -> Case:
    return world.read(casebook.get, case)


def opened(world: World) -> None:
    procurer = world.as_("procurer")
    keys = world.read(open_lot.unlock_keys, procurer, world.now, world.lot, worlds.PASSPHRASE)
    plan = world.read(
        open_lot.prepare,
        procurer,
        world.now,
        world.lot,
        files=world.files,
        vault=world.sessions.vault,
    )
    world.run("begin_opening", open_lot.begin, procurer, world.now, plan)
    assert world.key_of_opening is not None
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    secret = X25519PrivateKey.from_private_bytes(world.key_of_opening.private_key)
    for one in plan.letters:
        request = one.request()
        assert request is not None
        letter = open_lot.unseal(one, Means(keys), unwrap_st(request, secret))
        assert letter == b"%PDF-1.7 " + one.terms.encode()
        verdict = open_lot.Verdict("verified")
        for _ in range(2):
            world.run("open_letter", open_lot.record, procurer, world.now, plan, one, verdict, "f")
    assert world.run("finish_opening", open_lot.finish, procurer, world.now, plan)


def test_from_application_to_opening(sealed_world: World) -> None:
    world = sealed_world
    case = applied(world)
    assert get(world, case).state == "submitted"
    decided(world, case)
    paid(world, case)
    assert sum(one.fen for one in get(world, case).postings) == 0
    number = issued(world, case)
    assert issued_again(world, case) is None
    with pytest.raises(TooEarly):
        opened(world)
    world.now += timedelta(days=15)
    opened(world)
    after = get(world, case)
    assert not after.sealed
    assert after.state == "issued"
    assert after.guarantee is not None
    assert after.guarantee.number == number
    assert after.letter is not None
    assert after.letter.state == "opened"
    assert after.events[0].what == "application.submitted"
    assert sum(one.fen for one in after.postings) == 0


def issued_again(world: World, case: str) -> object:
    return world.run(
        "reserve_letter",
        issue.reserve,
        world.now,
        case,
        base_url="https://example.invalid",
        recovery=world.recovery.public_key,
    )


def test_policy_approves_by_itself(world: World) -> None:
    policy = worlds.with_policy(world)
    case = get(world, applied(world))
    assert (case.state, case.policy) == ("awaiting_payment", policy)


def test_beyond_the_policy_people_decide(world: World) -> None:
    worlds.with_policy(world, ceiling="60000", total="60000")
    assert get(world, applied(world)).state == "submitted"


def test_consortium_goes_to_people_and_stands_on_the_letter(world: World) -> None:
    worlds.with_policy(world)
    member = Applicant("演示成员有限公司", worlds.make_credit_code("91140100MB", world.rng))
    form = world.form(members=(member,))
    [case] = world.run("apply", apply.submit, world.as_("supplier"), world.now, form, "k")
    assert get(world, case).state == "submitted"
    decided(world, case)
    paid(world, case)
    issued(world, case)
    assert "演示成员有限公司" in get(world, case).intent.terms  # type: ignore[union-attr]


def test_the_same_request_gives_the_same_case(world: World) -> None:
    assert applied(world) == applied(world)


def test_one_living_application_for_lot_and_supplier(world: World) -> None:
    case = applied(world)
    with pytest.raises(Duplicate):
        applied(world, key="k2")
    world.run("withdraw", complete.withdraw, world.as_("supplier"), world.now, case)
    assert applied(world, key="k3") != case
    applied(world, who="rival", key="k1")


def test_maker_and_checker_are_two_people(world: World) -> None:
    case = applied(world)
    maker = world.as_("maker")
    world.run("underwrite", underwrite.recommend, maker, world.now, case, "approve", "")
    both = type(maker)(**{**worlds._fields(maker), "roles": frozenset({"maker", "checker"})})
    with pytest.raises(SamePerson):
        world.run("underwrite", underwrite.decide, both, world.now, case, "approve", "")


def test_another_organisation_finds_nothing(world: World) -> None:
    case = applied(world)
    with pytest.raises(NotFound):
        world.run("order_payment", pay.order, world.as_("rival"), world.now, case, "62220000")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"outcome": "failed", "reason": "余额不足"}, "failed"),
        ({"amount": Money.parse("300.00")}, "mismatched"),
        ({"payer_account": "6222000099999999"}, "mismatched"),
        ({"reference": "BF-UNKNOWN"}, "unknown"),
    ],
)
def test_bank_notices_that_do_not_pay(
    world: World, changes: dict[str, object], outcome: str
) -> None:
    case = applied(world)
    decided(world, case)
    supplier = world.as_("supplier")
    world.run("order_payment", pay.order, supplier, world.now, case, "6222000012345678")
    told = notice(world, case, **changes)
    assert world.run("payment_notice", pay.receive, told, world.now) == outcome
    assert world.run("payment_notice", pay.receive, told, world.now) == "repeated"
    assert get(world, case).state == "awaiting_payment"
    assert get(world, case).postings == []
    first = get(world, case).payment()
    again = world.run("order_payment", pay.order, supplier, world.now, case, "6222000012345678")
    assert first is not None
    assert (again == first.reference) == (outcome == "unknown")


def test_money_that_arrives_after_a_withdrawal_is_known_and_due_back(world: World) -> None:
    case = applied(world)
    decided(world, case)
    supplier = world.as_("supplier")
    world.run("order_payment", pay.order, supplier, world.now, case, "6222000012345678")
    told = notice(world, case)
    world.run("withdraw", complete.withdraw, supplier, world.now, case)
    assert world.read(pay.order_for_bank, case) is None
    assert world.run("payment_notice", pay.receive, told, world.now) == "mismatched"
    held = get(world, case)
    payment = held.payment()
    assert payment is not None
    assert (held.state, held.postings, payment.received) == ("withdrawn", [], payment.amount)
    assert "退回" in payment.problem


def test_a_name_that_no_letter_can_carry_is_refused_before_anybody_pays(world: World) -> None:
    glyphs = Glyphs(fonts())
    member = Applicant("演示😀有限公司", worlds.make_credit_code("91140100MB", world.rng))
    form = world.form(members=(member,))
    supplier = world.as_("supplier")
    with pytest.raises(MissingGlyph, match="U\\+1F600"):
        world.run("apply", apply.submit, supplier, world.now, form, "k", printable=glyphs.check)
    [_case] = world.run(
        "apply", apply.submit, supplier, world.now, world.form(), "k", printable=glyphs.check
    )
