"""The XML of the terms says what the JSON says: to a stranger's parser, and byte for byte."""

import json
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from guarantees.terms_xml import NAMESPACE, agrees, xml_of
from tests.guarantees.form_samples import KINDS_AND_FORMS, form_terms

ODD = "<b>甲</b>&amp;“乙”'丙'\"丁\"]]>𠮷 é"


def plain(element: Element) -> Any:
    """What a reader of docs/letters.md makes of an element."""
    match element.get("type"):
        case None:
            return element.text or ""  # the parser has None for an empty one
        case "null":
            return None
        case "integer":
            return int(element.text or "")
        case "list":
            return [plain(child) for child in element]
        case "object":
            return {_name(child): plain(child) for child in element}
    raise AssertionError(element.get("type"))


def _name(element: Element) -> str:
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


@pytest.mark.parametrize(("kind", "form"), KINDS_AND_FORMS)
def test_another_parser_reads_the_same_terms(kind: str, form: str) -> None:
    canonical = form_terms(kind, form, members=2, signatory=ODD, clauses=(ODD,)).canonical()
    root = fromstring(xml_of(canonical))
    assert root.tag == f"{{{NAMESPACE}}}terms"
    assert {_name(child): plain(child) for child in root} == json.loads(canonical)


def test_any_change_is_noticed() -> None:
    terms = form_terms("performance", "independent")
    canonical, xml = terms.canonical(), xml_of(terms.canonical())
    assert agrees(canonical, xml)
    assert not agrees(canonical, xml.replace(b"7000000", b"7000001"))
    assert not agrees(canonical, xml + b"\n")
    assert not agrees(canonical, b"")
    assert not agrees(form_terms("performance", "accessory").canonical(), xml)


@given(st.binary(max_size=60) | st.sampled_from([b"[]", b"1.5", b'{"a":1.5}', b"[" * 90_000]))
def test_what_is_no_terms_agrees_with_nothing(data: bytes) -> None:
    assert not agrees(data, b"<terms/>")
