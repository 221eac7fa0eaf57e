"""Release requests of letters that do not exist: whoever answers a padded list cannot count."""

import os
from collections.abc import Callable

from signing.seal.envelope import Recipient, ReleaseRequest
from signing.seal.shares import wrap
from signing.seal.wraps import SHARE_BYTES, TIMEKEEPER


def dummy_request(
    opening_key: bytes, *, random: Callable[[int], bytes] = os.urandom
) -> ReleaseRequest:
    """One that opens like any other. opening_key: of the certificate, 32 bytes."""
    ctx, com = random(SHARE_BYTES), random(SHARE_BYTES)
    to = Recipient.of("timekeeper", opening_key)
    return ReleaseRequest(ctx, com, wrap(TIMEKEEPER, to, random(SHARE_BYTES), ctx, com).data)
