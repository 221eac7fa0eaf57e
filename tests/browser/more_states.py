"""States that the demonstration does not hold by itself, brought about over HTTP as people would.

Afterwards there is a visitor for every page that only a mail, a letter or half a login leads to, a
person for every role that the demonstration gives to nobody, and every list has a row of its rarer
kinds: a supplier that waits for its confirmation, an invitation that waits, a proposed policy, a
withdrawn product, a disabled person, a consortium, a lot that is due, one opened without a letter.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TypeVar

from app.demo import cast
from app.demo.secrets import DemoSecrets
from guarantees.flow.apply import CONSENT_ITEMS
from guarantees.values.one_time_codes import code_of, step_at
from signing.seal import make_key_pair
from tests.browser.cast import BANK, MEMBER, MEMBER_CODE
from tests.browser.reading import Reader
from tests.live import Live
from tests.secrecy import facts
from tests.secrecy.person import Person, said

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds for mails, the opening of the demonstration, and T."""

VIEWERS = {"supplier-admin": "supplier", "bank-admin": "institution"}
VIEWERS |= {"procurer-admin": "procurer", "agency-admin": "agency"}
"""Who invites somebody who only looks, and the role of their organisation."""

VARIED = frozenset({"supplier", "institution"})
"""Roles whose organisations see cases in different states."""

ENROL = "/sign-in/authenticator"
PASSWORD = "霜叶红于二月花 1184"
DISABLED = "insurer-checker"


class States:
    """Makes them in a running platform; `readers` is everybody who can be played afterwards."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.secrets = DemoSecrets.of(live.folder / "data")
        self.people: dict[str, Person] = {}
        self.readers: list[Reader] = []
        self.known: list[str] = []
        """Addresses that a visitor comes to from outside."""

    def as_(self, login: str) -> Person:
        """Signed in, once."""
        if login not in self.people:
            self.people[login] = Person(self.live.address, login, self.secrets)
        return self.people[login]

    def visitor(self) -> Person:
        return Person(self.live.address, "", self.secrets)

    def make(self) -> list[Reader]:
        lots = self._projects()
        self._people()
        self._register()
        self._disable()
        self._offers()
        self._designs()
        self._consortium()
        self._half_way()
        self._trustees()
        self._cast()
        self._open(lots)
        self._known_addresses()
        return self.readers

    # --- projects

    def _projects(self) -> tuple[str, str]:
        """Ids of two lots whose opening is seconds away, more of them on a slow machine; nobody
        applies for them."""
        procurer = self.as_("procurer")
        opens = datetime.now(UTC) + timedelta(seconds=self.live.start_seconds)
        [notice] = json.loads(facts.notice(opens))
        both = [
            {**notice, "id": f"pages-{n}", "project_number": f"YM-{n}", "name": f"显微镜采购 {n}"}
            for n in (1, 2)
        ]
        file = {"file": ("notices.json", json.dumps(both).encode())}
        page = procurer.post("/projects/import", "/projects/import", files=file).text
        made = list(dict.fromkeys(re.findall(r"/projects/(\w{26})", page)))
        assert len(made) == 2, said(page)
        for one in made:
            procurer.sent(f"/projects/{one}/register", f"/projects/{one}")
        first, second = (
            _first(r"/openings/(\w{26})", procurer.page(f"/projects/{one}")) for one in made
        )
        return first, second

    def _open(self, lots: tuple[str, str]) -> None:
        """One of them, once T has come, and after the demonstration's own: the other is due."""
        procurer, lot = self.as_("procurer"), lots[0]
        _until("the demonstration's opening", lambda: "已开标" in procurer.page("/openings/"))
        _until("T", lambda: "disabled" not in _button(procurer.page(f"/openings/{lot}")))
        fields = {"passphrase": self.live.passphrases["procurer"], "otp": procurer.code()}
        procurer.sent(f"/openings/{lot}/open", f"/openings/{lot}", **fields)
        _until("an opening", lambda: "全部完成" in procurer.page(f"/openings/{lot}"))

    def _trustees(self) -> None:
        """Each keeps a key of its own, besides the one that the platform keeps."""
        keys = "/trustee/keys/"
        for login in ("regulator-trustee", "trading-centre", "association"):
            public_key = make_key_pair().public_key.hex()
            self.as_(login).sent(f"{keys}register", keys, public_key=public_key)

    # --- people

    def _people(self) -> None:
        mails = {}
        for admin, organisation in VIEWERS.items():
            mails[organisation] = self._invite(admin, f"{organisation}@example.com")
        half = self._invite("bank-admin", "half@example.com")
        waiting = self._invite("bank-admin", "waiting@example.com")
        for organisation, mail in mails.items():
            guest, login = self._accepted(mail)
            guest.sent(ENROL, ENROL, otp=_first_code(guest.page(ENROL)))
            self._read_as(login, organisation, guest, frozenset({"viewer"}))
        guest, login = self._accepted(half)
        self._read_as(f"{login} enrolling", "public", guest, addresses=(ENROL,))
        self.known += [self._link(half), self._link(waiting)]  # used; and still open

    def _invite(self, admin: str, mail: str) -> str:
        fields = {"name": "骆观棋", "mail": mail, "roles": ["viewer"]}
        self.as_(admin).sent("/people/invite", "/people/invite", **fields)
        return mail

    def _accepted(self, mail: str) -> tuple[Person, str]:
        """A browser in which the invited person typed its first password; and its login."""
        guest, link = self.visitor(), self._link(mail)
        fields = {"login_wish": "guanqi", "password": PASSWORD, "repeated": PASSWORD}
        done = guest.sent(link, link, **fields)
        login = _first(r"(guanqi-\d{4})", guest.page(done))
        if "joined" not in {one.name for one in self.readers}:
            self._read_as("joined", "public", guest, addresses=(done,))
        where = guest.sent("/sign-in", "/sign-in", login=login, password=PASSWORD)
        assert where == ENROL, where
        return guest, login

    def _link(self, mail: str) -> str:
        """Path of the invitation that this address was sent."""
        return _until(f"the mail to {mail}", lambda: _sent_link(self.live, mail))

    def _register(self) -> None:
        """A supplier registers itself and waits for the operator."""
        guest = self.visitor()
        fields = {"name": "恒岳星野数字工程有限公司", "credit_code": facts.SUPPLIER.credit_code}
        fields |= {"region": "山西省太原市", "account": facts.SUPPLIER.account}
        fields |= {"person_name": "柏清和", "mail": "bai@example.com", "login_wish": "bai"}
        done = guest.sent("/join", "/join", password=PASSWORD, repeated=PASSWORD, **fields)
        self._read_as("registered", "public", guest, addresses=(done,))

    def _disable(self) -> None:
        insurer = self.as_("insurer-maker")
        row = rf'/people/(\w{{26}})">[^<]*</a>[^<]*</th>\s*<td[^>]*><span class="no">{DISABLED}<'
        person = _first(row, insurer.page("/people/"))
        insurer.sent(f"/people/{person}/disable", f"/people/{person}")

    def _half_way(self) -> None:
        """A password was typed; the code is awaited."""
        guest, login = self.visitor(), "regulator-admin"
        password = self.secrets.password(login)
        assert guest.sent("/sign-in", "/sign-in", login=login, password=password) == "/sign-in/code"
        self._read_as("half way", "public", guest, addresses=("/sign-in/code",))

    # --- offers and applications

    def _offers(self) -> None:
        """A policy that is proposed, and a product that is no longer offered."""
        maker, path = self.as_("maker"), "/institution/policies"
        limits = {"ceiling": "1000000", "supplier_ceiling": "3000000", "total": "90000000"}
        expires = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
        maker.sent(path, path, expires_on=expires, **limits)
        path = "/institution/products/new"
        product = {"name": "投标保函（停办）", "form": "independent", "rate": "0.5%"}
        maker.sent(path, path, minimum="0", ceiling="100000", minutes="60", **product)
        page = maker.page("/institution/products")
        [series] = re.findall(r"/institution/products/(\w{26})", page.partition("（停办）")[2])[:1]
        maker.sent(f"/institution/products/{series}/withdraw", "/institution/products")

    def _designs(self) -> None:
        """One version in use, one not yet."""
        admin, path = self.as_("bank-admin"), "/institution/design/"
        admin.sent(path, path, clauses="咨询由贸易金融部受理。")
        admin.sent(f"{path}1/use", path)
        admin.sent(path, path, clauses="")

    def _consortium(self) -> None:
        """An application with a member, for the first lot that the bank serves."""
        supplier = self.as_("supplier")
        for lot in re.findall(r"/supplier/lots/(\w{26})", supplier.page("/supplier/lots/")):
            path = f"/supplier/lots/{lot}/apply"
            option = rf'<select[^>]*name="(product-{lot})".*?<option value="(\w+)"[^>]*>[^<]*{BANK}'
            found = re.search(option, supplier.page(path), re.DOTALL)
            if found:
                break
        else:
            raise AssertionError("the bank serves no lot")
        supplier.sent(
            path,
            path,
            **{found[1]: found[2], "members-0-name": MEMBER, "members-0-credit_code": MEMBER_CODE},
            key="pages",
            contact="周予安 0351-0000000",
            consents=list(CONSENT_ITEMS),
        )

    # --- who reads

    def _known_addresses(self) -> None:
        """What stands on a letter leads everybody to its entry."""
        procurer = self.as_("procurer")
        rooms = re.findall(r"/openings/\w{26}", procurer.page("/openings/"))
        letters = (re.search(rf"{room}/letters/\w{{26}}", procurer.page(room)) for room in rooms)
        letter = next(found[0] for found in letters if found)
        words = said(procurer.page(letter))
        number, code = _first(r"(BH\d\d-[\d-]+)", words), _first(r"查验码 ([0-9A-Z-]{8,9}) ", words)
        self.known.append(f"/verify?number={number}&code={code}")
        self.readers.append(Reader("anybody", "public", addresses=tuple(self.known)))

    def _cast(self) -> None:
        """One person of each kind, and of those whose cases differ all."""
        known = {(one.organisation, one.roles) for one in self.readers}
        for by in cast.organisations():
            for one in by.people:
                roles = frozenset(one.roles)
                new = (by.role, roles) not in known or by.role in VARIED
                if new and one.login != DISABLED:
                    known.add((by.role, roles))
                    self._read_as(one.login, by.role, self.as_(one.login), roles)

    def _read_as(
        self,
        name: str,
        organisation: str,
        guest: Person,
        roles: frozenset[str] = frozenset(),
        addresses: tuple[str, ...] = (),
    ) -> None:
        kept = guest.http.cookies.get_dict() if organisation == "public" else _login_of(guest)
        self.readers.append(Reader(name, organisation, roles, kept, addresses))


def _login_of(person: Person) -> dict[str, str]:
    """Without the cookie that holds messages of acts that were done here."""
    return {"login": person.http.cookies["login"]}


def _first_code(page: str) -> str:
    """Of the authenticator that the page lets somebody enrol."""
    return code_of(_first(r"secret=([A-Z2-7]+)", page), step_at(datetime.now(UTC)))


def _sent_link(live: Live, to: str) -> str:
    for path in (live.folder / "data" / "mail").glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if to in str(mail["To"]):
            return _first(r"(/invitations/[\w-]+)", mail.get_content())
    return ""


def _button(page: str) -> str:
    """The button that opens."""
    return _first(r"<button([^>]*)>开标并解密", page)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, (pattern, said(text))
    return found[1]


def _until(what: str, look: Callable[[], T]) -> T:
    until = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.2)
    return found
