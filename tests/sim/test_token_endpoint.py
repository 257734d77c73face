"""Codes, tokens, rotation and revocation, word for word."""

import asyncio
import base64
import hashlib
import hmac
import re
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, VERIFIER, Person, challenge

DEAD = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


async def test_reply(person: Person, app: dict[str, Any]) -> None:
    """The reply has a right signature, milliseconds as a string and no `expires_in`."""
    tokens = await person.grant(app)
    assert set(tokens) == set(
        "access_token refresh_token signature scope instance_url id token_type issued_at".split()  # noqa: SIM905
    )
    assert re.fullmatch(r"00D\w{12,15}![.\w]*", tokens["access_token"])
    assert re.fullmatch(r"\d{13}", tokens["issued_at"])
    message = (tokens["id"] + tokens["issued_at"]).encode()
    mac = hmac.new(app["consumer_secret"].encode(), message, hashlib.sha256).digest()
    assert tokens["signature"] == base64.b64encode(mac).decode()
    assert tokens["instance_url"] == str(person.salesforce)
    assert set(tokens["scope"].split()) == {"api", "refresh_token", "id"}


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"client_id": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        ({"client_secret": ""}, "invalid_client", "invalid client credentials"),
        ({"code": "bogus"}, "invalid_grant", "invalid authorization code"),
        ({"code": ""}, "invalid_grant", "invalid authorization code"),
        ({"code_verifier": "w" * 43}, "invalid_grant", "invalid code verifier"),
        ({"code_verifier": ""}, "invalid_grant", "invalid code verifier"),
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri_mismatch", "redirect_uri must match configuration"),
        ({"redirect_uri": ""}, "redirect_uri_missing", "redirect_uri not provided"),
        ({"grant_type": "device"}, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": "password"}, "invalid_grant", "authentication failure"),
    ],
)
async def test_refusals(
    person: Person, app: dict[str, Any], wrong: dict[str, str], error: str, description: str
) -> None:
    """Each mistake has its pair, and the code is good afterwards."""
    await person.connect(app)
    code = person.at.query["code"]
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER, "code": code}
    status, found = await person.token(app, **{**form, **wrong})
    assert (status, found) == (400, {"error": error, "error_description": description})
    assert (await person.exchange(app))[0] == 200


async def test_probe_without_login(person: Person, app: dict[str, Any]) -> None:
    """Key and secret can be judged with a code that never existed, and without a callback URL."""
    form = {"grant_type": "authorization_code", "code": "probe"}
    errors = [
        (await person.token(app, **form, **wrong))[1]["error"]
        for wrong in ({"client_id": "x", "client_secret": "y"}, {"client_secret": "y"}, {})
    ]
    assert errors == ["invalid_client_id", "invalid_client", "invalid_grant"]


async def test_code_is_single_use_and_ages(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A code works once, and not after 15 minutes."""
    await person.connect(app)
    assert (await person.exchange(app))[0] == 200
    expired = {"error": "invalid_grant", "error_description": "expired authorization code"}
    assert await person.exchange(app) == (400, expired)
    await person.connect(app)
    await control("POST /clock", {"advance": 899})
    assert (await person.exchange(app))[0] == 200
    await person.connect(app)
    await control("POST /clock", {"advance": 900})
    assert await person.exchange(app) == (400, expired)


async def test_code_at_the_same_time(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Of exchanges that overlap one succeeds."""
    await control("POST /switches", {"side": "salesforce", "token_latency": 0.05})
    await person.connect(app)
    results = await asyncio.gather(*(person.exchange(app) for _ in range(5)))
    assert sorted(status for status, _ in results) == [200, 400, 400, 400, 400]


async def test_code_of_another_app(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A code belongs to the app that asked for it."""
    other = await control("POST /apps", {"callback_url": CALLBACK})
    await person.connect(app)
    assert (await person.exchange(other))[1]["error_description"] == "invalid authorization code"


async def test_explicit_s256_and_no_pkce(person: Person, control: ControlDoor) -> None:
    """S256 may be named; without a challenge no verifier is asked for."""
    loose = await control("POST /apps", {"callback_url": CALLBACK, "require_pkce": False})
    await person.connect(loose, code_challenge=challenge("w" * 43), code_challenge_method="S256")
    assert (await person.exchange(loose, code_verifier="w" * 43))[0] == 200
    await person.connect(loose, code_challenge="")
    assert (await person.exchange(loose, code_verifier=""))[0] == 200


async def test_basic_and_get(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """The secret may come as HTTP Basic; the method has to be POST."""
    tokens = await person.grant(app)
    url = person.salesforce / "services/oauth2/token"
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for secret, status in ((app["consumer_secret"], 200), ("x", 400)):
        login = aiohttp.encode_basic_auth(app["consumer_key"], secret)
        async with http.post(url, data=form, headers={"Authorization": login}) as response:
            assert response.status == status
    async with http.get(url, params=form) as response:
        assert (await response.json())["error_description"] == "must use HTTP POST"


async def test_no_form_at_all(person: Person, http: aiohttp.ClientSession) -> None:
    """A body that cannot be read is one without a grant type."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}
    for sent in ({"data": b"grant_type=\xff\xfe"}, {"data": b"a=b", "headers": headers}, {"json": {"a": 1}}):
        async with http.post(person.salesforce / "services/oauth2/token", **sent) as response:
            assert response.status == 400
            assert (await response.json())["error"] == "unsupported_grant_type"


async def test_other_forms_of_reply(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """XML and form encoding on request."""
    form = {"grant_type": "authorization_code", "client_id": app["consumer_key"], "client_secret": "x"}
    url = person.salesforce / "services/oauth2/token"
    async with http.post(url, data={**form, "format": "xml"}) as response:
        root = ET.fromstring(await response.text())  # noqa: S314 - our own reply
        assert root.findtext("error") == "invalid_client"
    async with http.post(url, data={**form, "format": "urlencoded"}) as response:
        assert (await response.text()).startswith("error=invalid_client&")
    for accepted, begin in (("application/xml", "<?xml"), ("application/x-www-form-urlencoded", "error=")):
        async with http.post(url, data=form, headers={"Accept": accepted}) as response:
            assert (await response.text()).startswith(begin)


async def test_rotation_and_reuse(person: Person, app: dict[str, Any]) -> None:
    """A refresh makes a new refresh token; the old one that comes back kills all of them and every access token."""
    first = await person.grant(app)
    status, second = await person.refresh(app, first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert (await person.get("/services/data/v67.0/limits", second["access_token"]))[0] == 200
    assert await person.refresh(app, first["refresh_token"]) == (400, DEAD)
    assert await person.refresh(app, second["refresh_token"]) == (400, DEAD)
    for tokens in (first, second):
        assert (await person.get("/services/data/v67.0/limits", tokens["access_token"]))[0] == 401


async def test_rotation_at_the_same_time(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Two refreshes with one token are a re-use, and end the grant."""
    tokens = await person.grant(app)
    results = await asyncio.gather(*(person.refresh(app, tokens["refresh_token"]) for _ in range(2)))
    assert sorted(status for status, _ in results) == [200, 400]
    assert (await control("GET /grants"))["grants"][0]["refresh_tokens"] == 0


async def test_no_rotation(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Without rotation the reply has no refresh token; overlapping refreshes get the misleading, harmless text."""
    await control("POST /switches", {"side": "salesforce", "rotation": False, "token_latency": 0.05})
    tokens = await person.grant(app)
    results = await asyncio.gather(*(person.refresh(app, tokens["refresh_token"]) for _ in range(2)))
    (_, good), (_, bad) = sorted(results, key=lambda result: result[0])
    assert "refresh_token" not in good
    assert bad == {"error": "invalid_grant", "error_description": "expired authorization code"}
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200


async def test_idle_refresh_token_dies(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A refresh token that nobody uses dies; using it keeps it alive."""
    await control("POST /switches", {"side": "salesforce", "refresh_idle_lifetime": 100})
    tokens = await person.grant(app)
    for _ in range(2):
        await control("POST /clock", {"advance": 99})
        status, tokens = await person.refresh(app, tokens["refresh_token"])
        assert status == 200
    await control("POST /clock", {"advance": 100})
    dead = {"error": "invalid_grant", "error_description": "token validity expired"}
    assert await person.refresh(app, tokens["refresh_token"]) == (400, dead)


async def test_five_approvals(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """The sixth approval of one user for one app revokes the oldest."""
    grants = [await person.grant(app) for _ in range(6)]
    assert await person.refresh(app, grants[0]["refresh_token"]) == (400, DEAD)
    assert (await person.refresh(app, grants[1]["refresh_token"]))[0] == 200
    assert [bool(g["revoked"]) for g in (await control("GET /grants"))["grants"]] == [True] + [False] * 5


async def test_scopes(person: Person, app: dict[str, Any]) -> None:
    """Without the offline scope there is no refresh token; without `api` the data API is closed."""
    tokens = await person.grant(app, scope="id")
    assert "refresh_token" not in tokens
    status, text = await person.get("/services/data/v67.0/limits", tokens["access_token"])
    assert status == 401
    assert "not valid for use with the REST API" in text
    tokens = await person.grant(app, scope="api offline_access")
    assert "refresh_token" in tokens


async def test_switches_of_the_reply(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A hostile instance URL, a missing refresh token and any error at all can be had."""
    side = {"side": "salesforce"}
    await control("POST /switches", {**side, "instance_url": "https://evil.example", "omit_refresh_token": True})
    tokens = await person.grant(app)
    assert tokens["instance_url"] == "https://evil.example"
    assert "refresh_token" not in tokens
    await control("POST /switches", {**side, "token_error": ["inactive_org", "organization is locked"]})
    await person.connect(app)
    assert await person.exchange(app) == (
        400,
        {"error": "inactive_org", "error_description": "organization is locked"},
    )


async def test_ip_and_inactive_user(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A refresh is refused from a forbidden address and for a user who has been made inactive."""
    tokens = await person.grant(app)
    await control("POST /switches", {"side": "salesforce", "ip_blocked": True})
    _, found = await person.refresh(app, tokens["refresh_token"])
    assert found["error_description"] == "IP restricted or invalid login hours"
    await control("POST /switches", {"side": "salesforce", "ip_blocked": False})
    await control("PATCH /users/sync@acme.example", {"active": False})
    assert (await person.refresh(app, tokens["refresh_token"]))[1]["error"] == "inactive_user"


async def test_new_app_takes_its_time(person: Person, control: ControlDoor) -> None:
    """In life a new app works after some minutes; that can be had too."""
    await control("POST /switches", {"side": "salesforce", "app_latency": 300})
    fresh = await control("POST /apps", {"callback_url": CALLBACK})
    assert (await person.authorize(fresh)).status == 400
    assert (await person.exchange(fresh))[1]["error"] == "invalid_client_id"
    await control("POST /clock", {"advance": 301})
    assert (await person.authorize(fresh)).title == "Log in"


async def test_changed_secret(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Once the secret of an app has been changed the old one is refused."""
    tokens = await person.grant(app)
    changed = await control(f"PATCH /apps/{app['consumer_key']}", {"consumer_secret": "S" * 64})
    assert (await person.refresh(app, tokens["refresh_token"]))[1]["error"] == "invalid_client"
    assert (await person.refresh(changed, tokens["refresh_token"]))[0] == 200


async def test_revoke(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """A refresh token takes its access tokens with it; a dead or unknown token is refused."""
    tokens = await person.grant(app)
    url = person.salesforce / "services/oauth2/revoke"
    async with http.post(url, data={"token": tokens["refresh_token"]}) as response:
        assert response.status == 200
    assert (await person.get("/services/data/v67.0/limits", tokens["access_token"]))[0] == 401
    async with http.post(url, data={"token": tokens["refresh_token"]}) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_token")
    async with http.post(url, data={"token": "x", "token_type_hint": "saml"}) as response:
        assert (await response.json())["error"] == "unsupported_token_type"


async def test_revoke_access_token(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """An access token dies alone, with GET as well."""
    tokens = await person.grant(app)
    url = person.salesforce / "services/oauth2/revoke"
    async with http.get(url, params={"token": tokens["access_token"]}) as response:
        assert response.status == 200
    assert (await person.get("/services/data/v67.0/limits", tokens["access_token"]))[0] == 401
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200


async def test_introspect(
    person: Person, app: dict[str, Any], control: ControlDoor, http: aiohttp.ClientSession
) -> None:
    """A token tells what it is to its own app only, as long as it lives."""
    tokens = await person.grant(app)
    url = person.salesforce / "services/oauth2/introspect"
    form = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"], "token": tokens["access_token"]}
    async with http.post(url, data=form) as response:
        found = await response.json()
    assert found["active"]
    assert found["username"] == "sync@acme.example"
    assert found["exp"] - found["iat"] == 7200
    other = await control("POST /apps", {"callback_url": CALLBACK})
    foreign = {**form, "client_id": other["consumer_key"], "client_secret": other["consumer_secret"]}
    async with http.post(url, data=foreign) as response:
        assert await response.json() == {"active": False}
    await control("POST /tokens/expire")
    async with http.post(url, data=form) as response:
        assert await response.json() == {"active": False}
