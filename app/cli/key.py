"""`./baohan key rotate|revoke|list CODE`: institutions' keys of the demonstration.

Elsewhere their own authority does this; the signer then gets the new certificate's file.
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509 as pyca

from app.cli.arguments import Arguments, CommandError
from app.cli.code import become_owner
from app.processes.places import Places
from app.settings import BadSetting, read
from signing import private_files
from signing.certificates import Authority, open_authority, revoke, revoked_at
from signing.errors import KeyStoreError
from signing.private_files import ExposedFile
from signing.rotation import certificates_of, rotate

_LONGEST = 4096
_REASONS = {
    "compromised": pyca.ReasonFlags.key_compromise,
    "superseded": pyca.ReasonFlags.superseded,
    "ended": pyca.ReasonFlags.cessation_of_operation,
}


def main(argv: list[str]) -> int:
    """Prints the institution's certificates as they are afterwards."""
    given = _parser().parse_args(argv)
    try:
        settings = read()
        become_owner(settings.signer)
        authority = _authority(Places(settings).authority)
        known = {
            f"{one.serial_number:x}": one for one in certificates_of(settings.signer, given.code)
        }
        now = datetime.now(UTC)
        if given.action == "rotate":
            rotate(authority, settings.signer, given.code, now)
        elif given.action == "revoke":
            serial = given.certificate or next(iter(known))
            if serial not in known:
                raise CommandError(
                    f"{serial}: no certificate of {given.code}; see ./baohan key list"
                )
            revoke(authority, known[serial], _since(given.since, now), _REASONS[given.reason])
        _show(authority, settings.signer, given.code)
    except (BadSetting, KeyStoreError, ExposedFile) as error:
        raise CommandError(str(error)) from error
    return 0


def _parser() -> Arguments:
    parser = Arguments("key", "Rotate or revoke an institution's key of the demonstration.")
    parser.add_argument("action", choices=("rotate", "revoke", "list"))
    parser.add_argument("code", metavar="CODE", help="credit code of the institution")
    parser.add_argument(
        "--since", metavar="TIME", help="revoked as of (ISO 8601 with offset); now by default"
    )
    parser.add_argument("--reason", choices=sorted(_REASONS), default="compromised")
    parser.add_argument(
        "--certificate", metavar="SERIAL", help="one of `list`; the one in use by default"
    )
    return parser


def _authority(folder: Path) -> Authority:
    if not folder.is_dir():
        raise CommandError("there is no authority here: only a demonstration has one of its own")
    passphrase = private_files.read(folder / "passphrase", _LONGEST)
    return open_authority(folder, passphrase=passphrase)


def _since(text: str | None, now: datetime) -> datetime:
    """A moment not after `now`."""
    try:
        since = datetime.fromisoformat(text) if text else now
    except ValueError:
        raise CommandError(f"{text}: write the time as 2026-11-27T08:00:00+08:00") from None
    if since.tzinfo is None or since > now:
        raise CommandError(f"{text}: a time with its offset, and not in the future")
    return since


def _show(authority: Authority, folder: Path, code: str) -> None:
    for certificate in certificates_of(folder, code):
        when = revoked_at(authority, certificate)
        state = f"revoked as of {when.isoformat()}" if when else "good"
        until = certificate.not_valid_after.date().isoformat()
        print(f"{certificate.serial_number:x}  until {until}  {state}")
