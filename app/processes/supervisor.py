"""Starting and ending all processes of one installation (decisions.md, "Processes").

The order: folders, keys, authority, timekeeper, its key pinned, signer, bank, web. Ending goes the
other way: the web process drains first. The listening sockets are opened here, so that their ports
outlive a process that is started again.
"""

import json
import resource
import socket
import subprocess  # nosec B404 - only its type
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import requests

from app.processes import run_file
from app.processes.escrow import make_escrow
from app.processes.keeper import Keeper, Spec
from app.processes.loopback import HOST, listen
from app.processes.places import Places
from app.processes.run_file import Running
from app.processes.users import User, Users, make_folders
from app.settings import BadSetting, Settings
from signing.timekeeper.client import TimekeeperClient

DRAIN_SECONDS = 25.0
"""For the web process; its own limit is a little less."""

END_SECONDS = 15.0
"""For each of the others."""

DEMONSTRATION = "demonstration"
"""The process that loads the demonstration's data, once."""

MARKING = "演示样本，不具法律效力"
"""Stands on every letter of a demonstration."""

PROBE_SECONDS = 2.0


@dataclass
class Supervisor:
    """One installation; made once, ended once."""

    settings: Settings
    users: Users
    web: socket.socket
    """The listening socket of the pages."""
    say: Callable[[str], None]
    running: Running = field(init=False)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = Places(self.settings)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError, ValueError):  # only root may: its children may then lock memory
            unlimited = resource.RLIM_INFINITY
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (unlimited, unlimited))
        make_folders(self.places, self.users)
        self.keeper = Keeper(self.places.logs, self.say)
        self.running = Running(web=_url(self.web), address=self.settings.base_url)

    # --- starting

    def start(self, *, web: bool = True) -> None:
        """Everything; without `web` the caller answers on that socket itself.

        StartFailed names the process that did not come up; what runs by then is to be ended.
        """
        waits: list[tuple[str, Callable[[], bool]]] = []
        if self.settings.demonstration:
            make_escrow(self.places)
            waits.append(self._start_bank())
            self._wait([self._start_authority()])  # it makes what the others read
        waits.append(self._start_timekeeper())
        self._wait(waits)
        pin_timekeeper(
            self.places.timekeeper_keys, TimekeeperClient(self.places.timekeeper_socket).public()
        )
        if self.running.bank:
            key = _get(f"{self.running.bank}/key").json()["public_key"]
            self.running = replace(self.running, bank_key=key)
        run_file.write(self.places.run_file, self.running)
        waits = self._start_signer()
        if web:
            waits.append(self._start_web())
        self._wait(waits)

    def _wait(self, waits: Sequence[tuple[str, Callable[[], bool]]]) -> None:
        for name, ready in waits:
            self.keeper.wait_for(name, ready)

    def _start_authority(self) -> tuple[str, Callable[[], bool]]:
        listener = self._listen(self._authority_port())
        url = _url(listener)
        arguments = (
            *("--folder", str(self.places.authority), "--ring", str(self.settings.signer)),
            *("--trust", str(self.places.trust), "--fd", str(listener.fileno())),
            *("--gm", *self.settings.gm_institutions),
        )
        spec = self._spec("authority", "authority", arguments, self.users.sign)
        self.keeper.start(replace(spec, descriptors=(listener.fileno(),)))
        self.running = replace(self.running, authority=url)
        return "authority", lambda: _fetches(f"{url}/root.pem")

    def _authority_port(self) -> int:
        """The port that certificates name for revocation lists, as long as it is free."""
        with suppress(OSError, ValueError, KeyError):
            text = (self.places.authority / "authority.json").read_text(encoding="utf-8")
            return urlsplit(json.loads(text)["crl"]).port or 0
        return 0

    def _start_bank(self) -> tuple[str, Callable[[], bool]]:
        listener = self._listen(0)
        url = _url(listener)
        arguments = (
            *("--folder", str(self.places.bank)),
            *("--notify", f"{self.running.web}/api/v1/payments/notices"),
            *("--fd", str(listener.fileno())),
        )
        spec = self._spec("bank", "bank", arguments, self.users.bank)
        self.keeper.start(replace(spec, descriptors=(listener.fileno(),)))
        self.running = replace(self.running, bank=url)
        return "bank", lambda: _fetches(f"{url}/key")

    def _start_timekeeper(self) -> tuple[str, Callable[[], bool]]:
        path = self.places.timekeeper_socket
        arguments = [
            *("--store", str(self.settings.timekeeper), "--socket", str(path)),
            *("--allow-uid", str(self.users.web.uid), "--copies", str(self.settings.copies)),
        ]
        if self.users.isolated:
            arguments += ["--allow-uid", "0"]  # this supervisor asks for the public key
        if self.running.authority:
            arguments += ["--tsa", self.running.timestamping]
            arguments += ["--tsa-certificate", str(self.places.trust / "tsa.pem")]
        if self.places.quorum.exists():
            arguments += ["--escrow-key", str(self.places.quorum)]
        if self.places.recovery_key.exists():
            arguments += ["--recovery-key", str(self.places.recovery_key)]
        spec = Spec("timekeeper", "signing.timekeeper", tuple(arguments), self.users.time)
        return self._start_listener(spec, path)

    def _start_signer(self) -> list[tuple[str, Callable[[], bool]]]:
        if not (self.settings.signer / "passphrase").exists():
            self.say("no signing keys here: letters wait until a signer has some")
            return []
        path = self.places.signer_socket
        arguments = (
            *("--keys", str(self.settings.signer), "--socket", str(path)),
            *("--allow-uid", str(self.users.web.uid)),
            *("--tsa", self.running.timestamping, "--fonts", str(self.settings.fonts)),
            *("--trust", str(self.places.trust)),
            *("--timekeeper-keys", str(self.places.timekeeper_keys)),
            *(("--marking", MARKING) if self.settings.demonstration else ()),
        )
        spec = self._spec("signer", "signer", arguments, self.users.sign)
        return [self._start_listener(spec, path)]

    def _start_web(self) -> tuple[str, Callable[[], bool]]:
        descriptor = self.web.fileno()
        spec = self._spec("web", "web", ("--fd", str(descriptor)), self.users.web)
        spec = replace(spec, descriptors=(descriptor,), environment=self.environment())
        self.keeper.start(spec)
        return "web", lambda: _fetches(f"{self.running.web}/healthz")

    def _start_listener(self, spec: Spec, path: Path) -> tuple[str, Callable[[], bool]]:
        """Ready when its Unix socket is there; one that a killed process left does not count."""
        path.unlink(missing_ok=True)
        self.keeper.start(spec)
        return spec.name, path.is_socket

    def _spec(self, name: str, module: str, arguments: tuple[str, ...], user: User) -> Spec:
        return Spec(name, f"app.processes.{module}", arguments, user)

    def environment(self) -> Mapping[str, str]:
        """Settings and database, for the web process and whoever works with its data."""
        settings = self.settings
        return {
            "BAOHAN_DATA": str(settings.data),
            "BAOHAN_KEYS": str(settings.keys),
            "BAOHAN_TIMEKEEPER": str(settings.timekeeper),
            "BAOHAN_COPIES": str(settings.copies),
            "BAOHAN_SIGNER": str(settings.signer),
            "BAOHAN_RUN": str(settings.run),
            "BAOHAN_FONTS": str(settings.fonts),
            "BAOHAN_MODE": settings.mode,
            "BAOHAN_BASE_URL": settings.base_url,
            "BAOHAN_SMTP": settings.smtp,
            "BAOHAN_HTTPS": "1" if settings.https else "",
            "BAOHAN_PROXIES": str(settings.proxies),
            "BAOHAN_LOG_ORIGIN": settings.log_origin,
            "BAOHAN_LOG_WITNESSES": settings.log_witnesses,
            "BAOHAN_LOG_SECONDS": str(settings.log_seconds),
            "DATABASE_URL": settings.database_url,
        }

    def load_demonstration(self) -> subprocess.Popen[bytes]:
        """The process that loads the data into an empty database; it says how far it is."""
        spec = Spec(DEMONSTRATION, "app.demo", (), self.users.web, environment=self.environment())
        return self.keeper.open_once(spec)

    def _listen(self, port: int) -> socket.socket:
        """On loopback; another port if this one is taken."""
        try:
            listener = listen(port)
        except OSError:
            listener = listen()
        self._sockets.append(listener)
        return listener

    # --- watching and ending

    def tend_until(self, stop: threading.Event) -> None:
        while not stop.wait(0.2):
            self.keeper.tend()

    def end(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """The web process first, with time to drain; the authority last."""
        self.keeper.end([DEMONSTRATION], 0.0, hurry)
        self.keeper.end(["web"], DRAIN_SECONDS, hurry)
        self.keeper.end(["bank", "signer"], END_SECONDS, hurry)
        self.keeper.end(["timekeeper", "authority"], END_SECONDS, hurry)
        for listener in self._sockets:
            listener.close()
        self.places.run_file.unlink(missing_ok=True)


def pin_timekeeper(path: Path, keys: Mapping[str, bytes]) -> None:
    """Keep the timekeeper's key as first met; BadSetting if another answers today."""
    found = {name: key.hex() for name, key in keys.items()}
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != found:
            raise BadSetting(
                f"the timekeeper has another key than the one that {path} names: its store is not"
                " the one that this installation sealed letters to"
            )
        return
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(found), encoding="utf-8")
    new.chmod(0o644)
    new.replace(path)


def _url(listener: socket.socket) -> str:
    """How this machine reaches the socket, wherever it listens."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # nosec B104 - compared, not bound
        host = HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _get(url: str) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        return http.get(url, timeout=PROBE_SECONDS)


def _fetches(url: str) -> bool:
    try:
        return _get(url).status_code == 200
    except requests.RequestException:
        return False
