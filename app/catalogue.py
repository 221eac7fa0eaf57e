"""Keeps translations/ in step with the source: `python -m app.catalogue [--check]`.

Collects every text marked with _(), N_() and the like in Python and templates, and merges it into
each language's messages.po; what is gone is dropped. `--check` writes nothing, fails if it would.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from app.language import LANGUAGES, SOURCE, catalogue_path

ROOT = Path(__file__).resolve().parent.parent

KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "_l": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
}

SOURCES = (
    ("python", "app", "*.py"),
    ("python", "guarantees", "*.py"),
    ("python", "signing", "*.py"),
    ("jinja2", "templates", "*.html"),
    ("jinja2", "templates", "*.txt"),
)
"""Extraction method, folder, pattern."""

FIXED = ("letters", "reports")
"""Signed papers are Chinese in every language: folders of templates/ that nobody translates."""


def texts() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Every source text with the file it stands in."""
    options = {"trimmed": "true", "silent": "false"}
    for method, folder, pattern in SOURCES:
        for path in sorted((ROOT / folder).rglob(pattern)):
            parts = path.relative_to(ROOT).parts
            if parts[0] == "templates" and parts[1] in FIXED:
                continue
            found = extract_from_file(
                method, str(path), keywords=KEYWORDS, options=options, strip_comment_tags=True
            )
            for _line, message, _comments, _context in found:
                if message:
                    yield message, str(path.relative_to(ROOT))


def collect() -> Catalog:
    """A catalogue without translations; files as locations, no line numbers to keep in step."""
    catalogue = Catalog(project="baohan", fuzzy=False)
    for message, file in texts():
        catalogue.add(message, locations=[(file, 0)])
    return catalogue


def merged(key: str) -> bytes:
    """The catalogue of language `key` as it should stand in its file."""
    with catalogue_path(key).open("rb") as source:
        catalogue = read_po(source, locale=LANGUAGES[key].locale)
    catalogue.update(collect(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    written = BytesIO()
    write_po(
        written, catalogue, width=100, omit_header=True, sort_by_file=True, include_lineno=False
    )
    return HEADER.encode() + written.getvalue()


HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    stale = []
    for key in sorted(LANGUAGES.keys() - {SOURCE}):
        path, text = catalogue_path(key), merged(key)
        if path.read_bytes() == text:
            continue
        stale.append(path)
        if not check:
            path.write_bytes(text)
    for path in stale:
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
