"""Settings: read once from the environment, unknown ones refused, failing closed."""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guarantees.values.codes import BadCode, parse_credit_code

PREFIX = "BAOHAN_"
LAUNCHER_ONLY = frozenset(
    {
        "BAOHAN_FAULT",
        "BAOHAN_PROJECT",
        "BAOHAN_PYTHON",
        "BAOHAN_TEST_SERVER",
        "BAOHAN_TRACEBACK",
    }
)
"""Read elsewhere (launcher, fault points, tests)."""

KNOWN = frozenset(
    {
        "BAOHAN_ENV",
        "BAOHAN_FONTS",
        "BAOHAN_DATA",
        "BAOHAN_KEYS",
        "BAOHAN_TIMEKEEPER",
        "BAOHAN_COPIES",
        "BAOHAN_SIGNER",
        "BAOHAN_RUN",
        "BAOHAN_MODE",
        "BAOHAN_BASE_URL",
        "BAOHAN_SMTP",
        "BAOHAN_HTTPS",
        "BAOHAN_LOG_ORIGIN",
        "BAOHAN_LOG_SECONDS",
        "BAOHAN_LOG_WITNESSES",
        "BAOHAN_GM_INSTITUTIONS",
        "BAOHAN_PROXIES",
    }
)

COPIES = "timekeeper-copies"
"""Beside the timekeeper's store, where no other place is named."""

MOST_PROXIES = 9
"""No site has as many in a row; a larger number is a slip, such as a port."""

LOG_SECONDS = {"production": 60, "demonstration": 20}
LONGEST_CADENCE = 3600
"""A receipt that is not in the log within the hour helps nobody."""

ORIGIN = re.compile(r"(?=.{1,150}$)[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*")

ROOT = Path(__file__).resolve().parent.parent


class BadSetting(Exception):
    """A setting that cannot be used; the message says which, and what it should be."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    data: Path
    """Database, files, mail sink, demonstration authority's public part."""
    keys: Path
    """Vault keys; outside data, its volume and its backup (sealing.md)."""
    timekeeper: Path
    """The timekeeper's own store."""
    copies: Path
    """What the store is made anew from, should it be lost: to lie on another disk than it."""
    signer: Path
    """Institutions' demonstration keys, unreadable for the web user."""
    run: Path
    """Sockets and the run file with ports."""
    fonts: Path
    mode: str
    """"demonstration" or "production": only for making a database; later its own row counts."""
    base_url: str
    """Public address, for the QR code on letters and links in mail."""
    smtp: str
    """smtp://host:port; empty: mail goes to files below data/mail."""
    https: bool
    proxies: int
    """Trusted reverse proxies in front, one behind the other; 0: people reach the site directly.
    So many entries of X-Forwarded-For, -Proto and -Host are believed, from the right. Each of these
    proxies must set all three itself, and nobody may be able to go around them."""
    log_origin: str
    """Name of the transparency log, as example.com/log; empty: of the address at its beginning."""
    log_witnesses: str
    """File with outside witnesses: a line for each, verifier key and address; empty: none."""
    log_seconds: int
    """From one batch of the log to the next."""
    gm_institutions: tuple[str, ...]
    """Credit codes of demonstration institutions whose keys are SM2 from the first start on."""

    @property
    def demonstration(self) -> bool:
        return self.mode == "demonstration"


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or BadSetting with the name at fault."""
    given = {name for name in environment if name.startswith(PREFIX)}
    unknown = sorted(given - KNOWN - LAUNCHER_ONLY)
    if unknown:
        raise BadSetting(f"unknown setting {', '.join(unknown)}; known: {', '.join(sorted(KNOWN))}")
    home = default_home()
    data = Path(environment.get("BAOHAN_DATA", home / "data"))
    keys = Path(environment.get("BAOHAN_KEYS", home / "keys"))
    if keys.resolve().is_relative_to(data.resolve()):
        raise BadSetting(
            f"BAOHAN_KEYS is {keys}, below BAOHAN_DATA ({data}); the vault's keys must lie outside"
            " the data and its backup, or whoever gets one gets both"
        )
    timekeeper = Path(environment.get("BAOHAN_TIMEKEEPER", home / "timekeeper"))
    mode = environment.get("BAOHAN_MODE", "demonstration")
    if mode not in ("demonstration", "production"):
        raise BadSetting(f"BAOHAN_MODE is {mode!r}; it must be demonstration or production")
    return Settings(
        database_url=environment.get("DATABASE_URL", f"sqlite:///{data / 'baohan.db'}"),
        data=data,
        keys=keys,
        timekeeper=timekeeper,
        copies=Path(environment.get("BAOHAN_COPIES", timekeeper.with_name(COPIES))),
        signer=Path(environment.get("BAOHAN_SIGNER", home / "signer")),
        run=Path(environment.get("BAOHAN_RUN", home / "run")),
        fonts=Path(environment.get("BAOHAN_FONTS", ROOT / ".baohan" / "fonts")),
        mode=mode,
        base_url=environment.get("BAOHAN_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        smtp=environment.get("BAOHAN_SMTP", ""),
        https=environment.get("BAOHAN_HTTPS", "") == "1",
        proxies=_proxies(environment.get("BAOHAN_PROXIES", "0")),
        log_origin=_log_origin(environment.get("BAOHAN_LOG_ORIGIN", "")),
        log_witnesses=environment.get("BAOHAN_LOG_WITNESSES", ""),
        log_seconds=_log_seconds(environment.get("BAOHAN_LOG_SECONDS", ""), mode),
        gm_institutions=_credit_codes(environment.get("BAOHAN_GM_INSTITUTIONS", "")),
    )


def _proxies(given: str) -> int:
    if len(given) == 1 and given.isascii() and given.isdigit():
        return int(given)
    raise BadSetting(
        f"BAOHAN_PROXIES is {given!r}; it must be the number of reverse proxies in front of the"
        f" site, 0 to {MOST_PROXIES}"
    )


def _credit_codes(text: str) -> tuple[str, ...]:
    codes = tuple(filter(None, (part.strip() for part in text.split(","))))
    try:
        return tuple(str(parse_credit_code(code)) for code in codes)
    except BadCode:
        raise BadSetting(
            f"BAOHAN_GM_INSTITUTIONS is {text!r}; it must be credit codes (统一社会信用代码) of"
            " institutions, with commas between them"
        ) from None


def _log_origin(text: str) -> str:
    if text and not ORIGIN.fullmatch(text):
        raise BadSetting(
            f"BAOHAN_LOG_ORIGIN is {text!r}; it must be an address without https://, as"
            " example.com/log"
        )
    return text


def _log_seconds(text: str, mode: str) -> int:
    if not text:
        return LOG_SECONDS[mode]
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= LONGEST_CADENCE):
        raise BadSetting(
            f"BAOHAN_LOG_SECONDS is {text!r}; it must be a number from 1 to {LONGEST_CADENCE}"
        )
    return int(text)


def default_home() -> Path:
    """/var/lib/baohan for root; else below the user's data directory."""
    if os.geteuid() == 0:
        return Path("/var/lib/baohan")
    return Path(os.environ.get("XDG_DATA_HOME", _home() / ".local" / "share")) / "baohan"


def _home() -> Path:
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:  # a container may run as a user that its password file does not list
        return Path(os.environ.get("HOME", "/nonexistent"))
