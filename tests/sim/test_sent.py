"""What the vendors send out, as the page of the control door shows it, and where it may go."""

import aiohttp
import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.letters import Letters, UndeliverableError
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.listener import listening, says, until


async def _page(http: aiohttp.ClientSession, world: World) -> str:
    async with http.get(f"{world.urls['control']}/sent") as response:
        assert response.status == 200
        return await response.text()


async def test_page(control: ControlDoor, http: aiohttp.ClientSession, simulation: Simulation) -> None:
    """The page says what is defined, what waits, what has failed and why; what others wrote in is only text there."""
    assert "None is defined" in await _page(http, simulation.world)
    nobody = "http://127.0.0.1:1/<nobody>"
    message = await control("POST /outbound-messages", {"object": "Lead", "endpoint": nobody})
    webhook = {"name": "<Enrich>", "url": f"{nobody}/{{{{lead.Id}}}}", "triggers": []}
    number = (await control("POST /marketo/webhooks", webhook))["id"]
    (lead,) = (await control("POST /records", {"object": "Lead", "change": {"LastName": "New"}}))["ids"]
    await control(f"POST /marketo/webhooks/{number}/run", {"people": [1]})

    async def tried() -> bool:
        queued = (await control("GET /outbound-messages"))["queued"]
        calls = (await control("GET /marketo/webhooks"))["calls"]
        return bool(queued[0]["failure"]) and calls[0]["state"] == "done"

    await until(tried)
    text = await _page(http, simulation.world)
    for seen in (message["id"], lead, "Cannot connect", "&lt;Enrich&gt;", "the person is gone"):
        assert seen in text
    assert "<nobody>" not in text
    await control("POST /clock", {"advance": 86_400})

    async def given_up() -> bool:
        return bool((await control("GET /outbound-messages"))["failed"])

    await until(given_up)
    assert lead in await _page(http, simulation.world)


async def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine is called when that is allowed, and never otherwise, whatever its name looks like."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # Nor is a proxy asked that somebody has set.
    async with listening(says(text="here")) as listener:
        port = listener.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost"):
            answer = await Letters().send("GET", f"http://{host}:{port}/", headers={}, body=None, seconds=5)
            assert (answer.status, answer.body) == (200, b"here")
        # To the operating system this is a way to say "here"; it is no address of this machine's own loop.
        everywhere = f"http://0.0.0.0:{port}/"
        with pytest.raises(UndeliverableError, match="only this machine is called"):
            await Letters().send("GET", everywhere, headers={}, body=None, seconds=5)
        answer = await Letters(anywhere=True).send("GET", everywhere, headers={}, body=None, seconds=5)
        assert answer.status == 200


async def test_flag() -> None:
    """A world that was started so sends to any machine."""
    async with listening(says()) as listener:
        world = World(seed=1)
        running = Simulation(world, Plan(leads=1, contacts=1, send_anywhere=True))
        await running.start()
        endpoint = f"http://0.0.0.0:{listener.url.rpartition(':')[2]}/"
        async with ControlDoor.opened(running) as control:
            await control("POST /outbound-messages", {"object": "Lead", "endpoint": endpoint})
            await control("POST /records", {"object": "Lead", "change": {"LastName": "New"}})
        await listener.wait(1)
        await running.stop()
        world.close()


@pytest.mark.parametrize("address", ["http://", "http://127.0.0.1:99999/", "http://[::1/", "http://a b/", "http:///x"])
async def test_no_address(address: str) -> None:
    """What is no address is undeliverable like any other."""
    with pytest.raises(UndeliverableError):
        await Letters().send("GET", address, headers={}, body=None, seconds=5)
