"""A change in Salesforce is in Marketo in seconds, though a cycle comes but once an hour."""

import time

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.listening import asked_for, change, followed, listening, quiet, rows, titled, write_as_sync_user
from tests.acceptance.syncs import complete, prepared, start, trouble, until
from tests.acceptance.world import Json, World

RARE = {"follow_changes": "true", "cycle_interval": 3600, "change_wait": 0.3, "change_retry": 0.5}
pytestmark = pytest.mark.parametrize("settings", [RARE], indirect=True)

HOUR = 3600


async def test_a_change_arrives_in_seconds_and_the_log_says_by_which_path(world: World) -> None:
    """Row, run and status all say that it was told of, not asked for."""
    integration = await followed(world)
    status = await listening(world, integration)
    assert status["title"] == "Changes arrive by Change Data Capture"
    before = time.monotonic()
    (lead,) = await change(world, "At once")
    await titled(world, "At once")
    took = time.monotonic() - before
    print(f"a change was at the target after {took:.1f} s")  # noqa: T201  a figure to be seen

    found = await quiet(world, integration)
    assert found["run"]["path"] == "cdc"
    told = (await rows(world, integration, "records.changed"))[-1]
    assert (told["data"]["path"], told["data"]["ids"], told["actor"]["via"]) == ("cdc", [lead], "cdc")
    finished = (await rows(world, integration, "sync.finished"))[-1]
    assert finished["data"]["path"] == "cdc"
    due = (await rows(world, integration, "timer.changes_due"))[-1]
    assert found["run"]["cause"] == f"seq:{due['seq']}"
    assert await trouble(world, integration) == []


async def test_a_burst_is_a_few_runs(world: World) -> None:
    """A thousand new records are told of by some events and fetched by fewer runs."""
    integration = await followed(world)
    before = (await world.status(integration))["run"]["number"]
    new = {"create": {"LastName": "Burst {n}", "Company": "Acme"}}
    await world.control("POST", "/records", object="Lead", change=new, count=1000)

    async def counted() -> list[int]:
        return [row["data"].get("count", 0) for row in await rows(world, integration, "records.changed")]

    async def all_told() -> bool:
        return sum(await counted()) == 1000

    await until(all_told, "not all were told of", deadline=60)
    found = await quiet(world, integration)
    assert await world.people() == LEADS + CONTACTS + 1000
    told, runs = [count for count in await counted() if count], found["run"]["number"] - before
    print(f"1,000 changes: {len(told)} events, {runs} runs")  # noqa: T201  a figure to be seen
    assert len(told) <= 20
    assert runs <= 10


async def test_a_gap_is_read_by_the_watermark(world: World) -> None:
    """A change too large to be told, or one of too many, arrives all the same."""
    integration = await followed(world)
    await world.switch("salesforce", capture_gaps=True)
    await change(world, "In the gap", 3)
    await titled(world, "In the gap", 3)
    assert (await rows(world, integration, "records.changed"))[-1]["data"]["kind"] == "gap"


async def test_our_own_writes_do_not_go_in_circles(world: World) -> None:
    """What the sync user writes by the API is read by the next cycle, and brings none forward."""
    integration = await followed(world)
    before = len(await rows(world, integration, "records.changed"))
    number = (await world.status(integration))["run"]["number"]
    ids = [record["Id"] for record in (await world.control("GET", "/records?object=Lead&limit=3"))["records"]]
    for record in ids:
        await write_as_sync_user(world, record)
    (by_hand,) = await change(world, "By a person", 1, "Contact")
    await titled(world, "By a person")

    found = await quiet(world, integration)
    told = (await rows(world, integration, "records.changed"))[before:]
    assert [row["data"]["ids"] for row in told] == [[by_hand]]
    assert found["run"]["number"] == number + 1
    await titled(world, "By the sync user", 3)  # Read by the run that the person has brought.


@pytest.mark.parametrize(
    "what",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 403},
        {"kind": "garbage"},
        {"kind": "hang"},
        {"kind": "reset"},
        {"kind": "flood"},
    ],
    ids=lambda what: str(what.get("status", what["kind"])),
)
async def test_without_a_stream_the_sync_goes_on_and_with_it_again_nothing_is_missing(world: World, what: Json) -> None:
    """Whatever the address of the stream answers: no failure, a visible note, and the lost time is made up for."""
    await world.switch("salesforce", streaming_timeout=0.3)
    integration = await followed(world)
    await world.fault(side="salesforce", match="/cometd", times=-1, **what)
    said = await asked_for(world, integration)
    assert said["by"] == "cycle"
    assert said["title"] == "Changes are asked for every hour"
    assert said["meaning"]
    assert (await world.status(integration))["blocked_by"] is None
    await change(world, "Unheard")
    await world.send(integration, "sync.requested")
    await titled(world, "Unheard")
    await quiet(world, integration)
    await change(world, "Heard of later")

    await world.mend()
    await listening(world, integration)
    await titled(world, "Heard of later")
    assert await trouble(world, integration) == []


async def test_an_org_without_it_is_asked_by_cycles_until_somebody_selects_the_objects(world: World) -> None:
    """No failure; one row says so, and it is noticed by itself when an admin changes that."""
    await world.control("POST", "/change-data-capture", objects=[])
    integration = await prepared(world)
    await start(world, integration)
    await complete(world, integration)
    said = await asked_for(world, integration)
    assert said["reason"] == "salesforce.changes_unavailable"
    assert "select Lead and Contact" in said["remedy"]
    assert await trouble(world, integration) == []

    await world.control("POST", "/change-data-capture", objects=["Lead"])
    said = await listening(world, integration)
    assert said["title"] == "Changes arrive by Change Data Capture, those of Contact every hour"
    assert len(await rows(world, integration, "changes.unavailable")) == 1


async def test_a_kill_loses_nothing_and_the_replay_id_says_where_to_go_on(world: World) -> None:
    """What has changed while nobody was there is told by the source, and no run is made for what was not."""
    integration = await followed(world)
    await change(world, "Before")
    await titled(world, "Before")
    found = await quiet(world, integration)
    await change(world, "Before", 1, "Contact")
    await titled(world, "Before", 2)
    found = await quiet(world, integration)
    told = await rows(world, integration, "records.changed")

    await world.kill()
    await change(world, "Meanwhile", 2)
    await world.start()
    await titled(world, "Meanwhile", 2)
    since = (await rows(world, integration, "records.changed"))[len(told) :]
    assert [row["data"].get("kind", "") for row in since] == [""] * len(since)
    assert sum(row["data"]["count"] for row in since) == 2
    await quiet(world, integration)

    number = (await world.status(integration))["run"]["number"]
    assert number > found["run"]["number"]
    await world.kill()
    await world.start()
    await listening(world, integration)
    await world.wait_for(integration, "syncing.waiting")
    assert (await quiet(world, integration))["run"]["number"] == number


async def test_it_follows_the_states(world: World) -> None:
    """Paused, nobody listens; resumed, what came meanwhile arrives; the service stops in time while somebody waits."""
    integration = await followed(world)
    await world.send(integration, "pause.requested")
    await change(world, "While paused")
    assert (await world.status(integration))["changes"] is None
    await world.send(integration, "resume.requested")
    await titled(world, "While paused")
    await change(world, "After that")
    await titled(world, "After that")

    await world.control("POST", "/tokens/revoke", username=world.sim["user"]["username"])
    await change(world, "Without a grant")
    await world.send(integration, "sync.requested")
    await world.wait_for(integration, "reauthorization_required.awaiting_person")
    await world.login(integration)
    await titled(world, "Without a grant")
    await listening(world, integration)
    before = time.monotonic()
    assert await world.stop() == 0
    assert time.monotonic() - before < 8
    for command in ("verify", "replay"):  # Also with all that was heard, the log proves and can be decided again.
        code, output = await world.command("audit", command, "--json")
        assert code == 0, output
    await world.start()


@pytest.mark.case("webhooks", 25)
@pytest.mark.parametrize(
    ("hours", "kinds"), [(25, [""]), (73, ["expired"])], ids=["as long as it is told", "longer than it is told"]
)
async def test_after_an_outage_of_a_day_or_three_everything_is_there(
    world: World, hours: int, kinds: list[str]
) -> None:
    """Case 25: within 72 hours the source tells what was missed; beyond that it cannot, and everything is read."""
    integration = await followed(world)
    for object_name in ("Lead", "Contact"):  # So that there is a place to go on from for each.
        await change(world, "Before the outage", 1, object_name)

    async def told() -> bool:
        found = [row["data"] for row in await rows(world, integration, "records.changed")]
        return {data["object"] for data in found if "kind" not in data} == {"Lead", "Contact"}

    # A run that one of them has set off brings both, also before the other one is told of.
    await until(told, "the source does not tell of both")
    await titled(world, "Before the outage", 2)
    await quiet(world, integration)
    before = len(await rows(world, integration, "records.changed"))
    await world.kill()
    await change(world, "At its beginning", 2)
    await world.control("POST", "/clock", advance=hours * HOUR)
    await change(world, "At its end", 2, "Contact")

    await world.start()
    await titled(world, "At its beginning", 2)
    await titled(world, "At its end", 2)
    await listening(world, integration)
    await quiet(world, integration)
    since = (await rows(world, integration, "records.changed"))[before:]
    assert sorted({row["data"].get("kind", "") for row in since}) == kinds
    assert await trouble(world, integration) == []
    await change(world, "After it")
    await titled(world, "After it")
