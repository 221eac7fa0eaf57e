"""What the start of a demonstration says: where it is, and who can sign in."""

import subprocess  # nosec B404 - only its types are used
import threading
from unicodedata import east_asian_width

from app.demo import cast, people
from app.demo.__main__ import READY
from app.demo.secrets import FILE, DemoSecrets
from app.processes.supervisor import Supervisor

LOOK_SECONDS = 0.1
HEAD = ("职责 duty", "用户名 login", "密码 password", "单位 organisation")


def play(supervisor: Supervisor, stop: threading.Event) -> bool:
    """Load the demonstration's data and wait until they stand; False where there are none."""
    if not supervisor.settings.demonstration:
        return False
    ready = threading.Event()
    process = supervisor.load_demonstration()
    threading.Thread(target=_listen, args=(process, ready), daemon=True).start()
    while not ready.is_set() and not stop.wait(LOOK_SECONDS):
        supervisor.keeper.tend()
    return True


def _listen(process: subprocess.Popen[bytes], ready: threading.Event) -> None:
    """Until it says that all stands, or ends."""
    for line in process.stdout or ():
        if line.decode().strip() == READY:
            break
    ready.set()


def text(supervisor: Supervisor, demonstration: bool) -> str:
    address = f"保函平台 baohan: {supervisor.settings.base_url}"
    if not demonstration or not (supervisor.settings.data / FILE).exists():
        return address
    secrets = DemoSecrets.of(supervisor.settings.data)
    return "\n".join([address, "", *_logins(secrets), "", *_hints(secrets)])


def _logins(secrets: DemoSecrets) -> list[str]:
    organisations = {
        person.login: one.name for one in cast.organisations() for person in one.people
    }
    rows = [HEAD] + [
        (duty, login, secrets.password(login), organisations[login]) for login, duty in cast.shown()
    ]
    widths = [max(_width(row[place]) for row in rows) for place in range(3)]
    return [
        "  ".join(
            [*(_padded(cell, width) for cell, width in zip(row[:3], widths, strict=True)), row[3]]
        )
        for row in rows
    ]


def _hints(secrets: DemoSecrets) -> list[str]:
    openers = ("procurer", "agency")
    trustees = [login for login, _ in people.trustees()]
    return [
        "动态验证码 second factor: ./baohan code LOGIN",
        *(f"解密口令 opening passphrase of {one}: {secrets.passphrase(one)}" for one in openers),
        *(f"受托口令 trustee's passphrase of {one}: {secrets.passphrase(one)}" for one in trustees),
        "“工作服采购”三分钟后开标 opens in three minutes; ./baohan demo-opening makes another",
        "付款账号尾号 payer account ending 0001: 扣款失败 refused; 0002: 晚一分钟 a minute late",
    ]


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
