"""The house put together from its settings: the one place where ports get their adapters."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import inspect

from app.adapters import log_start, mail, schema
from app.adapters.database import Sessions, make_engine
from app.adapters.files_local import LocalFiles
from app.adapters.gateway import HttpBank, NoBank
from app.adapters.letters import SignerClient
from app.adapters.log import Log
from app.adapters.log_folder import LogFolder
from app.adapters.log_signers import SocketSigner, TimekeeperCosigner, read_witnesses
from app.adapters.timekeeper import TimekeeperClient
from app.adapters.vault import Vault
from app.adapters.verifier import PoolVerifier, TrustFolder
from app.house import House, clock
from app.processes import run_file
from app.processes.places import Places
from app.processes.run_file import Running
from app.settings import BadSetting, Settings, read
from guarantees.letter_glyphs import Glyphs
from guarantees.ports import PaymentGateway
from signing import private_files
from signing.worker import Pool

KEY_BYTES = 32

log = structlog.get_logger("baohan.start")


def open_database(settings: Settings, now: datetime) -> Sessions:
    """The database at this version's schema and the vault of its keys; both are made if neither is
    there yet. BadSetting for another mode, VaultKeyMissing for keys that do not come along.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = make_engine(settings.database_url)
    vault = _vault(settings, new=not inspect(engine).has_table("platform"))
    schema.upgrade(engine)
    sessions = Sessions(engine, vault)
    sessions.write("make_database", lambda session: schema.ensure_mode(session, settings.mode, now))
    return sessions


@contextmanager
def assembled(settings: Settings, running: Running) -> Iterator[House]:
    """A house with all its ports; its processes end with the block.

    RolledBack, LogForked if the log is not as far as those who follow it have seen.
    """
    places = Places(settings)
    sessions = open_database(settings, clock())
    ours = _log(settings, places)
    log_start.check(sessions, ours)
    with Pool() as pool:
        yield House(
            settings=settings,
            sessions=sessions,
            files=_files(settings.data / "files"),
            gateway=_gateway(running),
            letters=SignerClient(places.signer_socket),
            timekeeper=TimekeeperClient(places.timekeeper_socket),
            verifier=PoolVerifier(pool, TrustFolder(places.trust)),
            mailer=mail.mailer(settings),
            recovery_key=_recovery_key(places.recovery_key),
            printable=Glyphs(settings.fonts).check,
            log=ours,
        )
    sessions.engine.dispose()


def _log(settings: Settings, places: Places) -> Log:
    witnesses = read_witnesses(settings.log_witnesses)
    return Log(
        folder=LogFolder(settings.data / "log"),
        signer=SocketSigner(places.signer_socket),
        cosigners=(TimekeeperCosigner(places.timekeeper_socket), *witnesses),
        origin=settings.log_origin or _origin(settings.base_url),
        renamed=bool(settings.log_origin),
        cadence=timedelta(seconds=settings.log_seconds),
    )


def _origin(base_url: str) -> str:
    """tlog-tiles: the address below which the log is served, without its scheme."""
    return f"{base_url.partition('://')[2]}/log"


def house_for_ever() -> House:
    """For a process that some server ends: nothing to close but what ends with it."""
    settings = read()
    return ExitStack().enter_context(assembled(settings, run_file.read(Places(settings).run_file)))


def _files(folder: Path) -> LocalFiles:
    """The store, without what a killed process left unfinished."""
    files = LocalFiles(folder)
    if removed := files.remove_leftovers():
        log.info("leftovers_removed", files=removed)
    return files


def _gateway(running: Running) -> PaymentGateway:
    if not running.bank:
        return NoBank()
    return HttpBank(running.bank, bytes.fromhex(running.bank_key))


def _recovery_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSetting(
            f"{path} must hold the 32 bytes of the recovery key's public half; in demonstration"
            " mode ./baohan serve makes one"
        )
    return key


def _vault(settings: Settings, *, new: bool) -> Vault:
    """Keys are made for a new database only: others could not read what an old one holds."""
    kept = KeptIds(settings.data / "vault-keys.json")
    if new and not settings.keys.exists():
        settings.keys.parent.mkdir(parents=True, exist_ok=True)
    if new and not _has_keys(settings.keys):
        vault = Vault.create(settings.keys)
    else:
        vault = Vault.load(settings.keys)
    kept.check(vault)
    return vault


def _has_keys(folder: Path) -> bool:
    return folder.exists() and any(folder.glob("*.key"))


class KeptIds:
    """Ids of the vault keys that this data was written under, beside the data: no secret.

    They tell at the start, and not at the first click, that the keys belong to other data.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, vault: Vault) -> None:
        """VaultKeyMissing unless the vault has every key that was ever used here."""
        keys, index = self._read()
        vault.check(keys, index)
        if vault.newest not in keys or index is None:
            document = {"keys": sorted({*keys, vault.newest}), "index": vault.index_id}
            new = self._path.with_name(f".{self._path.name}.new")
            new.write_text(json.dumps(document), encoding="utf-8")
            new.replace(self._path)
            private_files.sync_folder(self._path.parent)

    def _read(self) -> tuple[list[str], str | None]:
        if not self._path.exists():
            return [], None
        found = json.loads(self._path.read_text(encoding="utf-8"))
        return list(found["keys"]), str(found["index"])
