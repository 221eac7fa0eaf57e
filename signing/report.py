"""What a verification found: numbered steps with reasons, and three verdicts kept apart."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final, Self

from signing.reasons import REASONS
from signing.text import N_


class Result(StrEnum):
    """How a step or a verdict came out (ETSI EN 319 102-1, 5.1.3, without TOTAL-)."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    INDETERMINATE = "INDETERMINATE"
    NOT_RUN = "NOT_RUN"


class Integrity(StrEnum):
    """What became of the signed bytes."""

    INTACT = "intact"
    MODIFIED = "modified"
    BROKEN = "broken"
    UNSIGNED = "unsigned"
    ENCRYPTED = "encrypted"
    MALFORMED = "malformed"


STEP_NAMES: Final = {
    1: N_("读取文件"),
    2: N_("内容完整性"),
    3: N_("签名后的改动"),
    4: N_("证书与信任"),
    5: N_("吊销状态"),
    6: N_("签名时间"),
    7: N_("算法与形式"),
    8: N_("开函机构"),
    9: N_("登记簿"),
    10: N_("公开日志"),
    11: N_("保函条款"),
    12: N_("保函状态"),
}
SIGNATURE_STEPS: Final = range(1, 8)


@dataclass(frozen=True)
class Step:
    """One numbered step. `reason` and `advice` are Chinese; `code` and `parameters` translate."""

    number: int
    name: str
    result: Result
    reason: str
    advice: str = ""
    code: str = ""
    """Key of signing.reasons.REASONS."""
    parameters: Mapping[str, str] = field(default_factory=dict)


def make_step(number: int, result: Result, code: str, /, **parameters: object) -> Step:
    """The step of that number with the sentences of `code`."""
    texts = {key: str(value) for key, value in parameters.items()}
    reason = REASONS[code]
    return Step(
        number=number,
        name=STEP_NAMES[number],
        result=result,
        reason=reason.text.format_map(texts),
        advice=reason.advice,
        code=code,
        parameters=texts,
    )


_BEIJING: Final = timezone(timedelta(hours=8))


def shown(time: datetime) -> str:
    """A time as sentences show it: Beijing time (北京时间) to the second."""
    return f"{time.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}"


def verdict(steps: list[Step]) -> Result:
    """FAILED if one step failed, else INDETERMINATE unless all passed."""
    results = {step.result for step in steps}
    if Result.FAILED in results:
        return Result.FAILED
    return Result.PASSED if results == {Result.PASSED} else Result.INDETERMINATE


@dataclass(frozen=True)
class Signer:
    """Whose certificate a signature was made with."""

    name: str
    credit_code: str | None
    """Unified social credit code, if the certificate carries one."""
    fingerprint: str
    """Hex SHA-256 of the certificate."""


@dataclass(frozen=True)
class SignatureReport:
    """Steps 1 to 7: everything that file, trust and time can tell."""

    steps: tuple[Step, ...]
    signature: Result
    integrity: Integrity | None
    """None where it could not be judged because a format or algorithm is not supported."""
    sha256: str
    """Hex digest of the whole file."""
    signers: tuple[Signer, ...] = ()
    """One for each signature; only where the bytes are those that were signed."""
    time: datetime | None = None
    """When the signature provably existed: the trusted time-stamp's time, UTC."""
    claimed_time: datetime | None = None
    """What the signer claims (/M); proves nothing."""
    terms: bytes | None = None
    """The attached terms.json, where the bytes are those that were signed."""
    level: str | None = None
    """PAdES level of the lowest signature (signing.levels) as far as the file and the anchors prove
    it; None where the bytes are not those that were signed."""

    @property
    def signer(self) -> Signer | None:
        """The first signer; a letter of ours has one."""
        return self.signers[0] if self.signers else None

    @property
    def indication(self) -> str:
        """Indication and sub-indication of ETSI EN 319 102-1."""
        if self.signature == Result.PASSED:
            return "TOTAL-PASSED"
        head = "TOTAL-FAILED" if self.signature == Result.FAILED else "INDETERMINATE"
        for step in self.steps:
            if step.result == self.signature and REASONS[step.code].indication:
                return f"{head}/{REASONS[step.code].indication}"
        return head

    def to_bytes(self) -> bytes:
        """A form that `from_bytes` reads back (JSON)."""
        document = asdict(self)
        document["terms"] = None if self.terms is None else base64.b64encode(self.terms).decode()
        for key in ("time", "claimed_time"):
            document[key] = document[key] and document[key].isoformat()
        return json.dumps(document, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises ValueError, KeyError or TypeError on anything else."""
        document = json.loads(data)
        for key in ("time", "claimed_time"):
            document[key] = document[key] and datetime.fromisoformat(document[key])
        integrity = document["integrity"]
        terms = document["terms"]
        return cls(
            **document
            | {
                "steps": tuple(
                    Step(**step | {"result": Result(step["result"])}) for step in document["steps"]
                ),
                "signature": Result(document["signature"]),
                "integrity": None if integrity is None else Integrity(integrity),
                "signers": tuple(Signer(**signer) for signer in document["signers"]),
                "terms": None if terms is None else base64.b64decode(terms),
            }
        )


@dataclass(frozen=True)
class Report:
    """All steps, and the verdicts on signature, letter and status."""

    evidence: SignatureReport
    steps: tuple[Step, ...]
    letter: Result | None
    """None without a register to ask, or for letters of other systems."""
    status: str | None
    """The register's word: in_force, released, expired, …; None if it is not known."""

    def to_dict(self) -> dict[str, Any]:
        """The answer of ./baohan verify --json (design.md, 5), without `file`."""
        evidence = self.evidence
        return {
            "signature": evidence.signature.value,
            "integrity": evidence.integrity and evidence.integrity.value,
            "signer": "；".join(signer.name for signer in evidence.signers) or None,
            "time": evidence.time and evidence.time.isoformat(),
            "letter": self.letter and self.letter.value,
            "status": self.status,
            "steps": [
                {"name": step.name, "result": step.result.value, "reason": step.reason}
                for step in self.steps
            ],
        }
