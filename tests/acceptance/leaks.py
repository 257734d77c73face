"""Looking for secrets where none may be: in every form that somebody could have written one down in."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

#: Letters that a PKCE verifier is made of (RFC 7636 §4.1), and how many ours has.
_VERIFIER = re.compile(rb"[A-Za-z0-9._~-]{43,}")
_VERIFIER_LENGTH = 43


def forms(secret: str) -> dict[str, bytes]:
    """Answer how a secret may look, by the name of its form; letter case is kept, but for hexadecimal."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "reversed": raw[::-1],
        "UTF-16": secret.encode("utf-16-le"),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "URL": quote(secret, safe="").encode(),
        "path": quote(secret).encode(),
        "form": quote_plus(secret).encode(),
        "hex": binascii.hexlify(raw),
        "HEX": binascii.hexlify(raw).upper(),
    }
    for at in range(3):
        # Only the letters that depend on nothing but the secret, whatever stands before and after it.
        whole = base64.b64encode(b"\0" * at + raw + b"\0" * (-(at + len(raw)) % 3))
        known = whole[-(-8 * at // 6) : len(whole) - (4 if (at + len(raw)) % 3 else 0)]
        found[f"base64+{at}"] = known
        found[f"base64url+{at}"] = known.replace(b"+", b"-").replace(b"/", b"_")
    return found


def leaks(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Answer which secret stands in which place in which form; empty is what one hopes for."""
    return list(_leaks(secrets, places))


def verifiers(challenges: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Answer where a PKCE verifier stands that is known only by its challenge (S256)."""
    wanted = {base64.urlsafe_b64decode(challenge + "="): name for name, challenge in challenges.items()}
    return [
        f"the verifier of {wanted[digest]} in {place}"
        for place, content in places.items()
        for run in set(_VERIFIER.findall(content))
        for at in range(len(run) - _VERIFIER_LENGTH + 1)
        if (digest := hashlib.sha256(run[at : at + _VERIFIER_LENGTH]).digest()) in wanted
    ]


def _leaks(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> Iterator[str]:
    for name, secret in secrets.items():
        assert len(secret) >= 12, f"{name} is too short to be looked for"
        for form, look in forms(secret).items():
            for place, content in places.items():
                if look in content:
                    yield f"{name} as {form} in {place}"
