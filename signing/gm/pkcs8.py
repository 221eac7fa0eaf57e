"""SM2 private keys on disk: PKCS #8 under a passphrase (RFC 5958, RFC 8018), as openssl reads them.

`cryptography` has no SM2 key to put into such a file, so the file is put together here from its
parts. The passphrase protects a file of the demonstration and no letter, hence the same algorithms
as for its other keys, which every tool reads.
"""

import os
from typing import ClassVar, Final

from asn1crypto import algos, core, keys, pem
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from signing.gm.algorithms import (
    SM2_CURVE,
    UNCOMPRESSED,
    Sm2Pair,
    point_of,
    public_key_info,
)

_ROUNDS: Final = 100_000
_MOST_ROUNDS: Final = 10_000_000
"""A file that asks for more was not made here."""
_KEY_BYTES: Final = 32
_LABEL: Final = "ENCRYPTED PRIVATE KEY"


class _Info(core.Sequence):  # type: ignore[misc]  # asn1crypto is not typed
    """PrivateKeyInfo; asn1crypto's own wants to know the size of every curve."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("algorithm", keys.PublicKeyAlgorithm),
        ("private_key", core.OctetString),
    ]


def lock(pair: Sm2Pair, passphrase: bytes) -> bytes:
    """PEM of the encrypted key."""
    salt, iv = os.urandom(16), os.urandom(16)
    padder = padding.PKCS7(AES.block_size).padder()
    plain = padder.update(_plain(pair)) + padder.finalize()
    cipher = Cipher(AES(_derive(passphrase, salt, _ROUNDS)), CBC(iv)).encryptor()
    derivation = {
        "salt": algos.Pbkdf2Salt(name="specified", value=core.OctetString(salt)),
        "iteration_count": _ROUNDS,
        "prf": {"algorithm": "sha256", "parameters": core.Null()},
    }
    parameters = {
        "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derivation},
        "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": core.OctetString(iv)},
    }
    info = keys.EncryptedPrivateKeyInfo(
        {
            "encryption_algorithm": {"algorithm": "pbes2", "parameters": parameters},
            "encrypted_data": cipher.update(plain) + cipher.finalize(),
        }
    )
    return bytes(pem.armor(_LABEL, info.dump()))


def unlock(data: bytes, passphrase: bytes) -> Sm2Pair:
    """The key of a file that `lock` made; ValueError if file or passphrase is wrong."""
    try:
        label, _, der = pem.unarmor(data)
        info = keys.EncryptedPrivateKeyInfo.load(der, strict=True)
        scheme = info["encryption_algorithm"]["parameters"]
        derivation = scheme["key_derivation_func"]["parameters"]
        rounds, salt = derivation["iteration_count"].native, derivation["salt"].native
        if label != _LABEL or not 0 < rounds <= _MOST_ROUNDS:
            raise ValueError("not a key file")
        iv = scheme["encryption_scheme"]["parameters"].native
        cipher = Cipher(AES(_derive(passphrase, salt, rounds)), CBC(iv)).decryptor()
        padded = cipher.update(info["encrypted_data"].native) + cipher.finalize()
        unpadder = padding.PKCS7(AES.block_size).unpadder()
        return _read(unpadder.update(padded) + unpadder.finalize())
    except (TypeError, KeyError) as error:
        raise ValueError("not a key file") from error


def _derive(passphrase: bytes, salt: bytes, rounds: int) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), _KEY_BYTES, salt, rounds).derive(passphrase)


def _plain(pair: Sm2Pair) -> bytes:
    public = public_key_info(pair.public)
    inner = keys.ECPrivateKey(
        {
            "version": "ecPrivkeyVer1",
            "private_key": keys.IntegerOctetString(int.from_bytes(pair.private, "big")),
            "public_key": public["public_key"],
        }
    )
    inner["private_key"].set_encoded_width(len(pair.private))
    info = {"version": 0, "algorithm": public["algorithm"], "private_key": inner.dump()}
    return bytes(_Info(info).dump())


def _read(der: bytes) -> Sm2Pair:
    info = _Info.load(der, strict=True)
    inner = keys.ECPrivateKey.load(info["private_key"].native, strict=True)
    if info["algorithm"]["parameters"].chosen.dotted != SM2_CURVE:
        raise ValueError("not an SM2 key")
    point = inner["public_key"].native.removeprefix(UNCOMPRESSED)
    return Sm2Pair(inner["private_key"].contents, point_of(public_key_info(point)))
