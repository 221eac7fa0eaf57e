"""What the timekeeper knows, as told by its journal: certificates, withheld wraps, erased keys.

Journals of earlier versions are read, too: there "withheld" named its opening, and "erased" came
at once, without a reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.journal import Event
from signing.timekeeper.refusals import TimekeeperRefused
from signing.timekeeper.times import from_text, to_text


@dataclass
class Opening:
    certificate: OpeningCertificate
    """The one in force: of the highest revision."""
    erasure_due: datetime | None = None
    """When the key is erased, or was; None: nobody has asked for it."""
    archived_early: bool = False
    """Shares went to the recovery key before T: the erasure can no more be taken back."""
    erased: bool = False

    @property
    def erasing(self) -> bool:
        """Asked for, and neither done nor taken back."""
        return self.erasure_due is not None and not self.erased


class State:
    """Changed by events only, so that a restart ends where the last run was."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.openings: dict[str, Opening] = {}
        self.lots: dict[str, str] = {}
        """Lot → opening."""
        self.withheld: set[str] = set()
        """Hex digests of release requests refused for ever."""
        self.confirmed: dict[str, Any] = {}
        """Time source → fields of its last confirmation (clock.Confirmation)."""
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Takes up one event; those that change nothing (refusals) are passed over."""
        fields = event.fields
        self.confirmed.update(fields.get("clock", {}))
        if event.event in ("registered", "postponed"):
            self._certified(OpeningCertificate.from_bytes(fields["certificate"].encode()))
        elif event.event == "withheld":
            self.withheld.add(fields["digest"])
        elif event.event in ("erasing", "kept", "archived", "erased"):
            _ending(self.openings[fields["opening"]], event)

    def _certified(self, certificate: OpeningCertificate) -> None:
        known = self.openings.get(certificate.opening)
        if known is None:
            self.openings[certificate.opening] = Opening(certificate)
            self.lots[certificate.lot] = certificate.opening
        else:
            known.certificate = certificate

    def of_lot(self, lot: str) -> Opening | None:
        opening = self.lots.get(lot)
        return None if opening is None else self.openings[opening]

    def of(self, opening: str) -> Opening:
        """The opening; TimekeeperRefused("unknown_opening")."""
        known = self.openings.get(opening)
        if known is None:
            raise TimekeeperRefused("unknown_opening", opening=opening)
        return known

    def unerased(self, opening: str) -> Opening:
        """The same; TimekeeperRefused("erased") too."""
        known = self.of(opening)
        if known.erased:
            raise TimekeeperRefused("erased", opening=opening)
        return known

    def standing(self, opening: str) -> Opening:
        """The same; TimekeeperRefused("erasing") too."""
        known = self.unerased(opening)
        if known.erasure_due is not None:
            raise TimekeeperRefused("erasing", opening=opening, due=to_text(known.erasure_due))
        return known


def _ending(known: Opening, event: Event) -> None:
    if event.event == "erasing":
        known.erasure_due = from_text(event.fields["due"])
    elif event.event == "kept":
        known.erasure_due = None
    elif event.event == "archived":
        known.archived_early = known.archived_early or event.fields["early"]
    else:
        known.erased = True
        known.erasure_due = known.erasure_due or event.at
