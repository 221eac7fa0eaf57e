"""Every fault point of the project, and where it is tested that a kill there harms nothing."""

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

PLAYED = (
    *(f"{one}.{side}_commit" for one in STEPS for side in ("before", "after")),
    *(f"{one}.{side}_call" for one in CALLS for side in ("before", "after")),
    *(f"{one}.{side}_put" for one in FILES for side in ("before", "after")),
)
"""Passed by the play: each kills it in test_points.py."""

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
        "key_change",
        "recovery",
        "rehearsal",
        "reminder",
        "trustee_key",
        "set_trust",
        "rehearse_trustee",
        "passphrase",
        "product",
        "policy",
        "draft",
        "withdraw",
        "withdraw_letter",
        "withhold_letter",
        "hold",
        "ask_end",
        "end_lot",
        "lapse",
        "archive_stamp",
        "make_database",
        "demo_data",
    }
)
"""Commits before or beside the main way; each is one transaction with nothing around it, but for
the timekeeper's calls around withhold_letter, ask_end and end_lot: interrupted at every one of
them in tests/app/jobs/test_withholding.py and test_endings_interrupted.py. A change of key is
stopped after each of its commits in tests/app/jobs/test_key_changes.py."""

OTHER_PROCESSES = ("timekeeper.", "private_files.")
"""Points of the timekeeper's process: killed in tests/signing/test_timekeeper_process.py."""


def elsewhere(name: str) -> bool:
    write = name.removesuffix(".before_commit").removesuffix(".after_commit")
    return write in OTHER_WRITES or (name not in PLAYED and name.startswith(OTHER_PROCESSES))
