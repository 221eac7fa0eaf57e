"""The material of level B-LT: gathered before the signature, and judged by pyHanko afterwards."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

from asn1crypto import algos, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature

from signing.chain import build_chain
from signing.comparison import HOSTILE
from signing.errors import EvidenceMissing
from signing.evidence import BAD_ASN1, read_parts
from signing.gm.algorithms import is_sm2
from signing.keys.protocol import SigningKey
from signing.levels import Material
from signing.revocation import check_chain, is_answer, newest_list
from signing.timestamps import Token
from signing.trust import Purpose, Trust

_STRICT: Final = "hard-fail"
"""pyhanko-certvalidator: a certificate without revocation data fails."""


def check_confirmable(key: SigningKey) -> None:
    """EvidenceMissing for a key whose letters pyHanko cannot judge: not worth signing twice."""
    if is_sm2(algos.SignedDigestAlgorithm.load(key.algorithm.identifier)):
        raise EvidenceMissing("no_second_reader")


def gather(key: SigningKey, token: Token, trust: Trust, now: datetime) -> Material:
    """Certificates and revocation data of the signer's chain and of the time-stamp's.

    `token` is any that the authority made: the next one comes from the same certificate. Raises
    EvidenceMissing where a chain or a list is lacking, too old, or says that something is revoked.
    """
    try:
        parts = read_parts(token.der)
    except BAD_ASN1:
        raise EvidenceMissing("no_anchor") from None
    chains = [
        _chain(key.certificate, key.chain, trust, Purpose.SIGNING, now),
        _chain(parts.certificate, parts.others, trust, Purpose.TIMESTAMPING, now),
    ]
    found = dict.fromkeys(one for chain in chains for one in fresh_lists(chain, trust.lists, now))
    certificates = dict.fromkeys(item.dump() for chain in chains for item in chain)
    responses = tuple(filter(is_answer, found))
    lists = tuple(item for item in found if item not in responses)
    return Material(tuple(certificates), lists, responses)


def _chain(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    trust: Trust,
    purpose: Purpose,
    now: datetime,
) -> tuple[x509.Certificate, ...]:
    chain = build_chain(certificate, others, trust, purpose, now)
    if chain.fault:
        raise EvidenceMissing(chain.fault)
    return chain.certificates


def fresh_lists(
    chain: Sequence[x509.Certificate], lists: Sequence[bytes], now: datetime
) -> list[bytes]:
    """Those of `lists` that say of a whole chain that it is good now. Raises EvidenceMissing."""
    chosen = [newest_list(*pair, lists, at=now) for pair in pairwise(chain)]
    found = [item for item in chosen if item is not None]
    status = check_chain(chain, found, used=now, at=now, proven=False)
    if status.code != "good":
        raise EvidenceMissing(status.code)
    return found


def lasts(pdf: bytes, trust: Trust, signed: datetime) -> bool:
    """Whether pyHanko, offline and with nothing but the anchors, takes a letter's only signature.

    It judges both chains as of `signed`, the time-stamp's time, from the document security store
    alone; a certificate whose revocation data is not there fails.
    """
    try:
        reader: Any = PdfFileReader(BytesIO(pdf))
        [found] = reader.embedded_signatures
        signer, authority = _contexts(reader, trust, signed)
        status = validate_pdf_signature(found, signer, authority, skip_diff=True)
        stamp = status.timestamp_validity
        return bool(status.bottom_line and stamp and stamp.timestamp == signed)
    except HOSTILE:
        return False


def _contexts(reader: Any, trust: Trust, moment: datetime) -> tuple[Any, Any]:
    """For the signer's chain and the time-stamp's: one, where the same anchors serve both."""
    store = DocumentSecurityStore.read_dss(reader)
    known = {"moment": moment, "revocation_mode": _STRICT, "allow_fetching": False}
    signer, authority = trust.roots(Purpose.SIGNING), trust.roots(Purpose.TIMESTAMPING)
    first = store.as_validation_context(known | {"trust_roots": signer})
    if signer == authority:
        return first, first
    return first, store.as_validation_context(known | {"trust_roots": authority})
