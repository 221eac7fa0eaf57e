"""Forms and pages that this world cannot ask for yet, each with what it lacks.

Whatever is not named here must be tried; whatever is named here must be there.
"""

from collections.abc import Mapping

NO_TOKEN = "the world has no certificate of a token"  # nosec B105 - words
NO_LOSS = "the world has nobody who lost a key after T"
NO_END = "the world has no procurement that is being ended"

FORMS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "opening_keys.register",
            "opening_shares.answer",
            "opening_shares.ask",
            "opening_shares.begin",
            "opening_shares.hand_in",
        ),
        NO_TOKEN,
    ),
    **dict.fromkeys(
        (
            "recoveries.decide",
            "recovery.agree",
            "recovery.answer",
            "recovery.ask",
            "recovery.withdraw",
        ),
        NO_LOSS,
    ),
    **dict.fromkeys(
        (
            "projects.ask_end",
            "projects.confirm_end",
            "projects.drop_end",
            "projects.keep_end",
        ),
        NO_END,
    ),
    "holds.lift": "the world has no legal hold",
    "holds.place": "the world has no audit administrator",
    "log.checked": "the world has no published log",
    "opening.rehearse": "no recipe yet",
    "opening_keys.change": "no recipe yet",
    "opening_keys.retire": "no recipe yet",
    "withdrawing.letter": "the world has no sealed letter",
}
"""Endpoint → what it lacks."""

PAGES: Mapping[str, str] = {
    "/holds/<hold>/lift": "the world has no audit administrator",
    "/openings/<lot>/rehearse/<key>.cms": NO_TOKEN,
    "/openings/<lot>/shares/<key>.zip": NO_TOKEN,
    "/projects/<project>/end/<request>/confirm": NO_END,
    "/projects/<project>/end/<request>/keep": NO_END,
    "/recoveries/<request_id>": NO_LOSS,
}
"""Rule → what it lacks."""
