"""Legal moves of every noun, as data. What is not here does not happen.

Each noun has one state of its own (design.md section 1); a move names the action that makes it
(tables/permissions) and the clause or source that it rests on.
"""

from dataclasses import dataclass

from guarantees.errors import MoveRefused


@dataclass(frozen=True)
class Move:
    noun: str
    before: str
    after: str
    action: str
    """Action of tables/permissions that makes the move."""
    clause: str
    """Requirement id or section of the design."""


NEW = ""
"""The state before the first one."""

MOVES = (
    # application 申请
    Move("application", NEW, "submitted", "application.submit", "SX-2.4"),
    Move("application", "submitted", "in_review", "application.recommend", "SX-4.2b"),
    Move("application", "submitted", "returned", "application.return", "SX-4.2b"),
    Move("application", "returned", "submitted", "application.complete", "SX-2.4"),
    Move("application", "in_review", "submitted", "application.decide", "SX-4.2b"),
    Move("application", "in_review", "awaiting_payment", "application.decide", "SX-4.2b"),
    Move("application", "in_review", "declined", "application.decide", "SX-2.1"),
    Move("application", "submitted", "awaiting_payment", "application.automatic", "SX-2.1"),
    Move("application", "awaiting_payment", "issuing", "payment.settle", "SX-3.4"),
    Move("application", "issuing", "issued", "letter.issue", "SX-2.4"),
    Move("application", "issuing", "lapsed", "letter.issue", "SX-2.4"),
    Move("application", "awaiting_payment", "lapsed", "application.lapse", "SX-2.1"),
    Move("application", "submitted", "withdrawn", "application.withdraw", "SX-2.3"),
    Move("application", "returned", "withdrawn", "application.withdraw", "SX-2.3"),
    Move("application", "in_review", "withdrawn", "application.withdraw", "SX-2.3"),
    Move("application", "awaiting_payment", "withdrawn", "application.withdraw", "SX-2.3"),
    Move("application", "issued", "withdrawn", "letter.withdraw", "sealing.md 11"),
    # payment 缴费
    Move("payment", NEW, "ordered", "payment.order", "SX-3.4"),
    Move("payment", "ordered", "settled", "payment.settle", "SX-3.4"),
    Move("payment", "ordered", "failed", "payment.settle", "SX-3.4"),
    Move("payment", "ordered", "mismatched", "payment.settle", "SX-3.4"),
    # guarantee 保函 and its letter 函件
    Move("guarantee", NEW, "in_force", "letter.issue", "SX-2.2"),
    Move("guarantee", "in_force", "withdrawn", "letter.withdraw", "sealing.md 11"),
    Move("guarantee", "in_force", "released", "lot.confirm_end", "sealing.md 11"),
    Move("letter", NEW, "sealed", "letter.issue", "SX-2.4"),
    Move("letter", "sealed", "opened", "lot.open", "SX-2.4"),
    Move("letter", "sealed", "broken", "lot.open", "SX-2.4"),
    Move("letter", "sealed", "withdrawn", "letter.withdraw", "sealing.md 11"),
    # opening 开标
    Move("opening", NEW, "sealed", "project.register", "sealing.md 1"),
    Move("opening", "sealed", "opening", "lot.open", "sealing.md 9"),
    Move("opening", "opening", "opened", "lot.open", "sealing.md 10"),
    Move("opening", "sealed", "ended", "lot.finish_end", "sealing.md 11"),
    # end of a procurement 采购终止, of one lot
    Move("ending", NEW, "asked", "lot.end", "sealing.md 11"),
    Move("ending", "asked", "dropped", "lot.end", "sealing.md 11"),
    Move("ending", "asked", "confirmed", "lot.confirm_end", "sealing.md 11"),
    Move("ending", "asked", "ended", "lot.confirm_end", "sealing.md 11"),
    Move("ending", "confirmed", "kept", "lot.keep", "sealing.md 11"),
    Move("ending", "confirmed", "ended", "lot.finish_end", "sealing.md 11"),
    # recipient's key 解密钥匙 and its change 换钥
    Move("opening key", NEW, "active", "opening_key.make", "sealing.md 5"),
    Move("opening key", "active", "retired", "opening_key.change", "sealing.md 5"),
    Move("key change", NEW, "running", "opening_key.change", "sealing.md 5"),
    Move("key change", "running", "complete", "opening_key.change", "sealing.md 5"),
    # request for the recovery key 恢复申请
    Move("recovery", NEW, "asked", "recovery.ask", "sealing.md 6"),
    Move("recovery", "asked", "seconded", "recovery.ask", "sealing.md 6"),
    Move("recovery", "asked", "withdrawn", "recovery.ask", "sealing.md 6"),
    Move("recovery", "seconded", "withdrawn", "recovery.ask", "sealing.md 6"),
    Move("recovery", "seconded", "confirmed", "recovery.decide", "sealing.md 6"),
    Move("recovery", "seconded", "refused", "recovery.decide", "sealing.md 6"),
    # project 项目
    Move("project", NEW, "draft", "project.enter", "LJ-1"),
    Move("project", "draft", "registered", "project.register", "LJ-1"),
    Move("project", "registered", "ended", "lot.finish_end", "GPL-42"),
    Move("project", "registered", "ended", "lot.confirm_end", "GPL-42"),
    # legal hold 诉讼保全, on what is kept of a project
    Move("hold", NEW, "set", "hold.set", "GPL-42"),
    Move("hold", "set", "lifted", "hold.set", "GPL-42"),
    # product 产品 and automatic underwriting policy 自动承保政策
    Move("product", NEW, "published", "product.publish", "SX-2.1"),
    Move("product", "published", "withdrawn", "product.publish", "SX-2.1"),
    Move("policy", NEW, "proposed", "policy.propose", "SX-2.1"),
    Move("policy", "proposed", "approved", "policy.decide", "SX-2.1"),
    Move("policy", "proposed", "refused", "policy.decide", "SX-2.1"),
    Move("policy", "approved", "withdrawn", "policy.decide", "SX-2.1"),
    # trustee's key 受托钥匙
    Move("trustee_key", NEW, "active", "trustee_key.make", "sealing.md 6"),
    Move("trustee_key", "active", "retired", "trustee_key.make", "sealing.md 6"),
    # organisations and people
    Move("organisation", NEW, "pending", "organisation.apply", "SX-3.2"),
    Move("organisation", NEW, "active", "organisation.admit", "SX-3.2"),
    Move("organisation", "pending", "active", "organisation.admit", "SX-3.2"),
    Move("organisation", "pending", "refused", "organisation.admit", "SX-3.2"),
    Move("organisation", "refused", "pending", "organisation.apply", "SX-3.2"),
    Move("organisation", NEW, "active", "organisation.found", "SX-3.2"),
    Move("person", NEW, "active", "people.join", "LJ-3"),
    Move("person", NEW, "active", "organisation.apply", "LJ-3"),
    Move("person", NEW, "active", "organisation.found", "LJ-3"),
    Move("person", "active", "disabled", "organisation.apply", "LJ-3"),
    Move("person", "active", "disabled", "people.manage", "LJ-3"),
    Move("person", "disabled", "active", "people.manage", "LJ-3"),
)

_ALLOWED = {(move.noun, move.before, move.after, move.action): move for move in MOVES}


def move(noun: str, before: str, after: str, action: str) -> str:
    """`after`, if the table has the move; else MoveRefused with what was tried."""
    if (noun, before, after, action) not in _ALLOWED:
        raise MoveRefused(noun=noun, before=before, after=after, action=action)
    return after


def states(noun: str) -> frozenset[str]:
    """Every state that the noun can have."""
    return frozenset(one.after for one in MOVES if one.noun == noun)


def may(noun: str, before: str, action: str) -> bool:
    """Whether `action` can move the noun out of `before` at all: what pages offer."""
    return any(one.noun == noun and one.before == before and one.action == action for one in MOVES)


TERMINAL = frozenset(
    (one.noun, one.after)
    for one in MOVES
    if not any(other.noun == one.noun and other.before == one.after for other in MOVES)
)
