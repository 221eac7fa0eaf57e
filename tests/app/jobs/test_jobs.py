"""What the outbox holds is done once, in any order, whatever fails on the way."""

import ast
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

import guarantees
from app.house import House
from app.jobs import worker
from app.jobs.table import HANDLERS
from app.jobs.worker import Jobs, Turn, pause_after
from guarantees.errors import Unavailable
from guarantees.records import outbox
from guarantees.records.outbox import Message
from guarantees.records.sealed import OutboxMessage
from tests.app.jobs.steps import ACCOUNT, applied, get, ordered, paid
from tests.house import OPENING, Gateway, Mailbox
from tests.world import PlainLetters, World


def waiting(world: World) -> list[str]:
    """Kinds of messages that are not done, due or not."""
    far = world.now + timedelta(days=400)
    with world.sessions.reading() as session:
        return sorted(one.kind for one in outbox.pending(session, far, 1000))


def test_the_bank_is_told_reference_accounts_and_amount(world: World, house: House) -> None:
    case = ordered(world)
    Jobs(house).run_due()
    assert isinstance(house.gateway, Gateway)
    [order] = house.gateway.orders
    payment = get(world, case).payment()
    assert payment is not None
    assert order.reference == payment.reference
    assert order.payer_account == ACCOUNT
    assert order.amount == payment.amount
    assert waiting(world) == []


def test_an_order_waits_for_a_bank_that_is_away(world: World, house: House) -> None:
    gateway = house.gateway
    assert isinstance(gateway, Gateway)
    gateway.away = True
    ordered(world)
    jobs = Jobs(house)
    for _ in range(4):
        jobs.run_due()
    assert waiting(world) == ["order_payment"]
    gateway.away = False
    jobs.run_due()
    assert gateway.orders == []  # its pause has not passed
    world.now += timedelta(minutes=1)
    jobs.run_due()
    assert len(gateway.orders) == 1
    assert waiting(world) == []


def test_pauses_grow_to_a_limit() -> None:
    pauses = [pause_after(attempts) for attempts in range(40)]
    assert pauses[:4] == [timedelta(seconds=2**n) for n in range(4)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == worker.LONGEST_PAUSE


def test_a_paid_case_gets_its_letter(world: World, house: House) -> None:
    case = paid(world)
    Jobs(house).run_due()
    after = get(world, case)
    assert (after.state, after.letter is not None) == ("issued", True)
    assert waiting(world) == []


def test_a_letter_that_was_made_is_taken_and_not_made_again(world: World, house: House) -> None:
    """The process ended between the store and the commit."""
    case = paid(world)
    letters = house.letters
    assert isinstance(letters, PlainLetters)
    real = world.sessions.write

    def dying(name: str, flow: object) -> object:
        if name == "settle_letter":
            raise Unavailable(service="database")
        return real(name, flow)  # type: ignore[arg-type]

    world.sessions.write = dying  # type: ignore[method-assign,assignment]
    Jobs(house).run_due()
    assert (letters.calls, get(world, case).state) == (1, "issuing")
    world.sessions.write = real  # type: ignore[method-assign]
    world.now += timedelta(minutes=1)
    Jobs(house).run_due()
    assert (letters.calls, get(world, case).state) == (1, "issued")


def test_a_message_done_twice_changes_nothing(world: World, house: House) -> None:
    case = paid(world)
    message = Message("issue", {"case": case})
    HANDLERS["issue"](house, message)
    before = get(world, case)
    HANDLERS["issue"](house, message)
    HANDLERS["order_payment"](house, Message("order_payment", {"case": case}))
    assert get(world, case) == before
    assert isinstance(house.gateway, Gateway)
    assert house.gateway.orders == []


def test_no_letter_is_made_once_the_opening_could_begin(world: World, house: House) -> None:
    case = paid(world)
    world.now = OPENING
    Jobs(house).run_due()
    after = get(world, case)
    assert (after.state, after.letter) == ("lapsed", None)
    assert waiting(world) == []


def test_two_threads_at_once_make_one_letter(world: World, house: House) -> None:
    case = paid(world)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            HANDLERS["issue"](house, Message("issue", {"case": case}))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == []
    assert get(world, case).state == "issued"
    assert len([name for name in world.files.held if name.startswith("sealed/")]) == 1


def test_mail_says_that_there_is_news_and_nothing_else(world: World, house: House) -> None:
    case = applied(world)
    Jobs(house).run_due()
    assert isinstance(house.mailer, Mailbox)
    assert house.mailer.mails
    private = (get(world, case).reference, "70,000", "演示supplier", "全自动生化")
    for _, subject, text in house.mailer.mails:
        assert "新的消息" in subject
        assert not [one for one in private if one in subject + text]


def test_one_address_that_fails_holds_up_no_other_and_repeats_none(
    world: World, house: House
) -> None:
    mailbox = house.mailer
    assert isinstance(mailbox, Mailbox)
    ordered(world)
    mailbox.broken = "supplier@example.invalid"
    Jobs(house).run_due()
    before = list(mailbox.mails)
    assert "mail" in waiting(world)
    mailbox.broken = ""
    world.now += timedelta(minutes=1)
    Jobs(house).run_due()
    assert waiting(world) == []
    assert mailbox.mails[: len(before)] == before
    assert {to for to, _, _ in mailbox.mails[len(before) :]} == {"supplier@example.invalid"}


def test_a_lane_leaves_other_kinds_alone(world: World, house: House) -> None:
    paid(world)
    Jobs(house, {"issue": HANDLERS["issue"]}).run_due()
    assert set(waiting(world)) == {"mail", "order_payment"}


def test_waiting_mails_hide_no_letter(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server is away, and more mails wait than are looked at in one go."""
    monkeypatch.setattr(worker, "AT_ONCE", 5)
    monkeypatch.setattr(outbox, "PAGE", 5)
    later = world.now + timedelta(hours=1)

    def heap(session: Session) -> None:
        for _ in range(30):
            outbox.put(session, Message("mail", {"event": "x", "to": "y", "about": "z"}))
            outbox.put(session, Message("issue", {"case": "none"}, later))

    world.sessions.write("outbox", heap)
    case = paid(world)
    Jobs(house, {"issue": HANDLERS["issue"]}).run_due()
    assert get(world, case).state == "issued"


def test_a_damaged_row_holds_up_no_other(world: World, house: House) -> None:
    foreign = world.sessions.vault.seal("outbox", b"{}", b"of another row", (4096,))
    damaged = OutboxMessage(id="0" * 26, blob=foreign)
    world.sessions.write("outbox", lambda session: session.add(damaged))
    case = paid(world)
    Jobs(house).run_due()
    assert get(world, case).state == "issued"
    assert waiting(world) == [outbox.UNREADABLE]


def test_the_thread_is_woken_and_ends_when_told(world: World, house: House) -> None:
    stop, done = threading.Event(), threading.Event()

    def note(house: House, message: Message) -> None:
        done.set()

    jobs = Jobs(house, dict.fromkeys(HANDLERS, note))
    thread = threading.Thread(target=jobs.run, args=(stop,))
    thread.start()
    applied(world)
    jobs.wake()
    assert done.wait(10)
    stop.set()
    jobs.wake()
    thread.join(10)
    assert not thread.is_alive()


def test_a_thread_outlives_a_database_that_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 0
    stop = threading.Event()

    def reading() -> object:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            stop.set()
        raise Unavailable(service="database")

    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(house.sessions, "reading", reading)
    Jobs(house).run(stop)
    assert rounds == 3


def test_one_process_has_the_turn_until_it_ends(tmp_path: Path) -> None:
    first, second = Turn(tmp_path / "jobs.lock"), Turn(tmp_path / "jobs.lock")
    assert first.mine()
    assert first.mine()
    assert not second.mine()
    first.close()
    assert second.mine()
    second.close()


def test_every_kind_that_is_put_has_a_handler() -> None:
    kinds = set()
    for file in Path(guarantees.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Message"):
                kinds |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    assert kinds
    assert kinds == set(HANDLERS)
