"""Notes, checkpoints, cosignatures and bundles: what holds, and what is refused."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import log
from signing.log.follower import AddCheckpoint
from tests.signing.logs import AT, ORIGIN, Cosigner, MemoryLog, entry

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZ"
    "b6KE6RyyBwJnAM=\n"
).encode()
"""The example of Go's package sumdb/note."""


@pytest.fixture(scope="module")
def filled() -> MemoryLog:
    one = MemoryLog()
    one.add([entry(number) for number in range(300)])
    return one


def test_a_note_of_go_is_read_and_written() -> None:
    verifier = log.Verifier.of_vkey(GO_KEY)
    note = log.Note.read(GO_NOTE)
    assert verifier.vkey() == GO_KEY
    assert verifier.check(note.text, note.signatures[0]) is None
    assert note.to_bytes() == GO_NOTE


def test_the_form_of_a_checkpoint(filled: MemoryLog) -> None:
    lines = filled.note().decode().split("\n")
    assert lines[:2] == [ORIGIN, "300"]
    assert base64.b64decode(lines[2]) == filled.tree.root()
    assert lines[3] == ""
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]


def test_a_checkpoint_with_cosignatures_opens(filled: MemoryLog) -> None:
    keeper, stranger = Cosigner(), Cosigner("witness.example/w1")
    text = filled.head().text()
    data = filled.note(None, keeper.sign(text), stranger.sign(text))
    opened = log.open_checkpoint(data, filled.verifier, [keeper.verifier])
    assert opened.checkpoint == filled.head()
    assert [(one.verifier.name, one.at) for one in opened.cosigned] == [(keeper.name, AT)]
    assert len(opened.note.signatures) == 3


def test_a_cosignature_is_not_a_signature(filled: MemoryLog) -> None:
    """The log's own key under the other kind, and a cosigner in the log's place."""
    text = filled.head().text()
    crossed = log.cosign(ORIGIN, filled.key, text, AT)
    with pytest.raises(log.NoteInvalid):
        log.open_checkpoint(log.Note(text, (crossed,)).to_bytes(), filled.verifier)


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
@settings(max_examples=150)
def test_no_flipped_bit_of_a_checkpoint_passes(filled: MemoryLog, place: int, bit: int) -> None:
    keeper = Cosigner()
    data = bytearray(filled.note(None, keeper.sign(filled.head().text())))
    data[place % len(data)] ^= 1 << bit
    try:
        opened = log.open_checkpoint(bytes(data), filled.verifier, [keeper.verifier])
    except log.NoteInvalid:
        return
    # A name or id that is no longer the cosigner's is a stranger's, and is passed over.
    assert opened.checkpoint == filled.head()
    assert opened.cosigned == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n0300\n{{root}}\n",
        f"{ORIGIN}\n-1\n{{root}}\n",
        f"{ORIGIN}\n9223372036854775808\n{{root}}\n",
        f"{ORIGIN}\n300\nAAAA\n",
        f"{ORIGIN}\n300\n{{root}}\nextension\n",
        "other.example/log\n300\n{root}\n",
        f"{ORIGIN}\n300\n",
    ],
)
def test_what_is_no_checkpoint_is_refused_however_it_is_signed(
    filled: MemoryLog, text: str
) -> None:
    text = text.replace("{root}", base64.b64encode(filled.tree.root()).decode())
    note = log.Note(text, (log.sign(ORIGIN, filled.key, text),))
    with pytest.raises(log.NoteInvalid):
        log.open_checkpoint(note.to_bytes(), filled.verifier)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        GO_NOTE[:-1],
        GO_NOTE.replace("—".encode(), b"-"),
        GO_NOTE.replace(b"x08go", b"x08g\xff"),
        GO_NOTE.replace(b"then", b"th\ten"),
        GO_NOTE.replace(b"Neumann x", b"Neu mann x"),
        GO_NOTE.replace(b"JnAM=", b"JnAN="),
        GO_NOTE + "— a AAAA\n".encode(),
        b"text\n\n" + b"x" * 70_000,
        b"text\n\n" + "— a AAAAAAA=\n".encode() * 100,
    ],
)
def test_what_is_no_note(data: bytes) -> None:
    with pytest.raises(log.NoteInvalid):
        log.Note.read(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY.replace("PeterNeumann", ""),
        GO_KEY[:-4],
        GO_KEY.replace("+ARpc", "+BRpc"),
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(log.NoteInvalid):
        log.Verifier.of_vkey(text)


def test_a_bundle_is_checked_without_the_log(filled: MemoryLog) -> None:
    keeper = Cosigner()
    note = filled.note(None, keeper.sign(filled.head().text()))
    data = log.Bundle(7, filled.tree.inclusion(7), note).to_bytes()
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nindex 7\n")
    opened = log.Bundle.read(data).check(entry(7), filled.verifier, [keeper.verifier])
    assert opened.checkpoint.size == 300
    with pytest.raises(log.ProofInvalid):
        log.Bundle.read(data).check(entry(8), filled.verifier)
    with pytest.raises(log.NoteInvalid):
        log.Bundle.read(data).check(entry(7), MemoryLog().verifier)


def test_a_bundle_with_extra_data_and_one_of_a_single_entry() -> None:
    one = MemoryLog()
    one.add([entry(1)])
    data = log.Bundle(0, (), one.note()).to_bytes()
    assert log.Bundle.read(data).check(entry(1), one.verifier).checkpoint.size == 1
    extra = data.replace(b"index 0", b"extra AAAA\nindex 0")
    assert log.Bundle.read(extra) == log.Bundle.read(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"index 7", b"index 07"),
        (b"index 7\n", b""),
        (b"\n\n", b"\n"),
        (b"index 7", b"index 7\nAAAA"),
    ],
)
def test_what_is_no_bundle(filled: MemoryLog, old: bytes, new: bytes) -> None:
    data = log.Bundle(7, filled.tree.inclusion(7), filled.note()).to_bytes()
    with pytest.raises(log.NoteInvalid):
        log.Bundle.read(data.replace(old, new, 1)).check(entry(7), filled.verifier)


@given(data=st.binary(max_size=300))
def test_noise_is_refused_and_breaks_nothing(data: bytes) -> None:
    for read in (log.Note.read, log.Bundle.read, AddCheckpoint.read):
        with pytest.raises(log.NoteInvalid):
            read(data)


def test_a_request_for_a_cosignature_is_read_as_it_was_written(filled: MemoryLog) -> None:
    made = AddCheckpoint(64, filled.tree.consistency(64), filled.note())
    assert AddCheckpoint.read(made.to_bytes()) == made
    first = AddCheckpoint(0, (), filled.note())
    assert first.to_bytes().startswith(b"old 0\n\n")
    assert AddCheckpoint.read(first.to_bytes()) == first


def test_a_follower_goes_forwards_only(filled: MemoryLog) -> None:
    tree = filled.tree
    head = log.accept(log.Head(), filled.head(100), 0, ())
    assert head == log.Head(100, tree.root(100))
    assert log.accept(head, filled.head(100), 100, ()) == head
    later = log.accept(head, filled.head(300), 100, tree.consistency(100))
    assert later.size == 300
    with pytest.raises(log.OldSize) as told:
        log.accept(later, filled.head(300), 100, tree.consistency(100))
    assert told.value.size == 300
    with pytest.raises(log.ProofInvalid):
        log.accept(later, filled.head(100), 300, ())
    other = MemoryLog()
    other.add([entry(number + 5) for number in range(300)])
    with pytest.raises(log.ProofInvalid):
        log.accept(later, other.head(300), 300, ())
    with pytest.raises(log.ProofInvalid):
        log.accept(head, other.head(300), 100, other.tree.consistency(100))
