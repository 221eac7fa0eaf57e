"""The rehearsal: proved in the request whose passphrase was typed."""

from datetime import datetime

from app.house import House
from guarantees.flow import rehearse
from guarantees.values.actor import Actor


def prove(house: House, actor: Actor, now: datetime, lot: str, passphrase: str) -> None:
    """For every lot of this lot's project; raises what the flow raises. The passphrase and the
    keys that it opens end with the call."""
    with house.sessions.reading() as session:
        plan = rehearse.prepare(session, actor, now, lot)
    proved = rehearse.prove(plan, passphrase, house.recovery_key)
    house.sessions.write(
        "rehearsal", lambda session: rehearse.store(session, actor, now, plan, proved)
    )
