"""Which template a letter of each kind and form is made from; light, so that any process knows it.

A template is a folder that never changes once a letter was made from it: `<kind>/v<n>` holds a
kind's words, `base/v<n>` the layout and the clauses that all kinds share. A correction is a new
folder, and the old one stays for what it made (docs/letters.md).
"""

from dataclasses import dataclass

from guarantees.errors import N_, GuaranteeError


class LetterFormMissing(GuaranteeError):
    """No template for this kind and form of letter."""

    code = "letter_form_missing"
    text = N_("还没有“%(kind)s”“%(form)s”的保函文本，请联系平台运营。")


@dataclass(frozen=True, slots=True)
class Template:
    """One version of one kind's letters."""

    name: str
    """Its folder, such as `performance/v1`; stored with each letter."""
    base: str
    """The folder of layout, stylesheet and the form's clauses."""
    forms: frozenset[str]
    xml: bool = True
    """Whether the terms ride along as XML too."""
    words: bool = True
    """Whether the kind's words lie apart from the clauses."""


_ALL = frozenset({"independent", "accessory", "policy"})

TEMPLATES: dict[str, tuple[Template, ...]] = {
    "bid": (
        Template("bid/v1", "bid/v1", frozenset({"independent", "accessory"}), False, False),
        Template("bid/v2", "base/v1", _ALL),
    ),
    "performance": (Template("performance/v1", "base/v1", _ALL),),
    "quality": (Template("quality/v1", "base/v1", _ALL),),
    "advance_payment": (Template("advance_payment/v1", "base/v1", _ALL),),
    "market_entry": (Template("market_entry/v1", "base/v1", _ALL),),
}
"""Templates of each kind, the newest last; the older ones are for what they made."""


def newest(kind: str, form: str) -> Template:
    """The template that a new letter of `kind` and `form` is made from. LetterFormMissing."""
    for template in reversed(TEMPLATES.get(kind, ())):
        if form in template.forms:
            return template
    raise LetterFormMissing(kind=kind, form=form)


def named(name: str, kind: str, form: str) -> Template:
    """The template `name`, if it is one of this kind and form. LetterFormMissing."""
    for template in TEMPLATES.get(kind, ()):
        if template.name == name and form in template.forms:
            return template
    raise LetterFormMissing(kind=kind, form=form)
