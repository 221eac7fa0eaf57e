"""The canonical terms once more, as XML (docs/letters.md): for systems that read no JSON.

The XML follows from the JSON, byte for byte, so whether two attachments say the same is a
comparison of bytes: nothing that a stranger wrote is parsed as XML.

Each name is an element in the JSON's order; `type` says what a bare text is not: "integer",
"null", "object", "list" (of `item`).
"""

import json
from html import escape
from typing import Any

NAMESPACE = "urn:baohan:terms"


def xml_of(canonical: bytes) -> bytes:
    """The XML of canonical terms (RFC 8785), UTF-8; `canonical` is what `Terms.canonical` gave."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>\n', f'<terms xmlns="{NAMESPACE}">\n']
    for name, value in json.loads(canonical).items():
        lines.append(_element(name, value) + "\n")
    lines.append("</terms>\n")
    return "".join(lines).encode()


def agrees(canonical: bytes, xml: bytes) -> bool:
    """Whether `xml` is the XML of these terms. False too where `canonical` is no terms at all."""
    try:
        return xml_of(canonical) == xml
    except (ValueError, AttributeError, TypeError, RecursionError):
        return False


def _element(name: str, value: Any) -> str:
    match value:
        case str():
            kind, inside = "", escape(value, quote=False)
        case None:
            kind, inside = "null", ""
        case int():
            kind, inside = "integer", str(value)
        case list():
            kind, inside = "list", "".join(_element("item", one) for one in value)
        case dict():
            inside = "".join(_element(inner, one) for inner, one in value.items())
            kind = "object"
        case _:
            raise TypeError(f"terms hold no {type(value).__name__}")
    mark = f' type="{kind}"' if kind else ""
    return f"<{name}{mark}>{inside}</{name}>"
