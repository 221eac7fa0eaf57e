"""`./baohan audit`: every broken invariant of database, files and log; exit 1 if there is one."""

import sys

from sqlalchemy.exc import SQLAlchemyError

from app.adapters import log_audit
from app.adapters.database import Sessions, make_engine
from app.adapters.files_local import LocalFiles
from app.adapters.log_folder import LogFolder
from app.adapters.vault import Vault, VaultError
from app.cli.arguments import Arguments, CommandError
from app.cli.code import become_owner
from app.settings import BadSetting, read
from guarantees.queries import audit
from signing.private_files import ExposedFile


def main(argv: list[str]) -> int:
    """Prints a line for each broken invariant, and how many there are.

    A file that a kill left unfinished breaks none: it has no name that anybody reads.
    """
    Arguments("audit", "Report every broken invariant of database, files and log.").parse_args(argv)
    try:
        settings = read()
        become_owner(settings.keys)
        vault = Vault.load(settings.keys)
        sessions = Sessions(make_engine(settings.database_url), vault)
        files = LocalFiles(settings.data / "files")
        with sessions.reading() as session:
            found = list(audit.broken(session, files, vault))
            found += log_audit.broken(session, LogFolder(settings.data / "log"))
    except (BadSetting, VaultError, ExposedFile) as error:
        raise CommandError(str(error)) from error
    except SQLAlchemyError as error:
        raise CommandError("the database is not there; start ./baohan serve first") from error
    for one in found:
        print(f"{one.subject}: not so: {one.rule}")
    if unfinished := len(files.leftovers()):
        print(
            f"unfinished files of killed processes: {unfinished} (the next start removes them)",
            file=sys.stderr,
        )
    print(f"{len(found)} broken invariants", file=sys.stderr)
    return 1 if found else 0
