"""Who gets which mail: queries/recipients."""

import pytest

from guarantees.flow import manage_people, steps
from guarantees.queries import recipients
from guarantees.tables.notices import NOTICES
from tests.accounts import START, Accounts


def told(world: Accounts, event: str, name: str) -> set[tuple[str, str]]:
    """(address, template) of the mails about an event, by way of the outbox."""
    world.run(steps.tell, event, world.organisations[name])
    return {
        (mail.to, mail.text)
        for message in world.mails()
        for mail in world.read(recipients.mails, message.arguments)
    }


@pytest.mark.parametrize(
    ("event", "name", "addresses"),
    [
        ("application.submitted", "institution", {"mary@example.com"}),
        ("application.recommended", "institution", {"carl@example.com"}),
        ("letter.issued", "supplier", {"anna@example.com", "clerk@example.com"}),
        ("project.corrected", "procurer", {"olga@example.com"}),
    ],
)
def test_people_with_the_role_get_it(
    world: Accounts, event: str, name: str, addresses: set[str]
) -> None:
    assert told(world, event, name) == {(address, "news") for address in addresses}


def test_whoever_was_disabled_meanwhile_gets_nothing(world: Accounts) -> None:
    world.run(steps.tell, "application.submitted", world.organisations["institution"])
    mary = world.person("mary").id
    world.run(manage_people.disable, world.actor("ada"), START, mary)
    (message,) = world.mails()
    assert world.read(recipients.mails, message.arguments) == ()


def test_mail_about_business_says_nothing(world: Accounts) -> None:
    world.run(steps.tell, "application.submitted", world.organisations["institution"])
    (message,) = world.mails()
    (mail,) = world.read(recipients.mails, message.arguments)
    assert dict(mail.fields) == {}


@pytest.mark.parametrize(
    "message",
    [
        {"event": "people.invited", "to": "invited", "about": "", "token": "AAAA"},
        {"event": "letter.issued", "to": "supplier", "about": "nobody"},
        {"event": "nothing.known", "to": "supplier", "about": "nobody"},
    ],
)
def test_what_points_nowhere_sends_nothing(world: Accounts, message: dict[str, str]) -> None:
    assert world.read(recipients.mails, message) == ()


def test_nothing_goes_to_a_procurer_because_of_a_bid() -> None:
    about_bids = {"application", "payment", "letter", "policy"}
    for notice in NOTICES:
        if notice.event.partition(".")[0] in about_bids:
            assert notice.to in {"supplier", "institution"}
            assert notice.text == "news"
