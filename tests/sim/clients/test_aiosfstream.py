"""aiosfstream-ng, unmodified, against the simulated Salesforce over real sockets.

Its own ways to log in know the vendor's hosts only; its tokens come from an authenticator such as it lets anyone write.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiosfstream_ng.auth import AuthenticatorBase
from aiosfstream_ng.client import Client
from aiosfstream_ng.exceptions import AuthenticationError, ServerError
from aiosfstream_ng.replay import ReplayMarker, ReplayOption

from syncline_sim.app import Plan, Simulation
from syncline_sim.salesforce import changes
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.listener import until
from tests.sim.salesforce.conftest import USERNAME, log_in

LEADS, ALL = "/data/LeadChangeEvent", "/data/ChangeEvents"
PERSON = {"LastName": "Lovelace", "Company": "Engines"}


class Authenticator(AuthenticatorBase):
    """Logs a user in anew whenever the client asks for it."""

    def __init__(self, world: World, username: str) -> None:
        super().__init__()
        self.logins = 0
        self.refused = False
        self._world = world
        self._username = username

    async def _authenticate(self) -> tuple[int, dict[str, Any]]:
        self.logins += 1
        if self.refused:
            return 400, {"error": "invalid_grant"}
        token = log_in(self._world, self._username).token
        url = self._world.urls["salesforce"]
        return 200, {"access_token": token, "token_type": "Bearer", "instance_url": url}


class Streams:
    """Clients of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.authenticator = Authenticator(world, USERNAME)

    @asynccontextmanager
    async def open(self, *channels: str, **options: Any) -> AsyncIterator[Client]:  # noqa: ANN401 - the client's own
        """Open a client and subscribe it."""
        self.authenticator = Authenticator(self.world, USERNAME)
        async with Client(self.authenticator, **options) as client:
            for channel in channels:
                await client.subscribe(channel)
            yield client

    def create(self, *names: str) -> None:
        """Create leads."""
        for name in names:
            changes.create_record(self.world, "Lead", {**PERSON, "LastName": name})


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    """A world under a name, not a number: the client keeps the cookies that it needs for names only."""
    world = World(seed=1)
    running = Simulation(world, Plan(public_host="localhost", leads=5, contacts=5))
    await running.start()
    yield running
    await running.stop()
    world.close()


@pytest.fixture
def streams(simulation: Simulation) -> Streams:
    """Clients of the world."""
    return Streams(simulation.world)


async def received(client: Client, count: int = 1) -> list[dict[str, Any]]:
    """Answer the next messages."""
    return [await asyncio.wait_for(client.receive(), 5) for _ in range(count)]


def names(messages: list[dict[str, Any]]) -> list[str]:
    """Answer the last names in events."""
    return [message["data"]["payload"]["Name"]["LastName"] for message in messages]


async def test_changes(streams: Streams, http: aiohttp.ClientSession) -> None:
    """A record from birth to death, as the client is told of it while it waits."""
    world = streams.world
    async with streams.open(ALL) as client:
        assert client.subscriptions == {ALL}
        record = changes.create_record(world, "Lead", PERSON)
        changes.change_record(world, "Lead", record, {"City": "London", "Company": "Engine"})
        changes.delete_record(world, "Lead", record)
        messages = await received(client, 3)
    headers = [message["data"]["payload"].pop("ChangeEventHeader") for message in messages]
    assert [header["changeType"] for header in headers] == ["CREATE", "UPDATE", "DELETE"]
    assert {(header["entityName"], *header["recordIds"]) for header in headers} == {("Lead", record)}
    changed = messages[1]["data"]["payload"]
    assert {name for name in changed if name != "LastModifiedDate"} == {"Address", "Company"}
    assert set(headers[1]["changedFields"]) == {"LastModifiedDate", "Address.City", "Company"}


async def test_several_channels(streams: Streams) -> None:
    """Each channel tells of its own; one that is given up is silent."""
    async with streams.open(LEADS, "/data/ContactChangeEvent") as client:
        streams.create("a")
        changes.create_record(streams.world, "Contact", {"LastName": "b"})
        messages = await received(client, 2)
        assert [message["channel"] for message in messages] == [LEADS, "/data/ContactChangeEvent"]
        await client.unsubscribe(LEADS)
        streams.create("unheard")
        changes.create_record(streams.world, "Contact", {"LastName": "c"})
        assert names(await received(client)) == ["c"]


async def test_replay(streams: Streams) -> None:
    """A client that comes back goes on after the last event that it has stored; another one takes all, or new ones."""
    stored: dict[str, ReplayMarker] = {}
    streams.create("a")
    async with streams.open(LEADS, replay=stored) as client:
        streams.create("b")
        assert names(await received(client)) == ["b"]
    streams.create("c", "d")
    async with streams.open(LEADS, replay=stored) as client:
        assert names(await received(client, 2)) == ["c", "d"]
    async with streams.open(LEADS, replay=ReplayOption.ALL_EVENTS) as client:
        assert names(await received(client, 4)) == ["a", "b", "c", "d"]
    async with streams.open(LEADS, replay=ReplayOption.NEW_EVENTS) as client:
        streams.create("e")
        assert names(await received(client)) == ["e"]


async def test_too_old(streams: Streams, control: ControlDoor) -> None:
    """An id of an event that is not kept any longer is refused; the client can fall back on all that there is."""
    stored: dict[str, ReplayMarker] = {}
    async with streams.open(LEADS, replay=stored) as client:
        streams.create("old")
        await received(client)
    await control("POST /clock", {"advance": 73 * 3600})
    streams.create("new")
    with pytest.raises(ServerError) as caught:
        async with streams.open(LEADS, replay=stored):
            pass
    assert (caught.value.error_code, stored[LEADS].replay_id) == (400, 1)
    assert "The replayId {1} you provided was invalid." in str(caught.value.error)
    fallback = ReplayOption.ALL_EVENTS
    async with streams.open(LEADS, replay=stored, replay_fallback=fallback) as client:
        assert names(await received(client)) == ["new"]


@pytest.mark.parametrize("way", ["revoke", "expire"])
async def test_session_ends(streams: Streams, control: ControlDoor, way: str) -> None:
    """A session that ends while the client waits makes it log in again, and it goes on."""
    async with streams.open(LEADS) as client:
        await control(f"POST /tokens/{way}", {})
        await logged_in(streams, 2)
        streams.create("a")
        assert names(await received(client)) == ["a"]


async def test_session_ends_for_good(streams: Streams, control: ControlDoor) -> None:
    """A client that may not log in again can do nothing more."""
    async with streams.open(LEADS) as client:
        streams.authenticator.refused = True
        await control("POST /tokens/revoke", {})
        await logged_in(streams, 2)
        with pytest.raises(AuthenticationError):
            await client.subscribe(ALL)


async def test_forgotten(streams: Streams, control: ControlDoor) -> None:
    """A client that was cut off for too long is forgotten: it shakes hands again, and goes on from where it was."""
    stored: dict[str, ReplayMarker] = {}
    # It takes its own waiting for a lost connection to an asyncio of before Python 3.10.
    async with streams.open(LEADS, replay=stored, connection_timeout=0) as client:
        await control("POST /faults", {"side": "salesforce", "kind": "reset", "match": "streaming"})
        streams.create("a")
        assert names(await received(client)) == ["a"]

        async def cut() -> bool:
            return bool((await control("GET /faults"))["faults"][0]["hits"])

        await until(cut)
        await control("POST /clock", {"advance": 41})
        streams.create("b")
        assert names(await received(client)) == ["b"]
        assert streams.authenticator.logins == 2  # Any 403 makes it log in first.


async def test_refusals(streams: Streams, control: ControlDoor) -> None:
    """The vendor's errors become the client's exceptions."""
    async with streams.open(LEADS) as client:
        refused: list[tuple[Callable[[], Any], int, str]] = [
            (lambda: client.subscribe("/data/NopeChangeEvent"), 400, "does not exist {/data/NopeChangeEvent}"),
            (lambda: client.publish(LEADS, {}), 403, "Publish denied"),
        ]
        for call, code, text in refused:
            with pytest.raises(ServerError) as caught:
                await call()
            assert caught.value.error_code == code
            assert text in str(caught.value.error)
        await control("POST /switches", {"side": "salesforce", "streaming_clients": 1})
        with pytest.raises(ServerError, match="Subscribe request failed") as caught:
            async with streams.open(LEADS):
                pass
        assert caught.value.error == "403::Organization concurrent user limit exceeded"
    await control("PATCH /users/sync@acme.example", {"permissions": []})
    with pytest.raises(ServerError) as caught:
        async with streams.open():
            pass
    assert caught.value.error == "403::Handshake denied"
    assert caught.value.response is not None
    assert caught.value.response["ext"]["sfdc"] == {"failureReason": "401::Authentication invalid"}


async def logged_in(streams: Streams, times: int) -> None:
    """Wait until the newest client has logged in so often."""

    async def enough() -> bool:
        return streams.authenticator.logins >= times

    await until(enough)
    # A client whose task was refused has it from its callback, in the next turn of the loop: not in this one.
    await asyncio.sleep(0)
