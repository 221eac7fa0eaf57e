"""Addresses that a login may lead to."""

from urllib.parse import urlsplit

from app.shell import navigation


def local_path(address: str) -> str | None:
    """`address` if it is a path of this site, else None: no open redirect (CWE-601)."""
    try:
        parts = urlsplit(address)
    except ValueError:  # "http://[" and the like
        return None
    foreign = parts.scheme or parts.netloc or address.startswith("//")
    # Browsers read a backslash as a slash, and drop tabs and line breaks.
    odd = "\\" in address or any(ord(character) < 0x21 for character in address)
    return None if foreign or odd or not address.startswith("/") else address


def home_of(organisation_role: str) -> str:
    """The first page of such an organisation's people: their first entry of the navigation."""
    links = navigation(organisation_role)
    return links[0].url if links else "/"
