"""What listening uses up of the limits of an org."""

from collections.abc import Callable

from syncline_sim.app import Simulation
from syncline_sim.salesforce import orgs
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.streaming.conftest import Stream

LEADS = "/data/LeadChangeEvent"


async def left(stream: Stream) -> tuple[int, int]:
    """Answer how many events may still be delivered, and how many more clients may listen."""
    told = await stream.rest("GET", "/limits")
    names = ("DailyDeliveredPlatformEvents", "DurableStreamingApiConcurrentClients")
    return told[names[0]]["Remaining"], told[names[1]]["Remaining"]


async def test_events_and_clients_count(stream: Stream, streams: Callable[..., Stream], control: ControlDoor) -> None:
    """Each event counts for each client that is sent it, each client while it listens; a day gives all back."""
    await control("POST /change-data-capture", {"objects": ["Lead"]})
    events, clients = await left(stream)
    other = streams("dana@acme.example")
    for each in (stream, other):
        await each.open(LEADS)
    assert await left(stream) == (events, clients - 2)
    for name in ("a", "b"):
        await stream.rest("POST", "/sobjects/Lead", {"LastName": name, "Company": "C"})
    assert (len(await stream.events()), len(await other.events())) == (2, 2)
    assert await left(stream) == (events - 4, clients - 2)
    await other.send("/meta/disconnect")
    assert await left(stream) == (events - 4, clients - 1)
    await control("POST /clock", {"advance": 25 * 3600})
    assert await left(streams()) == (events, clients)


async def test_a_closed_api_closes_the_stream(stream: Stream, simulation: Simulation) -> None:
    """In an edition without the API nobody listens either."""
    world = simulation.world
    orgs.change_org(world, orgs.all_orgs(world)[0].id, edition="team", api_add_on=True)
    refused = await stream.handshake()
    assert (refused["successful"], refused["error"]) == (False, "403::Handshake denied")
