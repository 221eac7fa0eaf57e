"""What a rule may know: frozen facts that a flow loaded. None means nobody has said yet.

A rule that needs a fact that is None answers "undetermined" and names it; nothing is guessed.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from guarantees.errors import N_
from guarantees.values.money import Money
from guarantees.values.terms import Form, IssuerType, Kind

Category = Literal["goods", "services", "works"]
ProcurerKind = Literal["authority", "institution", "large_enterprise", "other"]
"""机关, 事业单位, 大型企业, or none of them."""
DepositForm = Literal["cash", "transfer", "cheque", "draft", "promissory_note", "guarantee"]
"""现金, 转账电汇, 支票, 汇票, 本票, 保函（含保证保险）."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What the notice says of the whole project."""

    category: Category | None = None
    method: str | None = None
    """Procurement method (采购方式) in the notice's own words."""
    construction_related: bool | None = None
    """Goods or services tied to construction (GPR-7); None counts as no."""
    region: str | None = None
    """Region in words, province first."""
    procurer_kind: ProcurerKind | None = None
    deposit_forms: frozenset[DepositForm] | None = None
    """Forms in which the notice takes the deposit."""
    guarantee_accepted: bool | None = None
    """Whether the notice says that guarantees are accepted; None where it is silent."""
    designated_issuers: tuple[str, ...] | None = None
    """Institutions the notice demands; () if it demands none."""
    basic_account_demanded: bool | None = None
    """Whether the notice wants deposit or premium paid from the basic account (基本账户)."""
    submission_deadline: date | None = None
    """Its day in China."""
    bid_validity_days: int | None = None
    """Calendar days from the submission deadline (TBR-25)."""

    @property
    def takes_guarantees(self) -> bool | None:
        """What the notice says on guarantees, by its statement or by its list of forms."""
        if self.guarantee_accepted is not None:
            return self.guarantee_accepted
        return None if self.deposit_forms is None else "guarantee" in self.deposit_forms


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFacts:
    budget: Money | None = None
    estimate: Money | None = None
    """Estimated price (招标项目估算价), where the notice gives one."""
    deposit: Money | None = None
    """Bid deposit asked for; zero where the notice waives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerFacts:
    kind: IssuerType | None = None
    accepted: bool | None = None
    """Passed acceptance (验收) and is active."""
    online: bool | None = None
    """Does all of it online."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantFacts:
    registered: bool | None = None
    """Registered supplier, confirmed."""
    sme: bool | None = None
    """Declares itself a small or medium enterprise (D802-3)."""
    chose_issuer: bool | None = None
    """A person of the supplier chose the institution itself."""
    data_consent: bool | None = None
    """Authorised the transfer of its basic data to the institution."""
    warned_of_fakes: bool | None = None
    """Has confirmed the warning on fake guarantees."""
    basic_account: str | None = None
    """Digits, as registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    payer_account: str | None = None
    """Digits of the account the premium comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeFacts:
    kind: Kind | None = None
    form: Form | None = None
    amount: Money | None = None
    expires_on: date | None = None
    documents: tuple[str, ...] | None = None
    """Papers a demand needs; () if the letter names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything one judgement rests on."""

    project: ProjectFacts = field(default_factory=ProjectFacts)
    lot: LotFacts = field(default_factory=LotFacts)
    issuer: IssuerFacts = field(default_factory=IssuerFacts)
    applicant: ApplicantFacts = field(default_factory=ApplicantFacts)
    payment: PaymentFacts = field(default_factory=PaymentFacts)
    guarantee: GuaranteeFacts = field(default_factory=GuaranteeFacts)


NAMES: dict[str, str] = {
    "project.category": N_("项目类型（货物、服务、工程）"),
    "project.method": N_("采购方式"),
    "project.region": N_("项目所在地区"),
    "project.procurer_kind": N_("采购人性质（机关、事业单位、大型企业）"),
    "project.deposit_forms": N_("保证金提交形式"),
    "project.guarantee_accepted": N_("是否接受保函"),
    "project.designated_issuers": N_("是否指定开函机构"),
    "project.basic_account_demanded": N_("是否要求从基本账户付款"),
    "project.submission_deadline": N_("投标截止时间"),
    "project.bid_validity_days": N_("投标有效期"),
    "lot.budget": N_("预算金额"),
    "lot.estimate": N_("估算价"),
    "lot.deposit": N_("投标保证金金额"),
    "issuer.kind": N_("开函机构类型"),
    "issuer.accepted": N_("开函机构验收情况"),
    "issuer.online": N_("开函机构是否全线上办理"),
    "applicant.registered": N_("供应商注册情况"),
    "applicant.sme": N_("供应商是否为中小企业"),
    "applicant.chose_issuer": N_("是否由供应商自行选择机构"),
    "applicant.data_consent": N_("信息传输授权"),
    "applicant.warned_of_fakes": N_("虚假保函后果的确认"),
    "applicant.basic_account": N_("供应商基本账户"),
    "payment.payer_account": N_("付款账户"),
    "guarantee.kind": N_("保函种类"),
    "guarantee.form": N_("保函形式（独立或从属）"),
    "guarantee.amount": N_("担保金额"),
    "guarantee.expires_on": N_("保函到期日"),
    "guarantee.documents": N_("索赔单据"),
}
"""What each fact is called on screen."""
