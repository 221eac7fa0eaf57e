"""Judging facts by clauses: a rule per clause, a finding per rule, a rulebook for the day.

Rules know no database and no screen. A rulebook without rules refuses to judge, the stricter of two
conflicting clauses holds, and what can't be known is "undetermined", never a pass.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar, Literal

from guarantees.errors import N_, GuaranteeError
from guarantees.rules.facts import NAMES, Facts, ProjectFacts

Concern = Literal["notice", "issuer", "applicant", "payment", "guarantee"]
"""Whose matter a finding is: a fault of the notice is not the supplier's."""

Basis = Literal["law", "platform"]
"""Binding by law, or adopted by the platform where that law doesn't reach."""

_MISSING = N_("缺少%(facts)s，暂时无法判断是否符合。")
_MISSING_ADVICE = N_("请补充%(facts)s；公告没有写明的，可向采购代理机构询问。")


class Result(StrEnum):
    PASS = "pass"  # nosec B105 - a result, not a password
    ADVISE = "advise"
    UNDETERMINED = "undetermined"
    REFUSE = "refuse"


STRICTNESS = {result: rank for rank, result in enumerate(Result)}
"""Least strict first; refuse outranks undetermined, which outranks advice."""


class Regime(StrEnum):
    """Which law the procurement is run under (GPR-7)."""

    PROCUREMENT = "procurement_law"
    TENDERING = "tendering_law"


class EmptyRulebook(GuaranteeError):
    """Nothing to judge by: that is a fault of ours, never a pass."""

    code = "empty_rulebook"
    text = N_("没有可用的规则，暂不能判断。请联系平台运营人员。")


class OverlappingEditions(GuaranteeError):
    """Two editions of one rule are in force on the same day."""

    code = "overlapping_editions"
    text = N_("规则 %(rule)s 有两个版本同时有效，请联系平台运营人员。")


@dataclass(frozen=True, slots=True)
class Source:
    """A document that clauses are taken from."""

    title: str
    document: str
    """Its number, or where and when it was published."""
    publisher: str
    jurisdiction: str = "全国"
    marker: str = ""
    """What the name of a region within the jurisdiction contains; empty for the whole country."""

    def reaches(self, region: str | None) -> bool | None:
        """Whether the document holds in `region`; None if the region is unknown."""
        if not self.marker:
            return True
        return None if region is None else self.marker in region


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """The clause a rule enforces: what it is called, what it says, where and when it holds."""

    id: str
    """Id of the requirement and, after a slash, of the part a rule judges: "GPR-33/ceiling"."""
    title: str
    """In a few words, for a list."""
    source: Source
    article: str
    quote: str
    """Short, from the clause itself."""
    concern: Concern
    effective_from: date
    effective_until: date | None = None
    """Last day in force; None while it is."""
    regime: Regime | None = None
    """None: under either law."""
    everywhere: bool = False
    """The platform holds to it beyond its jurisdiction and regime too, as its own rule."""

    @property
    def citation(self) -> str:
        return f"《{self.source.title}》（{self.source.document}）{self.article}"

    def in_force(self, on: date) -> bool:
        until = self.effective_until
        return self.effective_from <= on and (until is None or on <= until)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two clauses that say different things; the stricter holds."""

    milder: str
    stricter: str
    note: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of the facts."""

    clause: Clause
    result: Result
    text: str
    """Chinese source text of the message, with places for `parameters`."""
    advice_text: str = ""
    """Chinese source text of what to do; empty where nothing need be done."""
    parameters: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    """Facts that are lacking, as "project.region"; only where undetermined."""
    conflicts: tuple[Conflict, ...] = ()
    """Conflicts of this clause with others that were judged too."""
    basis: Basis = "law"

    @property
    def rule_id(self) -> str:
        return self.clause.id

    @property
    def citation(self) -> str:
        return self.clause.citation

    @property
    def quote(self) -> str:
        return self.clause.quote

    @property
    def source(self) -> Source:
        return self.clause.source

    @property
    def message(self) -> str:
        return self.text % dict(self.parameters)

    @property
    def advice(self) -> str:
        return self.advice_text % dict(self.parameters)

    def to_dict(self) -> dict[str, object]:
        """JSON types: what is kept with a guarantee, to be compared when it is judged again."""
        return {
            "rule_id": self.rule_id,
            "result": self.result.value,
            "message": self.message,
            "advice": self.advice,
            "citation": self.citation,
            "quote": self.quote,
            "concern": self.clause.concern,
            "basis": self.basis,
            "missing": list(self.missing),
            "conflicts": [conflict.note for conflict in self.conflicts],
        }


class Rule(ABC):
    """One clause that a program can check. Subclasses give `clause` and `examine`."""

    clause: ClassVar[Clause]

    @abstractmethod
    def examine(self, facts: Facts) -> Finding:
        """Judge facts the clause applies to, by `passes`, `advises`, `refuses` or `lacks`."""

    def judge(self, facts: Facts) -> Finding | None:
        """A finding, or None where neither the clause nor the platform's own rule reaches."""
        reached, missing = _reach(self.clause, facts.project)
        if reached is None:
            return self._undetermined(missing)
        if reached:
            return self.examine(facts)
        if self.clause.everywhere:
            return replace(self.examine(facts), basis="platform")
        return None

    def passes(self, text: str, **parameters: str) -> Finding:
        return Finding(self.clause, Result.PASS, text, "", tuple(parameters.items()))

    def advises(self, text: str, advice: str, **parameters: str) -> Finding:
        return Finding(self.clause, Result.ADVISE, text, advice, tuple(parameters.items()))

    def refuses(self, text: str, advice: str, **parameters: str) -> Finding:
        return Finding(self.clause, Result.REFUSE, text, advice, tuple(parameters.items()))

    def lacks(self, needed: Mapping[str, object]) -> Finding:
        """Undetermined: those of the `needed` facts that are None are missing."""
        return self._undetermined(tuple(name for name, value in needed.items() if value is None))

    def _undetermined(self, missing: tuple[str, ...]) -> Finding:
        names = "、".join(NAMES[name] for name in missing)
        parameters = (("facts", names),)
        return Finding(
            self.clause, Result.UNDETERMINED, _MISSING, _MISSING_ADVICE, parameters, missing
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings of one rulebook on one day."""

    on: date
    findings: tuple[Finding, ...]

    @property
    def result(self) -> Result:
        """The strictest of all findings."""
        return max((f.result for f in self.findings), key=STRICTNESS.__getitem__)

    def concerning(self, *concerns: Concern) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.clause.concern in concerns)

    def with_result(self, result: Result) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.result is result)

    def refuses(self, *concerns: Concern) -> bool:
        """Whether anything in these matters is refused: what a flow stops at."""
        return any(f.result is Result.REFUSE for f in self.concerning(*concerns))

    @property
    def missing(self) -> tuple[str, ...]:
        """Every fact that some rule lacked, once each."""
        return tuple(dict.fromkeys(name for f in self.findings for name in f.missing))


class Rulebook:
    """Rules and their known conflicts; picks the editions in force on a day."""

    def __init__(self, rules: Iterable[Rule], conflicts: Iterable[Conflict] = ()) -> None:
        self.rules = tuple(rules)
        self.conflicts = tuple(conflicts)
        if not self.rules:
            raise EmptyRulebook()
        _check_editions(self.rules)

    def in_force(self, on: date) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.clause.in_force(on))

    def judge(self, facts: Facts, on: date) -> Judgement:
        """Judge `facts` by the rules in force `on` that day; EmptyRulebook if none applies."""
        found = (rule.judge(facts) for rule in self.in_force(on))
        findings = tuple(finding for finding in found if finding is not None)
        if not findings:
            raise EmptyRulebook(on=on.isoformat())
        return Judgement(on, self._name_conflicts(findings))

    def _name_conflicts(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        judged = {finding.rule_id for finding in findings}
        named: dict[str, tuple[Conflict, ...]] = {}
        for conflict in self.conflicts:
            if conflict.milder in judged and conflict.stricter in judged:
                for rule_id in (conflict.milder, conflict.stricter):
                    named[rule_id] = (*named.get(rule_id, ()), conflict)
        return tuple(
            replace(f, conflicts=named[f.rule_id]) if f.rule_id in named else f for f in findings
        )


def regime_of(project: ProjectFacts) -> Regime | None:
    """The law a project is run under (GPR-7): construction by tender is under the tendering law."""
    construction = None if project.category is None else project.category == "works"
    construction = construction or project.construction_related or construction
    tender = None if project.method is None else "招标" in project.method
    if construction is False or tender is False:
        return Regime.PROCUREMENT
    return Regime.TENDERING if construction and tender else None


def _reach(clause: Clause, project: ProjectFacts) -> tuple[bool | None, tuple[str, ...]]:
    """Whether the clause itself applies to the project; None with the facts that are missing."""
    here = clause.source.reaches(project.region)
    regime = regime_of(project) if clause.regime else None
    missing: tuple[str, ...] = ()
    if here is None:
        missing += ("project.region",)
    if clause.regime and regime is None:
        needed = {"project.category": project.category, "project.method": project.method}
        missing += tuple(name for name, value in needed.items() if value is None)
    if here is False or (regime is not None and regime is not clause.regime):
        return False, ()
    if missing:
        # Held to everywhere, the rule is judged whichever law it is that demands it.
        return (False, ()) if clause.everywhere else (None, missing)
    return True, ()


def _check_editions(rules: Iterable[Rule]) -> None:
    editions: dict[str, list[Clause]] = {}
    for rule in rules:
        editions.setdefault(rule.clause.id, []).append(rule.clause)
    for rule_id, clauses in editions.items():
        clauses.sort(key=lambda clause: clause.effective_from)
        for earlier, later in pairwise(clauses):
            if earlier.in_force(later.effective_from):
                raise OverlappingEditions(rule=rule_id)
