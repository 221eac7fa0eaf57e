"""Who is told what, as data (event → recipients and text).

Mail is content-free while a bid is sealed: "news, please sign in" (sealing.md); nothing goes to
a procurer because of a bid.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    event: str
    to: str
    """Role of an organisation: its people with one of `roles`."""
    roles: frozenset[str]
    text: str
    """Template in templates/mail."""


HOLDERS = "*"
"""In place of an organisation's id: everybody of that role who holds a case that was never opened.

What concerns the bidders of one lot is mailed to the bidders of all lots. Mail to exactly those
whom it concerns would tell whoever reads mail on its way who bids for that lot; who bids at all
is known to him anyway (sealing.md, the allowed leak). Suppliers whose case can't be opened any
more, since its tender failed, stay among them: their falling away would tell it, too.
"""
NOTICES = (
    Notice("application.submitted", "institution", frozenset({"maker"}), "news"),
    Notice("application.recommended", "institution", frozenset({"checker"}), "news"),
    Notice("application.returned", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("application.approved", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("application.declined", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("application.lapsed", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("payment.settled", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("payment.failed", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("letter.issued", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("letter.lapsed", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("letter.waits", "institution", frozenset({"maker", "checker"}), "news"),
    Notice("policy.proposed", "institution", frozenset({"checker"}), "news"),
    Notice("project.corrected", "agency", frozenset({"opener", "clerk"}), "news"),
    Notice("project.corrected", "procurer", frozenset({"opener", "clerk"}), "news"),
    Notice("letter.withdrawn", "institution", frozenset({"maker", "checker"}), "news"),
    Notice("guarantee.released", "supplier", frozenset({"clerk", "admin"}), "news"),
    Notice("guarantee.released", "institution", frozenset({"maker", "checker"}), "news"),
    Notice("lot.ended", "supplier", frozenset({"clerk", "admin"}), "correction"),
    Notice("lot.ended", "institution", frozenset({"maker", "checker"}), "correction"),
    Notice("lot.end_asked", "procurer", frozenset({"opener", "admin"}), "news"),
    Notice("lot.end_confirmed", "procurer", frozenset({"opener", "clerk", "admin"}), "news"),
    Notice("term.short", "supplier", frozenset({"clerk", "admin"}), "correction"),
    Notice("term.short", "institution", frozenset({"maker", "checker"}), "correction"),
    # Of every project alike: nobody has a key that could open letters for it.
    Notice("opening_key.missing", "procurer", frozenset({"opener"}), "news"),
    Notice("opening_key.missing", "agency", frozenset({"opener"}), "news"),
    # Before every opening alike, to those who have not rehearsed.
    Notice("rehearsal.due", "procurer", frozenset({"opener"}), "news"),
    Notice("rehearsal.due", "agency", frozenset({"opener"}), "news"),
    # Before every opening alike, while a trustee could not act.
    Notice("trustee.absent", "regulator", frozenset({"trustee"}), "news"),
    Notice("trustee.absent", "trading_centre", frozenset({"trustee"}), "news"),
    Notice("trustee.absent", "association", frozenset({"trustee"}), "news"),
    Notice("trustee.absent", "operator", frozenset({"security_admin"}), "news"),
    # After T only.
    Notice("recovery.asked", "procurer", frozenset({"opener"}), "news"),
    Notice("recovery.seconded", "operator", frozenset({"security_admin"}), "news"),
    Notice("recovery.decided", "procurer", frozenset({"opener"}), "news"),
    Notice("organisation.admitted", "applicant", frozenset({"admin"}), "admitted"),
    Notice("organisation.refused", "applicant", frozenset({"admin"}), "refused"),
    Notice("people.invited", "invited", frozenset(), "invitation"),
)


def for_event(event: str) -> tuple[Notice, ...]:
    return tuple(notice for notice in NOTICES if notice.event == event)
