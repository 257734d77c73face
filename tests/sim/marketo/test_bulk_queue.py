"""The queues of bulk jobs: how many, how long, and in which order."""

from typing import Any

import aiohttp

from syncline_sim.app import Simulation
from syncline_sim.marketo import people
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.marketo.bulk import LEADS, ask, create, file, finish, send, span
from tests.sim.marketo.conftest import CREDENTIALS, ApiUser, codes

CREATE = f"{LEADS}/export/create.json"


def wanted(world: World) -> dict[str, Any]:
    """Answer what most exports here are asked for."""
    return {"fields": ["email"], "filter": {"createdAt": span(world)}}


async def states(user: ApiUser) -> list[str]:
    """Answer how far all exports are."""
    return [job["status"] for job in (await user.get(f"{LEADS}/export.json"))["result"]]


async def test_two_at_once(world: World, user: ApiUser) -> None:
    """Two exports run at once, of people and activities together, and the others follow in turn."""
    world.switches["marketo"].update(bulk_hurry=False, bulk_seconds=100)
    activities = await create(user, {"filter": {"createdAt": span(world)}}, "activities")
    await ask(user, activities, "enqueue", "activities")
    for _ in range(3):
        await ask(user, await create(user, wanted(world)), "enqueue")
    assert await states(user) == ["Processing", "Queued", "Queued"]
    world.advance(50)
    assert await states(user) == ["Processing", "Queued", "Queued"]
    world.advance(51)
    assert await states(user) == ["Completed", "Processing", "Processing"]
    world.advance(100)
    assert await states(user) == ["Completed"] * 3


async def test_time(world: World, user: ApiUser) -> None:
    """Jobs that had time enough while nobody looked have followed one another."""
    world.switches["marketo"].update(bulk_hurry=False, bulk_seconds=100)
    keys = [await create(user, wanted(world)) for _ in range(3)]
    for key in keys:
        await ask(user, key, "enqueue")
    world.advance(1000)
    first, _, third = [await ask(user, key, "status") for key in keys]
    assert first["startedAt"] == first["queuedAt"]
    assert third["startedAt"] == first["finishedAt"] > first["startedAt"]
    assert third["finishedAt"] > third["startedAt"]


async def test_place_of_another(world: World, user: ApiUser) -> None:
    """A job that takes the place of one that was given up begins then, however long it has waited."""
    world.switches["marketo"].update(bulk_hurry=False, bulk_seconds=100)
    keys = [await create(user, wanted(world)) for _ in range(3)]
    for key in keys:
        await ask(user, key, "enqueue")
    world.advance(90)
    await ask(user, keys[0], "cancel")
    world.advance(20)
    assert await states(user) == ["Cancelled", "Completed", "Processing"]
    world.advance(80)
    assert await states(user) == ["Cancelled", "Completed", "Completed"]


async def test_hurry(world: World, user: ApiUser) -> None:
    """Without time a job is done when it is first seen; in a hurry, when it has been seen."""
    world.switches["marketo"]["bulk_seconds"] = 0
    key = await create(user, wanted(world))
    await ask(user, key, "enqueue")
    assert (await ask(user, key, "status"))["status"] == "Completed"
    world.switches["marketo"].update(bulk_seconds=10_000, bulk_hurry=False)
    key = await create(user, wanted(world))
    await ask(user, key, "enqueue")
    assert {(await ask(user, key, "status"))["status"] for _ in range(3)} == {"Processing"}


async def test_ten_in_all(world: World, user: ApiUser) -> None:
    """An eleventh job is not taken, in neither queue; the queues do not count each other's."""
    world.switches["marketo"]["bulk_hurry"] = False
    keys = [await create(user, wanted(world)) for _ in range(11)]
    for key in keys[:10]:
        assert (await ask(user, key, "enqueue"))["status"] == "Queued"
    refused = await ask(user, keys[10], "enqueue")
    assert refused["errors"] == [{"code": "1029", "message": "Too many jobs in queue"}]
    imports = [await send(user, f"email\np{n}@example.com\n") for n in range(11)]
    assert [answer["success"] for answer in imports] == [True] * 10 + [False]
    assert codes(imports[10]) == ["1016"]
    await ask(user, keys[0], "cancel")
    assert (await ask(user, keys[10], "enqueue"))["status"] == "Queued"


async def test_quota(world: World, user: ApiUser) -> None:
    """When the files of a day are too large, no job is created or enqueued until the next day in Chicago."""
    await user.upsert(*({"email": f"{'x' * 60}{n}@example.com"} for n in range(20)))
    world.switches["marketo"]["bulk_quota"] = 0.001
    waiting = await create(user, wanted(world))
    await finish(user, await create(user, wanted(world)))
    refused = await user.post(CREATE, wanted(world))
    assert refused["errors"] == [{"code": "1029", "message": "Export daily quota 0.001MB exceeded."}]
    assert codes(await ask(user, waiting, "enqueue")) == ["1029"]
    world.advance(24 * 3600)
    await user.authenticate()
    assert (await ask(user, waiting, "enqueue"))["status"] == "Queued"


async def test_failure(world: World, user: ApiUser) -> None:
    """Jobs can be made to fail: an export has no file then, an import has changed nothing."""
    world.switches["marketo"]["bulk_failures"] = 2
    key = await create(user, wanted(world))
    job = await finish(user, key)
    assert (job["status"], job["errorMsg"]) == ("Failed", "System error")
    assert (await file(user, key))[0] == 404
    await send(user, "email\na@example.com\n")
    jobs = [(await user.get(f"{LEADS}/batch/2.json"))["result"][0] for _ in range(2)]
    assert (jobs[1]["status"], jobs[1]["message"]) == ("Failed", "System error")
    assert people.count(world.db) == 0
    assert (await finish(user, await create(user, wanted(world))))["status"] == "Completed"


async def test_kept(world: World, user: ApiUser) -> None:
    """A file is kept for seven days, what is known of its job for thirty."""
    key = await create(user, wanted(world))
    await finish(user, key)
    assert (await file(user, key))[0] == 200
    world.advance(7 * 24 * 3600 + 60)
    await user.authenticate()
    assert (await file(user, key))[0] == 404
    assert (await ask(user, key, "status"))["status"] == "Completed"
    world.advance(23 * 24 * 3600)
    await user.authenticate()
    assert codes(await ask(user, key, "status")) == ["1013"]


async def test_clock(simulation: Simulation, control: ControlDoor, http: aiohttp.ClientSession) -> None:
    """Time that is let pass at the control door does the work of jobs, though nobody asks for them."""
    origin = simulation.world.urls["marketo"]
    async with http.get(f"{origin}/identity/oauth/token", params=CREDENTIALS) as response:
        headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
    form = aiohttp.FormData()
    form.add_field("file", "email\na@example.com\n", filename="leads.csv")
    async with http.post(f"{origin}/bulk/v1/leads.json", data=form, headers=headers) as response:
        assert (await response.json())["result"][0]["status"] == "Queued"
    assert (await control("GET /marketo/people"))["count"] == 0
    await control("POST /clock", {"advance": 60})
    assert [person["email"] for person in (await control("GET /marketo/people"))["people"]] == ["a@example.com"]
