"""What a cycle reads and sends: everything that was missed, nothing twice, and when it runs."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import calls
from tests.acceptance.syncs import arrived, complete, prepared, start, trouble, until
from tests.acceptance.world import Json, World

NEW = {"create": {"LastName": "New {n}", "Company": "New"}}
RARE = {"cycle_interval": 120}


async def syncing(world: World) -> str:
    """Take a new integration through its initial sync; answers its id."""
    integration = await prepared(world)
    await start(world, integration)
    await complete(world, integration)
    return integration


async def cycle(world: World, integration: str) -> Json:
    """Ask for a cycle and wait for its end; answers the status."""
    before = await world.wait_for(integration, "syncing.waiting")
    await world.send(integration, "sync.requested")
    found = await world.wait_for(integration, "syncing.waiting")
    assert found["run"]["number"] == before["run"]["number"] + 1
    assert found["run"]["kind"] == "cycle"
    return found


async def ran(world: World, integration: str, number: int) -> None:
    """Wait until a run has ended, the initial sync being the first."""

    async def ended() -> bool:
        run = (await world.status(integration))["run"] or {"number": 0}
        return bool(run["number"] > number or (run["number"] == number and run["ended_at"] > 0))

    await until(ended, f"run {number} does not end")


def ago(seconds: float) -> str:
    """Answer a moment in the past, as Salesforce writes it."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@pytest.mark.parametrize("settings", [RARE], indirect=True)
async def test_a_cycle_can_be_asked_for_now(world: World) -> None:
    """Nobody waits for the interval: the new record is there with the very run that was asked for."""
    integration = await syncing(world)
    await world.control("POST", "/records", object="Lead", change=NEW)

    found = await cycle(world, integration)

    assert await world.people() == LEADS + CONTACTS + 1
    assert found["objects"][0]["created"] == 1
    assert [item["effect"] for item in found["waiting_for"]] == ["wait_for_cycle"]


@pytest.mark.parametrize("settings", [{**RARE, "look_back": 60}], indirect=True)
@pytest.mark.parametrize("object_name", ["Lead", "Contact"])
async def test_a_record_that_is_committed_late_behind_the_cursor_arrives(world: World, object_name: str) -> None:
    """Its stamp has passed when it becomes visible: the look-back finds it, whichever cycle comes next."""
    integration = await syncing(world)
    await cycle(world, integration)
    late = {"create": {"LastName": "Late"} | ({"Company": "Late"} if object_name == "Lead" else {})}
    await world.control("POST", "/records", object=object_name, change=late, stamp=ago(50))

    await cycle(world, integration)
    assert await world.people() == LEADS + CONTACTS + 1


@pytest.mark.parametrize("settings", [{**RARE, "look_back": 60}], indirect=True)
async def test_nothing_is_sent_twice_by_the_look_back(world: World) -> None:
    """Cycles read the last records again, and send only what is not known to have arrived just so."""
    integration = await syncing(world)
    touched = await world.control("POST", "/records", object="Lead", change={"Title": "Captain"}, count=7)
    found = await cycle(world, integration)
    assert (found["objects"][0]["read"], found["objects"][0]["updated"]) == (7, 7)
    sent = await calls(world, "marketo", "leads.sync")

    for _ in range(2):
        found = await cycle(world, integration)
        lead = found["objects"][0]
        assert (lead["read"], lead["unchanged"], lead["updated"], lead["created"]) == (7, 7, 0, 0)
    assert await calls(world, "marketo", "leads.sync") == sent

    again = {"Id": touched["ids"][0], "Title": "Major"}
    await world.control("POST", "/records", object="Lead", change=again)
    found = await cycle(world, integration)
    lead = found["objects"][0]
    assert (lead["read"], lead["unchanged"], lead["updated"]) == (7, 6, 1)
    assert await calls(world, "marketo", "leads.sync") == sent + 1


@pytest.mark.parametrize("settings", [RARE], indirect=True)
async def test_a_record_that_changes_twice_within_one_second_arrives_as_it_is(world: World) -> None:
    """Stamps are to the second: the same stamp does not mean the same values."""
    integration = await syncing(world)
    stamp = ago(5)
    made = await world.control("POST", "/records", object="Lead", change=NEW, stamp=stamp)
    await cycle(world, integration)

    corrected = {"Id": made["ids"][0], "LastName": "Corrected"}
    await world.control("POST", "/records", object="Lead", change=corrected, stamp=stamp)
    found = await cycle(world, integration)

    assert found["objects"][0]["updated"] == 1
    people = (await world.control("GET", f"/marketo/people?offset={LEADS + CONTACTS}"))["people"]
    assert [person["lastName"] for person in people] == ["Corrected"]


@pytest.mark.parametrize("settings", [RARE], indirect=True)
@pytest.mark.parametrize("lost", [False, True], ids=["cursor-kept", "cursor-lost"])
async def test_records_of_one_stamp_are_all_read_across_pages(world: World, *, lost: bool) -> None:
    """A mass update gives thousands the same stamp: a page ends in the midst of it, none is missed or repeated."""
    await world.control("POST", "/reset", seed=3, leads=2210, contacts=1)
    await world.control("POST", "/records", object="Lead", change="touch", count=2210, stamp=ago(30))
    integration = await prepared(world)
    if lost:
        await world.fault(side="salesforce", kind="error", match="query.more", code="INVALID_QUERY_LOCATOR", status=400)
    await start(world, integration)

    found = await complete(world, integration, people=2211)
    lead = found["objects"][0]
    assert (lead["read"], lead["created"], lead["updated"]) == (2210, 2210, 0)
    found = await cycle(world, integration)
    assert (found["objects"][0]["read"], found["objects"][0]["unchanged"]) == (2210, 2210)
    assert await trouble(world, integration) == []


@pytest.mark.parametrize("settings", [{"cycle_interval": 1}], indirect=True)
async def test_a_cycle_begins_an_interval_after_the_last_one_ended(world: World) -> None:
    """The pause is between the end of one and the start of the next, however long a cycle takes."""
    integration = await prepared(world)
    await world.fault(side="salesforce", kind="slow", match="query", seconds=0.4, times=-1)
    await start(world, integration)

    await ran(world, integration, 3)
    rows = await world.log(integration)
    ended = [row["at"] for row in rows if row["type"] == "sync.finished"]
    begun = [row["at"] for row in rows if row["type"] == "timer.cycle_due"]
    pauses = [(start - end) / 1_000_000 for end, start in zip(ended, begun, strict=False)]
    assert len(pauses) >= 2
    assert all(pause >= 1 for pause in pauses)
    assert min(pauses) < 2  # The others may meet a busy machine.


async def test_changes_in_every_cycle_arrive_in_the_end(world: World) -> None:
    """Records are made, changed and made late while cycles run by themselves: both sides end up the same."""
    integration = await syncing(world)
    for number in range(6):
        await world.control("POST", "/records", object="Lead", change=NEW, count=3, stamp=ago(number * 5))
        await world.control("POST", "/records", object="Contact", change={"Title": f"No. {number}"}, count=5)
        await ran(world, integration, number + 2)

    await arrived(world, LEADS + CONTACTS + 18)
    # One may be under way that began before the last change; the one after that has seen all.
    await ran(world, integration, (await world.status(integration))["run"]["number"] + 2)
    people = (await world.control("GET", "/marketo/people?limit=1000"))["people"]
    contacts = (await world.control("GET", "/records?object=Contact&limit=5"))["records"]
    titles = {person["sfdcId"]: person.get("title") for person in people}
    assert {titles[contact["Id"]] for contact in contacts} == {"No. 5"}
    assert len(titles) == len(people)
