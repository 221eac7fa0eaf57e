"""What a process of some user asks the timekeeper and the signer; light to import, since each call
runs in a process of its own."""

from pathlib import Path

from app.adapters.letters import SignerClient
from guarantees.ports import LetterOrder, Produced
from signing import wire
from signing.seal import ReleaseRequest
from signing.timekeeper.client import TimekeeperClient
from signing.timekeeper.protocol import TimekeeperRefused


def release(socket: Path, opening: str, request: ReleaseRequest) -> str:
    """The code of the refusal, or "released"."""
    try:
        TimekeeperClient(socket).release(opening, [request])
    except TimekeeperRefused as refused:
        return refused.code
    return "released"


def certificates(socket: Path) -> str:
    """Of the signer: the code of the refusal, or "answered"."""
    try:
        wire.Client(socket).call("certificates")
    except wire.RemoteError as refused:
        return refused.code
    return "answered"


def produce(socket: Path, order: LetterOrder) -> Produced:
    return SignerClient(socket).produce(order)
