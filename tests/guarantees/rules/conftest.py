from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from guarantees.rules.facts import (
    ApplicantFacts,
    Facts,
    GuaranteeFacts,
    IssuerFacts,
    LotFacts,
    PaymentFacts,
    ProjectFacts,
)
from guarantees.values.money import Money

GOOD = Facts(
    project=ProjectFacts(
        category="goods",
        method="公开招标",
        region="山西省运城市",
        procurer_kind="institution",
        deposit_forms=frozenset({"transfer", "cheque", "guarantee"}),
        guarantee_accepted=True,
        designated_issuers=(),
        basic_account_demanded=True,
        submission_deadline=date(2026, 3, 17),
        bid_validity_days=90,
    ),
    lot=LotFacts(
        budget=Money.parse("3,860,000"),
        estimate=Money.parse("3,800,000"),
        deposit=Money.parse("70,000"),
    ),
    issuer=IssuerFacts(kind="bank", accepted=True, online=True),
    applicant=ApplicantFacts(
        registered=True,
        sme=True,
        chose_issuer=True,
        data_consent=True,
        warned_of_fakes=True,
        basic_account="6228480012345678",
    ),
    payment=PaymentFacts(payer_account="6228480012345678"),
    guarantee=GuaranteeFacts(
        kind="bid",
        form="independent",
        amount=Money.parse("70,000"),
        expires_on=date(2026, 6, 15),
        documents=("付款请求书", "违约声明"),
    ),
)
"""An application without a fault, for goods in Shanxi."""


@pytest.fixture(scope="session")
def make_facts() -> Callable[..., Facts]:
    """GOOD with some facts replaced: `make_facts(lot__deposit=None)`."""

    def make(**changes: Any) -> Facts:
        made = GOOD
        for name, value in changes.items():
            part, _, field = name.partition("__")
            made = replace(made, **{part: replace(getattr(made, part), **{field: value})})
        return made

    return make


@pytest.fixture(scope="session")
def nothing() -> Facts:
    """Nobody has said anything."""
    assert all(getattr(Facts(), part.name) is not None for part in fields(Facts))
    return Facts()
