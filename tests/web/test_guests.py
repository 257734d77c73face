"""What the session of a connect link may do: every route and every command, generated from the tables, and no more."""

import asyncio
import re
from typing import get_args

import pytest
from aiohttp import web

from syncline.core.event import EVENTS
from syncline.web import guests
from syncline.web.asked import PlainCommand
from tests.web.doors import CREDENTIALS, Answer, Doors
from tests.web.visits import Visit, authorized, browser, come_back, guest, made, start_login, tried

#: The page of the one integration, its forms, and its live stream. Whatever is added to this list opens a door.
ALLOWED = {
    ("GET", "/i/{id}"),
    ("POST", "/i/{id}"),
    ("GET", "/i/{id}/do/{event}"),
    ("POST", "/i/{id}/login"),
    ("GET", "/i/{id}/login/finished"),
    ("GET", "/i/{id}/stream"),
}
#: The source's side. Not the confirmation: it says that org and user are those that were meant, and a link may have
#: gone to the wrong person.
COMMANDS = {"app.registered", "credentials.saved", "probe.requested", "login.started", "checks.requested"}
UNKNOWN = "access.unauthenticated"
FILLED = {"event": "credentials.saved", "seq": "1", "name": "syncline.css", "code": "store.unavailable"}


def routes(doors: Doors) -> list[tuple[str, str]]:
    """List every method and route of the application, but for HEAD, which is GET."""
    app = doors.client.app
    assert isinstance(app, web.Application)
    found = [(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None]
    return [(method, path) for method, path in found if method != "HEAD"]


async def ask(visit: Visit, method: str, template: str, id_: str) -> Answer:
    """Ask for a route of an integration as a browser's script would."""
    path = re.sub(r"{(\w+)[^}]*}*", lambda name: {"id": id_, **FILLED}.get(name[1], "x"), template)
    headers = {"Sec-Fetch-Site": "same-origin"}
    return await visit.doors.ask(method, path, role=None, headers=headers, body={} if method == "POST" else None)


def of_one(template: str) -> bool:
    """Whether a route is of a single integration."""
    return template.startswith(("/i/{id}", "/api/integrations/{id}"))


def test_the_list_is_the_one_that_is_asked() -> None:
    """Nothing is let in by another way."""
    assert guests.ROUTES == ALLOWED


@pytest.mark.slow
async def test_every_route_against_a_guest(doors: Doors) -> None:
    """Their own page is there; what asks for a key is refused; what is open to everybody is open to them."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit, browser(doors) as stranger:
        await guest(doors, visit, id_)
        wrong = {}
        for method, template in routes(doors):
            if template in {"/i/{id}/stream", "/sign-out"}:
                continue  # Endless; and it would end the visit.
            nobody, answer = await ask(stranger, method, template, id_), await ask(visit, method, template, id_)
            locked = "json" in nobody.headers.get("Content-Type", "") and nobody.json.get("code") == UNKNOWN
            if (method, template) in ALLOWED:
                fine = locked and answer.status not in {401, 403, 404}
            elif locked:
                fine = answer.status == 403 and answer.code == "access.forbidden"
            else:
                fine = answer.status == nobody.status
            if not fine:
                wrong[method, template] = (nobody.status, answer.status, answer.text[:200])
        assert wrong == {}
    closed = [row.row for row in await doors.rows(id_) if row.row.type == "link.made"]
    assert len(closed) == 1  # A guest has made none.


async def test_every_route_of_another_integration(doors: Doors) -> None:
    """It is not there, as one that never was; and its log does not grow."""
    own, other = [(await doors.create())["id"] for _ in range(2)]
    before = len(await doors.rows(other))
    async with browser(doors) as visit:
        await guest(doors, visit, own)
        for method, template in [route for route in routes(doors) if of_one(route[1])]:
            answers = [await ask(visit, method, template, id_) for id_ in (other, "in_" + "0" * 24)]
            assert [(answer.status, answer.code) for answer in answers] == [(404, "integration.unknown")] * 2, template
    assert len(await doors.rows(other)) == before


@pytest.mark.slow
@pytest.mark.parametrize("event", [name for name, kind in EVENTS.items() if "person" in kind.senders])
async def test_every_command_against_a_guest(doors: Doors, event: str) -> None:
    """The source's side is theirs to command; anything else is refused before it is read, and on the log as theirs."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        answer = await visit.command(id_, event)
    row = (await doors.rows(id_))[-1].row
    if event in COMMANDS:
        assert answer.status in {303, 409, 422}
    else:
        assert answer.status == 403
        assert (row.type, row.disposition, row.actor.id) == (event, "refused", link["id"])
        assert row.reason == f"door: the role guest may not send {event}"
        assert (await doors.read(id_)).state == "unconfigured"


def test_the_core_says_the_same() -> None:
    """Also if a door forgot to ask: what a link may send is in the table of events."""
    sent = {name for name, kind in EVENTS.items() if "link" in kind.senders}
    assert sent == COMMANDS | {"link.redeemed", "link.left"}
    assert set(get_args(PlainCommand.model_fields["type"].annotation)) - COMMANDS


async def test_a_guest_goes_from_unconfigured_to_authorized(doors: Doors) -> None:
    """All of the source's side, and the login comes back in their browser; the log names the link for each step."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        assert (await visit.command(id_, "app.registered")).status == 303
        typed = {name: value for name, value in CREDENTIALS.items() if name != "type"}
        assert (await visit.command(id_, "credentials.saved", **typed)).status == 303
        await doors.push(id_, "credentials.accepted")
        await authorized(visit, id_)
        page = await visit.open(f"/i/{id_}")
        assert page.status == 200
        assert 'value="connection.confirmed"' not in page.text
        assert (await visit.command(id_, "checks.requested")).status == 303
    rows = [log.row for log in await doors.rows(id_)]
    by_link = [row.type for row in rows if row.actor.id == link["id"]]
    steps = ["app.registered", "credentials.saved", "login.started", "login.returned", "checks.requested"]
    assert by_link == ["link.redeemed", *steps]
    assert (await doors.read(id_)).milestone == "authorized"


async def test_a_guest_sees_no_more_than_the_step(doors: Doors) -> None:
    """No way to lists, logs, tokens or keys; no address of the hook, no fingerprints, no other commands."""
    id_ = await doors.at_login()
    hook, client = f"/hooks/{id_}/events", "canary-client-id"
    own = (await doors.ask("GET", f"/i/{id_}")).text
    async with browser(doors) as visit:
        await guest(doors, visit, id_)
        page = (await visit.open(f"/i/{id_}")).text
        assert (await visit.open(f"/i/{id_}/do/disconnect.requested")).status == 404
        assert (await visit.open(f"/i/{id_}/do/account.saved")).status == 404
    for words in (hook, "/timeline", 'href="/audit"', 'href="/tokens"', "Stored secrets", "disconnect.requested"):
        assert words in own, words
        assert words not in page, words
    assert client not in page
    assert "Login with" in page


async def test_a_login_of_a_link_comes_back_in_its_browser_only(doors: Doors) -> None:
    """Two browsers with a link each: neither can finish what the other has begun."""
    id_ = await doors.at_login()
    async with browser(doors) as first, browser(doors) as second:
        await guest(doors, first, id_)
        await guest(doors, second, id_)
        state = await start_login(first, id_)
        await start_login(second, id_)
        assert (await come_back(second, state)).status == 400
        assert (await doors.read(id_)).state == "credentials_saved.awaiting_login"
        assert (await come_back(first, state)).status == 303
    assert (await doors.read(id_)).state == "credentials_saved.exchanging_code"


async def test_a_login_of_a_link_that_is_over_does_not_come_back(doors: Doors) -> None:
    """Revoked while its person was at the source: nothing is done with the code."""
    id_ = await doors.at_login()
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        state = await start_login(visit, id_)
        await doors.ask("DELETE", f"/api/integrations/{id_}/connect-links/{link['id']}")
        assert (await come_back(visit, state)).status == 403
    row = (await doors.rows(id_))[-1].row
    assert (row.type, row.disposition, row.data["refused_as"]) == ("login.returned", "refused", "login.starter_left")
    assert (await doors.read(id_)).state == "credentials_saved.awaiting_login"


async def test_the_stream_of_a_guest_ends_with_the_link(doors: Doors) -> None:
    """At the change that ended it, without telling it."""
    id_ = (await doors.create())["id"]
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        async with visit.doors.client.get(f"/i/{id_}/stream") as answer:
            assert answer.status == 200
            first = await asyncio.wait_for(answer.content.readuntil(b"\r\n\r\n"), 5)
            assert b"unconfigured" in first
            await doors.ask("DELETE", f"/api/integrations/{id_}/connect-links/{link['id']}")
            assert await asyncio.wait_for(answer.content.read(), 5) == b""


async def test_a_link_is_no_key_and_its_cookie_no_session(doors: Doors) -> None:
    """Neither opens anything in the place of the other; who is signed in stays who they are."""
    id_ = (await doors.create())["id"]
    link = await made(doors, id_)
    text = link["path"].rpartition("/")[2]
    headers = {"Authorization": f"Bearer {text}"}
    assert (await doors.ask("GET", f"/api/integrations/{id_}", role=None, headers=headers)).status == 401
    async with browser(doors) as visit:
        await visit.press("/sign-in", key=doors.keys["viewer"])
        await visit.press(link["path"])
        assert (await visit.command(id_, "app.registered")).status == 403
        assert (await visit.open("/audit")).status == 200
        await visit.press("/sign-out")
        assert (await visit.command(id_, "app.registered")).status == 303
    assert [row[1] for row in await tried(doors, id_)] == ["handled", "handled"]


async def test_pages_of_the_people_with_an_account(doors: Doors) -> None:
    """The button, the form, the address this once, the list, and revoking; a viewer only looks."""
    id_ = (await doors.create())["id"]
    path = f"/i/{id_}/links"
    assert f'href="{path}"' in (await doors.ask("GET", f"/i/{id_}")).text
    async with browser(doors) as visit:
        await visit.press("/sign-in", key=doors.keys["operator"])
        wrong = await visit.press(path, hours="337")
        assert (wrong.status, "1 to 336 hours" in wrong.text) == (422, True)
        shown = await visit.press(path, hours="5")
        found = re.search(r"https://sync\.example\.com(/connect/\w+)", shown.text)
        assert (shown.status, found is not None) == (201, True)
        assert found is not None
        listed = await visit.open(path)
        assert found[1] not in listed.text
        revoking = re.search(rf"{path}/\w+/revoke", listed.text)
        assert revoking is not None
        viewer = await doors.ask("GET", path, role="viewer")
        assert (viewer.status, "/revoke" in viewer.text) == (200, False)
        assert (await visit.press(revoking[0])).status == 303
        assert "revoked" in (await visit.open(path)).text
        assert (await visit.open(found[1])).status == 410
