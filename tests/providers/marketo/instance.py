"""What a Marketo would answer, made by hand: envelopes, tokens, an account."""

from typing import Any

from pydantic import SecretStr

from syncline.providers.port import Account

TOKEN = "/identity/oauth/token"
LEADS = "/rest/v1/leads.json"
DESCRIBE = "/rest/v1/leads/describe2.json"
FIELDS = "/rest/v1/leads/schema/fields.json"
COMPANIES = "/rest/v1/companies.json"
USAGE = "/rest/v1/stats/usage.json"


def account_at(origin: str, secret: str = "s3cret") -> Account:
    """An API user of the instance."""
    return Account(origin, SecretStr("cl1ent"), SecretStr(secret))


def token(text: str = "t1:int", expires_in: int = 3599) -> tuple[int, Any]:
    """A token reply."""
    return 200, {"access_token": text, "token_type": "bearer", "expires_in": expires_in, "scope": "api@example.com"}


def fine(*rows: dict[str, Any]) -> tuple[int, Any]:
    """A call that went well."""
    return 200, {"requestId": "1#2", "success": True, "result": list(rows)}


def fault(code: str, message: str = "words") -> tuple[int, Any]:
    """A call that was refused: in HTTP 200, as in life."""
    return 200, {"requestId": "1#2", "success": False, "errors": [{"code": code, "message": message}]}


def skipped(code: str, message: str = "words") -> dict[str, Any]:
    """A row that was refused."""
    return {"status": "skipped", "reasons": [{"code": code, "message": message}]}
