"""The other play: one of two sealed letters is withdrawn, the procurer changes its key, one tender
fails and another's end is taken back; the log is published.

The timekeeper is this process's own, its store and journal on disk beside the rest: a kill ends
both at once. Its clock and the house's jump when everything before is done, and stay there after
a kill.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from unittest import mock

from sqlalchemy import select

from app.adapters.database import Sessions
from app.adapters.files_local import LocalFiles
from app.adapters.timekeeper import TimekeeperClient
from app.jobs import key_changes
from app.jobs.publishing import publish
from app.jobs.worker import Jobs
from guarantees.flow import end_lot, withdraw_letter
from guarantees.queries import opening_keys
from guarantees.records import casebook, slots
from guarantees.records.lot_end import LotEnd
from guarantees.records.project import Opening
from signing import seal
from signing.timekeeper.clock import ClockRule, Ticks
from signing.timekeeper.ending import ERASE_DELAY
from signing.timekeeper.journal import FileJournal
from signing.timekeeper.server import handlers
from signing.timekeeper.service import TimekeeperService
from signing.timekeeper.store import FileStore
from tests import house as houses
from tests.app.jobs.people import add_person
from tests.app.jobs.steps import paid
from tests.app.jobs.true_time import CertifiedLetters, register_lots
from tests.faults.outside import wire_server
from tests.faults.play import Interrupted, Play
from tests.faults.stage import CHEAP, Stage
from tests.world import PASSPHRASE, START, World

key_changes.CHUNK = 1

NEW = "eine neue Losung 新的口令"
REASON = "实质响应的供应商不足三家"
KEPT_NO_MORE = START + ERASE_DELAY - timedelta(hours=11)
"""The shares go to the recovery key."""
ERASED = START + ERASE_DELAY + timedelta(hours=1)
TOLD = ERASED + timedelta(hours=2)
"""Those who hold a case."""

LOTS = 2


class Keeper:
    """A timekeeper on its own files, which another one opens again after a kill."""

    def __init__(self, folder: Path, now: Callable[[], datetime], recovery: bytes) -> None:
        self.store = FileStore(folder)
        self.journal = FileJournal(self.store.journal_path)
        rule = ClockRule(now, (), lambda: Ticks("played", now().timestamp()))
        self.service = TimekeeperService(
            self.store, self.journal, self.journal.events, rule, recovery_key=recovery
        )

    def close(self) -> None:
        self.journal.close()
        self.store.close()


def furnish(world: World, folder: Path) -> None:
    """Two letters of the first lot, sealed to the timekeeper of the play."""
    add_person(world, "second", "procurer", "admin")
    keeper = Keeper(folder / "keeper", lambda: world.now, world.recovery.public_key)
    register_lots(world, keeper.service)
    house = replace(
        houses.around(world, folder),
        files=LocalFiles(folder / "files"),
        timekeeper=keeper.service,
        letters=CertifiedLetters(world),
    )
    for who in ("supplier", "rival"):
        paid(world, who)
    Jobs(house).run_due()
    keeper.close()


class Ends(Play):
    """One process's part."""

    def __init__(self, stage: Stage, sessions: Sessions, outside: dict[str, str]) -> None:
        super().__init__(stage, sessions, outside)
        self._clock = stage.folder / "clock"
        if self._clock.exists():
            self.phase = datetime.fromisoformat(self._clock.read_text())
        recovery = bytes.fromhex(self.notes["recovery"])
        self._stack = ExitStack()
        self.keeper = Keeper(stage.folder / "keeper", self.now, recovery)
        self._stack.callback(self.keeper.close)
        socket = stage.folder / "keeper.sock"
        self._stack.enter_context(wire_server(socket, handlers(self.keeper.service)))
        self.house = replace(self.house, timekeeper=TimekeeperClient(socket))
        self.jobs = Jobs(self.house)

    def close(self) -> None:
        self._stack.close()

    def all(self) -> None:
        """From the first write to the last one."""
        failed, goes_on = self.notes["lots"]
        self.withdrawn(failed)
        self.jobs.run_due()
        self.key_changed()
        for lot in (failed, goes_on):
            self.confirmed(lot)
        self.jobs.run_due()
        self.kept(goes_on)
        self.jobs.run_due()
        self.reached(KEPT_NO_MORE)
        self.jobs.run_due()
        self.reached(ERASED)
        self.keeper.service.tend()
        self.jobs.run_due()
        self.reached(TOLD)
        self.jobs.run_due()
        publish(self.house, patience=30.0)
        self.checked((failed, "ended", "ended"), (goes_on, "sealed", "kept"))

    def reached(self, moment: datetime) -> None:
        """Time goes by; for those who come after a kill, too."""
        if moment > self.phase:
            made = self._clock.with_suffix(".new")
            made.write_text(moment.isoformat())
            made.rename(self._clock)
            self.phase = moment

    def withdrawn(self, lot: str) -> None:
        supplier = self.as_("supplier")
        with self.house.sessions.reading() as session:
            cases = [casebook.get(session, one) for one in slots.all_in(session, "lot", (lot,))]
        [case] = [one for one in cases if one.supplier == supplier.organisation_id]
        if case.withdrawal is None:
            self.house.sessions.write(
                "withdraw_letter",
                lambda session: withdraw_letter.withdraw(session, supplier, self.now(), case.id),
            )

    def key_changed(self) -> None:
        """The procurer types old and new passphrase, until the old key has retired."""
        actor = self.as_("procurer")
        with self.house.sessions.reading() as session:
            keys = opening_keys.of_own(session, actor, self.now())
        old = min(keys, key=lambda one: (one.made_at, not one.heir))
        if old.state == "retired":
            return
        cheap = partial(seal.wrap_private, cost=CHEAP)
        with mock.patch.object(seal, "wrap_private", cheap):
            key_changes.start(self.house, actor, self.now(), old.id, PASSPHRASE, NEW, NEW)
        key_changes.wait(old.id, 60)

    def end_of(self, lot: str) -> LotEnd | None:
        with self.house.sessions.reading() as session:
            found = session.scalars(select(LotEnd).where(LotEnd.lot_id == lot)).one_or_none()
            session.expunge_all()
            return found

    def confirmed(self, lot: str) -> None:
        """One asks, another confirms."""
        if self.end_of(lot) is None:
            self._ending("procurer", end_lot.ask, self.notes["project"], [lot], "failed", REASON)
        end = self.end_of(lot)
        if end is not None and end.state == "asked":
            self._ending("second", end_lot.confirm, end.request)

    def kept(self, lot: str) -> None:
        end = self.end_of(lot)
        if end is not None and end.state == "confirmed":
            self._ending("procurer", end_lot.keep, end.request, self.house.timekeeper)

    def _ending(self, who: str, flow: Callable[..., object], *arguments: object) -> None:
        self.house.sessions.write(
            "ask_end", lambda session: flow(session, self.as_(who), self.now(), *arguments)
        )

    def checked(self, *ends: tuple[str, str, str]) -> None:
        for lot, opening, end in ends:
            with self.house.sessions.reading() as session:
                found = session.scalar(select(Opening.state).where(Opening.lot_id == lot))
            held = self.end_of(lot)
            if (found, held and held.state) != (opening, end):
                raise Interrupted(f"{found}, {held and held.state}")
