"""Chinese sentences stand in tables beside the codes they explain; the edge translates them."""


def N_(text: str) -> str:  # noqa: N802 - the name gettext's extractor looks for
    """Mark `text` as Chinese source text to be translated where it is shown."""
    return text
