"""The identity URL, userinfo and discovery, and who is let through to the data API."""

import json
import string
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_sim.salesforce import ids
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person

LIMITS = "/services/data/v67.0/limits"


@pytest.mark.parametrize(
    ("short", "full"), [("0015000000Gv7qJ", "0015000000Gv7qJAAR"), ("ABCDEabcde12345", "ABCDEabcde123455AA")]
)
def test_checksum_of_ids(short: str, full: str) -> None:
    """Three letters say which of the fifteen before them are capitals."""
    assert ids.full(short) == full
    assert ids.full(full) == full


@given(st.text(string.ascii_letters + string.digits, min_size=15, max_size=15))
def test_case_can_be_told_from_the_checksum(short: str) -> None:
    """An id whose letters have lost their case still says which record it is."""
    suffix = ids.full(short)[15:]
    capitals = "".join(f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'.index(letter):05b}"[::-1] for letter in suffix)
    restored = (c.upper() if mark == "1" else c for c, mark in zip(short.lower(), capitals, strict=True))
    assert "".join(restored) == short


async def test_identity(person: Person, app: dict[str, Any]) -> None:
    """The identity URL of the token reply says whose it is."""
    tokens = await person.grant(app)
    status, text = await person.get(tokens["id"], tokens["access_token"])
    found = json.loads(text)
    assert status == 200
    assert found["username"] == "sync@acme.example"
    assert tokens["id"].endswith(f"/id/{found['organization_id']}/{found['user_id']}")
    status, text = await person.get("/services/oauth2/userinfo", tokens["access_token"])
    told = json.loads(text)
    assert (status, told["sub"]) == (200, tokens["id"])
    assert [told[name] for name in ("user_id", "organization_id")] == [
        found[name] for name in ("user_id", "organization_id")
    ]
    assert told["preferred_username"] == found["username"]


async def test_bad_token(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """Here a dead token is 403 in plain text, not 401 in JSON."""
    tokens = await person.grant(app)
    for path in (tokens["id"], "/services/oauth2/userinfo"):
        assert await person.get(path, "dead") == (403, "Bad_OAuth_Token")
    async with http.get(tokens["id"]) as response:
        assert (response.status, await response.text()) == (403, "Missing_OAuth_Token")
    other = tokens["id"].replace("00DHs0000000001MAA", "00DHs0000000002MAA")
    assert await person.get(other, tokens["access_token"]) == (403, "Wrong_Org")


async def test_discovery(person: Person, http: aiohttp.ClientSession) -> None:
    """The discovery document names our own endpoints, and behind each address there is one."""
    async with http.get(person.salesforce / ".well-known/openid-configuration") as response:
        found = await response.json()
    assert found["token_endpoint"] == f"{person.salesforce}/services/oauth2/token"
    assert "code_challenge_methods_supported" not in found
    endpoints = {name.removesuffix("_endpoint"): url for name, url in found.items() if name.endswith("_endpoint")}
    assert set(endpoints) == {"authorization", "token", "revocation", "introspection", "userinfo"}
    for name, url in endpoints.items():
        method = "GET" if name in {"authorization", "userinfo"} else "POST"
        async with http.request(method, url, data={} if method == "POST" else None) as response:
            assert response.status not in {404, 405, 500}, name


async def test_dead_session(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Sessions end after two hours, or when the control door says so; the refresh token stays."""
    tokens = await person.grant(app)
    expected = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    await control("POST /clock", {"advance": 7200})
    status, text = await person.get(LIMITS, tokens["access_token"])
    assert (status, json.loads(text)) == (401, expected)
    _, tokens = await person.refresh(app, tokens["refresh_token"])
    assert (await person.get(LIMITS, tokens["access_token"]))[0] == 200
    assert (await control("POST /tokens/expire"))["expired"] == 1
    assert (await person.get(LIMITS, tokens["access_token"]))[0] == 401


async def test_api_switches(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Edition, permission and limit each close the data API in the vendor's words."""
    token = (await person.grant(app))["access_token"]

    async def code() -> tuple[int, str]:
        status, text = await person.get(LIMITS, token)
        return status, json.loads(text)[0]["errorCode"]

    await control("POST /switches", {"side": "salesforce", "api_disabled": True})
    assert await code() == (403, "API_DISABLED_FOR_ORG")
    await control("POST /switches", {"side": "salesforce", "api_disabled": False, "api_limit": 2})
    await control("PATCH /users/sync@acme.example", {"permissions": []})
    assert await code() == (403, "API_DISABLED_FOR_ORG")
    await control("PATCH /users/sync@acme.example", {"permissions": ["ApiEnabled"]})
    assert [(await person.get(LIMITS, token))[0] for _ in range(3)] == [200, 200, 403]
    assert await code() == (403, "REQUEST_LIMIT_EXCEEDED")


async def test_limit_info_and_slashes(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """Every answer counts the calls, and doubled slashes do not matter."""
    token = (await person.grant(app))["access_token"]
    for scheme, used in (("Bearer", 1), ("OAuth", 2)):
        url = f"{person.salesforce}/services//data/v67.0/limits"
        async with http.get(url, headers={"Authorization": f"{scheme} {token}"}) as response:
            assert response.status == 200
            assert response.headers["Sforce-Limit-Info"] == f"api-usage={used}/100000"
    async with http.get(f"{person.salesforce}{LIMITS}") as response:
        assert response.status == 401
    status, text = await person.get("/services/data/v67.0/nothing", token)
    assert (status, json.loads(text)[0]["errorCode"]) == (404, "NOT_FOUND")
