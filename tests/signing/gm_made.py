"""An SM2 PKI and letters signed with it, made once for a run."""

from dataclasses import dataclass
from functools import cache, cached_property

from signing.gm.authority import GmAuthority, create_authority, crl, issue_institution, root_crl
from signing.keys.protocol import SigningKey
from signing.keys.sm2 import Sm2Key
from signing.parsing.der import measure
from signing.pdf import sign_letter
from signing.trust import Anchor, Trust
from tests.signing import papers
from tests.signing.made import CODE, MADE, NAME, NOW, PASSPHRASE, folder, pki


@dataclass(frozen=True)
class GmPki:
    """The SM2 PKI of a run, with the key of an institution."""

    authority: GmAuthority
    key: Sm2Key

    @cached_property
    def lists(self) -> tuple[bytes, ...]:
        """Revocation lists as of NOW, of the authority for time-stamps, too."""
        return crl(self.authority, NOW), root_crl(self.authority, NOW), *pki().lists

    @cached_property
    def trust(self) -> Trust:
        """Everything that a verification needs."""
        anchors = (Anchor(pki().authority.root_der), Anchor(self.authority.root_der))
        return Trust(anchors=anchors, lists=self.lists)


@cache
def gm() -> GmPki:
    """The SM2 PKI of this run."""
    authority = create_authority(folder() / "gm", MADE, passphrase=PASSPHRASE)
    return GmPki(authority, issue_institution(authority, NAME, CODE, MADE))


@cache
def gm_letter() -> bytes:
    """A letter with attached terms, signed with SM2."""
    return gm_signed(gm().key)


def gm_signed(key: SigningKey) -> bytes:
    """The same paper, signed with that key."""
    return sign_letter(
        papers.paper(terms=papers.TERMS_TEXT),
        key=key,
        timestamper=pki().stamps,
        reason="签发投标保函",
        now=NOW,
        lists=gm().lists,
    )


def value_of(pdf: bytes) -> bytes:
    """The CMS of a letter."""
    value = papers.signature_value(pdf)
    return value[: measure(value)]
