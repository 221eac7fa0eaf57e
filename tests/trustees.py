"""Trustees in a world: their keys, the platform's profile, their approvals."""

from app.house import House
from app.jobs import approvals
from guarantees.flow import make_trustee_key, set_trust
from signing import seal
from tests.world import CHEAP, World

WHO = {
    "regulator": "regulator_trustee",
    "trading_centre": "trading_centre",
    "association": "association",
}
"""Role → person of tests.world."""

APPOINTED = 4
"""Leaves of the log that `appoint` leaves: three keys, one setting."""

TWO_OF_THREE = "timekeeper+2of3"
WITH_REGULATOR = "timekeeper+regulator"


def passphrase_of(role: str) -> str:
    return f"{role} 的一句话 horse battery"


def make_key(world: World, role: str, passphrase: str = "") -> seal.KeyPair:
    """A key in use, kept by the platform under the trustee's passphrase."""
    pair = seal.make_key_pair()
    wrapped = seal.wrap_private(pair.private_key, passphrase or passphrase_of(role), CHEAP)
    actor = world.as_(WHO[role])
    world.run("trustee_key", make_trustee_key.store, actor, world.now, pair.public_key, wrapped)
    return pair


def own_key(world: World, role: str) -> seal.KeyPair:
    """A key of which the platform knows the public half only."""
    pair = seal.make_key_pair()
    typed = pair.public_key.hex()
    world.run("trustee_key", make_trustee_key.register, world.as_(WHO[role]), world.now, typed)
    return pair


def choose(world: World, profile: str) -> int:
    """As the operator's security administrator."""
    chosen = {role: world.people[who].organisation_id for role, who in WHO.items()}
    who = world.as_("security")
    return world.run("set_trust", set_trust.set_profile, who, world.now, profile, chosen)


def appoint(world: World, profile: str = TWO_OF_THREE) -> dict[str, seal.KeyPair]:
    """Keys for all three, and the profile."""
    made = {role: make_key(world, role) for role in WHO}
    choose(world, profile)
    return made


def approve(world: World, house: House, role: str, passphrase: str = "") -> int:
    actor = world.as_(WHO[role])
    typed = passphrase or passphrase_of(role)
    return approvals.approve(house, actor, world.now, world.lot, typed)
