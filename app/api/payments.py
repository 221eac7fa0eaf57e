"""POST /api/v1/payments/notices: a bank's signed word on a premium.

Every notice that the bank signed is answered with 200 and the same body, whatever became of it: the
bank repeats until then, and learns nothing more. 409 for a second notice under the same bank
reference that says something else.
"""

from flask import Blueprint, request
from flask.blueprints import BlueprintSetupState

from app.auth.guard import needs
from app.context import house, now, write
from guarantees.flow import pay

blueprint = Blueprint("api_payments", __name__, url_prefix="/api/v1/payments")

SIGNATURE_HEADER = "X-Bank-Signature"


@blueprint.post("/notices")
@needs("payment.notify")
def receive() -> dict[str, str]:
    """422 for what the bank did not sign; nothing is kept of it."""
    notice = house().gateway.read_notice(
        request.get_data(cache=False), request.headers.get(SIGNATURE_HEADER, "")
    )
    write("payment_notice", pay.receive, notice, now())
    return {"result": "received"}


@blueprint.record_once
def _exempt_from_csrf(state: BlueprintSetupState) -> None:
    """The signature says who sends; a bank has no session that could be abused."""
    state.app.extensions["csrf"].exempt(receive)
