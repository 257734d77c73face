"""Listening begins and ends with the states, goes on where it stood, and tells what was heard."""

import asyncio

import pytest

from syncline.errors import GrantLostError, RejectedError, UnreachableError
from syncline.providers.stream import Opened, Told
from tests.effects.fakes import USER
from tests.effects.world import ID, until
from tests.streams.stage import BOTH, Stage, lead


async def test_a_change_brings_the_next_run_forward_and_its_place_is_written_down_with_it(stage: Stage) -> None:
    """The event, the place to go on from and the timer are of one transaction."""
    stage.listen()
    stage.source.say(BOTH, lead("7", "00Q1"))
    (row,) = await stage.rows("records.changed", 1)
    assert row.data == {"object": "Lead", "path": "cdc", "count": 1, "ids": ["00Q1"], "replay": "7"}
    assert (row.actor.kind, row.actor.via, row.disposition) == ("source", "cdc", "handled")
    assert row.context.changed_by == "cdc"
    assert (await stage.document())["positions"] == {"Lead": "7"}
    assert [effect.name for effect in await stage.world.effects()][:2].count("wait_for_changes") == 1
    assert stage.source.users == {USER}


async def test_it_is_on_the_log_once_that_the_source_tells(stage: Stage) -> None:
    """Not at each start and each reconnection."""
    stage.listen()
    stage.source.say(BOTH, lead("7", "00Q1"), BOTH, lead("8", "00Q1"))
    await stage.rows("records.changed", 2)
    await stage.close()
    stage.listen()
    stage.source.say(BOTH, lead("9", "00Q1"))
    await stage.rows("records.changed", 3)
    (row,) = await stage.world.log("changes.followed")
    assert row.data == {"path": "cdc", "objects": ["Lead", "Contact"]}
    assert row.actor.kind == "service"
    assert {row.data["to"] for row in await stage.world.log("grant.lent")} >= {"follow_changes"}


@pytest.mark.slow
async def test_a_restart_goes_on_from_the_stored_places(stage: Stage) -> None:
    """A process that was killed has written down each with its event."""
    stage.listen()
    stage.source.say(BOTH, lead("7", "00Q1"), (Told("Contact", "8", 1, ("0031",)),))
    await stage.rows("records.changed", 2)
    await stage.close()
    stage.listen()
    await stage.asked(2)
    assert stage.source.asked == [{}, {"Lead": "7", "Contact": "8"}]


async def test_where_no_place_is_left_everything_is_read_by_the_watermark(stage: Stage) -> None:
    """What nobody can tell any more, or has ever told, is fetched by a run of its own."""
    stage.listen()
    stage.source.say(Opened(("Lead",), anew=("Lead",)), lead("7", "00Q1"))
    begun, _ = await stage.rows("records.changed", 2)
    assert begun.data == {"object": "Lead", "path": "cdc", "kind": "begun"}
    await stage.close()

    stage.listen()
    stage.source.say(Opened(("Lead",), anew=("Lead",)))
    *_, expired = await stage.rows("records.changed", 3)
    assert expired.data["kind"] == "expired"
    assert "positions" not in await stage.document()


async def test_a_gap_is_a_change_whose_number_nobody_knows(stage: Stage) -> None:
    """The run reads whatever there is."""
    stage.listen()
    stage.source.say(BOTH, lead("7", gap=True))
    (row,) = await stage.rows("records.changed", 1)
    assert (row.data["kind"], row.data["count"], row.data["replay"]) == ("gap", 0, "7")


async def test_what_is_of_our_own_doing_is_no_event_but_moves_the_place(stage: Stage) -> None:
    """So that nothing goes round in circles."""
    stage.listen()
    stage.source.say(BOTH, lead("7"), lead("8"), lead("9", "00Q1"))
    (row,) = await stage.rows("records.changed", 1)
    assert row.data["replay"] == "9"
    assert (await stage.document())["positions"] == {"Lead": "9"}


@pytest.mark.slow
async def test_a_flood_is_told_of_by_a_few_events(stage: Stage) -> None:
    """The first at once, the others together, with no more ids than fit into a row."""
    stage.listen()
    stage.source.say(BOTH, *(lead(str(n), f"00Q{n}") for n in range(1, 1001)))

    async def all_told() -> bool:
        return (await stage.document()).get("positions") == {"Lead": "1000"}

    await until(all_told)
    told = await stage.world.log("records.changed")
    assert len(told) <= 3
    assert sum(row.data["count"] for row in told) == 1000
    assert all(len(row.data["ids"]) <= 20 for row in told)
    assert len([effect for effect in await stage.world.effects() if effect.name == "wait_for_changes"]) == 1


async def test_listening_ends_with_the_state_and_begins_with_it(stage: Stage) -> None:
    """Nobody listens for what is paused; after that it goes on where it stood."""
    streams = stage.listen()
    stage.source.say(BOTH, lead("7", "00Q1"))
    await stage.rows("records.changed", 1)
    await stage.world.say("pause.requested")
    await stage.ended()
    assert list(streams) == []

    await stage.world.say("resume.requested")
    await stage.asked(2)
    assert stage.source.asked[1] == {"Lead": "7"}
    await stage.world.say("disconnect.requested")
    await stage.ended()


async def test_a_run_that_begins_and_ends_does_not_disturb_it(stage: Stage) -> None:
    """The states between which a sync goes to and fro are all listened in."""
    stage.listen()
    stage.source.say(BOTH)
    await stage.rows("changes.followed", 1)
    await stage.world.say("sync.requested")
    await stage.world.run()
    assert await stage.world.state() == "syncing.waiting"
    assert (stage.source.listening, len(stage.source.asked)) == (1, 1)


async def test_a_source_that_does_not_tell_is_asked_again_later_and_that_is_shown(stage: Stage) -> None:
    """Nothing fails: the cycles go on, and the log says once why."""
    stage.listen(change_retry=0.1)
    stage.source.say(*[RejectedError("source.unavailable", "not selected")] * 3, Opened(("Lead",), refused={"C": "no"}))
    (row,) = await stage.rows("changes.followed", 1)
    assert row.data["refused"] == {"C": "no"}
    (row,) = await stage.world.log("changes.unavailable")
    assert (row.data["reason"], row.data["detail"]) == ("source.unavailable", "not selected")
    assert len(stage.source.asked) == 4
    assert await stage.world.state() == "syncing.waiting"
    assert (await stage.world.now()).context.problem == ""
    found = await stage.document()
    assert (found["objects"], found["refused"], found.get("reason", "")) == (["Lead"], {"C": "no"}, "")


async def test_an_outage_is_waited_out_and_shown_only_when_it_lasts(stage: Stage) -> None:
    """A hiccup is nothing that anybody has to read of; after it, it goes on from where it stood."""
    stage.listen()
    stage.source.say(BOTH, lead("7", "00Q1"))
    await stage.rows("records.changed", 1)
    stage.source.say(*[UnreachableError("source.down", "no")] * 2, BOTH)
    await stage.asked(3)
    assert stage.source.asked[-1] == {"Lead": "7"}
    assert await stage.world.log("changes.unavailable") == []

    stage.source.say(*[UnreachableError("source.down", "no")] * 3)
    (row,) = await stage.rows("changes.unavailable", 1)
    assert row.data["reason"] == "source.down"
    assert (await stage.document())["positions"] == {"Lead": "7"}


async def test_a_fault_of_ours_ends_no_listening(stage: Stage) -> None:
    """Whatever it is, it is tried again."""
    stage.listen()
    stage.source.say(ValueError("a bug"), GrantLostError("grant.lost"), BOTH, lead("7", "00Q1"))
    await stage.rows("records.changed", 1)
    assert len(stage.source.asked) == 3


async def test_no_more_are_listened_to_than_there_is_room_for(stage: Stage) -> None:
    """One that has to wait says why, and is asked by every cycle."""
    streams = stage.listen(change_streams=1)
    await streams._room.acquire()  # By another integration.
    (row,) = await stage.rows("changes.unavailable", 1)
    assert row.data["reason"] == "changes.no_room"
    assert stage.source.asked == []
    streams._room.release()
    await stage.asked()


async def test_an_operator_may_want_none_of_it(stage: Stage) -> None:
    """Then nobody listens."""
    streams = stage.listen(follow_changes=False)
    await stage.world.say("sync.requested")
    await asyncio.sleep(0)
    assert list(streams) == []
    assert stage.source.asked == []


async def test_stopping_does_not_wait_for_the_source(stage: Stage) -> None:
    """However long its answer may take."""
    streams = stage.listen()
    stage.source.say(BOTH)
    await stage.rows("changes.followed", 1)
    async with asyncio.timeout(1):
        await streams.stop(2.0)
    assert stage.source.listening == 0


@pytest.mark.parametrize("paused", [True, False])
async def test_a_start_listens_where_the_chart_says(stage: Stage, *, paused: bool) -> None:
    """Whatever an integration was doing when the process before ended."""
    if paused:
        await stage.world.say("pause.requested")
    streams = stage.listen()
    assert streams._look is not None
    await streams._look
    assert list(streams) == ([] if paused else [ID])
