"""A Chinese sentence with places, for what is told to people and is no error."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from guarantees.errors import GuaranteeError


@dataclass(frozen=True)
class Sentence:
    """The edge shows `text % fields` in the reader's language, as it does for errors."""

    code: str
    """Stable snake_case word that programs go by."""

    text: str
    """Chinese source text marked with N_(), with `%(field)s` places."""

    fields: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.fields

    @classmethod
    def of(cls, error: GuaranteeError) -> "Sentence":
        """What an error says, to be listed beside others."""
        return cls(error.code, error.text, dict(error.parameters))
