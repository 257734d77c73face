"""From `unconfigured` to `syncing`, with the real programs, over HTTP and the command line only."""

import asyncio
import json
import time

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.world import World

MILESTONES = [
    "unconfigured",
    "app_registered",
    "credentials_saved",
    "authorized",
    "verified",
    "fields_synced",
    "syncing",
]


async def test_an_integration_goes_from_unconfigured_to_syncing_and_its_records_arrive(world: World) -> None:
    """All seven milestones come in order, every record arrives once, and the log proves itself."""
    integration = await world.create()

    status = await world.reach(integration, "syncing.waiting")

    moves = [
        row["to"].partition(".")[0] for row in await world.log(integration) if row["disposition"] == "transitioned"
    ]
    assert list(dict.fromkeys(moves)) == MILESTONES
    assert {item["object"]: item["read"] for item in status["objects"]} == {"Lead": LEADS, "Contact": CONTACTS}
    assert await world.people() == LEADS + CONTACTS
    code, output = await world.command("audit", "verify", "--json")
    assert (code, json.loads(output)["proved"]) == (0, True)


async def test_a_record_that_changes_later_arrives_with_the_next_cycle(world: World) -> None:
    """A cycle after the initial sync reads what has changed since, and only that is written."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    before = await world.control("GET", "/marketo/digest")

    await world.control("POST", "/records", object="Lead", change={"create": {"LastName": "Late", "Company": "New"}})
    await world.send(integration, "sync.requested")

    deadline = time.monotonic() + 20
    while await world.people() == before["count"]:
        assert time.monotonic() < deadline, "the new record did not arrive"
        await asyncio.sleep(0.05)
    assert await world.people() == before["count"] + 1


async def test_an_integration_goes_on_where_it_was_after_a_restart(world: World) -> None:
    """The service is stopped in order and started again: the state, the key and the sync are still there."""
    integration = await world.create()
    before = await world.reach(integration, "verified.awaiting_field_sync")

    begun = time.monotonic()
    assert await world.stop() == 0
    assert time.monotonic() - begun < 10
    await world.start()

    assert (await world.status(integration))["seq"] == before["seq"]
    await world.reach(integration, "syncing.waiting")


async def test_two_integrations_are_connected_at_the_same_time(world: World) -> None:
    """One browser may have both logins open; each comes back to its own integration."""
    first, second = await world.create("First"), await world.create("Second")
    for integration in (first, second):
        await world.reach(integration, "credentials_saved.ready")
    opened = [await world.send(integration, "login.started") for integration in (first, second)]

    for answer in reversed(opened):
        await world.visit(answer["authorize_url"])

    for integration in (first, second):
        await world.reach(integration, "syncing.waiting")


async def test_the_command_line_shows_what_the_api_shows(world: World) -> None:
    """`status`, `events` and `audit` find the service by its address and key, and a refusal ends with exit code 1."""
    integration = await world.create()

    code, output = await world.command("events", "send", integration, "app.registered", "--json")
    assert (code, json.loads(output)["outcome"]["to"]) == (0, "app_registered.awaiting_credentials")
    code, output = await world.command("status", integration, "--json")
    assert (code, json.loads(output)["state"]) == (0, "app_registered.awaiting_credentials")
    code, output = await world.command("events", "send", integration, "resume.requested", "--json")
    assert (code, json.loads(output)["status"]) == (1, 409)
    code, output = await world.command("events", "list", integration, "--json")
    kinds = [(row["type"], row["disposition"]) for row in json.loads(output)["items"]]
    assert kinds[-1] == ("resume.requested", "unexpected")
    code, output = await world.command("audit", "export", integration)
    assert [json.loads(line)["row"]["seq"] for line in output.splitlines()] == [1, 2, 3]
