"""From records to frozen facts: the rules never see a record (design.md, "Direction")."""

from datetime import datetime
from typing import cast, get_args

from guarantees.records.case import Case, RuleFinding
from guarantees.records.organisation import Organisation
from guarantees.records.product import Product
from guarantees.records.project import ProjectVersion, expiry
from guarantees.rules.book import BID
from guarantees.rules.engine import Judgement
from guarantees.rules.facts import (
    ApplicantFacts,
    Category,
    DepositForm,
    Facts,
    GuaranteeFacts,
    IssuerFacts,
    LotFacts,
    PaymentFacts,
    ProjectFacts,
)
from guarantees.values.moments import beijing_date
from guarantees.values.notice import LotNotice
from guarantees.values.terms import Form, IssuerType, Kind

DOCUMENTS = {
    "independent": ("索赔通知书，写明投标人有招标文件所列不予退还投标保证金的情形之一",),
    "accessory": (
        "索赔通知书，写明投标人有招标文件所列不予退还投标保证金的情形之一",
        "证明上述情形的材料",
    ),
}
"""What a demand needs, by form of the letter (SPC-IG art. 3); it stands on the letter."""

FORM_WORDS: dict[str, tuple[str, ...]] = {
    "guarantee": ("保函", "担保", "保险", "保单"),
    "transfer": ("转账", "转帐", "电汇", "网银", "汇款"),
    "cheque": ("支票",),
    "draft": ("汇票",),
    "promissory_note": ("本票",),
    "cash": ("现金",),
}
"""How notices name the forms of a deposit."""


def lot(version: ProjectVersion, notice: LotNotice) -> Facts:
    """What is known of a lot before anybody chooses a product."""
    return Facts(
        project=_project(version), lot=LotFacts(budget=notice.budget, deposit=notice.deposit)
    )


def application(
    case: Case,
    supplier: Organisation,
    product: Product,
    version: ProjectVersion,
    notice: LotNotice,
    payer_account: str,
    now: datetime,
) -> Judgement:
    """The rules of a bid guarantee on an application, by the law in force today."""
    institution = product.institution
    facts = Facts(
        project=_project(version),
        lot=LotFacts(budget=notice.budget, deposit=notice.deposit),
        issuer=IssuerFacts(
            kind=issuer_type(institution),
            accepted=institution.state == "active",
            online=True,  # nothing else than online issuing exists on this platform
        ),
        applicant=ApplicantFacts(
            registered=supplier.state == "active",
            chose_issuer=bool(case.submitted_by),
            data_consent=bool(case.consents),
            warned_of_fakes=any(one.item == "warned" for one in case.consents),
            basic_account=supplier.account or None,
        ),
        payment=PaymentFacts(payer_account=payer_account or None),
        guarantee=GuaranteeFacts(
            kind=cast(Kind, case.kind),
            form=cast(Form, case.form),
            amount=case.amount,
            expires_on=expiry(version),
            documents=DOCUMENTS[case.form],
        ),
    )
    return BID.judge(facts, beijing_date(now))


def on_lot(version: ProjectVersion, notice: LotNotice, now: datetime) -> Judgement:
    """What the rules say of the notice alone: shown before a product is chosen."""
    return BID.judge(lot(version, notice), beijing_date(now))


def kept(judgement: Judgement) -> list[RuleFinding]:
    """Findings as they are stored with the case."""
    return [
        RuleFinding(
            rule_id=one.rule_id,
            result=one.result.value,
            message=one.message,
            advice=one.advice,
            citation=one.citation,
            quote=one.quote,
            concern=one.clause.concern,
            basis=one.basis,
        )
        for one in judgement.findings
    ]


def _project(version: ProjectVersion) -> ProjectFacts:
    deadline = version.submission_deadline
    return ProjectFacts(
        category=cast(Category | None, version.category),
        method=version.method,
        region=version.region,
        deposit_forms=_deposit_forms(version.deposit_forms),
        guarantee_accepted={"yes": True, "no": False}.get(version.guarantee_accepted),
        basic_account_demanded=version.basic_account_demanded,
        submission_deadline=None if deadline is None else beijing_date(deadline),
        bid_validity_days=version.bid_validity_days,
    )


def _deposit_forms(text: str | None) -> frozenset[DepositForm] | None:
    if not text:
        return None
    named = (name for name, words in FORM_WORDS.items() if any(one in text for one in words))
    return frozenset(cast(DepositForm, name) for name in named)


def issuer_type(institution: Organisation) -> IssuerType | None:
    known = institution.institution_type in get_args(IssuerType)
    return cast(IssuerType, institution.institution_type) if known else None
