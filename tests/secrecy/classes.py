"""What each thing that is written may tell before the opening: as data, one line for each.

A column, file, message, log field or metric that stands in no table here fails
test_classification.py; so nothing new is written before somebody has said what a thief learns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

KIB = 1024


class Class(Enum):
    """What a thief of database, files, mail, logs and their backups learns from a value."""

    PLAIN = "known without any bid: notices, offers, accounts, what the program itself says"
    OPENED = "empty or false for bids until their lot is opened"
    SEALED = "a ciphertext of one of a few fixed lengths"
    RANDOM = "128 random bits or more, or a pointer to such an id"
    KEYED = "HMAC under a key that is not there, or a digest with a salt of 32 random bytes"
    LEAK = "in the allowed leak: total writes over time, writes per institution, size bucket, \
recipients of content-free mail"


PLAIN, OPENED, SEALED = Class.PLAIN, Class.OPENED, Class.SEALED
RANDOM, KEYED, LEAK = Class.RANDOM, Class.KEYED, Class.LEAK


def _all(kind: Class, names: str) -> dict[str, Class]:
    return dict.fromkeys(names.split(), kind)


COLUMNS: Mapping[str, Mapping[str, Class]] = {
    # --- of bids, before their opening
    "sealed_case": {"id": RANDOM, "version": LEAK, "opened": OPENED, "blob": SEALED},
    "sealed_index": {"tag": KEYED, "case_id": RANDOM},
    "exposure_book": {"institution_id": PLAIN, "blob": SEALED, "version": LEAK},
    "payment_notice": {"id": KEYED, "blob": SEALED},
    "outbox": {"id": RANDOM, "blob": SEALED, "attempts": LEAK, "done": LEAK},
    "draft": {"id": KEYED, "blob": SEALED},
    "idempotency": {"id": KEYED, "blob": SEALED},
    "web_session": {"id": KEYED, "blob": SEALED, "ended": LEAK},
    "lot_archive": {"id": RANDOM, "blob": SEALED},
    "log_leaf": {"id": RANDOM, "leaf": KEYED, "index": LEAK},
    # The plan is published in a moment: salted digests with random ones among them.
    "log_state": _all(PLAIN, "id origin key size root cut_at version plan"),
    "log_cut": _all(PLAIN, "at size"),
    # --- of bids, written at the opening
    "guarantee_case": _all(
        OPENED,
        "id kind form state reference lot_id supplier_id institution_id lead_name amount_fen"
        " submitted_at due_at details version",
    ),
    "guarantee": _all(OPENED, "case_id number state amount_fen effective_from expires_on"),
    "terms_version": _all(OPENED, "case_id number canonical digest"),
    "letter": _all(
        OPENED, "case_id state eid sha256 size signed_at certificate leaf opened_at file"
    ),
    "archive_stamp": _all(OPENED, "case_id number stamp made_at ends_at"),
    "payment": _all(
        OPENED,
        "reference case_id state amount_fen received_fen payer_account payee_account ordered_at"
        " settled_at bank_reference problem",
    ),
    "posting": _all(OPENED, "id entry case_id account fen cause clause booked_at"),
    "opening_result": _all(OPENED, "id opening_id case_id verdict reason report leaf listed at"),
    # --- of projects, offers and people
    "platform": _all(PLAIN, "id mode made_at"),
    "organisation": _all(
        PLAIN,
        "id role name credit_code region level institution_type state account contact details"
        " demonstration created_at version",
    ),
    "person": {
        **_all(PLAIN, "id organisation_id login name mail roles password_hash state failures"),
        **_all(PLAIN, "locked_until session_epoch created_at demonstration"),
        "totp_secret": SEALED,
        "totp_step": LEAK,
    },
    "invitation": {
        "id": KEYED,
        **_all(PLAIN, "organisation_id name mail roles invited_by expires_at accepted_by"),
    },
    "opening_key": _all(
        PLAIN,
        "id organisation_id person_id kind public_key fingerprint wrapped_private state created_at"
        " retired_at heir_id inherited",
    ),
    # Of every lot and key alike: people rehearse, are reminded and change their keys, bids or not.
    "rehearsal": {
        **_all(PLAIN, "id lot_id fingerprint person_id question passed_at"),
        "answer": KEYED,
    },
    "rehearsal_reminder": _all(PLAIN, "project_id opening_time days sent_at"),
    "key_change": {
        **_all(PLAIN, "id organisation_id old_key_id new_key_id person_id state"),
        **_all(PLAIN, "started_at completed_at"),
        "digest": SEALED,
        "leaf": KEYED,
    },
    # After T, whether a lot has bids or not.
    "recovery_request": _all(
        OPENED,
        "id lot_id organisation_id state reason asked_by asked_at seconded_by seconded_at"
        " decided_by decided_at note leaf version",
    ),
    "trustee_key": _all(
        PLAIN,
        "id organisation_id person_id public_key fingerprint wrapped_private state created_at"
        " rehearsed_at",
    ),
    "trust_setting": _all(PLAIN, "number profile trustees set_by set_at"),
    # After T, whether a lot has bids or not.
    "trustee_approval": _all(OPENED, "id opening_id organisation_id person_id at blob"),
    "product": _all(
        PLAIN,
        "id series number institution_id name kind form rate_ppm minimum_fen ceiling_fen regions"
        " minutes_to_issue automatic consortium back_withdrawn back_ended state published_by"
        " published_at",
    ),
    "policy": _all(
        PLAIN,
        "id institution_id number ceiling_fen supplier_ceiling_fen total_fen consortium expires_on"
        " state proposed_by approved_by proposed_at approved_at version",
    ),
    "letter_design": _all(
        PLAIN, "id institution_id number logo seal clauses made_by made_at used_by used_at"
    ),
    "project": _all(
        PLAIN,
        "id source_system source_id number state current entered_by demonstration version",
    ),
    "project_version": _all(
        PLAIN,
        "id project_id number name method category region procurer_name procurer_id agency_name"
        " agency_id budget_fen deposit_fen deposit_forms guarantee_accepted guarantee_quote"
        " basic_account_demanded bid_validity_days submission_deadline opening_time published_on"
        " source lots note made_by made_at",
    ),
    "lot": _all(PLAIN, "id project_id number withdrawn"),
    "opening": {
        **_all(PLAIN, "id lot_id opening_time certificate version"),
        **_all(OPENED, "state started_at opened_at total"),
    },
    # Written for every lot that ends, bids or not, in the same steps.
    "lot_end": _all(
        PLAIN,
        "id lot_id number request kind reason state asked_by asked_at confirmed_by confirmed_at"
        " effective_at settled_by settled_at ended_at version",
    ),
    "legal_hold": _all(
        PLAIN, "id project_id state reason set_by set_at lifted_by lifted_at lift_reason version"
    ),
    "mandate": _all(
        PLAIN, "id project_id procurer_id agency_id actions granted_by granted_at withdrawn_at"
    ),
    # Of cases nothing stands here before the opening: their events lie in the case.
    "event": _all(PLAIN, "id subject at what who person_id note"),
}

LEAKS: Mapping[str, str] = {
    "sealed_case.version": "total writes: how often this case was written, of nobody knows which",
    "exposure_book.version": "writes per institution",
    "outbox.attempts": "total writes: a job that failed is written again",
    "outbox.done": "total writes: what is done is marked",
    "web_session.ended": "total writes: somebody signed out",
    "log_leaf.index": "total writes: which leaves are published",
    "person.totp_step": "writes per institution: when somebody last typed a code, for any act",
}
"""Why each column of class LEAK is within the allowed leak."""

WRAPPED = frozenset({"opening_key.inherited"})
"""Plain columns whose values are random ciphertexts of one length: a key for another key."""

SIZES: Mapping[str, tuple[int, ...]] = {
    "sealed_case.blob": (16 * KIB, 64 * KIB, 256 * KIB),
    "exposure_book.blob": (64 * KIB, 256 * KIB, 1024 * KIB),
    "payment_notice.blob": (4 * KIB,),
    "lot_archive.blob": (64 * KIB, 256 * KIB, 1024 * KIB),
    "outbox.blob": (4 * KIB,),
    "draft.blob": (16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB),
    "idempotency.blob": (4 * KIB,),
    "web_session.blob": (4 * KIB,),
    "person.totp_secret": (4 * KIB,),
    "key_change.digest": (4 * KIB,),
}
"""The only lengths in bytes of each sealed column: the size bucket of the allowed leak."""

LETTER_STEP = 256 * KIB
LETTER_EXTRA = 4 * KIB + 8 * KIB + 84
"""Bytes of a stored letter are a multiple of the step and these: facts, wraps, and the nonces, tags
and keys between them."""


@dataclass(frozen=True)
class Place:
    """Files below the folder of an installation."""

    pattern: str
    name: Class
    """What the name tells."""
    content: Class
    why: str = ""
    """Needed for what is no bid's."""


FILES: tuple[Place, ...] = (
    # --- the thief's: data and its backup, run, logs
    Place("data/baohan.db*", PLAIN, SEALED, "its columns are classified above"),
    Place("data/files/sealed/*", RANDOM, SEALED),
    Place("data/files/letters/*", OPENED, OPENED),
    Place("data/files/lists/*", OPENED, OPENED),
    Place("data/mail/*", RANDOM, LEAK, "content-free; recipients are in the allowed leak"),
    Place("data/vault-keys.json", PLAIN, PLAIN, "ids of keys, hashes of 32 random bytes"),
    Place("data/demonstration.key", PLAIN, PLAIN, "demonstration only: passwords of its people"),
    Place("data/jobs.lock", PLAIN, PLAIN, "empty"),
    Place("data/log/**", PLAIN, KEYED, "public: the log that /log/ serves, in batches of one size"),
    Place("run/run.json", PLAIN, PLAIN, "ports and public keys of what runs"),
    Place("run/*/socket", PLAIN, PLAIN, "a socket"),
    Place("log/*.log*", PLAIN, LEAK, "its fields are classified below"),
    # --- of other users, or not beside the data: the thief has none of it
    Place("keys/*", PLAIN, PLAIN, "the vault's keys"),
    Place("trust/**", PLAIN, PLAIN, "certificates and lists, public"),
    Place("timekeeper/**", PLAIN, PLAIN, "its keys and journal"),
    Place("timekeeper-copies/**", PLAIN, PLAIN, "keys wrapped to the quorum, and its journal"),
    Place("signer/**", PLAIN, PLAIN, "institutions' keys and the signer's journal"),
    Place("authority/**", PLAIN, PLAIN, "the demonstration's certificate authority"),
    Place("bank/**", PLAIN, PLAIN, "the bank's own books"),
    Place("escrow/**", PLAIN, PLAIN, "kept offline"),
    Place("tmp/**", PLAIN, PLAIN, "fonts that the printing library unpacks"),
)


def place_of(path: str) -> Place | None:
    """The place of a file by its path below the installation's folder."""
    return next((one for one in FILES if _matches(path.split("/"), one.pattern.split("/"))), None)


def _matches(path: list[str], pattern: list[str]) -> bool:
    """Part by part; `**` at the end stands for all that lies below."""
    if pattern[-1] == "**":
        path, pattern = path[: len(pattern) - 1], pattern[:-1]
    if len(path) != len(pattern):
        return False
    return all(fnmatchcase(part, wanted) for part, wanted in zip(path, pattern, strict=True))


MESSAGES: Mapping[str, Mapping[str, Class]] = {
    "issue": {"case": SEALED},
    "order_payment": {"case": SEALED},
    "withhold": {"case": SEALED},
    "end_lot": {"end": SEALED},
    "archive_end": {"end": SEALED},
    "finish_end": {"end": SEALED},
    "mail": _all(SEALED, "event to about token project"),
}
"""Outbox kind → its arguments; kind and arguments stand inside the sealed blob of `outbox`."""

JOB = {"kind": LEAK, "id": RANDOM}
SIGNER = "app/processes/signer.py"

LOG: Mapping[tuple[str, str], Mapping[str, Class]] = {
    ("app/access_log.py", "request"): {
        **_all(PLAIN, "method route status"),
        "milliseconds": LEAK,
    },
    ("app/jobs/worker.py", "done"): JOB,
    ("app/jobs/worker.py", "postponed"): {**JOB, "attempts": LEAK, "error": LEAK},
    ("app/jobs/worker.py", "unreadable"): {"id": RANDOM},
    ("app/jobs/worker.py", "round_broken_off"): _all(PLAIN, "lane error"),
    ("app/jobs/rounds.py", "not_lapsed"): {"error": LEAK},
    ("app/jobs/archiving.py", "not_stamped"): _all(OPENED, "case why"),
    ("app/adapters/assemble.py", "leftovers_removed"): {"files": LEAK},
    ("app/jobs/openings.py", "begun"): {"opening": OPENED},
    ("app/jobs/openings.py", "finished"): {"opening": OPENED},
    ("app/jobs/openings.py", "unfinished"): {"opening": OPENED},
    ("app/jobs/openings.py", "interrupted"): _all(OPENED, "opening error service"),
    ("app/jobs/endings.py", "nothing archived"): {"end": PLAIN},
    ("app/jobs/publishing.py", "published"): {"size": PLAIN},
    ("app/jobs/publishing.py", "opening_not_published"): {"why": PLAIN},
    ("app/jobs/sequencer.py", "not_published"): _all(PLAIN, "error why"),
    ("app/adapters/log.py", "not_cosigned"): _all(PLAIN, "name why"),
    ("app/adapters/log_start.py", "not_asked"): {"name": PLAIN},
    ("app/adapters/log_start.py", "not_followed"): _all(PLAIN, "name why"),
    ("app/jobs/key_changes.py", "begun"): {"change": PLAIN},
    ("app/jobs/key_changes.py", "complete"): {"change": PLAIN},
    ("app/jobs/key_changes.py", "interrupted"): _all(PLAIN, "change error"),
    ("app/portals/public/health.py", "away"): _all(PLAIN, "part error"),
    ("app/problems.py", "said.code"): _all(PLAIN, "error_id route errors frames"),
    ("app/demo/__main__.py", "not loaded"): _all(PLAIN, "error why"),
    ("app/processes/authority.py", "cannot run"): {"why": PLAIN},
    ("app/processes/bank_notices.py", "not_delivered"): _all(PLAIN, "status error"),
    ("app/processes/produce.py", "signed at a lower level"): _all(LEAK, "level why"),
    (SIGNER, "not isolated: those who may call run under the signer's own user"): {},
    (SIGNER, "no timekeeper keys: opening certificates are taken as they come"): {},
    (SIGNER, "another signer runs on these keys"): {"keys": PLAIN},
    (SIGNER, "cannot run"): {"why": PLAIN},
    (SIGNER, "memory may be swapped out"): {"why": PLAIN},
    (SIGNER, "listening"): {"socket": PLAIN},
    ("app/processes/web.py", "listening"): {},
    ("app/processes/web.py", "ended"): {},
    ("app/processes/web.py", "cannot run"): {"why": PLAIN},
}
"""Module and event of each line that structlog writes → its fields. `milliseconds` is coarse
(app/access_log.STEPS); the kind of a job that is done is a write of that moment."""

STANDARD_LOG: Mapping[str, frozenset[str]] = {
    "signing/timekeeper/__main__.py": frozenset(
        {"journal.torn", "options.store", "options.socket", "error", "refused", "unlocked"}
        | {"status.refusal.code", "status.refusal.detail"}
    ),
    "signing/timekeeper/ending.py": frozenset({"refused.code", "error.strerror"}),
    "signing/timekeeper/mirror.py": frozenset({"error.strerror"}),
    "signing/wire/server.py": frozenset(
        {"error", "peer.uid", "peer.pid", "type(error).__name__", "_place(error)"}
    ),
}
"""Module → expressions that it writes with the standard library's logging. All are PLAIN: they come
from starting, stopping and from calls that are no calls, never from the fields of a call."""

METRICS: Mapping[str, Mapping[str, Class]] = {
    "python_info": _all(PLAIN, "version implementation major minor patchlevel"),
    "baohan_part_up": {"part": PLAIN},
    "baohan_page_seconds": _all(PLAIN, "route status le"),
}
"""Metric → labels. Only reading is counted: a count of writes would tell how many bids came in."""
