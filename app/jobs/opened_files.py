"""What an opening leaves in the file store under the at-rest key: letters and signed lists."""

from app.house import House
from guarantees.errors import NotFound


def letter_name(case: str) -> str:
    return f"letters/{case}"


def list_name(opening: str) -> str:
    return f"lists/{opening}"


def keep_letter(house: House, case: str, letter: bytes) -> str:
    """Store an opened letter once, after T; answers its name in the store."""
    name = letter_name(case)
    house.files.put_once(name, house.sessions.vault.lock(letter, _aad(name)))
    return name


def keep_list(house: House, opening: str, document: bytes) -> None:
    name = list_name(opening)
    house.files.put_once(name, house.sessions.vault.lock(document, _aad(name)))


def read_letter(house: House, case: str) -> bytes:
    """The signed PDF of an opened letter, exactly as it was signed.

    NotFound if it is not opened. Whoever calls has asked a query whether the reader may see it.
    """
    letter = _read(house, letter_name(case))
    if letter is None:
        raise NotFound(noun="letter", id=case)
    return letter


def read_list(house: House, opening: str) -> bytes | None:
    """The signed list (PDF) of an opening; None until there is one."""
    return _read(house, list_name(opening))


def _read(house: House, name: str) -> bytes | None:
    held = house.files.get(name)
    return None if held is None else house.sessions.vault.unlock(held, _aad(name))


def _aad(name: str) -> bytes:
    """The id alone: "letters/<case>" is bound to its case."""
    return name.partition("/")[2].encode()
