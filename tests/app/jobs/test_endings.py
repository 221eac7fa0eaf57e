"""A failed tender: asked for by one, confirmed by another, erased, kept for 15 years."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.house import House
from app.jobs import openings
from app.jobs.worker import Jobs
from guarantees.errors import (
    Duplicate,
    Forbidden,
    InvalidInput,
    NotFound,
    OpeningUnderway,
    ProcurementEnded,
    SamePerson,
    SecondFactorNeeded,
)
from guarantees.flow import (
    end_lot,
    grant_mandate,
)
from guarantees.flow.steps import envelopes
from guarantees.queries import cases as queries
from guarantees.queries import endings as ends
from guarantees.queries import keeping
from guarantees.records import archive, casebook, exposure
from guarantees.records.project import Lot, Opening, Project
from guarantees.records.sealed import LotArchive
from signing import seal
from signing.timekeeper.ending import ERASE_DELAY
from tests import trustees
from tests.app.jobs.ends import (
    HOUR,
    REASON,
    ask,
    confirm,
    end,
    ended,
    ending_house,
    keeper,
    letter,
    rules,
    run_to,
    state,
)
from tests.app.jobs.steps import get
from tests.house import OPENING
from tests.world import ARCHIVE, PASSPHRASE, World


@pytest.fixture
def house(world: World, house: House) -> House:
    return ending_house(world, house)


def test_the_key_is_destroyed_and_the_letters_stay_shut(world: World, house: House) -> None:
    case = letter(world, house)
    ended(world, house)
    assert (state(world), end(world).state) == ("ended", "ended")
    assert keeper(house).store.opening_key(get(world, case).intent.opening) is None  # type: ignore[union-attr]
    world.now = OPENING
    with pytest.raises(ProcurementEnded):
        openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    assert rules(world) == set()


def test_supplier_and_institution_see_the_end(world: World, house: House) -> None:
    case = letter(world, house)
    ended(world, house)
    for who in ("supplier", "maker"):
        view = world.read(queries.view, world.as_(who), case)
        assert view.case.letter is not None and view.case.guarantee is not None
        assert (view.case.state, view.case.letter.state, view.case.guarantee.state) == (
            "ended",
            "unopened",
            "released",
        )
    page = world.read(
        queries.supplier_cases,
        world.as_("supplier"),
        world.now,
        queries.Filter(frozenset({"ended"})),
    )
    assert [(row.case.id, row.case.letter) for row in page.rows] == [(case, "unopened")]
    waiting = queries.Filter(states=frozenset({"issued"}))
    assert world.read(queries.supplier_cases, world.as_("supplier"), world.now, waiting).rows == ()


def test_exposure_is_free_again(world: World, house: House) -> None:
    letter(world, house)
    letter(world, house, "rival")
    institution = world.people["maker"].organisation_id
    assert world.read(exposure.held, institution).used
    ended(world, house)
    assert world.read(exposure.held, institution).used == {}


def test_everybody_who_holds_a_case_is_told_without_a_name(world: World, house: House) -> None:
    letter(world, house)
    ended(world, house)
    mailbox = house.mailer
    mailbox.mails.clear()  # type: ignore[attr-defined]
    run_to(world, house, world.now + HOUR)
    mails = mailbox.mails  # type: ignore[attr-defined]
    assert {to for to, *_ in mails} == {
        "supplier@example.invalid",
        "maker@example.invalid",
        "checker@example.invalid",
    }
    assert len({text for _to, _subject, text in mails}) == 1
    assert all(REASON not in text and "HDCG" not in text for _to, _subject, text in mails)


def test_the_project_has_ended_and_is_kept_for_15_years(world: World, house: House) -> None:
    letter(world, house)
    assert world.read(keeping.kept, world.project).until is None
    ended(world, house)
    with world.sessions.reading() as session:
        assert session.get_one(Project, world.project).state == "ended"
    kept = world.read(keeping.kept, world.project)
    assert kept.until is not None and kept.until.year == world.now.year + 15
    assert not kept.deletable(kept.until)
    assert kept.deletable(kept.until + timedelta(days=1))


def test_the_recovery_key_alone_reads_what_was_kept(world: World, house: House) -> None:
    case = letter(world, house)
    ended(world, house)
    envelope, context, sp, st = by_the_recovery_key(world, case)
    assert seal.open_envelope(envelope, context, sp, st) == letter_of(world, case)


def by_the_recovery_key(
    world: World, case: str
) -> tuple[seal.Envelope, seal.SealContext, bytes, bytes]:
    """Envelope and context; `sp`, and the timekeeper's share as the archive keeps it."""
    kept = world.read(archive.kept_of, end(world).id)
    assert kept is not None and set(kept) == {case}
    intent, sealed = get(world, case).intent, get(world, case).letter
    assert intent is not None and sealed is not None
    vault = world.sessions.vault
    stored = envelopes.unpack(intent.id, world.files.held[f"sealed/{intent.id}"], vault)
    envelope = seal.parse(envelopes.inner(stored, vault))
    context = seal.SealContext(sealed.eid, intent.number, world.lot, intent.opening)
    key = world.recovery.private_key
    request = replace(envelope.release_request(context), enc_and_ct=kept[case])
    st = seal.unwrap_st(request, X25519PrivateKey.from_private_bytes(key))
    return envelope, context, seal.unwrap_sp(envelope, context.ctx, key), st


def letter_of(world: World, case: str) -> bytes:
    intent = get(world, case).intent
    assert intent is not None
    return b"%PDF-1.7 " + intent.terms.encode()


def test_with_trustees_the_archive_opens_with_enough_of_them_and_not_without(
    world: World, house: House
) -> None:
    """Years later, too: their wraps lie in the stored envelope. The institution needs nobody."""
    keys = trustees.appoint(world)
    case = letter(world, house)
    ended(world, house)
    envelope, context, sp, st_t = by_the_recovery_key(world, case)
    asked = {
        role: envelope.trustee_requests(context, seal.fingerprint_of(pair.public_key))
        for role, pair in keys.items()
    }
    for enough in (set(), {"regulator"}, {"regulator", "association"}):
        parts = {
            request.seat: seal.unwrap_part(request, keys[role].private_key)
            for role in enough
            for request in asked[role]
        }
        if len(enough) < 2:
            with pytest.raises(seal.SealBroken):
                seal.combine_st(envelope, context, sp, st_t, parts)
        else:
            st = seal.combine_st(envelope, context, sp, st_t, parts)
            assert seal.open_envelope(envelope, context, sp, st) == letter_of(world, case)
    sp, st = seal.unwrap_archive(envelope, context.ctx, ARCHIVE.private_key)
    assert seal.open_envelope(envelope, context, sp, st) == letter_of(world, case)
    assert rules(world) == set()


def test_the_second_person_is_another_one_with_a_code(world: World, house: House) -> None:
    request = ask(world)
    with pytest.raises(SamePerson):
        confirm(world, request, "procurer")
    with pytest.raises(SecondFactorNeeded):
        world.run("ask_end", end_lot.confirm, world.as_("second", code=False), world.now, request)
    with pytest.raises(Forbidden):
        confirm(world, request, "supplier")
    with pytest.raises(NotFound):
        confirm(world, "no-such-request")
    assert end(world).state == "asked"


def test_an_agency_needs_a_mandate_that_says_so(world: World, house: House) -> None:
    with pytest.raises(NotFound):
        ask(world, "agency")
    agency = world.people["agency"].organisation_name
    actions = ["opening.read", "lot.open", "lot.end"]
    grant = (world.as_("procurer"), world.now, world.project, agency, actions)
    world.run("mandate", grant_mandate.grant, *grant)
    request = ask(world, "agency")
    with pytest.raises(NotFound):
        confirm(world, request, "agency")
    confirm(world, request, "procurer")
    assert end(world).state == "confirmed"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"kind": "tired"}, "kind"), ({"lots": []}, "lots")],
)
def test_what_is_asked_for_must_be_whole(
    world: World, house: House, wrong: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(world, **wrong)  # type: ignore[arg-type]
    assert field in refused.value.errors
    with pytest.raises(NotFound):
        ask(world, lots=["no-lot"])


def test_a_lot_ends_once(world: World, house: House) -> None:
    first = ask(world)
    with pytest.raises(Duplicate):
        ask(world)
    world.run("ask_end", end_lot.drop, world.as_("procurer"), world.now, first)
    ended(world, house)
    with pytest.raises((Duplicate, NotFound)):
        ask(world)


def test_after_the_opening_the_guarantees_are_released_at_once(world: World, house: House) -> None:
    cases = [letter(world, house), letter(world, house, "rival")]
    world.now = OPENING
    openings.start(house, world.as_("procurer"), world.now, world.lot, PASSPHRASE)
    openings.wait(world.lot, 60)
    confirm(world, ask(world, kind="cancelled"))
    assert (end(world).state, state(world)) == ("ended", "opened")
    for case in cases:
        held = get(world, case)
        assert held.guarantee is not None and held.guarantee.state == "released"
        assert held.letter is not None and held.letter.state == "opened"
    assert world.read(exposure.held, world.people["maker"].organisation_id).used == {}
    assert rules(world) == set()
    assert "erasing" not in [one.event for one in keeper(house).journal.events]


def test_not_while_it_is_being_opened(world: World, house: House) -> None:
    letter(world, house)
    request = ask(world)

    def opening(session: Session) -> None:
        session.scalars(select(Opening).where(Opening.lot_id == world.lot)).one().state = "opening"

    world.run("demo_data", opening)
    with pytest.raises(OpeningUnderway):
        confirm(world, request)
    world.run("ask_end", end_lot.drop, world.as_("procurer"), world.now, request)
    with pytest.raises(OpeningUnderway):
        ask(world)


def test_what_the_page_shows(world: World, house: House) -> None:
    known = world.read(ends.of_project, world.as_("procurer"), world.now, world.project)
    with world.sessions.reading() as session:
        number = session.get_one(Lot, world.lot).number
    assert known.endable == ((world.lot, number),)
    request = ask(world)
    confirm(world, request)
    Jobs(house).run_due()
    known = world.read(ends.of_project, world.as_("procurer"), world.now, world.project)
    [shown] = known.requests
    assert (shown.id, shown.state, shown.own, known.endable) == (request, "confirmed", True, ())
    assert shown.lots[0].effective_at == world.now + ERASE_DELAY
    assert shown.lots[0].keep_until == world.now + timedelta(hours=60)
    other = replace(world.as_("procurer"), organisation_id="0" * 26)
    with pytest.raises(NotFound):
        world.read(ends.of_project, other, world.now, world.project)


def test_casebook_reads_ended_cases_as_they_were(world: World, house: House) -> None:
    """The state that people see is computed; what is stored stays for the audit."""
    case = letter(world, house)
    ended(world, house)
    assert world.read(casebook.get, case).state == "issued"


def test_the_audit_misses_an_archive_and_a_share(world: World, house: House) -> None:
    case = letter(world, house)
    ended(world, house)

    def replaced(kept: list[archive.Kept] | None) -> Callable[[Session], None]:
        def change(session: Session) -> None:
            session.execute(delete(LotArchive))
            if kept is not None:
                archive.keep(session, end(world).id, kept)

        return change

    assert rules(world) == set()
    world.run("demo_data", replaced([]))
    assert rules(world) == {"the archive has a share of the letter"}
    world.run("demo_data", replaced(None))
    assert rules(world) == {"an ended lot has its archive"}
    world.run("demo_data", replaced([archive.Kept(case, bytes(80))]))
    assert rules(world) == set()


def test_erased_before_anything_was_kept_it_ends_and_the_audit_says_so(
    world: World, house: House
) -> None:
    letter(world, house)
    confirm(world, ask(world))
    Jobs(house).run_due()
    keeper(house).away = frozenset({"archive"})
    run_to(world, house, world.now + ERASE_DELAY + HOUR)
    keeper(house).tend()
    keeper(house).away = frozenset()
    run_to(world, house, world.now + HOUR)
    assert (state(world), end(world).state) == ("ended", "ended")
    assert rules(world) == {"the archive has a share of the letter"}
