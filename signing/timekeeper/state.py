"""What the timekeeper knows, as told by its journal: certificates, withheld wraps, erased keys."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from signing.timekeeper.certificate import OpeningCertificate
from signing.timekeeper.journal import Event
from signing.timekeeper.refusals import TimekeeperRefused


@dataclass
class Opening:
    certificate: OpeningCertificate
    """The one in force: of the highest revision."""
    withheld: set[str] = field(default_factory=set)
    """Hex digests of release requests refused for ever."""
    erased: bool = False


class State:
    """Changed by events only, so that a restart ends where the last run was."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.openings: dict[str, Opening] = {}
        self.lots: dict[str, str] = {}
        """Lot → opening."""
        self.confirmed: dict[str, Any] = {}
        """Time source → fields of its last confirmation (clock.Confirmation)."""
        for event in events:
            self.apply(event.event, event.fields)

    def apply(self, event: str, fields: dict[str, Any]) -> None:
        """Takes up one event; those that change nothing (refusals) are passed over."""
        self.confirmed.update(fields.get("clock", {}))
        if event in ("registered", "postponed"):
            self._certified(OpeningCertificate.from_bytes(fields["certificate"].encode()))
        elif event == "withheld":
            self.openings[fields["opening"]].withheld.add(fields["digest"])
        elif event == "erased":
            self.openings[fields["opening"]].erased = True

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
