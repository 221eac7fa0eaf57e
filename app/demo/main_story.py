"""The main job as one story, from the application to the decrypted, verified letter."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from app import receipts
from app.adapters import demo_projects
from app.adapters.register import Register
from app.demo import offers, people, projects
from app.demo.cases import Play, get, perform
from app.demo.papers import Papers
from app.demo.projects import Loaded
from app.demo.stage import Stage
from app.demo.steps import Steps, hold
from app.jobs import approvals, openings
from guarantees.errors import TooEarly
from guarantees.flow import open_lot
from guarantees.flow.open_lot import Plan
from guarantees.queries.openings import ResultRow, Room, room
from guarantees.records.case import Applicant
from guarantees.tables.trust import ALONE, PROFILES
from signing import log, seal
from signing.report import Result
from signing.timekeeper.protocol import TimekeeperRefused
from signing.verify import judge

LETTER_SECONDS = 60.0
OPENING_SECONDS = 60.0
SHORTEST, LONGEST = 6.0, 90.0
"""Seconds between registering the lot and its opening: a slow machine takes longer to issue."""

MEMBER = Applicant("岚川智能设备有限公司（演示）", "91140100MA06639235")


@dataclass
class MainStory:
    """Plays on a stage whose database is empty; leaves its papers."""

    stage: Stage
    papers: Papers
    steps: Steps
    speed: float
    """Seconds that starting took: how fast this machine is now."""
    profile: str = ALONE
    """Who must agree to the release."""
    letters: list[dict[str, Any]] = field(default_factory=list)

    def play(self) -> None:
        """StoryBroken at the first step that does not hold."""
        play = self.steps.play
        products = play("机构、人员与产品", self._people)
        play("采购人、代理机构制作解密钥匙", self._keys)
        if self.profile != ALONE:
            play("受托人建立钥匙并演练，安全管理员设置受托人", self._trustees)
        loaded = play("项目登记，守时服务生成开标钥匙", self._project)
        cases = play("供应商申请，机构承保，支付保费", lambda: self._apply(loaded, products))
        play("签名、加盖时间戳并密封", lambda: self._issue(cases))
        play("开标前无人可读", lambda: self._secrecy(cases))
        play("开标前请求解锁被拒绝", lambda: self._early(loaded))
        play("开标，逐份解密并查验", lambda: self._open(loaded))
        play("公开查验，改动一个字节即不通过", lambda: self._verify(loaded))
        play("公开日志，凭回执逐份证明", lambda: self._log(loaded))
        play("账目平衡", lambda: self._books(cases))
        play("留存文件", lambda: self._leave(loaded))

    def _people(self) -> tuple[str, dict[str, str]]:
        people.found_all(self.stage)
        products = offers.publish_all(self.stage)
        offers.approve_all(self.stage)
        return f"{len(products)} 个产品，自动承保政策经办复核各一人", products

    def _project(self) -> tuple[str, Loaded]:
        ahead = timedelta(seconds=min(LONGEST, max(SHORTEST, self.speed)))
        demos = demo_projects.load(self.stage.house.now(), ahead=ahead)
        chosen = tuple(one for one in demos if one.stage == "now")
        [loaded] = projects.load(self.stage, chosen)
        return f"{loaded.demo.notice.name}，{ahead.total_seconds():.0f} 秒后开标", loaded

    def _keys(self) -> tuple[str, None]:
        for login in ("procurer", "agency"):
            people.make_key(self.stage, login)
        return "口令只在本人手中", None

    def _trustees(self) -> tuple[str, None]:
        people.make_trustee_keys(self.stage)
        people.appoint_trustees(self.stage, self.profile)
        return PROFILES[self.profile], None

    def _apply(self, loaded: Loaded, products: dict[str, str]) -> tuple[str, list[str]]:
        [lot] = loaded.lots
        plays = (
            Play("supplier", "bank", "政采投标保函", lot, "paid"),
            Play("supplier-b", "insurer", "投标保证保险保函", lot, "paid", members=(MEMBER,)),
            Play("supplier-c", "guarantor", "投标担保函（全国）", lot, "paid"),
        )
        cases = [perform(self.stage, one, products) for one in plays]
        return "一件按政策自动承保，一件联合体和一件从属保函由两人承保", cases

    def _issue(self, cases: list[str]) -> tuple[str, None]:
        def issued() -> bool:
            return all(get(self.stage, one).state == "issued" for one in cases)

        self.stage.wait_until("签发", issued, LETTER_SECONDS)
        sizes = sorted({letter.size for one in cases if (letter := get(self.stage, one).letter)})
        for one in cases:
            self.papers.keep_sealed(self.stage, get(self.stage, one))
        return f"{len(cases)} 份，{sizes[0] // 1024}–{sizes[-1] // 1024} KiB", None

    def _secrecy(self, cases: list[str]) -> tuple[str, None]:
        words = []
        for one in cases:
            case = get(self.stage, one)
            if case.intent is not None:
                words += [case.intent.number, case.intent.check_code, case.reference]
        found = self.papers.found_in(self.stage.house.settings.data, words)
        hold(not found, f"{found} 中有保函内容")
        return f"{len(words)} 个编号和查验码在数据目录中都找不到", None

    def _early(self, loaded: Loaded) -> tuple[str, None]:
        """With the platform's own rights: the flow refuses, and the timekeeper by its own clock."""
        opening = self._room(loaded).opening
        by_flow, by_timekeeper = "", ""
        try:
            self._plan(loaded)
        except TooEarly as refused:
            by_flow = refused.code
        try:
            self.stage.house.timekeeper.release(opening, [])
        except TimekeeperRefused as refused:
            by_timekeeper = refused.code
        hold(by_flow == "too_early", "流程没有拒绝")
        hold(self._approved_early(loaded) == 0, "受托人提前同意了解锁")
        hold(by_timekeeper == "early", "守时服务没有以未到时间拒绝")
        return "流程和守时服务都拒绝，守时服务记入日志", None

    def _approved_early(self, loaded: Loaded) -> int:
        """How many trustees could agree before T."""
        agreed = 0
        for login in self._agreeing():
            with suppress(TooEarly):
                self._agree(login, loaded)
                agreed += 1
        return agreed

    def _agreeing(self) -> list[str]:
        """Logins of an allowed subset of trustees, none for the timekeeper alone."""
        wanted = seal.PROFILES[self.profile].subsets[-1:] or ((),)
        return [login for login, one in people.trustees() if one.role in wanted[0]]

    def _agree(self, login: str, loaded: Loaded) -> None:
        house, passphrase = self.stage.house, self.stage.secrets.passphrase(login)
        approvals.approve(house, self.stage.actor(login), house.now(), loaded.lots[0], passphrase)

    def _room(self, loaded: Loaded) -> Room:
        actor = self.stage.actor(loaded.procurer)
        return self.stage.read(room, actor, self.stage.house.now(), loaded.lots[0])

    def _plan(self, loaded: Loaded) -> Plan:
        house = self.stage.house
        return self.stage.read(
            open_lot.prepare,
            self.stage.actor(loaded.procurer),
            house.now(),
            loaded.lots[0],
            files=house.files,
            vault=house.sessions.vault,
        )

    def _open(self, loaded: Loaded) -> tuple[str, None]:
        house, [lot] = self.stage.house, loaded.lots
        opening_time = loaded.demo.notice.opening_time
        hold(opening_time is not None, "没有开标时间")
        self.stage.wait_until(
            "T", lambda: opening_time is not None and house.now() >= opening_time, 2 * LONGEST
        )
        passphrase = self.stage.secrets.passphrase(loaded.procurer)
        actor = self.stage.actor(loaded.procurer)
        openings.start(house, actor, house.now(), lot, passphrase)
        for login in self._agreeing():
            self._agree(login, loaded)
        openings.wait(lot, OPENING_SECONDS)
        results = self._results(loaded)
        hold(len(results) == 3, f"应有 3 份，实有 {len(results)} 份")
        bad = [f"{one.number} {one.verdict} {one.reason}" for one in results if not _good(one)]
        hold(not bad, "；".join(bad))
        return f"{len(results)} 份，签名和保函两项结论均为通过", None

    def _results(self, loaded: Loaded) -> tuple[ResultRow, ...]:
        opened = self._room(loaded)
        hold(opened.state == "opened", f"开标状态是 {opened.state}")
        return opened.results

    def _verify(self, loaded: Loaded) -> tuple[str, None]:
        house = self.stage.house
        register = Register(house.sessions, house.now(), house.log)
        for one in self._results(loaded):
            pdf = openings.read_letter(house, one.case)
            report = judge(house.verifier.verify(pdf, house.now()), register=register)
            hold(report.evidence.signature == Result.PASSED, f"{one.number} 签名未通过")
            hold(report.letter == Result.PASSED, f"{one.number} 与登记不符")
            flipped = pdf[:200] + bytes([pdf[200] ^ 1]) + pdf[201:]
            changed = house.verifier.verify(flipped, house.now())
            hold(changed.signature == Result.FAILED, f"{one.number} 改动后仍通过")
        return "与登记一致；改动的副本全部不通过", None

    def _log(self, loaded: Loaded) -> tuple[str, None]:
        """By receipt and keys alone, as a stranger would: each proof holds, for its own leaf."""
        house = self.stage.house
        key, *cosigners = house.log.folder.verifiers()
        size = 0
        for one in self._results(loaded):
            case = get(self.stage, one.case)
            receipt = self.stage.read(partial(receipts.document, house), case)
            hold(one.index is not None and receipt["index"] == one.index, f"{one.number} 没有公布")
            bundle = log.Bundle.read(str(receipt["proof"]).encode())
            opened = bundle.check(one.leaf, key, cosigners)
            hold(bool(opened.cosigned), "守时服务没有副署")
            hold(not _proves(bundle, bytes(32), key), f"{one.number} 的证明也证明别的条目")
            self.papers.keep_receipt(one.number, receipt)
            size = opened.checkpoint.size
        return f"{size} 条，日志签名，守时服务副署", None

    def _books(self, cases: list[str]) -> tuple[str, None]:
        total = 0
        for one in cases:
            postings = get(self.stage, one).postings
            hold(bool(postings) and sum(line.fen for line in postings) == 0, "借贷不平")
            total += sum(line.fen for line in postings if line.fen > 0)
        return f"保费合计 {total / 100:.2f} 元，借贷相抵为零", None

    def _leave(self, loaded: Loaded) -> tuple[str, None]:
        for one in self._results(loaded):
            self.letters.append(self.papers.keep_letter(self.stage, one))
        listed = openings.read_list(self.stage.house, self._room(loaded).opening)
        hold(listed is not None, "没有签名清单")
        self.papers.keep_list(listed or b"")
        self.papers.keep_certificates(self.stage)
        self.papers.keep_log(self.stage)
        return str(self.papers.folder), None


def _proves(bundle: log.Bundle, entry: bytes, key: log.Verifier) -> bool:
    try:
        bundle.check(entry, key)
    except log.ProofInvalid:
        return False
    return True


def _good(one: ResultRow) -> bool:
    return (one.verdict, one.signature, one.letter) == ("verified", "PASSED", "PASSED")
