"""Recipes of the forms around an opening, an end and the trustees (see recipes.py).

Some of them wait for a moment or for a paper that the stage does not have: rightly filled in they
are refused, and `refused` says with which status; hostile values get as far as that.
"""

from tests.app.hostile.later import WHY, at_the_opening, recovery_agreed, recovery_asked
from tests.app.hostile.recipe import Recipe
from tests.app.hostile.stage import Stage
from tests.trustees import passphrase_of
from tests.world import PASSPHRASE

CODE = {"otp": "123456"}
NEW = "另一句够长的话 correct horse"


def later(stage: Stage) -> dict[str, Recipe]:
    """By endpoint."""
    return {
        **_openings(stage),
        **_opening_keys(stage),
        **_recoveries(stage),
        **_ends(stage),
        **_trustees(stage),
        **_operator(stage),
    }


def _openings(stage: Stage) -> dict[str, Recipe]:
    room = f"/openings/{stage.pages.world.lot}"
    token = f"{room}/rehearse/{stage.ids['opening key']}"
    letter = f"/supplier/cases/{stage.cases['issued']}/withdraw-letter"
    return {
        "opening.rehearse": Recipe(
            "procurer", f"{room}/rehearse", {"passphrase": PASSPHRASE}, page=room
        ),
        "opening_shares.ask": Recipe("procurer", f"{token}/ask", page=room, refused=404),
        "opening_shares.answer": Recipe(
            "procurer", token, page=room, file=("share", b"x"), refused=404
        ),
        "opening_shares.begin": Recipe("procurer", f"{room}/token", CODE, page=room, refused=422),
        "opening_shares.hand_in": Recipe(
            "procurer", f"{room}/shares", CODE, page=room, file=("files", b"x"), refused=422
        ),
        "withdrawing.letter": Recipe("supplier", letter, {"sure": "y", "reason": "不再投标"}),
        "log.checked": Recipe(
            "", "/log/check", {"receipt": "{}"}, file=("file", b"{}"), shows_result=True
        ),
    }


def _opening_keys(stage: Stage) -> dict[str, Recipe]:
    key = f"/opening-keys/{stage.ids['opening key']}"
    changed = {"old": "another passphrase", "passphrase": NEW, "passphrase_again": NEW, **CODE}
    return {
        "opening_keys.register": Recipe(
            "procurer",
            "/opening-keys/token",
            page="/opening-keys/",
            file=("certificate", b"no certificate"),
            refused=422,
        ),
        "opening_keys.change": Recipe("procurer", f"{key}/change", changed, page=key, refused=422),
        "opening_keys.retire": Recipe("procurer", f"{key}/retire", CODE, page=key, refused=422),
    }


def _recoveries(stage: Stage) -> dict[str, Recipe]:
    """After T; what the recovery key answers, the stage does not have."""
    room = f"/openings/{stage.pages.world.lot}"
    path, decision = f"{room}/recovery", f"/recoveries/{stage.ids.get('recovery', '')}"
    return {
        "recovery.ask": Recipe(
            "procurer", path, {"reason": WHY, **CODE}, page=room, before=at_the_opening
        ),
        "recovery.agree": Recipe("second", f"{path}/agree", CODE, page=room, before=recovery_asked),
        "recovery.withdraw": Recipe(
            "procurer", f"{path}/withdraw", CODE, page=room, before=recovery_asked
        ),
        "recovery.answer": Recipe(
            "procurer", f"{path}/answer", CODE, page=room, file=("answer", b"{}"), refused=422
        ),
        "recoveries.decide": Recipe(
            "security",
            f"{decision}/decide",
            {"word": "refused", "note": "请再找一找口令", **CODE},
            page=decision,
            before=recovery_agreed,
        ),
    }


def _ends(stage: Stage) -> dict[str, Recipe]:
    world = stage.pages.world
    path, other = f"/projects/{world.project}/end", f"/projects/{stage.ids['other project']}/end"
    asked, to_confirm, confirmed = (
        f"{other}/{stage.ids[f'end {name}']}" for name in ("asked", "to confirm", "confirmed")
    )
    wanted = {"lots": world.lots[-1], "kind": "failed", "reason": "实质响应的供应商不足三家"}
    return {
        "projects.ask_end": Recipe("procurer", path, wanted),
        "projects.drop_end": Recipe("procurer", f"{asked}/drop", page=other),
        "projects.confirm_end": Recipe("second", f"{to_confirm}/confirm", CODE),
        "projects.keep_end": Recipe("second", f"{confirmed}/keep", CODE),
    }


def _trustees(stage: Stage) -> dict[str, Recipe]:
    keys, lot = "/trustee/keys/", f"/trustee/lots/{stage.pages.world.lot}"
    phrase = {"passphrase": NEW, "passphrase_again": NEW}
    mine = passphrase_of("association")
    return {
        "trustee_keys.make": Recipe("association", keys, phrase),
        "trustee_keys.register": Recipe(
            "association", f"{keys}register", {"public_key": "9" * 64}, page=keys
        ),
        "trustee_keys.retire": Recipe(
            "association", f"{keys}{stage.ids['trustee key']}/retire", page=keys
        ),
        "trustee_keys.rehearse": Recipe(
            "association", f"{keys}rehearse", {"trial": mine}, page=keys
        ),
        "trustee_keys.rehearsal_answer": Recipe(
            "association", f"{keys}rehearsal-answer", page=keys, file=("answer", b"x"), refused=422
        ),
        "trustee.approve": Recipe(
            "association", f"{lot}/approve", {"passphrase": mine, **CODE}, page=lot, refused=422
        ),
        "trustee.answer": Recipe(
            "association", f"{lot}/answer", CODE, page=lot, file=("answer", b"x"), refused=422
        ),
    }


def _operator(stage: Stage) -> dict[str, Recipe]:
    world = stage.pages.world
    lift = f"/holds/{stage.ids['hold']}/lift"
    held = {"project": world.project, "reason": "投诉处理期间", **CODE}
    return {
        "holds.place": Recipe("auditor", "/holds/", held),
        "holds.lift": Recipe("auditor", lift, {"reason": "投诉已经处理", **CODE}),
        "trust.change": Recipe("security", "/trust/", {"profile": "timekeeper", **CODE}),
    }
