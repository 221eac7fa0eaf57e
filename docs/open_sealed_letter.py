"""Opens sealed letters without baohan: python open_sealed_letter.py sealing-vectors.json [FOLDER]

Written from the text of the construction alone, HPKE (RFC 9180) included, with `cryptography`.
Each entry has a stored letter, its vault key, eid, number, lot, opening, and the private keys of
the opening and of one recipient. Letters go to FOLDER; the exit code is not 0 if one does not open.
"""

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SUITE = b"HPKE" + bytes([0, 0x20, 0, 1, 0, 2])  # X25519-HKDF-SHA256, HKDF-SHA256, AES-256-GCM
KEM = b"KEM" + bytes([0, 0x20])
VERSION, PROFILE = b"baohan/wraps/v1", b"timekeeper"


def lp(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def split(data):
    end = 4 + int.from_bytes(data[:4], "big")
    return [data[4:end], *split(data[end:])] if data else []


def check(holds, otherwise):
    if not holds:
        sys.exit(otherwise)


def extract(salt, secret):  # HKDF, RFC 5869
    return hmac.digest(salt or bytes(32), secret, "sha256")


def expand(key, info, length):
    out = block = b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


def labeled_expand(suite, key, label_and_info, length):
    return expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label_and_info, length)


def hpke_open(private, wrapped, info):  # RFC 9180, sections 4.1, 5.1 (base mode), 5.2
    enc, ct = wrapped[:32], wrapped[32:]
    dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    eae = extract(b"", b"HPKE-v1" + KEM + b"eae_prk" + dh)
    context = enc + private.public_key().public_bytes_raw()
    shared = labeled_expand(KEM, eae, b"shared_secret" + context, 32)
    psk_id = extract(b"", b"HPKE-v1" + SUITE + b"psk_id_hash")
    schedule = b"\x00" + psk_id + extract(b"", b"HPKE-v1" + SUITE + b"info_hash" + info)
    secret = extract(shared, b"HPKE-v1" + SUITE + b"secret")
    key = labeled_expand(SUITE, secret, b"key" + schedule, 32)
    nonce = labeled_expand(SUITE, secret, b"base_nonce" + schedule, 12)
    return AESGCM(key).decrypt(nonce, ct, b"")


def open_letter(case):
    stored, eid, vault_key = (base64.b64decode(case[n]) for n in ("stored", "eid", "vault_key"))
    inner = AESGCM(vault_key).decrypt(stored[8:20], stored[20:], lp(b"vault", eid))
    com, area, ct = inner[:32], inner[32 : 32 + 8192], inner[32 + 8192 :]
    names = [case[name].encode() for name in ("number", "lot", "opening")]
    ctx = hashlib.sha256(lp(b"baohan/seal/v1", eid, *names)).digest()
    content = area[4 : 4 + int.from_bytes(area[:4], "big")]
    version, area_eid, profile, *wraps = split(content)
    check([version, area_eid, profile] == [VERSION, eid, PROFILE], "another version or profile")
    shares = {}
    for name in ("recipient_private_key", "opening_private_key"):
        private = X25519PrivateKey.from_private_bytes(base64.b64decode(case[name]))
        held = hashlib.sha256(private.public_key().public_bytes_raw()).digest()
        for role, _kind, _subset, _label, fingerprint, data in map(split, wraps):
            if fingerprint == held:
                shares[name] = hpke_open(private, data, lp(role, ctx, com, held))
    sp, st = shares["recipient_private_key"], shares["opening_private_key"]
    both = expand(extract(eid, sp + st), ctx, 64)
    check(both[32:] == com, "the key is not the one committed to")
    mac_key = expand(extract(eid, sp), lp(b"W", ctx, com), 32)
    check(hmac.digest(mac_key, area[:-32], "sha256") == area[-32:], "the wraps were changed")
    body = AESGCM(both[:32]).decrypt(bytes(12), ct, ctx + com)
    end = 4 + int.from_bytes(body[:4], "big")
    check(not any(body[end:]), "the padding is not zeros")
    return body[4:end]


for number, case in enumerate(json.loads(Path(sys.argv[1]).read_text())["letters"]):
    letter = open_letter(case)
    check(hashlib.sha256(letter).hexdigest() == case["letter_sha256"], "another letter")
    if len(sys.argv) > 2:
        Path(sys.argv[2], f"letter-{number}").write_bytes(letter)
    sys.stdout.write(f"letter {number}: {len(letter)} bytes, as sealed\n")
