"""Either side slow, silent, broken or babbling in mid-sync: tried again, shown, given up for a while, and mended."""

from typing import Any

import pytest

from tests.acceptance.conftest import LEADS
from tests.acceptance.expectations import blocked, calls, rows_of
from tests.acceptance.syncs import arrived, complete, prepared, start, trouble, until, waiting
from tests.acceptance.world import World

FAILED = "syncing.sync_failed"
CODES = {"salesforce": "salesforce.unreachable", "marketo": "marketo.unreachable"}
REMEDIES = {"salesforce": "trust.salesforce.com", "marketo": "status page"}
#: Where the fault sits in mid-sync: the second object's query, and the second object's people.
OPERATIONS = {"salesforce": "query", "marketo": "leads.sync"}

#: Pauses long enough to see a failed try between two; and an end that comes soon when each try takes its full time.
QUICK = {"effect_backoff": 0.2, "effect_attempts": 4, "failure_wait": 0.6}
SILENT = {"effect_backoff": 0.1, "effect_attempts": 2, "failure_wait": 0.6, "http_timeout": 0.5}
FAULTS = [
    pytest.param(SILENT, {"kind": "hang"}, "gave no whole answer within", id="hangs"),
    pytest.param(SILENT, {"kind": "slow", "seconds": 20}, "gave no whole answer within", id="is-slow"),
    pytest.param(QUICK, {"kind": "garbage"}, "something that is not JSON", id="answers-garbage"),
    pytest.param(QUICK, {"kind": "garbage", "body": '{"a": 1}'}, "", id="answers-something-else"),
    pytest.param(QUICK, {"kind": "garbage", "body": "[" * 100_000}, "", id="answers-a-hundred-thousand-brackets"),
    pytest.param(QUICK, {"kind": "truncate"}, "broke off", id="breaks-off"),
    pytest.param(QUICK, {"kind": "reset"}, "broke off", id="resets"),
    pytest.param(QUICK, {"kind": "flood"}, "answered with more than", id="never-ends"),
    pytest.param(QUICK, {"kind": "status", "status": 500}, "500", id="500"),
    pytest.param(QUICK, {"kind": "status", "status": 503, "body": "<html>Unavailable</html>"}, "503", id="503"),
]


@pytest.mark.parametrize("side", ["salesforce", "marketo"])
@pytest.mark.parametrize(("settings", "fault", "words"), FAULTS, indirect=["settings"])
async def test_an_outage_in_mid_sync_is_tried_again_shown_given_up_and_mended(
    world: World, side: str, fault: dict[str, Any], words: str
) -> None:
    """The first object is through when one side fails: its tries can be seen, then the state says so, then all is well.

    Nobody does anything about it, and nobody restarts anything.
    """
    integration = await prepared(world)
    await world.fault(side=side, match=OPERATIONS[side], skip=1, times=-1, **fault)
    await start(world, integration)

    shown = await waiting(world, integration, "sync_records", error=words or CODES[side])
    assert CODES[side] in shown["last_error"]
    assert 1 <= shown["attempts"] <= world.settings["effect_attempts"]
    found = await blocked(world, integration, FAILED, CODES[side], by="effect.exhausted", remedy=REMEDIES[side])
    assert words in found["blocked_by"]["detail"]
    (wait,) = found["waiting_for"]
    assert wait["effect"] == "wait_for_retry"
    (lead,) = [item for item in found["objects"] if item["object"] == "Lead"]
    assert lead["created"] == LEADS

    await world.mend()
    await complete(world, integration)
    assert await rows_of(world, integration, "timer.retry_due")
    assert await rows_of(world, integration, "sync.requested") == []


@pytest.mark.parametrize("side", ["salesforce", "marketo"])
@pytest.mark.parametrize("settings", [{"effect_attempts": 2, "failure_wait": 300}], indirect=True)
async def test_a_person_need_not_wait_for_the_next_try(world: World, side: str) -> None:
    """After an outage, `sync.requested` goes on at once from where the sync was."""
    integration = await prepared(world)
    await world.fault(side=side, match=OPERATIONS[side], kind="status", status=503, skip=1, times=-1)
    await start(world, integration)
    await world.wait_for(integration, FAILED)
    await world.mend()
    written = await world.people()

    await world.send(integration, "sync.requested")
    found = await complete(world, integration)
    assert written == LEADS
    assert [item["updated"] for item in found["objects"]] == [0, 0]  # Nobody was sent twice.


@pytest.mark.parametrize("side", ["salesforce", "marketo"])
@pytest.mark.parametrize("settings", [{"effect_backoff": 0.01}], indirect=True)
async def test_a_provider_that_asks_for_patience_gets_it(world: World, side: str) -> None:
    """429 with `Retry-After: 2`: not tried again before that, and then it goes on without a state for it."""
    integration = await prepared(world)
    await world.fault(side=side, match=OPERATIONS[side], kind="status", status=429, retry_after=2)
    await start(world, integration)

    await waiting(world, integration, "sync_records", error="429")
    await complete(world, integration)
    log = (await world.control("GET", "/calls?log=1000"))["log"]
    times = [call["at"] for call in log if (call["side"], call["operation"]) == (side, OPERATIONS[side])]
    assert times[1] - times[0] >= 2
    assert await trouble(world, integration) == []


@pytest.mark.parametrize("side", ["salesforce", "marketo"])
async def test_one_lost_answer_costs_one_more_try_and_nothing_else(world: World, side: str) -> None:
    """The call had its effect, its answer was lost: the same people, none of them twice."""
    integration = await prepared(world)
    await world.fault(side=side, match=OPERATIONS[side], kind="reset", after=True)
    await start(world, integration)

    await complete(world, integration)
    assert await trouble(world, integration) == []


@pytest.mark.parametrize("settings", [{"effect_attempts": 3}], indirect=True)
async def test_progress_gives_an_effect_its_tries_back(world: World) -> None:
    """An outage that comes again and again, with work done in between, is no reason to give up."""
    await world.control("POST", "/reset", seed=3, leads=1, contacts=1)
    await world.switch("marketo", rate_limit=10_000)
    integration = await prepared(world)
    for skipped in range(2):
        await world.fault(side="marketo", match="leads.sync", kind="status", status=503, skip=skipped, times=2)
    await start(world, integration)

    await complete(world, integration, people=2)
    assert await trouble(world, integration) == []
    assert await calls(world, "marketo", "leads.sync") == 6


# -- pausing


@pytest.mark.parametrize("settings", [{"target_concurrency": 2}], indirect=True)
async def test_a_pause_in_the_initial_sync_stops_the_writing_and_resuming_ends_it(world: World) -> None:
    """After the pause no more is written; after the resumption everybody has arrived, once."""
    await world.control("POST", "/reset", seed=3, leads=2500, contacts=100)
    await world.switch("marketo", latency=0.2, rate_limit=10_000)
    integration = await prepared(world)
    await start(world, integration)

    async def begun() -> bool:
        return await calls(world, "marketo", "leads.sync") > 2  # The first two have been answered.

    await until(begun, "nobody is sent")
    await world.send(integration, "pause.requested")
    sent = await calls(world, "marketo", "leads.sync")

    async def quiet() -> bool:
        found = await world.status(integration)
        assert found["state"] == "syncing.paused"
        return not found["waiting_for"]

    await until(quiet, "the run that was under way does not end")
    # What was on its way has landed, and nothing more was sent, although a page has seven calls' worth of people.
    assert await calls(world, "marketo", "leads.sync") <= sent + 1
    assert 0 < await world.people() < 2500

    await world.switch("marketo", latency=0)
    await world.send(integration, "resume.requested")
    await arrived(world, 2600)
    await complete(world, integration, people=2600)
    assert await trouble(world, integration) == []
