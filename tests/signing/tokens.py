"""RSA keys with certificates, as a CA token has them, and openssl as the tool of its holder."""

import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
MADE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Token:
    certificate: bytes
    """DER."""
    key_pem: bytes

    @property
    def certificate_pem(self) -> bytes:
        loaded = x509.load_der_x509_certificate(self.certificate)
        return loaded.public_bytes(serialization.Encoding.PEM)

    def opened(self, wrapped: bytes) -> bytes:
        """What `openssl cms -decrypt` takes out; b"" if it refuses."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "share").write_bytes(wrapped)
            (folder / "key.pem").write_bytes(self.key_pem)
            (folder / "certificate.pem").write_bytes(self.certificate_pem)
            command = ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", "share"]
            command += ["-inkey", "key.pem", "-recip", "certificate.pem", "-out", "opened"]
            done = subprocess.run(command, check=False, cwd=folder, capture_output=True, timeout=30)
            return (folder / "opened").read_bytes() if done.returncode == 0 else b""


def token_of(
    private: PrivateKey, *, name: str = "采购人经办人", usage: x509.KeyUsage | None = None
) -> Token:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MADE)
        .not_valid_after(MADE + timedelta(days=365))
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    made = builder.sign(private, hashes.SHA256())
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Token(made.public_bytes(serialization.Encoding.DER), pem)


@cache
def token(number: int = 0, bits: int = 2048) -> Token:
    """A token of its own for each number; made once for a run."""
    return token_of(rsa.generate_private_key(65537, bits), name=f"经办人 {number}")


def key_usage(*, key_encipherment: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
