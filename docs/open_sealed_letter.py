"""Opens sealed letters without baohan: python open_sealed_letter.py sealing-vectors.json FOLDER

Written from the text of the construction alone, HPKE (RFC 9180) included, with `cryptography`. An
opening names an envelope and what its holders bring: private keys, wraps made later, or the share
that openssl took out of a token's wrap. Letters go to FOLDER; exit code 0 if every one opens.
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
PARTS = {b"timekeeper": 0, b"timekeeper+regulator": 1, b"timekeeper+2of3": 2}  # in each subset
GIVEN = ("stored", "vault_key", "eid", "context", "private_keys", "wraps_made_later", "handed_in")


def lp(*parts):
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def split(data):
    end = 4 + int.from_bytes(data[:4], "big")
    return [data[4:end], *split(data[end:])] if data else []


def digest(data):
    return hashlib.sha256(data).digest()


def mac(key, data):  # also HKDF's extract (RFC 5869)
    return hmac.digest(key, data, "sha256")


def expand(key, info, length):
    first = mac(key, info + b"\x01")
    return (first + mac(key, first + info + b"\x02"))[:length]


def labeled_expand(suite, key, label_and_info, length):
    return expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label_and_info, length)


def hpke_open(private, wrapped, info):  # RFC 9180, sections 4.1, 5.1 (base mode), 5.2
    dh = private.exchange(X25519PublicKey.from_public_bytes(wrapped[:32]))
    eae = mac(b"", b"HPKE-v1" + KEM + b"eae_prk" + dh)
    context = b"shared_secret" + wrapped[:32] + private.public_key().public_bytes_raw()
    psk_id = mac(b"", b"HPKE-v1" + SUITE + b"psk_id_hash")
    schedule = b"\x00" + psk_id + mac(b"", b"HPKE-v1" + SUITE + b"info_hash" + info)
    secret = mac(labeled_expand(KEM, eae, context, 32), b"HPKE-v1" + SUITE + b"secret")
    key = labeled_expand(SUITE, secret, b"key" + schedule, 32)
    nonce = labeled_expand(SUITE, secret, b"base_nonce" + schedule, 12)
    return AESGCM(key).decrypt(nonce, wrapped[32:], b"")


def open_letter(stored, vault_key, eid, context, private_keys, wraps_made_later, handed_in):
    inner = AESGCM(vault_key).decrypt(stored[8:20], stored[20:], lp(b"vault", eid))
    com, area, ct = inner[:32], inner[32 : 32 + 8192], inner[32 + 8192 :]
    ctx = digest(lp(b"baohan/seal/v1", eid, *context))
    version, its_eid, profile, *wraps = split(area[4 : 4 + int.from_bytes(area[:4], "big")])
    keys = [X25519PrivateKey.from_private_bytes(key) for key in private_keys]
    held = {digest(key.public_key().public_bytes_raw()): key for key in keys}
    found, parts = {b"P": handed_in[:32]}, {}
    for role, _kind, subset, _label, fingerprint, data in map(split, wraps + wraps_made_later):
        info = lp(role, ctx, com, fingerprint) + (lp(subset) if role == b"U" else b"")
        if fingerprint in held and role == b"U":
            parts.setdefault(subset, []).append(hpke_open(held[fingerprint], data, info))
        elif fingerprint in held:
            found[role] = hpke_open(held[fingerprint], data, info)
    both = found.get(b"A") or (found[b"P"] or found[b"R"]) + found[b"T"]
    for part in next((some for some in parts.values() if len(some) == PARTS[profile]), ()):
        both = both[:32] + bytes(a ^ b for a, b in zip(both[32:], part, strict=True))
    key = expand(mac(eid, both), ctx, 64)  # both: sp and st
    body = AESGCM(key[:32]).decrypt(bytes(12), ct, ctx + com)
    area_mac = mac(expand(mac(eid, both[:32]), lp(b"W", ctx, com), 32), area[:-32])
    end = 4 + int.from_bytes(body[:4], "big")
    sound = [version, its_eid, key[32:]] == [b"baohan/wraps/v1", eid, com]
    return body[4:end] if sound and area_mac == area[-32:] and not any(body[end:]) else b""


def decoded(value):
    return base64.b64decode(value) if isinstance(value, str) else [*map(decoded, value)]


KNOWN = json.loads(Path(sys.argv[1]).read_text())
for number, opening in enumerate(KNOWN["openings"]):
    entry = KNOWN["envelopes"][opening["envelope"]] | opening
    letter = open_letter(*(decoded(entry[name]) for name in GIVEN))
    if digest(letter).hex() != entry["letter_sha256"]:
        sys.exit(f"opening {number}: not the letter as it was sealed")
    Path(sys.argv[2], f"letter-{number}").write_bytes(letter)
    sys.stdout.write(f"opening {number}: {entry['by']}: {len(letter)} bytes, as sealed\n")
