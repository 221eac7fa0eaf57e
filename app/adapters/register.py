"""The register as verification asks it, over a house's database."""

from dataclasses import dataclass
from datetime import datetime

from app.house import House
from guarantees.queries import register
from guarantees.queries.register import Entry


@dataclass(frozen=True)
class RegisterOf:
    """signing.verify.Register: opened letters only, sealed ones are as unknown as any other."""

    house: House
    now: datetime

    def lookup(self, number: str) -> Entry | None:
        with self.house.sessions.reading() as session:
            return register.lookup(session, number, self.now)
