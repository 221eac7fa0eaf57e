"""What every mailer does (guarantees.ports.Mailer): files and SMTP deliver the same message."""

import email
import socketserver
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.adapters import mail
from app.adapters.mail import FileSink, SmtpMailer, mailer, render, sender_of
from app.settings import BadSetting, read
from guarantees.errors import Unavailable
from guarantees.ports import Mailer

SENDER = Address("政府采购电子保函平台", "no-reply", "baohan.example")


class Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client that sends one message needs."""

    server: "Server"

    def handle(self) -> None:
        self.say(b"220 here")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self.say(b"354 go on")
                self.server.post.taken.append(self.message())
                self.say(b"250 taken")
            elif verb == b"RCPT" and self.server.post.refuse:
                self.say(b"550 nobody here")
            elif verb == b"QUIT":
                self.say(b"221 bye")
                return
            else:
                self.say(b"250 well")

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


@dataclass
class PostOffice:
    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    refuse: bool = False


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, post: PostOffice) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.post = post
        post.port = self.server_address[1]


@pytest.fixture
def post() -> Iterator[PostOffice]:
    office = PostOffice()
    with Server(office) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield office
        server.shutdown()
        thread.join()


Delivered = Callable[[], list[EmailMessage]]


@pytest.fixture(params=["files", "smtp"])
def port(
    request: pytest.FixtureRequest, tmp_path: Path, post: PostOffice
) -> tuple[Mailer, Delivered]:
    """A mailer, and what it delivered."""
    if request.param == "files":
        sink = FileSink(tmp_path / "mail", SENDER)
        return sink, lambda: [parse(path.read_bytes()) for path in sink.folder.glob("*.eml")]
    url = f"smtp://127.0.0.1:{post.port}"
    return SmtpMailer(url, SENDER), lambda: [parse(one) for one in post.taken]


def parse(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=policy.default)


def test_a_message_arrives_as_it_was_given(port: tuple[Mailer, Delivered]) -> None:
    sender, delivered = port
    text = "周予安，您好：\n.一行以点开头\n" + "很长的一行" * 300 + "\n"
    sender.send("zhou@example.com", "注册已通过", text)
    (message,) = delivered()
    assert message["To"] == "zhou@example.com"
    assert message["Subject"] == "注册已通过"
    assert message["From"] == "政府采购电子保函平台 <no-reply@baohan.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == text


def test_each_message_is_delivered_on_its_own(port: tuple[Mailer, Delivered]) -> None:
    sender, delivered = port
    for n in range(3):
        sender.send(f"p{n}@example.com", "有新的消息", "请登录查看\n")
    assert {message["To"] for message in delivered()} == {f"p{n}@example.com" for n in range(3)}
    assert len({message["Message-ID"] for message in delivered()}) == 3


@pytest.mark.parametrize("place", ["to", "subject"])
def test_nobody_smuggles_a_header(port: tuple[Mailer, Delivered], place: str) -> None:
    sender, delivered = port
    given = {"to": "a@example.com", "subject": "消息"}
    given[place] += "\r\nBcc: thief@example.com"
    with pytest.raises(ValueError, match=r"invalid|linefeed"):
        sender.send(given["to"], given["subject"], "x\n")
    assert delivered() == []


def test_files_are_for_their_owner_and_named_by_chance(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "deep" / "mail", SENDER)
    sink.send("zhou@example.com", "消息", "x\n")
    (path,) = sink.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(sink.folder.stat().st_mode) == 0o700
    assert len(path.stem) == 32
    assert "zhou" not in path.name


def test_a_server_that_refuses_or_is_away_is_unavailable(post: PostOffice) -> None:
    sender = SmtpMailer(f"smtp://127.0.0.1:{post.port}", SENDER)
    post.refuse = True
    with pytest.raises(Unavailable):
        sender.send("zhou@example.com", "消息", "x\n")
    away = SmtpMailer("smtp://127.0.0.1:1", SENDER)
    with pytest.raises(Unavailable):
        away.send("zhou@example.com", "消息", "x\n")
    assert post.taken == []


def test_no_password_goes_out_in_the_clear(post: PostOffice) -> None:
    """The server offers no encryption (RFC 3207)."""
    sender = SmtpMailer(f"smtp://user:secret@127.0.0.1:{post.port}", SENDER)
    with pytest.raises(Unavailable):
        sender.send("zhou@example.com", "消息", "x\n")
    assert post.taken == []


@pytest.mark.parametrize("url", ["mail.example:25", "http://mail.example", "smtp://", "smtp://h:x"])
def test_a_bad_address_of_the_server_is_named(url: str) -> None:
    with pytest.raises(BadSetting, match="BAOHAN_SMTP"):
        SmtpMailer(url, SENDER)


def test_the_settings_choose(tmp_path: Path) -> None:
    environment = {"BAOHAN_DATA": str(tmp_path)}
    sink = mailer(read(environment))
    assert isinstance(sink, FileSink)
    assert sink.folder == tmp_path / "mail"
    assert isinstance(mailer(read({**environment, "BAOHAN_SMTP": "smtp://h"})), SmtpMailer)


@pytest.mark.parametrize(
    ("base_url", "domain"),
    [
        ("https://baohan.example/", "baohan.example"),
        ("http://127.0.0.1:8000", "localhost"),
        ("http://localhost:8000", "localhost"),
        ("http://[::1]:8000", "localhost"),
    ],
)
def test_who_sends(base_url: str, domain: str) -> None:
    assert sender_of(base_url).domain == domain


FIELDS = {
    "news": {},
    "correction": {},
    "admitted": {"name": "周予安", "organisation": "晋河科技", "login": "zhou-1234", "reason": ""},
    "refused": {"name": "周予安", "organisation": "晋河科技", "login": "zhou-1", "reason": "不符"},
    "invitation": {"name": "吴复核", "organisation": "晋河银行", "token": "t-o-k-e-n"},
}


@pytest.mark.parametrize("template", sorted(path.stem for path in mail.TEMPLATES.glob("*.txt")))
def test_every_template_says_its_fields_and_nothing_twice(template: str) -> None:
    subject, text = render(template, "https://baohan.example", FIELDS[template])
    assert subject
    assert "\n" not in subject
    assert subject not in text.splitlines()
    for name, value in FIELDS[template].items():
        assert not value or name == "login" or value in text
    assert "https://baohan.example/" in text
    assert "{" not in text


def test_a_template_without_its_fields_is_an_error() -> None:
    with pytest.raises(Exception, match="undefined"):
        render("invitation", "https://baohan.example", {})


def test_news_names_nothing() -> None:
    _subject, text = render("news", "https://baohan.example", {})
    assert "保函平台有新的消息" in text
