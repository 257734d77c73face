"""What both sides tell by calling in: fetched soon, once, whatever order it comes in, and through kills."""

import asyncio
import json
from typing import Any

import pytest

from tests.acceptance.expectations import rows_of
from tests.acceptance.syncs import until
from tests.acceptance.world import Json, World

#: No cycle comes by itself while a test runs, so what is fetched was told.
TOLD = {"cycle_interval": 600, "change_wait": 0.3}
KILLS = 6


async def opened(world: World, integration: str, door: str) -> Json:
    """Make the address of a door by the command line, as an admin does."""
    code, output = await world.command("hooks", "rotate", integration, "--door", door, "--json")
    assert code == 0, output
    made: Json = json.loads(output)
    return made


async def create_leads(world: World, count: int, **values: str) -> list[str]:
    """Let somebody in the org create leads; answers their ids."""
    change = {"create": {"LastName": "Told", "Company": "Acme", **values}}
    made = await world.control("POST", "/records", object="Lead", change=change, count=count)
    found: list[str] = made["ids"]
    return found


async def queue(world: World) -> list[Json]:
    """Answer the notifications that are not acknowledged yet."""
    found: list[Json] = (await world.control("GET", "/outbound-messages"))["queued"]
    return found


async def arrivals(world: World, **fields: str) -> list[Json]:
    """Answer the people of the target with these values."""
    found = (await world.control("GET", "/marketo/people?limit=1000"))["people"]
    return [one for one in found if all(one.get(name) == value for name, value in fields.items())]


async def all_acknowledged(world: World) -> None:
    """Wait until nothing is left in the queue."""

    async def none_left() -> bool:
        await world.control("POST", "/outbound-messages/hurry")
        return not await queue(world)

    await until(none_left, "some notifications are not acknowledged", deadline=40)


async def settled(world: World, integration: str) -> Json:
    """Wait until everything that was told has been fetched."""

    async def quiet() -> bool:
        found = await world.status(integration)
        waits = {item["effect"] for item in found["waiting_for"]}
        return found["state"] == "syncing.waiting" and "wait_for_changes" not in waits

    await until(quiet, "what was told is not fetched", deadline=40)
    return await world.status(integration)


@pytest.mark.case("webhooks", 24)
@pytest.mark.parametrize("settings", [TOLD], indirect=True)
async def test_changes_that_are_told_are_fetched_soon_and_the_newest_stays(world: World) -> None:
    """A lead is created and changed again and again, and the notifications come the newest first and twice."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    people = await world.people()
    made = await opened(world, integration, "salesforce")
    await world.switch("salesforce", outbound_disorder=True, outbound_repeats=2, outbound_latency=0.5)
    await world.control("POST", "/outbound-messages", object="Lead", endpoint=made["url"], send_session=True)

    (lead,) = await create_leads(world, 1)
    for number in range(20):
        change = {"Company": f"Company {number}"}
        await world.control("POST", "/records", object="Lead", id=lead, change=change)
    await all_acknowledged(world)
    await settled(world, integration)

    assert await world.people() == people + 1
    assert len(await arrivals(world, sfdcId=lead, company="Company 19")) == 1
    told = [
        row for row in await rows_of(world, integration, "records.changed") if row["actor"]["via"] == "notification"
    ]
    once = [row for row in told if row["disposition"] == "handled"]
    assert len(once) == len({row["key"] for row in told}) == 21
    assert [row["disposition"] for row in told if row not in once] == ["duplicate"] * (len(told) - 21)
    assert all(row["data"] == {"path": "outbound_message", "object": "Lead", "id": lead} for row in told)
    runs = await rows_of(world, integration, "sync.finished")
    assert 1 <= len(runs) - 1 < 15, "one run for many"


@pytest.mark.case("webhooks", 22)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("settings", [TOLD], indirect=True)
async def test_kills_before_the_acknowledgement_lose_nothing_and_do_nothing_twice(world: World) -> None:
    """Kill -9 while messages come in: what was not acknowledged comes again, and each notification counts once."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    people = await world.people()
    made = await opened(world, integration, "salesforce")
    await world.switch("salesforce", outbound_first_retry=0.2, outbound_longest_retry=0.5)
    await world.control("POST", "/outbound-messages", object="Lead", endpoint=made["url"])
    leads: list[str] = []
    for number in range(KILLS):
        leads += await create_leads(world, 150)
        await asyncio.sleep(0.02 * number)  # No condition: the kill has to meet another moment each time.
        await world.kill()
        await world.start()
    await all_acknowledged(world)
    await settled(world, integration)

    told = [
        row for row in await rows_of(world, integration, "records.changed") if row["actor"]["via"] == "notification"
    ]
    owners = [row for row in told if row["disposition"] != "duplicate"]
    assert {row["disposition"] for row in owners} == {"handled"}
    assert sorted(row["data"]["id"] for row in owners) == sorted(leads)
    assert len({row["key"] for row in owners}) == len(owners) == 150 * KILLS
    assert await world.people() == people + len(leads)
    assert await world.stop() == 0
    code, output = await world.command("audit", "verify", "--json")
    await world.start()
    assert (code, json.loads(output)["proved"]) == (0, True)


@pytest.mark.parametrize("settings", [TOLD], indirect=True)
async def test_a_webhook_of_the_target_syncs_a_person_now(world: World) -> None:
    """What somebody has written over there is as in the source again, though nothing has changed in the source."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    made = await opened(world, integration, "marketo")
    (person, *_) = (await world.control("GET", "/marketo/people?limit=1000"))["people"]
    webhook: dict[str, Any] = {
        "name": "Sync now",
        "url": made["url"],
        "template": '{"event": "sync", "person": {{lead.Id}}, "record": {{lead.SFDC Id (sfdcId)}}}',
        "headers": {made["header"]: made["secret"], "Content-Type": "application/json"},
        "active": False,
    }
    number = (await world.control("POST", "/marketo/webhooks", **webhook))["id"]
    await world.control("POST", f"/marketo/webhooks/{number}/run", people=[person["id"]])

    async def told() -> bool:
        return bool(await rows_of(world, integration, "person.sync_requested"))

    await until(told, "nothing was told")
    await settled(world, integration)
    (row,) = await rows_of(world, integration, "person.sync_requested")
    assert (row["actor"]["kind"], row["data"]["record"]) == ("target", person["sfdcId"])
    finished = (await rows_of(world, integration, "sync.finished"))[-1]
    assert (finished["data"]["wanted"], finished["data"]["path"]) == (1, "webhook")
    (call,) = (await world.control("GET", "/marketo/webhooks"))["calls"]
    assert (call["status"], call["error"]) == (200, "")
