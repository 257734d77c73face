"""Id tokens and the keys that prove them, as an OpenID Connect client goes about it."""

import base64
import hashlib
import json
from typing import Any

import aiohttp
import jwt
import pytest

from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Person

SCOPES = ["openid", "id", "api", "refresh_token"]


@pytest.fixture
async def app(control: ControlDoor) -> dict[str, Any]:
    """An app that may ask who logs in."""
    return await control("POST /apps", {"callback_url": CALLBACK, "scopes": SCOPES})


def plain(part: str) -> bytes:
    """Undo base64url without padding."""
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Verifier:
    """Checks tokens by a public library that knows the issuer's keys only."""

    def __init__(self, issuer: str, keys: list[dict[str, str]]) -> None:
        self.issuer = issuer
        self._keys = {key["kid"]: jwt.PyJWK(key) for key in keys}

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """Answer what a token claims; raises `InvalidSignatureError`."""
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(token, key, ["RS256"], audience=audience, issuer=self.issuer)
        assert claims["exp"] - claims["iat"] == 120
        return claims


@pytest.fixture
async def verifier(person: Person, http: aiohttp.ClientSession) -> Verifier:
    """What is found by discovery."""
    async with http.get(person.salesforce / ".well-known/openid-configuration") as response:
        found = await response.json()
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    async with http.get(found["jwks_uri"]) as response:
        return Verifier(found["issuer"], (await response.json())["keys"])


async def test_who_logged_in(person: Person, app: dict[str, Any], verifier: Verifier) -> None:
    """The token is signed, names the user by the identity URL, and brings the nonce and the access token's hash."""
    tokens = await person.grant(app, scope="openid profile email api refresh_token", nonce="n-1")
    claims = verifier.claims(tokens["id_token"], app["consumer_key"])
    assert (claims["sub"], claims["nonce"]) == (tokens["id"], "n-1")
    assert plain(claims["at_hash"]) == hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    status, text = await person.get("/services/oauth2/userinfo", tokens["access_token"])
    assert (status, json.loads(text)["sub"]) == (200, claims["sub"])


async def test_refresh(person: Person, app: dict[str, Any], verifier: Verifier) -> None:
    """A refresh brings another one, without a nonce."""
    tokens = await person.grant(app, scope="openid api refresh_token", nonce="n-1")
    _, fresh = await person.refresh(app, tokens["refresh_token"])
    assert "nonce" not in verifier.claims(fresh["id_token"], app["consumer_key"])


async def test_not_asked_for(person: Person, app: dict[str, Any]) -> None:
    """Who does not ask for `openid` gets none."""
    assert "id_token" not in await person.grant(app, scope="api id")


async def test_forged(person: Person, app: dict[str, Any], verifier: Verifier) -> None:
    """A token of which a part was changed is signed by nobody."""
    header, body, signature = (await person.grant(app, scope="openid"))["id_token"].split(".")
    forged = json.loads(plain(body)) | {"sub": "somebody else"}
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    with pytest.raises(jwt.InvalidSignatureError):
        verifier.claims(f"{header}.{changed}.{signature}", app["consumer_key"])
