"""The main job, played over HTTP as people would, with everything scanned after every step."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from app.processes.keeper import Spec
from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.flow.grant_mandate import ACTIONS
from guarantees.values.codes import new_letter_number
from tests.secrecy import callers, facts
from tests.secrecy.insight import OPENER, Insight, Secrets
from tests.secrecy.installation import Installation
from tests.secrecy.person import TOKEN
from tests.secrecy.scene import PATIENCE, Scene
from tests.secrecy.sweep import HOUSE, Read, read_all
from tests.signing.timekeeper_process import as_user

SHORTEST, LONGEST = 25.0, 240.0
"""Seconds from the lot's registration to its opening."""
AHEAD = 9.0
"""Times that signing in took: how fast this machine is now."""
FAR = 3600.0
"""The same where nothing is opened."""

COMPARED = ("", "procurer", "agency", "regulator")
READERS = (*COMPARED, "trading-centre", "operator", "supplier-b", "insurer-maker")
"""Who must learn nothing of the case; and those who must not even see that there is one."""
ACTORS = ("planted", "maker", "checker", OPENER)
AT_ONCE = 3
"""Readers at a time."""

NOBODYS = "0" * 26
"""An id that nothing has."""

STRANGER = 64017
"""A user of this machine who belongs to nothing."""

DEEPEST = frozenset({"letter", "content key", "sp", "st", "recipient key", "passphrase"})
"""Stay secret after the opening, too."""


class Play:
    """One case, from the application on; what was seen is kept for the tests."""

    def __init__(self, installation: Installation, readers: Sequence[str] = READERS) -> None:
        """readers: none where only what is written is looked at; then nothing is opened."""
        self.scene = Scene(installation)
        self.insight = Insight(installation)
        self.readers = readers
        self.opens = datetime.now(UTC)
        self.ahead = FAR
        self.case = self.number = self.lot = self.project = ""
        self.control = b""
        self.secrets: Secrets | None = None
        self.before: Mapping[str, Mapping[str, Read]] = {}
        """Pages while nobody had applied."""
        self.pages: Mapping[str, Mapping[str, Read]] = {}
        """The same before the opening, with a letter sealed."""
        self.early: dict[str, str] = {}
        """Who asked the timekeeper before T, and how it answered."""
        self.asked: dict[str, str] = {}
        """What /verify says of the real number and of an unknown one, before the opening."""

    def before_the_opening(self) -> None:
        self._plant()
        self._steps(self._found, self._sign_in, self._register)
        if self.readers:
            self._steps(self._look_around)
        self._steps(self._leave_half_a_form, self._apply, self._give_back, self._complete)
        self._steps(self._recommend, self._decide, self._pay, self._issue, self._follow)
        self._steps(self._ask_early)
        if self.readers:
            self._steps(self._read)
            self._scan_pages()
        assert datetime.now(UTC) < self.opens, "this machine is too slow for so near an opening"

    def the_opening(self) -> None:
        """T comes, the procurer opens, reads and downloads; then what may still stand nowhere."""
        case_facts = self.scene.scanner.names - DEEPEST
        self._steps(self._wait)
        self.scene.scanner.forget(*case_facts)
        self._know_what_stays_secret()
        self._steps(self._open, self._take)

    def _steps(self, *acts: Callable[[], None]) -> None:
        for act in acts:
            with self.scene.step(act.__name__.strip("_")):
                act()

    # --- what is looked for

    def _plant(self) -> None:
        add = self.scene.scanner.add_fact
        add("supplier", facts.SUPPLIER.name)
        add("credit code", facts.SUPPLIER.credit_code)
        add("member", facts.MEMBER_NAME, facts.MEMBER_CODE)
        add("contact", facts.CONTACT, facts.PHONE)
        add("payer account", facts.PAYER_ACCOUNT)
        add("half a form", facts.HALF_TYPED)
        add("reasons", facts.BACK_REASON, facts.MAKER_REASON, facts.CHECKER_REASON, facts.ANSWER)
        add("premium", facts.PREMIUM.yuan, facts.PREMIUM.yuan.replace(",", ""))
        add("capitals", facts.DEPOSIT.capitals.removeprefix("人民币"))

    def _know_the_letter(self) -> None:
        scanner = self.scene.scanner
        found = self.secrets = self.insight.secrets(self.case)
        scanner.add_bytes("content key", found.content_key)
        scanner.add_bytes("sp", found.sp)
        scanner.add_bytes("st", found.st)
        scanner.add_bytes("recipient key", found.recipient_key)
        scanner.add_fact("passphrase", self.passphrase)
        scanner.add_bytes("digest of the letter", sha256(found.letter).digest())
        self.control = self.insight.control(self.case)
        assert scanner.add_letter("letter", found.letter, self.control, *self._public()) > 10_000

    def _public(self) -> list[bytes]:
        """What stands in the letter and may stand elsewhere: the supplier's name, in the letter's
        XML as in the pages that list organisations, and the certificate of the opening."""
        name, code = f"<name>{facts.SUPPLIER.name}</name>", facts.SUPPLIER.credit_code
        return [name.encode(), code.encode(), self.insight.certificate(self.case)]

    def _know_what_stays_secret(self) -> None:
        """The terms, which the letter holds too, stand in ordinary rows from the opening on."""
        assert self.secrets is not None
        self.scene.scanner.forget("letter")
        terms = self.insight.intent(self.case).terms.encode()
        known = (self.control, terms, *self._public())
        self.scene.scanner.add_letter("letter", self.secrets.letter, *known)

    @property
    def passphrase(self) -> str:
        return self.scene.installation.secrets().passphrase(OPENER)

    # --- before anybody applies

    def _found(self) -> None:
        supervisor, users = self.scene.installation.supervisor, self.scene.installation.users
        environment = supervisor.environment()
        spec = Spec("stage", "tests.secrecy.stage", (), users.web, environment=environment)
        process = supervisor.keeper.open_once(spec)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, supervisor.keeper.last_words("stage")

    def _sign_in(self) -> None:
        begun = time.monotonic()
        for login in (*ACTORS, *self.readers):
            self.scene.as_(login)
        if self.readers:
            self.ahead = min(LONGEST, max(SHORTEST, AHEAD * (time.monotonic() - begun)))

    def _register(self) -> None:
        """The procurer imports and registers its project, and lets its agency act."""
        procurer = self.scene.as_(OPENER)
        self.opens = datetime.now(UTC) + timedelta(seconds=self.ahead)
        file = {"file": ("notice.json", facts.notice(self.opens))}
        page = procurer.post("/projects/import", "/projects/import", files=file).text
        self.project = _first(r"/projects/(\w{26})", page)
        procurer.sent(f"/projects/{self.project}/register")
        rights = {"agency": facts.AGENCY, "actions": list(ACTIONS)}
        procurer.sent(f"/projects/{self.project}/mandates", **rights)
        self.lot = _first(r"/openings/(\w{26})", procurer.page("/openings/"))

    def _look_around(self) -> None:
        self.before = self._pages_of(COMPARED, HOUSE)

    def _pages_of(
        self, readers: Sequence[str], under: Sequence[str] = ("/",)
    ) -> dict[str, dict[str, Read]]:
        known = {"lot": self.lot, "project": self.project, "case": self.case or NOBODYS}

        def reading(login: str) -> dict[str, Read]:
            return read_all(self.scene.as_(login), known, under)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(readers, pool.map(reading, readers), strict=True))

    # --- the case

    def _form(self) -> dict[str, object]:
        page = self.scene.as_("planted").page(f"/supplier/lots/{self.lot}/apply")
        option = rf'<option value="(\w+)"[^>]*>[^<]*{facts.PRODUCT}'
        return {
            f"product-{self.lot}": _first(option, page),
            "key": "a key of the form",
            "contact": f"{facts.CONTACT} {facts.PHONE}",
            "payer_account": facts.PAYER_ACCOUNT,
            "members-0-name": facts.MEMBER_NAME,
            "members-0-credit_code": facts.MEMBER_CODE,
            "consents": list(CONSENT_ITEMS),
        }

    def _leave_half_a_form(self) -> None:
        """Its token is of another login: it is kept for its person, and shown again."""
        path, planted = f"/supplier/lots/{self.lot}/apply", self.scene.as_("planted")
        stale = {**self._form(), "contact": facts.HALF_TYPED, "csrf_token": "of another login"}
        ours = {"Sec-Fetch-Site": "same-origin"}
        assert planted.post(path, headers=ours, **stale).status_code == 303
        assert facts.HALF_TYPED in planted.page(path)

    def _apply(self) -> None:
        where = self.scene.as_("planted").sent(f"/supplier/lots/{self.lot}/apply", **self._form())
        self.case = where.rpartition("/")[2]
        self.scene.scanner.add_fact("reference", self.insight.case(self.case).reference)

    def _give_back(self) -> None:
        fields = {"decision": "back", "reason": facts.BACK_REASON}
        self.scene.as_("maker").sent(f"/institution/cases/{self.case}/recommend", **fields)

    def _complete(self) -> None:
        path = f"/supplier/cases/{self.case}/complete"
        self.scene.as_("planted").sent(path, answer=facts.ANSWER)

    def _recommend(self) -> None:
        fields = {"decision": "approve", "reason": facts.MAKER_REASON}
        self.scene.as_("maker").sent(f"/institution/cases/{self.case}/recommend", **fields)

    def _decide(self) -> None:
        checker = self.scene.as_("checker")
        fields = {"decision": "approve", "reason": facts.CHECKER_REASON, "checked": "y"}
        path = f"/institution/cases/{self.case}/decide"
        checker.sent(path, otp=checker.code(), **fields)

    def _pay(self) -> None:
        path = f"/supplier/cases/{self.case}/pay"
        self.scene.as_("planted").sent(path, payer_account=facts.PAYER_ACCOUNT)
        payment = self.insight.case(self.case).payment()
        assert payment is not None
        self.scene.scanner.add_fact("payment", payment.reference)

    def _issue(self) -> None:
        """The bank's notice and the signer do their parts."""
        self.scene.until("the letter", lambda: self.insight.case(self.case).letter is not None)
        intent = self.insight.intent(self.case)
        self.number, code = intent.number, intent.check_code
        self.scene.scanner.add_fact("number", intent.number, intent.number.replace("-", ""))
        self.scene.scanner.add_fact("check code", code, f"{code[:4]}-{code[4:]}")

    def _follow(self) -> None:
        """What those whose case it is may see of it."""
        self._know_the_letter()
        planted, maker = self.scene.as_("planted"), self.scene.as_("maker")
        assert self.number in planted.page(f"/supplier/cases/{self.case}")
        assert self.number in planted.page(f"/supplier/cases/{self.case}/receipt.json")
        assert planted.ask(f"/supplier/cases/{self.case}/letter.pdf").status_code == 404
        assert self.number in maker.page("/institution/cases")
        assert facts.MEMBER_NAME in maker.page(f"/institution/cases/{self.case}")
        assert maker.ask(f"/institution/cases/{self.case}/letter.pdf").status_code == 404

    # --- before T

    def _ask_early(self) -> None:
        """With the real envelope and the web application's own credentials; and as a stranger."""
        assert self.secrets is not None
        opening = self.insight.intent(self.case).opening
        users, places = self.scene.installation.users, self.scene.installation.places
        askers = {"web": users.web.uid} | ({"stranger": STRANGER} if users.isolated else {})
        for name, uid in askers.items():
            asked = (places.timekeeper_socket, opening, self.secrets.request)
            self.early[name] = as_user(uid, callers.release, *asked)
        procurer = self.scene.as_(OPENER)
        fields = {"passphrase": self.passphrase, "otp": procurer.code()}
        self.early["page"] = procurer.post(f"/openings/{self.lot}/open", **fields).text

    def _read(self) -> None:
        self.pages = self._pages_of(self.readers)
        code = self.insight.intent(self.case).check_code
        for name, number in (("real", self.number), ("unknown", new_letter_number(2026))):
            page = self.scene.as_("").page(f"/verify?number={number}&code={code}")
            self.asked[name] = TOKEN.sub("", page).replace(number, "")

    def _scan_pages(self) -> None:
        pages = (
            (f"{who or 'the public'} reads {path}", page.content)
            for who, read in self.pages.items()
            for path, page in read.items()
        )
        self.scene.scan("pages", pages)

    # --- from T on

    def _wait(self) -> None:
        self.scene.until("T", lambda: datetime.now(UTC) > self.opens)

    def _open(self) -> None:
        procurer, room = self.scene.as_(OPENER), f"/openings/{self.lot}"
        procurer.sent(f"{room}/open", passphrase=self.passphrase, otp=procurer.code())
        self.scene.until("the opening", lambda: self.number in procurer.page(room))
        self.scene.until("the list", lambda: procurer.ask(f"{room}/list.pdf").status_code == 200)

    def _take(self) -> None:
        """Everybody whose letter it is reads and downloads it."""
        assert self.secrets is not None
        room, letter, procurer = f"/openings/{self.lot}", self.secrets.letter, OPENER
        assert facts.MEMBER_NAME in self.scene.as_(procurer).page(f"{room}/letters/{self.case}")
        assert self.scene.as_(procurer).ask(f"{room}/letters.zip").status_code == 200
        for who, path in (
            (procurer, f"{room}/letters/{self.case}.pdf"),
            ("planted", f"/supplier/cases/{self.case}/letter.pdf"),
            ("maker", f"/institution/cases/{self.case}/letter.pdf"),
        ):
            assert self.scene.as_(who).ask(path).content == letter, who


def _first(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found is not None, (pattern, page[:2000])
    return found[1]
