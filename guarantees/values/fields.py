"""Several typed fields at once: each parsed by its own parser, all errors told together."""

from collections.abc import Callable, Collection, Mapping

from guarantees.errors import N_, GuaranteeError, InvalidInput
from guarantees.values.text import BadText, check_line, tidy

Parser = Callable[[str], str]


class NotOffered(BadText):
    """None of the words that a field offers."""

    code = "not_offered"
    text = N_("请选择“%(field)s”。")


def parse(parsers: Mapping[str, Parser], given: Mapping[str, str]) -> dict[str, str]:
    """The stored form of every field named in `parsers`; InvalidInput with a sentence for each
    that is wrong. `given` may hold more than that."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, parser in parsers.items():
        try:
            values[name] = parser(given[name])
        except GuaranteeError as error:
            errors[name] = str(error)
    if errors:
        raise InvalidInput(errors)
    return values


def line(field: str, limit: int, *, empty: bool = False) -> Parser:
    """A parser for one tidy line of text; `field` is its Chinese name."""

    def parser(text: str) -> str:
        tidied = tidy(text)
        check_line(tidied, field=field, limit=limit, empty=empty)
        return tidied

    return parser


def choice(field: str, words: Collection[str]) -> Parser:
    """A parser that takes one of `words` as it is, or raises NotOffered."""

    def parser(text: str) -> str:
        if text not in words:
            raise NotOffered(field=field)
        return text

    return parser
