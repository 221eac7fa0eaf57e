"""Shares that holders of tokens fetch sealed and hand in opened (sealing.md, step 5). Pure.

What is handed in is matched by what it says it belongs to, whatever its file is called; one wrong
share stops no other. A share counts once it is proven to be its letter's: nobody can get another's
letter recorded as broken by handing in something false.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from guarantees.errors import N_
from guarantees.flow.steps.means import Waiting
from signing.seal import CMS, SealBroken, Wrap, sp_handed_in
from signing.seal.cms import SHARE_BYTES, share_of

NAME_DIGITS = 16

REASONS: Mapping[str, str] = {
    "encrypted": N_("还没有解密：请交回 decrypt.sh 解密出来的文件。"),
    "length": N_("不是解密后的份额：应为 64 字节。"),
    "unknown": N_("不属于余下的函件：可能已有结论，或取自其他标段。"),
    "false": N_("与函件不符：请用登记的证书对应的私钥重新解密。"),
}
"""Why a file was not taken."""


@dataclass(frozen=True)
class HandedIn:
    """What became of the files of one hand-in."""

    shares: Mapping[str, bytes] = field(repr=False)
    """Case → `sp`, of those that were right."""
    rejected: tuple[tuple[str, str], ...]
    """Name of the file and key of REASONS, in the order they came."""


def file_name(one: Waiting, ending: str) -> str:
    """Of a letter's share: by what commits to its key, which says nothing of whose it is."""
    com = one.envelope.com if one.envelope else bytes(32)
    return f"{com.hex()[:NAME_DIGITS]}.{ending}"


def sealed_shares(letters: Sequence[Waiting], certificate: bytes) -> list[tuple[str, bytes]]:
    """(file name, CMS) for the token with this fingerprint, by name."""
    found = {
        file_name(one, "cms"): wrap.data
        for one in letters
        for wrap in _token_wraps(one)
        if wrap.fingerprint == certificate
    }
    return sorted(found.items())


def judge(letters: Sequence[Waiting], files: Iterable[tuple[str, bytes]]) -> HandedIn:
    """Each file by itself; the same share twice does no harm."""
    known = {
        share_of(b"", one.context.ctx, one.envelope.com, wrap.fingerprint): one
        for one in letters
        if one.envelope is not None
        for wrap in _token_wraps(one)
    }
    shares: dict[str, bytes] = {}
    rejected = []
    for name, content in files:
        if len(content) != SHARE_BYTES:
            rejected.append((name, "encrypted" if content[:1] == b"\x30" else "length"))
            continue
        one = known.get(content[SHARE_BYTES // 2 :])
        if one is None or one.envelope is None:
            rejected.append((name, "unknown"))
            continue
        try:
            extra = one.rewraps
            shares[one.case] = sp_handed_in(one.envelope, one.context.ctx, content, extra)
        except SealBroken:
            rejected.append((name, "false"))
    return HandedIn(shares, tuple(rejected))


def _token_wraps(one: Waiting) -> list[Wrap]:
    wraps = one.envelope.recipient_wraps if one.envelope else ()
    return [wrap for wrap in (*wraps, *one.rewraps) if wrap.kind == CMS]
