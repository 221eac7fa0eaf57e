"""How trustees and those who choose them send their forms."""

from app.jobs import approvals
from guarantees.flow.rehearse_trustee import OPENING
from signing.seal.approvals import answer_file, read_request, take_out
from tests.app.hostile.recipe import Recipe
from tests.app.hostile.stage import Stage
from tests.trustees import WHO, passphrase_of

PHRASE = "一句只有受托人知道的话 battery"
PUBLIC_KEY = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
"""Alice's, of RFC 7748 section 6.1."""


def trustees(stage: Stage) -> dict[str, Recipe]:
    lot, keys = f"/trustee/lots/{stage.pages.world.lot}", "/trustee/keys/"
    held = f"{keys}{stage.ids['trustee key']}"
    regulator = stage.pages.world.people[WHO["regulator"]].organisation_id
    setting = {"profile": "timekeeper+regulator", "regulator": regulator, "otp": "123456"}
    return {
        "trust.change": Recipe(
            "security", "/trust/", {**setting, "trading_centre": "", "association": ""}
        ),
        "trustee_keys.make": Recipe(
            WHO["trading_centre"], keys, {"passphrase": PHRASE, "passphrase_again": PHRASE}
        ),
        "trustee_keys.register": Recipe(
            WHO["trading_centre"], f"{keys}register", {"public_key": PUBLIC_KEY}, page=keys
        ),
        "trustee_keys.retire": Recipe("association", f"{held}/retire", page=keys),
        "trustee_keys.rehearse": Recipe(
            WHO["regulator"], f"{keys}rehearse", {"trial": passphrase_of("regulator")}, page=keys
        ),
        "trustee_keys.rehearsal_answer": Recipe(
            "association", f"{keys}rehearsal-answer", page=keys, file=("answer", _answer(stage))
        ),
        # Before T: nothing is agreed to, whatever is typed.
        "trustee.approve": Recipe(
            WHO["regulator"],
            f"{lot}/approve",
            {"passphrase": passphrase_of("regulator"), "otp": "123456"},
            page=lot,
            stores=False,
        ),
        "trustee.answer": Recipe(
            "association",
            f"{lot}/answer",
            {"otp": "123456"},
            page=lot,
            file=("answer", b"{}"),
            stores=False,
        ),
    }


def _answer(stage: Stage) -> bytes:
    """To a rehearsal, by the key that the trustee keeps."""
    world = stage.pages.world
    request = approvals.rehearsal_file(stage.pages.house, world.as_("association"), world.now)
    _, _, asked = read_request(request)
    return answer_file(OPENING, take_out(asked, [bytes.fromhex(stage.ids["trustee private"])]))
