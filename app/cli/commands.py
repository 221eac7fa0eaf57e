"""The commands of `./baohan` and what each does; the launcher knows the same names."""

COMMANDS = {
    "serve": "set up, start everything and print the address",
    "test": "run all tests",
    "demo": "play the main job and leave its papers in a directory",
    "verify": "judge signed letters",
    "bench": "measure against the plain way",
    "check": "format, lint, types, import contracts, security lint",
    "audit": "report every broken invariant of database, files and log",
    "archive": "open an institution's archive copy of a sealed letter",
    "trustee": "agree to a release with a trustee's own key",
    "recover": "take shares out of a recovery request, offline, with the recovery key",
    "code": "print the current second factor of a demonstration login",
    "key": "rotate or revoke an institution's key of the demonstration",
    "demo-opening": "make a demonstration project that opens in three minutes",
}


def module_name(command: str) -> str:
    """The module of a command: it has `main(argv: list[str]) -> int`, the exit status."""
    return "app.cli." + command.replace("-", "_")
