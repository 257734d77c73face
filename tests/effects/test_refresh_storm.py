"""Two hundred workers find the same token dead, a hundred times over: one refresh for each time, and never a re-use."""

import asyncio

import pytest

from syncline.core.event import Actor
from syncline.effects.grant import open_grant
from syncline.effects.session import GrantSession, open_session
from syncline.effects.work import Errand
from tests.effects.world import ID, World

WORKERS, EXPIRIES = 200, 100


@pytest.mark.slow
@pytest.mark.case("oauth", 36)
@pytest.mark.case("oauth", 39)
async def test_two_hundred_workers_refresh_once_for_each_expiry(world: World) -> None:
    """The guard is a row: each worker has a session of its own and shares nothing with the others but the store.

    The source spends a refresh token with its use and, as in life, condemns the grant when one comes twice.
    """
    world.source.rotating = True
    await world.reach("syncing.initial_sync")
    workers = [
        await open_session(world.tools, Errand(ID, Actor("effect", f"in_1.0.{n}"), "sync")) for n in range(WORKERS)
    ]
    for expiry in range(1, EXPIRIES + 1):
        dead = await workers[0].access_token()
        world.source.live_access.clear()
        fresh = await asyncio.gather(*(worker.renew(dead) for worker in workers))
        assert {token.get_secret_value() for token in fresh} == {f"access-{expiry + 1}"}
        assert world.source.count("refresh") == expiry
    assert len(await world.log("grant.refreshed")) == EXPIRIES
    assert (await open_grant(world.tools, ID)).document.generation == EXPIRIES + 1
    assert await world.log("grant.lost") == []


@pytest.mark.case("oauth", 38)
async def test_a_verdict_on_an_older_token_condemns_nothing(world: World) -> None:
    """A worker that was told late that generation one is dead does not end generation two."""
    await world.reach("syncing.initial_sync")
    old = await open_grant(world.tools, ID)
    session = GrantSession(world.tools, old, Errand(ID, Actor("effect", "in_1.0.0"), "sync"))
    world.source.live_access.clear()
    await session.renew(old.access_token)
    outcome = await world.say("grant.lost", actor=Actor("effect", "in_1.0.1"), generation=1, problem="source.dead")
    assert outcome.disposition == "refused"
    assert await world.state() == "syncing.initial_sync"
    assert (await session.access_token()).get_secret_value() == "access-2"
