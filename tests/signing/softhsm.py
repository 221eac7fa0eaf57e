"""SoftHSM2 tokens in a folder of this run: what stands for a hardware module in tests."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives import serialization

from signing import private_files
from signing.keys.software import load_private
from tests.signing import made

PIN = "0451-8836"
_PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
MODULE = next((place for place in _PLACES if Path(place).exists()), "libsofthsm2.so")


@cache
def folder() -> Path:
    """Where this process's tokens lie; the module reads its place from the environment."""
    place = made.folder()
    (place / "tokens").mkdir()
    configuration = place / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {place / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    return place


def util(*arguments: str) -> None:
    """Run softhsm2-util on this run's tokens."""
    folder()
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True, text=True)


def make_token(label: str) -> None:
    """An empty token."""
    util("--init-token", "--free", "--label", label, "--so-pin", "so-pin-1", "--pin", PIN)


def put_in(directory: Path, name: str, label: str, passphrase: bytes = made.PASSPHRASE) -> None:
    """Move a software key (signing.certificates) into a token, and leave its address behind."""
    source = directory / f"{name}.key.pem"
    private = load_private(source, passphrase)
    plain = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    moved = folder() / f"{label}-{name}.pem"
    private_files.write_new(moved, plain)
    number = f"{abs(hash((label, name))) % 2**32:08x}"
    util(
        "--import", str(moved), "--token", label, "--label", name, "--id", number, "--pin", PIN
    )  # fmt: skip
    moved.unlink()
    source.unlink()
    address(directory, name, token=label, key=name)
    pkcs11.lib(MODULE).reinitialize()  # it looks for tokens when it starts


def address(directory: Path, name: str, *, pin: str = PIN, **fields: str) -> None:
    """The files that say where a key lies."""
    document = {"module": MODULE, "token": "", "key": name} | fields
    private_files.write_new(directory / f"{name}.token.json", json.dumps(document).encode())
    private_files.write_new(directory / f"{name}.pin", pin.encode())
