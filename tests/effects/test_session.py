"""A grant is renewed once, whoever asks how often; and a token that may be spent is never sent again."""

import asyncio
from functools import partial

import pytest
from pydantic import SecretStr

from syncline.core.event import Actor
from syncline.credentials import ACCESS_TOKEN
from syncline.effects.grant import open_grant
from syncline.effects.session import GrantSession, open_session, settle_left_over
from syncline.effects.work import Errand, MovedOnError
from syncline.errors import GrantLostError, RejectedError, ThrottledError, UnavailableError, UnreachableError
from syncline.store.integrations import refreshing
from syncline.store.secrets import sealed
from tests.effects.world import ID, World, until

EFFECT = Actor("effect", "in_1.0.0")


async def lent(world: World) -> tuple[GrantSession, SecretStr]:
    """A session whose access token has just died."""
    await world.reach("syncing.initial_sync")
    session = await open_session(world.tools, Errand(ID, EFFECT, "sync_records"))
    world.source.live_access.clear()
    return session, await session.access_token()


async def test_twenty_at_once_refresh_once(world: World) -> None:
    """All callers get the same new token from a single call."""
    session, dead = await lent(world)
    others = [await open_session(world.tools, Errand(ID, Actor("effect", f"in_1.0.{n}"), "x")) for n in range(19)]
    tokens = await asyncio.gather(*(one.renew(dead) for one in (session, *others)))
    assert world.source.count("refresh") == 1
    assert {token.get_secret_value() for token in tokens} == {"access-2"}
    assert len(await world.log("grant.refreshed")) == 1


async def test_a_token_that_was_renewed_meanwhile_is_taken(world: World) -> None:
    """A session that comes late with an old token makes no call."""
    session, dead = await lent(world)
    await session.renew(dead)
    late = await open_session(world.tools, Errand(ID, EFFECT, "sync_records"))
    assert (await late.renew(dead)).get_secret_value() == "access-2"
    assert world.source.count("refresh") == 1


@pytest.mark.case("oauth", 39)
async def test_a_rotated_refresh_token_is_kept(world: World) -> None:
    """Two refreshes in a row work when each refresh token may be used once."""
    world.source.rotating = True
    session, dead = await lent(world)
    again = await session.renew(dead)
    await session.renew(again)
    kept = await open_grant(world.tools, ID)
    assert kept.refresh_token == SecretStr("refresh-3")
    assert kept.integration.context.rotates is True
    assert kept.document.generation == kept.integration.context.generation == 3


async def test_a_lasting_refresh_token_stays(world: World) -> None:
    """Without rotation the first refresh token goes on being used, and we know that it lasts."""
    session, dead = await lent(world)
    await session.renew(dead)
    kept = await open_grant(world.tools, ID)
    assert kept.refresh_token == SecretStr("refresh-1")
    assert kept.integration.context.rotates is False


async def test_each_token_that_an_effect_gets_is_on_the_log(world: World) -> None:
    """The first one, and the one after a refresh, whichever of the effects has made it."""
    await world.reach("syncing.initial_sync")
    errands = [Errand(ID, Actor("effect", f"in_1.0.{number}"), "sync_records") for number in range(3)]
    sessions = [await open_session(world.tools, errand) for errand in errands]
    dead = await sessions[0].access_token()
    fresh = await asyncio.gather(*(session.renew(dead) for session in sessions))
    await asyncio.gather(*(session.renew(dead) for session in sessions))  # Nothing new.
    safe = (await open_grant(world.tools, ID)).safe
    first, second = (safe.fingerprint(ACCESS_TOKEN, token) for token in (dead, fresh[0]))
    ids = [errand.actor.id for errand in errands]
    rows = [row for row in await world.log("grant.lent") if row.actor.id in ids]
    lent = [(row.actor.id, row.data["fingerprint"]) for row in rows]
    assert sorted(lent) == sorted([(id_, which) for id_ in ids for which in (first, second)])
    assert world.source.count("refresh") == 1


@pytest.mark.case("oauth", 38)
@pytest.mark.parametrize(
    "error", [GrantLostError("source.revoked", "gone"), RejectedError("source.app_deleted", "no app")]
)
async def test_a_refusal_asks_a_person(world: World, error: RejectedError) -> None:
    """What the login host refuses for good leads to authorizing again, with its reason."""
    session, dead = await lent(world)
    world.source.fail("refresh", error)
    with pytest.raises(GrantLostError):
        await session.renew(dead)
    now = await world.now()
    assert now.state == "reauthorization_required.awaiting_person"
    assert (now.context.problem, now.context.resume) == (error.code, "syncing")
    # The log has which token was sent and refused, by its generation and fingerprint.
    kept = (await world.store.read(partial(sealed, integration=ID)))["refresh_token"]
    asked = [await world.log(name) for name in ("grant.refresh_started", "grant.lost")]
    assert {(row.data["generation"], row.data["fingerprint"]) for (row,) in asked} == {(1, kept.fingerprint)}


@pytest.mark.parametrize("error", [UnreachableError("source.down"), ThrottledError("source.busy")])
async def test_an_outage_takes_the_intent_back(world: World, error: UnreachableError) -> None:
    """When nothing can have been spent, the next try may refresh."""
    session, dead = await lent(world)
    world.source.fail("refresh", error)
    with pytest.raises(UnreachableError):
        await session.renew(dead)
    now = await world.now()
    assert (now.state, now.context.refreshing, now.context.problem) == ("syncing.initial_sync", False, "")
    assert await session.renew(dead)


async def test_a_lost_reply_is_not_asked_for_again(world: World) -> None:
    """The token may be spent, so a person is asked, and the spent one is never sent."""
    session, dead = await lent(world)
    world.source.fail("refresh", UnreachableError("source.broke_off", reply_lost=True))
    with pytest.raises(GrantLostError):
        await session.renew(dead)
    assert (await world.now()).context.problem == "grant.reply_lost"
    with pytest.raises(GrantLostError):
        await session.renew(dead)
    assert world.source.count("refresh") == 1


async def test_a_lost_reply_is_repeated_where_tokens_last(world: World) -> None:
    """An org that was seen to keep its refresh tokens costs nobody a login."""
    session, dead = await lent(world)
    dead = await session.renew(dead)
    world.source.fail("refresh", UnreachableError("source.broke_off", reply_lost=True))
    with pytest.raises(UnreachableError):
        await session.renew(dead)
    assert await session.renew(dead)
    assert world.source.count("refresh") == 3


async def test_a_crash_of_the_provider_counts_as_a_lost_reply(world: World) -> None:
    """Nobody knows what was sent when something unexpected happens."""
    session, dead = await lent(world)
    world.source.fail("refresh", ZeroDivisionError())
    with pytest.raises(GrantLostError):
        await session.renew(dead)
    assert (await world.now()).context.problem == "grant.reply_lost"


async def test_a_cancelled_effect_still_writes_the_new_token_down(world: World) -> None:
    """The spent token's successor is stored, though whoever wanted it has gone."""
    world.source.rotating = True
    session, dead = await lent(world)
    gate = asyncio.Event()
    world.source.fail("refresh", gate.wait)
    renewing = asyncio.create_task(session.renew(dead))
    await until(partial(world.source.reached, "refresh"))
    renewing.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await renewing
    assert (await open_grant(world.tools, ID)).access_token == SecretStr("access-2")


async def test_a_store_that_stumbles_does_not_cost_the_token(world: World) -> None:
    """Writing the new token down is insisted on."""
    session, dead = await lent(world)
    handle, stumbles = world.tools.handle, [UnavailableError("store.unavailable")] * 2

    async def stumble(event: object) -> object:
        if getattr(event, "type", "") == "grant.refreshed" and stumbles:
            raise stumbles.pop()
        return await handle(event)  # type: ignore[arg-type]

    object.__setattr__(session._tools, "handle", stumble)
    assert (await session.renew(dead)).get_secret_value() == "access-2"


@pytest.mark.case("oauth", 37)
async def test_a_refresh_left_by_a_dead_process_is_settled(world: World) -> None:
    """After a crash in the midst of a refresh the grant counts as lost, since the token may be spent."""
    await world.reach("syncing.initial_sync")
    await world.say("grant.refresh_started", actor=EFFECT, generation=1)
    (left,) = await world.store.read(refreshing)
    await settle_left_over(world.tools, left, Actor("service", "worker"))
    assert await world.state() == "reauthorization_required.awaiting_person"
    assert await world.store.read(refreshing) == []


async def test_a_refresh_left_by_a_dead_process_is_repeated_where_tokens_last(world: World) -> None:
    """Where refresh tokens last, a crash costs nothing."""
    session, dead = await lent(world)
    dead = await session.renew(dead)
    await world.say("grant.refresh_started", actor=EFFECT, generation=2)
    (left,) = await world.store.read(refreshing)
    await settle_left_over(world.tools, left, Actor("service", "worker"))
    assert await world.state() == "syncing.initial_sync"
    assert await session.renew(dead)


async def test_a_refresh_that_never_ends_does_not_hold_up_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits long enough settles it."""
    session, dead = await lent(world)
    monkeypatch.setattr("syncline.effects.session._MARGIN_SECONDS", 0.0)
    await world.say("grant.refresh_started", actor=EFFECT, generation=1)
    with pytest.raises(UnreachableError):
        await session.renew(dead)
    assert (await world.now()).context.problem == "grant.reply_lost"
    assert world.source.count("refresh") == 0


async def test_tokens_that_come_after_a_disconnect_are_kept_to_be_revoked(world: World) -> None:
    """The tokens to revoke are those that live, not those that were spent meanwhile."""
    world.source.rotating = True
    session, dead = await lent(world)
    world.source.fail("refresh", partial(_disconnect, world))
    with pytest.raises(MovedOnError):  # They are nobody's to use any more.
        await session.renew(dead)
    work = await world.run()
    assert (work.name, await world.state()) == ("revoke_grant", "disconnected.closed")
    assert world.source.revoked == ["refresh-2", "access-2"]


async def test_tokens_that_nobody_may_keep_are_given_back(world: World) -> None:
    """A grant that arrives where there is no place for it is revoked at once."""
    session, dead = await lent(world)
    lost = partial(world.say, "grant.lost", actor=EFFECT, generation=1, problem="grant.lost")
    world.source.fail("refresh", lost)
    with pytest.raises(GrantLostError):
        await session.renew(dead)
    assert world.source.revoked == ["access-2"]
    assert (await open_grant(world.tools, ID)).access_token == dead


async def test_an_old_token_is_renewed_before_it_is_used(world: World) -> None:
    """No call is wasted on a token whose assumed life is over."""
    await world.reach("syncing.initial_sync")
    start = world.tools.now
    object.__setattr__(world.tools, "now", lambda: start() + 7_000_000_000)
    session = await open_session(world.tools, Errand(ID, EFFECT, "sync_records"))
    assert (await session.access_token()).get_secret_value() == "access-2"


async def test_nobody_has_logged_in_yet(world: World) -> None:
    """Without a grant there is no session."""
    await world.create()
    with pytest.raises(GrantLostError):
        await open_session(world.tools, Errand(ID, EFFECT, "sync_records"))


async def _disconnect(world: World) -> None:
    await world.say("disconnect.requested")
