"""The key pair (解密钥匙) with which a procurer or agency opens bid letters.

`prepare` makes the pair and wraps its private half under the person's passphrase, without a
database: a good passphrase function takes its time. `store` keeps public half and wrapped half.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from guarantees.errors import N_, InvalidInput
from guarantees.flow import steps
from guarantees.flow.steps.new_keys import MAX_ACTIVE_KEYS, PreparedKey, make_room, new_row
from guarantees.records import accounts
from guarantees.records.person import OpeningKey
from guarantees.values.actor import Actor
from signing import seal

__all__ = ["MAX_ACTIVE_KEYS", "PreparedKey", "prepare", "store"]


def prepare(actor: Actor, passphrase: str, again: str, *names: str) -> PreparedKey:
    """A new pair, or InvalidInput that says what is wrong with the passphrase.

    names: login and other words of the person that a guesser would try first. Several faults
    stand on lines of their own.
    """
    errors = {}
    faults = seal.passphrase_faults(passphrase, [*names, actor.name, actor.organisation_name])
    if not passphrase:
        errors["passphrase"] = N_("请输入口令。")
    elif faults:
        errors["passphrase"] = "\n".join(seal.PASSPHRASE_FAULTS[one] for one in faults)
    elif passphrase != again:
        errors["passphrase_again"] = N_("两次输入的口令不一致，请重新输入。")
    if errors:
        raise InvalidInput(errors)
    pair = seal.make_key_pair()
    return PreparedKey(
        pair.public_key,
        seal.fingerprint_of(pair.public_key),
        seal.wrap_private(pair.private_key, passphrase),
    )


def store(session: Session, actor: Actor, now: datetime, key: PreparedKey) -> str:
    """Id of the key. Earlier keys stay: letters sealed to them open with them alone."""
    steps.require(actor, "opening_key.make", now)
    accounts.locked_organisation(session, actor.organisation_id)
    known = select(OpeningKey.id).where(OpeningKey.fingerprint == key.fingerprint)
    if session.scalar(known) is not None:
        raise InvalidInput({"certificate": N_("这张证书已经登记过。")})
    make_room(session, actor.organisation_id, key)
    made = new_row(actor, now, key)
    session.add(made)
    session.flush()
    digits = key.fingerprint.hex()[:16]
    subject = f"organisation:{actor.organisation_id}"
    steps.record_about(session, subject, actor, now, "opening_key.made", digits)
    return made.id
