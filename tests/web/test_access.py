"""Who may do what: every route against every role, sessions, forged requests, and the rate of signing in."""

import hashlib
import sqlite3
from typing import Any

import pytest

from syncline.errors import ForbiddenError
from syncline.store.access import Role, keys
from syncline.web import key_commands, sessions
from syncline.web.access import RIGHTS, Right
from syncline.web.api import API
from syncline.web.api_keys import read_key
from syncline.web.asked import CommandBody, KeyAsked, LinkAsked, NewIntegration
from syncline.web.hook_models import RotationAsked
from tests.web.doors import NEW, ROLES, Answer, Doors

BODIES: dict[Any, Any] = {
    NewIntegration: NEW,
    CommandBody: {"type": "app.registered"},
    LinkAsked: {},
    RotationAsked: {},
    KeyAsked: {"name": "n", "role": "viewer"},
}
SAME = {"Sec-Fetch-Site": "same-origin"}


def needed(method: str, path: str) -> Right | None:
    """Answer the right that a route needs in the end; a command says so only when it is sent."""
    route = next(route for route in API.routes if (route.method, route.path) == (method, path))
    return "command" if route.handler.__name__ == "send_command" else route.right


@pytest.mark.slow
@pytest.mark.case("oauth", 46)
@pytest.mark.parametrize(("method", "path"), [(route.method, route.path) for route in API.routes])
async def test_every_route_against_every_role(doors: Doors, method: str, path: str) -> None:
    """A role that has the right is let in, another is told 403, and somebody unknown 401."""
    id_ = (await doors.create())["id"]
    route = next(route for route in API.routes if (route.method, route.path) == (method, path))
    address = path.replace("{id}", id_).replace("{code}", "store.unavailable").replace("{link}", "cl_0")
    address = address.replace("{door}", "events").replace("{request}", "row-0").replace("{seq}", "1")
    right = needed(method, path)
    for role in (None, *ROLES):
        answer = await doors.ask(method, address, role=role, body=BODIES.get(route.body))
        if right is None or (role is not None and right in RIGHTS[role]):
            assert answer.status not in {401, 403}, role
        else:
            expected = (401, "access.unauthenticated") if role is None else (403, "access.forbidden")
            assert (answer.status, answer.code) == expected, role


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("format_", ["ndjson", "csv"])
async def test_export_is_for_auditors(doors: Doors, role: Role, format_: str) -> None:
    """A page of the log may be read by everybody, the whole taken away by few."""
    answer = await doors.ask("GET", f"/api/audit?format={format_}", role=role)
    assert answer.status == (200 if "export" in RIGHTS[role] else 403)


@pytest.mark.case("oauth", 46)
@pytest.mark.parametrize("role", ["viewer", "auditor"])
async def test_refused_command_is_on_the_log(doors: Doors, role: Role) -> None:
    """Who tried is named, nothing has changed."""
    id_ = (await doors.create())["id"]
    answer = await doors.ask("POST", f"/api/integrations/{id_}/events", role=role, body={"type": "app.registered"})
    assert (answer.status, answer.code) == (403, "access.forbidden")
    row = (await doors.rows(id_))[-1].row
    assert (row.type, row.disposition, row.to) == ("app.registered", "refused", "unconfigured")
    assert row.actor.id == doors.keys[role].split("_")[1]
    assert role in row.reason


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer syn_a_b_c", "Bearer {key}x", "Bearer {wrong}", "bearer  {key}"],
)
async def test_key_that_is_none(doors: Doors, header: str) -> None:
    """Malformed, mistyped, unknown: all the same answer."""
    key = doors.keys["admin"]
    text = header.format(key=key, wrong=f"syn_00000000_aaaa_{hashlib.sha256(b'syn_00000000_aaaa').hexdigest()[:6]}")
    answer = await doors.ask("GET", "/api/integrations", role=None, headers={"Authorization": text})
    if text.split() == ["bearer", key]:
        assert answer.status == 200  # The scheme is case-insensitive and may be followed by spaces (RFC 9110 §11.4).
    else:
        assert (answer.status, answer.code) == (401, "access.unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_mistyped_key_is_told_by_its_check() -> None:
    """The check is over what is before it."""
    with pytest.raises(ForbiddenError):
        read_key("syn_0a_secret_000000")


async def sign_in(doors: Doors, role: Role = "operator") -> Answer:
    """Sign in as a browser does."""
    return await doors.ask(
        "POST",
        "/sign-in",
        role=None,
        headers={**SAME, "Content-Type": "application/x-www-form-urlencoded"},
        data=f"key={doors.keys[role]}".encode(),
    )


async def test_session_is_opened_used_and_ended(doors: Doors) -> None:
    """The cookie binds itself to this host, cannot be read by scripts, and ends with signing out."""
    answer = await sign_in(doors)
    assert answer.status == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-syncline=")
    for trait in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert trait in cookie
    assert "Domain" not in cookie
    assert (await doors.ask("GET", "/api/integrations", role=None)).status == 200
    assert (await doors.ask("POST", "/api/integrations", role=None, headers=SAME, body=NEW)).status == 201
    assert (await doors.ask("POST", "/sign-out", role=None, headers=SAME)).status == 303
    assert (await doors.ask("GET", "/api/integrations", role=None)).status == 401
    stolen = {"Cookie": cookie.partition(";")[0]}
    assert (await doors.ask("GET", "/api/integrations", role=None, headers=stolen)).status == 401


@pytest.mark.parametrize(("ahead", "status"), [(3600, 200), (2 * 3600 + 1, 401), (12 * 3600 + 1, 401)])
async def test_session_ends_by_resting(doors: Doors, ahead: int, status: int) -> None:
    """Two hours without a request."""
    await sign_in(doors)
    doors.clock.ahead = ahead * 1_000_000
    assert (await doors.ask("GET", "/api/integrations", role=None)).status == status


async def test_session_ends_by_age(doors: Doors) -> None:
    """Twelve hours, also for somebody who never rests."""
    await sign_in(doors)
    statuses = []
    for hour in range(1, 14):
        doors.clock.ahead = hour * 3600 * 1_000_000
        statuses.append((await doors.ask("GET", "/api/integrations", role=None)).status)
    assert statuses == [200] * 11 + [401] * 2


async def test_session_ends_with_its_key(doors: Doors) -> None:
    """A revoked key leaves no door open."""
    await sign_in(doors)
    id_ = doors.keys["operator"].split("_")[1]
    assert (await doors.ask("DELETE", f"/api/keys/{id_}")).status == 204
    assert (await doors.ask("GET", "/api/integrations", role=None)).status == 401


@pytest.mark.case("oauth", 41)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://sync.example.com"}, 403),
        ({"Origin": "https://sync.example.com"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://sync.example.com.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Host": "null"}, 403),
        ({}, 403),
    ],
)
async def test_forged_request(doors: Doors, headers: dict[str, str], status: int) -> None:
    """A session's cookie works only from our own pages."""
    await sign_in(doors)
    answer = await doors.ask("POST", "/api/integrations", role=None, headers=headers, body=NEW)
    assert answer.status == status
    if status == 403:
        assert answer.code == "access.csrf"


async def test_bearer_needs_no_origin(doors: Doors) -> None:
    """No page can make a browser send somebody's key."""
    answer = await doors.ask("POST", "/api/integrations", body=NEW, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 201


async def test_signing_in_for_somebody_else(doors: Doors) -> None:
    """Another site cannot sign a person in with its own key."""
    answer = await doors.ask(
        "POST",
        "/sign-in",
        role=None,
        headers={"Sec-Fetch-Site": "cross-site", "Content-Type": "application/x-www-form-urlencoded"},
        data=f"key={doors.keys['viewer']}".encode(),
    )
    assert answer.status == 403


async def test_eleventh_try_within_a_minute(doors: Doors) -> None:
    """Right or wrong, they are counted."""
    for _ in range(10):
        assert (await sign_in(doors)).status == 303
    answer = await sign_in(doors)
    assert answer.status == 429


async def test_first_key_is_made_once(doors: Doors) -> None:
    """Only a store without any key gets one."""
    assert await key_commands.first_key(doors.site, request="") is None


async def test_first_key_of_an_empty_store(doors: Doors) -> None:
    """It is an admin's and is stored as a hash."""
    with sqlite3.connect(doors.store.path) as database:
        database.executescript("DELETE FROM sessions; DELETE FROM api_keys")
    text = await key_commands.first_key(doors.site, request="start_1")
    assert text is not None
    found = {key.id: key for key in await doors.store.read(keys)}
    assert found[read_key(text).id].role == "admin"
    stored = b"".join(path.read_bytes() for path in doors.store.path.parent.glob("test.sqlite3*"))
    assert text.encode() not in stored
    assert text.split("_")[2].encode() not in stored


def test_cookie_of_a_session_is_hashed() -> None:
    """What is stored is of no use to a thief of the file."""
    assert sessions.hash_of("a") != b"a"
    assert len(sessions.hash_of("a")) == 32
