"""Sealed shares as a ZIP for the holder of a token, and what comes back, in ZIPs or one by one."""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import PurePosixPath

from app.house import House
from app.jobs import openings
from guarantees.errors import N_, InvalidInput
from guarantees.flow import open_lot
from guarantees.flow.open_lot import Plan
from guarantees.flow.steps import handed_in
from guarantees.flow.steps.handed_in import HandedIn
from guarantees.flow.steps.means import Means
from guarantees.values.actor import Actor
from signing.seal.tokens import pem_of

MOST_FILES = 5000
"""In one hand-in; a lot has a few hundred letters at the very most."""

LARGEST = 16 * 1024
"""Bytes of one file: an opened share has 64, a sealed one about a thousand."""

PASSED_OVER = frozenset({".cms", ".pem", ".sh", ".txt"})
"""Endings of what we put into the ZIP ourselves and people pack up again."""

CERTIFICATE, SCRIPT, README = "certificate.pem", "decrypt.sh", "README.txt"


def plan_of(house: House, actor: Actor, now: datetime, lot: str) -> Plan:
    """What waits for a share; once the timekeeper has released the lot's."""
    with house.sessions.reading() as session:
        return open_lot.waiting(
            session, actor, now, lot, files=house.files, vault=house.sessions.vault
        )


def packet(plan: Plan, token: bytes, certificate: bytes, readme: str, script: str) -> bytes:
    """A ZIP for the token with this fingerprint: one CMS file per letter that waits, the
    certificate, what to do and a script that does it."""
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(README, readme)
        runs = zipfile.ZipInfo(SCRIPT)
        runs.external_attr = 0o755 << 16
        archive.writestr(runs, script)
        archive.writestr(CERTIFICATE, pem_of(certificate))
        for name, wrapped in handed_in.sealed_shares(plan.letters, token):
            archive.writestr(name, wrapped)
    return data.getvalue()


def count(plan: Plan, token: bytes) -> int:
    return len(handed_in.sealed_shares(plan.letters, token))


def hand_in(
    house: House, actor: Actor, now: datetime, lot: str, uploaded: Iterable[tuple[str, bytes]]
) -> HandedIn:
    """Judge the files and open the letters whose shares are right; the others wait.

    InvalidInput if nothing in the upload can be a share. Handed in again nothing changes.
    """
    files = list(_unpacked(uploaded))
    if not files:
        text = N_("没有可以查看的文件，请选择解密后的份额（ZIP 或逐个文件）。")
        raise InvalidInput({"files": text})
    judged = handed_in.judge(plan_of(house, actor, now, lot).letters, files)
    if judged.shares:
        openings.start_with(house, actor, now, lot, Means(shares=dict(judged.shares)))
    return judged


def _unpacked(uploaded: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for name, data in uploaded:
        if zipfile.is_zipfile(BytesIO(data)):
            yield from _members(name, data)
        else:
            yield PurePosixPath(name).name[-80:], data[: LARGEST + 1]


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Files of a ZIP that may be shares; nothing of it is unpacked to a disk."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            listed = archive.infolist()
            if len(listed) > MOST_FILES:
                text = N_("压缩包里的文件太多，请分几次交回。")
                raise InvalidInput({"files": text})
            for one in listed:
                path = PurePosixPath(one.filename)
                if not one.is_dir() and not _ours(path):
                    with archive.open(one) as member:
                        yield path.name[-80:], member.read(LARGEST + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        # Damaged, encrypted, or packed in a way that nobody here reads.
        raise InvalidInput({"files": N_("压缩包不能读取，请重新打包，不要加密。")}) from None


def _ours(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return hidden or path.suffix.lower() in PASSED_OVER
