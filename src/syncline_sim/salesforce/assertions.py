"""Signed assertions by which an app logs in as a user: JSON web tokens, read and judged.

Facts: RS256 over the certificate that the app has; `exp` may be a number or its digits, clients send both.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PARTS = 3


class AssertionRefusedError(Exception):
    """That is no assertion, or not one that this certificate signs."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion says; nothing of it is true before `signed_by` agrees."""

    issuer: str
    subject: str
    audience: str
    expires: float
    algorithm: str
    signed: bytes
    signature: bytes

    def signed_by(self, certificate: str) -> bool:
        """Whether the key of this PEM certificate has signed it."""
        try:
            key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        except ValueError:
            return False
        if self.algorithm != "RS256" or not isinstance(key, rsa.RSAPublicKey):
            return False
        try:
            key.verify(self.signature, self.signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def read(text: str) -> Assertion:
    """Take an assertion apart; raises `AssertionRefusedError`."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise AssertionRefusedError
    try:
        header, claims = (msgspec.json.decode(_plain(part), type=dict[str, Any]) for part in parts[:2])
        return Assertion(
            issuer=str(claims["iss"]),
            # The vendor's older name of the same claim.
            subject=str(claims.get("sub") or claims.get("prn") or ""),
            audience=str(claims["aud"]),
            expires=float(claims["exp"]),
            algorithm=str(header.get("alg")),
            signed=".".join(parts[:2]).encode(),
            signature=_plain(parts[2]),
        )
    except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
        raise AssertionRefusedError from None


def _plain(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise AssertionRefusedError from None
