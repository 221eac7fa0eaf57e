"""An institution's own pictures and clauses: who sets them, and which letters have them."""

from datetime import timedelta

import pytest

from app.cli.places import fonts
from guarantees.errors import Forbidden, InvalidInput, NotFound
from guarantees.flow import design_letters, pay
from guarantees.flow.design_letters import DesignForm
from guarantees.letter_glyphs import Glyphs, MissingGlyph
from guarantees.ports import anything_prints
from guarantees.queries import designs
from guarantees.values.terms import Terms
from tests.guarantees.flow.test_main_way import applied, decided, get, issued, notice, paid
from tests.world import World, add_person

FORM = DesignForm(b"logo", b"seal", ("请同时以电话告知。",))


def proposed(world: World, form: DesignForm = FORM) -> int:
    if "bank_admin" not in world.people:
        add_person(world, "bank_admin", "maker", "admin")
    admin = world.as_("bank_admin")
    return world.run("design", design_letters.propose, admin, world.now, form, anything_prints)


def used(world: World, number: int) -> None:
    world.run("design", design_letters.use, world.as_("bank_admin"), world.now, number)


def letter_of(world: World, case: str) -> tuple[Terms, str]:
    intent = get(world, case).intent
    assert intent is not None
    return Terms.from_canonical(intent.terms.encode()), intent.design


def test_the_next_letter_has_it_and_no_earlier_one(world: World) -> None:
    first = applied(world, "supplier", "k1")
    decided(world, first)
    paid(world, first)
    issued(world, first)
    number = proposed(world)
    second = applied(world, "rival", "k2")
    decided(world, second)
    used(world, number)
    world.run("design", design_letters.propose, *_next(world))
    issued_terms, design = _issued(world, second)
    assert issued_terms.clauses == FORM.clauses
    assert design
    assert letter_of(world, first)[0].clauses == ()
    assert letter_of(world, first)[1] == ""


def _next(world: World) -> tuple[object, ...]:
    """A later draft, which no letter has."""
    return world.as_("bank_admin"), world.now, DesignForm(b"", None, ()), anything_prints


def _issued(world: World, case: str) -> tuple[Terms, str]:
    world.run("order_payment", pay.order, world.as_("rival"), world.now, case, "6222000012345678")
    world.run("payment_notice", pay.receive, notice(world, case), world.now)
    issued(world, case)
    return letter_of(world, case)


def test_versions_keep_what_is_not_said_anew(world: World) -> None:
    assert proposed(world) == 1
    assert proposed(world, DesignForm(None, b"", ())) == 2
    admin = world.as_("bank_admin")
    first, second = (world.read(designs.specimen, admin, world.now, n) for n in (1, 2))
    assert (first.logo, first.seal) == (b"logo", b"seal")
    assert (second.logo, second.seal) == (b"logo", b"")
    assert Terms.from_canonical(first.terms.encode()).clauses == FORM.clauses
    assert Terms.from_canonical(second.terms.encode()).clauses == ()


def test_one_version_is_in_use(world: World) -> None:
    proposed(world)
    proposed(world)
    used(world, 2)
    world.now += timedelta(seconds=1)
    used(world, 1)
    rows = world.read(designs.versions, world.as_("bank_admin"), world.now)
    assert [(row.number, row.in_use) for row in rows] == [(2, False), (1, True)]


def test_only_the_administrator_of_the_institution(world: World) -> None:
    number = proposed(world)
    for who in ("maker", "checker", "supplier", "operator"):
        actor = world.as_(who)
        with pytest.raises(Forbidden):
            world.run("design", design_letters.propose, actor, world.now, FORM, anything_prints)
        with pytest.raises(Forbidden):
            world.run("design", design_letters.use, actor, world.now, number)
    with pytest.raises(NotFound):
        used(world, 7)
    assert len(world.read(designs.versions, world.as_("maker"), world.now)) == 1


@pytest.mark.parametrize("clauses", [("甲" * 301,), ("甲",) * 7, ("请\u202e告知",), ("",)])
def test_clauses_within_limits(world: World, clauses: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput) as caught:
        proposed(world, DesignForm(None, None, clauses))
    assert "附加条款" in caught.value.errors["clauses"]


def test_clauses_that_can_be_printed(world: World) -> None:
    add_person(world, "bank_admin", "maker", "admin")
    form = DesignForm(None, None, ("请勾选☑",))
    admin, printable = world.as_("bank_admin"), Glyphs(fonts()).check
    with pytest.raises(MissingGlyph, match="附加条款"):
        world.run("design", design_letters.propose, admin, world.now, form, printable)
