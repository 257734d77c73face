"""Id tokens, by which an app knows who has logged in, and the keys by which anybody can check them (OpenID Connect).

Law: as with certificates, the key is the computer's own chance and not the seed's, and it is never written.
"""

import base64
import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from syncline_sim.world import World

#: For how many seconds one may be shown to prove that somebody has just logged in.
_LIFE = 120
_BITS, _EXPONENT = 2048, 65537
_KEY_ID = "220"


def issue(world: "World", origin: str, identity: str, audience: str, *, access_token: str, nonce: str) -> str:
    """Answer a signed token that says to this app who the user is; `nonce` is what the app has sent with the login."""
    now = int(world.now())
    claims: dict[str, Any] = {
        "at_hash": _text(hashlib.sha256(access_token.encode()).digest()[:16]),
        "sub": identity,
        "aud": audience,
        "iss": origin,
        "exp": now + _LIFE,
        "iat": now,
    }
    if nonce:
        claims["nonce"] = nonce
    signed = f"{_part({'kid': _KEY_ID, 'typ': 'JWT', 'alg': 'RS256'})}.{_part(claims)}"
    return f"{signed}.{_text(_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def keys() -> dict[str, Any]:
    """Answer the set of public keys (RFC 7517)."""
    numbers = _key().public_key().public_numbers()
    key = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), "alg": "RS256", "use": "sig", "kid": _KEY_ID}
    return {"keys": [key]}


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_BITS)


def _part(document: Mapping[str, Any]) -> str:
    return _text(msgspec.json.encode(document))


def _number(number: int) -> str:
    return _text(number.to_bytes((number.bit_length() + 7) // 8))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
