"""What a Salesforce would answer, made by hand: a signed token reply, an app, error lists."""

import base64
import hashlib
import hmac
from typing import Any

from pydantic import SecretStr

from syncline.providers.port import App

KEY, SECRET = "k3y", "s3cret"
ORG, USER = "00DHs0000000001MAA", "005Hs0000000001IAA"
REDIRECT = "https://sync.example.com/salesforce/getSfdcOAuthTokensRedirect"
TOKEN = "/services/oauth2/token"
DATA = "/services/data/v66.0"


def app_at(origin: str) -> App:
    """The app that a customer registered."""
    return App(origin, SecretStr(KEY), SecretStr(SECRET), REDIRECT)


def token_reply(origin: str, **change: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    """A token reply with a right signature; a member that is changed to None is left out."""
    reply: dict[str, Any] = {
        "access_token": "00DHs0000000001!acc3ss",
        "refresh_token": "r3fresh",
        "instance_url": origin,
        "id": f"{origin}/id/{ORG}/{USER}",
        "issued_at": "1795509639961",
        "scope": "refresh_token api id",
        "token_type": "Bearer",
    } | change
    signed = (str(reply["id"]) + str(reply["issued_at"])).encode()
    made = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    return {name: value for name, value in ({"signature": made} | reply | change).items() if value is not None}


def refusal(error: str, description: str = "") -> dict[str, str]:
    """An OAuth error document."""
    return {"error": error, "error_description": description}


def fault(code: str, message: str = "words") -> list[dict[str, str]]:
    """An error document of the data API."""
    return [{"errorCode": code, "message": message}]
