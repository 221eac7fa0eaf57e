"""Every fault point of the project, and where it is tested that a kill there harms nothing."""

from collections.abc import Iterable

STEPS = (
    "apply",
    "underwrite",
    "order_payment",
    "payment_notice",
    "reserve_letter",
    "settle_letter",
    "begin_opening",
    "opening_waits",
    "approve_release",
    "open_letter",
    "finish_opening",
    "begin_log",
    "plan_batch",
    "publish_batch",
    "outbox",
)
"""Commits of issuing, paying, publishing and opening (app.adapters.database.WRITES)."""

CALLS = (
    "gateway.order",
    "signer",
    "timekeeper.client",
    "mail",
    "log.signer",
    "log.cosigner",
)

FILES = ("files", "log.tile", "log.checkpoint", "log.keys")

ENDING = ("withdraw_letter", "withhold_letter", "key_change", "ask_end", "end_lot")
"""Commits of withdrawing, changing a key and ending a lot."""

PUBLISHING = ("begin_log", "plan_batch", "publish_batch", "outbox")


def _around(words: Iterable[str], effect: str) -> tuple[str, ...]:
    return tuple(f"{one}.{side}_{effect}" for one in words for side in ("before", "after"))


PLAYED = (*_around(STEPS, "commit"), *_around(CALLS, "call"), *_around(FILES, "put"))
"""Passed by the play of letters (tests.faults.play): each kills it in test_points.py."""

ENDS_PLAYED = (
    *_around((*ENDING, *PUBLISHING), "commit"),
    *_around(("timekeeper.client", "mail", "log.signer", "log.cosigner"), "call"),
    *_around(("log.tile", "log.checkpoint", "log.keys"), "put"),
    *(f"timekeeper.journal.{one}" for one in ("writing", "written", "synced")),
    "timekeeper.erase.journaled",
    "timekeeper.shares.unwrapped",
    "timekeeper.reply",
)
"""Passed by the play of ends (tests.faults.ends), whose timekeeper is killed with it."""

OTHER_WRITES = frozenset(
    {
        "join",
        "sign_in",
        "sign_out",
        "people",
        "admit",
        "import_projects",
        "enter_project",
        "correct_project",
        "register_project",
        "mandate",
        "opening_key",
        "recovery",
        "rehearsal",
        "reminder",
        "trustee_key",
        "set_trust",
        "rehearse_trustee",
        "passphrase",
        "product",
        "policy",
        "design",
        "draft",
        "withdraw",
        "hold",
        "lapse",
        "archive_stamp",
        "make_database",
        "demo_data",
    }
)
"""Commits before or beside the main way; each is one transaction with nothing around it."""

OTHER_PROCESSES = ("timekeeper.", "private_files.")
"""Points of the timekeeper's process: killed in tests/signing/test_timekeeper_process.py."""


def elsewhere(name: str) -> bool:
    write = name.removesuffix(".before_commit").removesuffix(".after_commit")
    return write in OTHER_WRITES or (name not in PLAYED and name.startswith(OTHER_PROCESSES))
