"""Mail: through SMTP, or into files below data/mail where no server is set.

A message is plain text in UTF-8. Its subject is the first line of the template (templates/mail).
"""

import os
import secrets
import smtplib
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.settings import ROOT, BadSetting, Settings
from guarantees.errors import Unavailable
from guarantees.ports import Mailer

TEMPLATES = ROOT / "templates" / "mail"

SECONDS = 20
"""How long a mail server may take to answer; the jobs thread waits for it."""

PORTS = {"smtp": 25, "smtps": 465}


class FileSink:
    """Writes every mail into a folder as `<random>.eml`, readable for its owner alone."""

    def __init__(self, folder: Path, sender: Address) -> None:
        self.folder = folder
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        message = _message(self._sender, to, subject, text)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Random names: a mail's name and order tell nothing.
        name = secrets.token_hex(16)
        unfinished = self.folder / f".{name}"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(message))
        unfinished.rename(self.folder / f"{name}.eml")


class SmtpMailer:
    """Hands every mail to one server; `smtp://[user:password@]host[:port]` or `smtps://…`.

    With smtp:// the connection is encrypted if the server offers it (RFC 3207), and must be before
    a password is sent.
    """

    def __init__(self, url: str, sender: Address) -> None:
        """BadSetting for an address that is none of the two."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in PORTS or not parts.hostname or port == -1:
            raise BadSetting(f"BAOHAN_SMTP is {url!r}; it must look like smtp://host:25")
        self._implicit = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = port or PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Unavailable if the server is away or refuses; it is tried again later."""
        message = _message(self._sender, to, subject, text)
        try:
            with self._connect() as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(service="mail", reason=type(error).__name__) from error

    def _connect(self) -> smtplib.SMTP:
        kind = smtplib.SMTP_SSL if self._implicit else smtplib.SMTP
        server = kind(self._host, self._port, timeout=SECONDS)
        try:
            server.ehlo()
            if not self._implicit and (self._user or server.has_extn("starttls")):
                server.starttls()
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def mailer(settings: Settings) -> Mailer:
    """The mailer that the settings ask for."""
    sender = sender_of(settings.base_url)
    if settings.smtp:
        return SmtpMailer(settings.smtp, sender)
    return FileSink(settings.data / "mail", sender)


def sender_of(base_url: str) -> Address:
    """no-reply at the platform's own host; at localhost while it has only an address."""
    host = urlsplit(base_url).hostname or ""
    named = "." in host and not host.replace(".", "").isdigit()
    return Address("政府采购电子保函平台", "no-reply", host if named else "localhost")


def render(template: str, base_url: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and text of `templates/mail/<template>.txt`; an unknown field is an error."""
    made = _ENVIRONMENT.get_template(f"{template}.txt").render(base_url=base_url, **fields)
    subject, _gap, text = made.partition("\n")
    return subject.strip(), text.strip() + "\n"


def _message(sender: Address, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    message.set_content(text, cte="base64")
    return message


def _environment() -> Environment:
    # Chinese is the source text; a catalogue goes here once people choose a language for mail.
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default_for_string=False, default=False),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # added by the i18n extension
    return made


_ENVIRONMENT = _environment()
