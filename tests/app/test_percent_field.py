"""Rates as people type them."""

import pytest
from wtforms import Form

from app.forms import PercentField
from tests.shell_app import shell_app


class RateForm(Form):  # type: ignore[misc]  # wtforms is not typed
    rate = PercentField()


@pytest.mark.parametrize(("typed", "ppm"), [("0.45%", 4500), ("1", 10000), ("０．０００１％", 1)])
def test_rates_in_parts_per_million(typed: str, ppm: int) -> None:
    assert RateForm().rate.read(typed) == ppm


@pytest.mark.parametrize("typed", ["", "x", "NaN", "Infinity", "1e400", "-1e400", "0.00001"])
def test_what_is_no_rate_is_said(typed: str) -> None:
    with shell_app().test_request_context(), pytest.raises(ValueError, match=r"费率|百分数"):
        RateForm().rate.read(typed)
