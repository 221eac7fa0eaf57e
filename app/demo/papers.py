"""What a story leaves in its folder: letters, sealed letters, certificates.

letters/<number>.pdf             as the institution signed it
sealed/<number>.bin, .json       as it lay in the store before the opening; eid, lot, opening
receipts/<number>.json           the sealing receipt, with its proofs
log/                             checkpoint, keys and tiles of the transparency log
certificates/*.pem, *.crl        root, issuing authority, time stamps, signers, revocation lists
opening-list.pdf                 the signed list of the opening
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asn1crypto import pem

from app.adapters.letters import SignerClient
from app.demo.cases import get
from app.demo.stage import Stage
from app.jobs import openings
from app.processes.places import Places
from guarantees.flow.steps import envelopes
from guarantees.queries.openings import ResultRow
from guarantees.records.case import Case


@dataclass
class Papers:
    folder: Path
    _sealed: dict[str, bytes] = field(default_factory=dict)
    """Case → what lay in the store while it was sealed."""

    def __post_init__(self) -> None:
        for name in ("letters", "sealed", "receipts", "certificates"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def keep_sealed(self, stage: Stage, case: Case) -> None:
        if case.intent is not None:
            self._sealed[case.id] = stage.house.files.get(f"sealed/{case.intent.id}") or b""

    def found_in(self, folder: Path, words: Iterable[str]) -> str:
        """The first file below `folder` that holds one of the words as text; "" if none does."""
        wanted = [form for word in words for form in (word.encode(), word.encode("utf-16-le"))]
        for path in sorted(folder.rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            if any(word in content for word in wanted):
                return str(path.relative_to(folder))
        return ""

    def keep_letter(self, stage: Stage, row: ResultRow) -> dict[str, Any]:
        """The opened letter and its sealed form; answers its entry of summary.json."""
        case = get(stage, row.case)
        pdf = openings.read_letter(stage.house, row.case)
        file = self.folder / "letters" / f"{row.number}.pdf"
        file.write_bytes(pdf)
        self._leave_sealed(stage, case, row.number)
        return {
            "number": row.number,
            "file": str(file.relative_to(self.folder)),
            "sealed": f"sealed/{row.number}.bin",
            "sha256": case.letter.sha256.hex() if case.letter else "",
            "institution": row.institution,
            "applicants": [one.name for one in case.applicants],
            "amount_fen": row.amount_fen,
            "signature": row.signature,
            "letter": row.letter,
            "status": row.status,
        }

    def _leave_sealed(self, stage: Stage, case: Case, number: str) -> None:
        if case.intent is None:
            return
        held = self._sealed[case.id]
        stored = envelopes.unpack(case.intent.id, held, stage.house.sessions.vault)
        context = {
            "eid": stored.eid.hex(),
            "number": number,
            "lot": case.lot,
            "opening": case.intent.opening,
            "leaf": case.letter.leaf.hex() if case.letter else "",
            "salt": case.intent.salt.hex(),
        }
        (self.folder / "sealed" / f"{number}.bin").write_bytes(stored.envelope)
        text = json.dumps(context, indent=1) + "\n"
        (self.folder / "sealed" / f"{number}.json").write_text(text, encoding="utf-8")

    def keep_receipt(self, number: str, receipt: dict[str, Any]) -> None:
        text = json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"
        (self.folder / "receipts" / f"{number}.json").write_text(text, encoding="utf-8")

    def keep_log(self, stage: Stage) -> None:
        """Checkpoint, keys and tiles, as /log/ serves them."""
        shutil.copytree(
            stage.house.log.folder.folder,
            self.folder / "log",
            ignore=shutil.ignore_patterns(".*"),
            dirs_exist_ok=True,
        )

    def keep_list(self, pdf: bytes) -> None:
        (self.folder / "opening-list.pdf").write_bytes(pdf)

    def keep_certificates(self, stage: Stage) -> None:
        trust = Places(stage.house.settings).trust
        target = self.folder / "certificates"
        for path in (*trust.glob("*.pem"), *trust.glob("*.crl")):
            (target / path.name).write_bytes(path.read_bytes())
        letters = stage.house.letters
        for one in letters.certificates() if isinstance(letters, SignerClient) else ():
            armored = pem.armor("CERTIFICATE", one["certificate"])
            (target / f"{one['name']}.pem").write_bytes(armored)
