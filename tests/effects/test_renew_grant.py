"""A grant that nothing uses is refreshed before the source's idle policy ends it, and what uses it is on the log."""

from functools import partial

import pytest

from syncline.core.event import Actor
from syncline.credentials import ACCESS_TOKEN, REFRESH_TOKEN
from syncline.effects.grant import open_grant
from syncline.errors import RejectedError, UnreachableError
from syncline.store.secrets import old_grants, sealed
from syncline.upkeep import Upkeep
from tests.effects.world import ID, World

WEEK = 7 * 86_400 * 1_000_000
TIMER = Actor("timer", "upkeep", via="schedule")


def upkeep(world: World, later: int = 0) -> Upkeep:
    """Answer what looks around, some microseconds from now."""
    start = world.tools.now
    object.__setattr__(world.tools, "now", lambda: start() + later)
    return Upkeep(world.store, world.engine.handle, world.settings, world.tools.now)


async def test_a_grant_of_a_week_is_refreshed_and_a_younger_one_is_not(world: World) -> None:
    """Where nothing else happens: a person is waited for."""
    await world.reach("fields_synced.mapping_open")
    assert await upkeep(world, WEEK - 60_000_000).look() == 0
    assert await upkeep(world, 120_000_000).look() == 1
    effect = await world.run()
    assert (effect.name, effect.status) == ("renew_grant", "done")
    assert world.source.count("refresh") == 1
    assert (await open_grant(world.tools, ID)).access_token.get_secret_value() == "access-2"
    assert await world.state() == "fields_synced.mapping_open"
    assert await upkeep(world).look() == 0


async def test_looking_twice_refreshes_once(world: World) -> None:
    """The second word of it is a repetition, or finds the token young again."""
    await world.reach("fields_synced.mapping_open")
    look = upkeep(world, WEEK)
    assert (await look.look(), await look.look()) == (1, 1)
    assert [row.disposition for row in await world.log("grant.renewal_due")] == ["handled", "duplicate"]
    await world.run()
    assert world.source.count("refresh") == 1


async def test_a_source_that_is_away_costs_nothing(world: World) -> None:
    """No state is left, no problem is shown; it is tried again."""
    await world.reach("fields_synced.mapping_open")
    world.source.fail("refresh", UnreachableError("source.down"))
    assert await upkeep(world, WEEK).look() == 1
    assert (await world.run()).status == "pending"
    assert await world.state() == "fields_synced.mapping_open"
    assert (await world.log("grant.refresh_failed"))[0].disposition == "handled"
    assert (await world.run()).status == "done"
    assert (await open_grant(world.tools, ID)).access_token.get_secret_value() == "access-2"


async def test_a_grant_that_turns_out_to_be_dead_asks_a_person(world: World) -> None:
    """Better now than when it is needed; and the way back is remembered."""
    await world.reach("fields_synced.mapping_open")
    world.source.fail("refresh", RejectedError("source.grant_revoked"))
    await upkeep(world, WEEK).look()
    await world.run()
    assert await world.state() == "reauthorization_required.awaiting_person"
    assert (await world.now()).context.resume == "fields_synced"


async def test_what_fails_each_time_is_given_up_without_a_word(world: World) -> None:
    """It is optional work: an integration that does well must not be said to have failed. The next hour tries again."""
    await world.reach("fields_synced.mapping_open")
    await upkeep(world, WEEK).look()
    tries = world.settings.effect_attempts
    world.source.fail("refresh", *(UnreachableError("source.down") for _ in range(tries)))
    assert [(await world.run()).status for _ in range(tries)] == ["pending"] * (tries - 1) + ["done"]
    assert await world.log("effect.exhausted") == []
    assert await upkeep(world, 3_700_000_000).look() == 1
    assert (await world.run()).status == "done"
    assert (await open_grant(world.tools, ID)).access_token.get_secret_value() == "access-2"


async def test_a_grant_that_cannot_be_refreshed_is_left_alone(world: World) -> None:
    """To try would only end it."""
    world.source.issue = partial(world.source.issue, rotate=False)  # type: ignore[method-assign]
    await world.reach("fields_synced.mapping_open")
    assert REFRESH_TOKEN not in await world.store.read(partial(sealed, integration=ID))
    assert await world.store.read(partial(old_grants, before=2**60, most=9)) == []
    assert await upkeep(world, WEEK).look() == 0


async def test_each_use_is_on_the_log_before_it_happens(world: World) -> None:
    """What for, which generation, and the token's fingerprint; never the token."""
    await world.reach("syncing.waiting")
    lent = await world.log("grant.lent")
    assert [row.data["to"] for row in lent] == ["run_checks", "preview_fields", "sync_records"]
    token = (await world.store.read(partial(sealed, integration=ID)))[ACCESS_TOKEN]
    assert {(row.data["generation"], row.data["fingerprint"]) for row in lent} == {(1, token.fingerprint)}
    assert not [row for row in await world.log("") if "access-1" in str(row)]


@pytest.mark.parametrize("state", ["reauthorization_required.awaiting_person", "disconnected.revoking"])
async def test_nothing_is_lent_where_there_is_no_grant(world: World, state: str) -> None:
    """Word of a renewal that comes too late is on the log and does nothing."""
    await world.reach("fields_synced.mapping_open")
    if state.startswith("reauthorization"):
        await world.say("grant.lost", actor=Actor("effect", "x"), generation=1)
    else:
        await world.say("disconnect.requested")
    assert await world.state() == state
    assert REFRESH_TOKEN in await world.store.read(partial(sealed, integration=ID))
    assert await upkeep(world, WEEK).look() == 0  # Each hour a row on its log would be noise.
    outcome = await world.say("grant.renewal_due", actor=TIMER, generation=1)
    assert outcome.disposition == "unexpected"
    assert outcome.effects == ()
