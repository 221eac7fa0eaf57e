"""Who acts: a signed-in person, or the platform's own jobs."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Actor:
    person_id: str
    name: str
    organisation_id: str
    organisation_role: str
    """One of records.organisation.ROLES, or "system" for jobs and commands."""
    organisation_name: str = ""
    roles: frozenset[str] = frozenset()
    """Person roles of tables/permissions."""
    second_factor_at: datetime | None = None
    """When this session last proved its second factor (RFC 6238 code)."""

    @property
    def is_system(self) -> bool:
        return self.organisation_role == "system"


SYSTEM = Actor(person_id="", name="系统", organisation_id="", organisation_role="system")
"""Acts for jobs and notices, within what the permission table grants "system"."""
