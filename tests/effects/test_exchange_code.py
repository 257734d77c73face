"""A code is spent once, and only the right person's tokens are kept."""

import asyncio
from functools import partial

import pytest

from syncline.effects.perform import perform
from syncline.errors import GrantLostError, RejectedError, UnreachableError
from syncline.store.effects import release
from tests.effects.fakes import ORG, USER
from tests.effects.world import World, until

EXCHANGING = "credentials_saved.exchanging_code"


async def test_keeps_the_tokens_and_erases_the_code(world: World) -> None:
    """Tokens are sealed, the code and the verifier are gone."""
    await world.reach(EXCHANGING)
    assert {"code", "verifier"} <= await world.secrets()
    await world.run()
    assert await world.state() == "authorized.checking"
    assert {"access_token", "refresh_token"} <= await world.secrets()
    assert not {"code", "verifier"} & await world.secrets()
    exchanged = (await world.log("code.exchanged"))[0]
    assert exchanged.data == {"org_id": ORG, "user_id": USER, "generation": 1, "scopes": ["api", "refresh_token"]}
    assert (await world.documents())["grant"]["generation"] == 1


@pytest.mark.parametrize("error", [RejectedError("source.code_expired", "too late"), GrantLostError("source.bad_code")])
async def test_a_refusal_fails_the_login(world: World, error: RejectedError) -> None:
    """The source's reason is what the person reads."""
    await world.reach(EXCHANGING)
    world.source.fail("exchange", error)
    await world.run()
    now = await world.now()
    assert (now.state, now.context.problem) == ("credentials_saved.login_failed", error.code)
    assert not {"code", "verifier"} & await world.secrets()


async def test_an_outage_before_the_code_was_sent_is_waited_out(world: World) -> None:
    """The intent is struck out again, so that the next try may send the code."""
    await world.reach(EXCHANGING)
    world.source.fail("exchange", UnreachableError("source.down", "no connection"))
    effect = await world.run()
    assert (effect.status, effect.intent_at, effect.last_error) == ("pending", None, "source.down: no connection")
    await world.run()
    assert await world.state() == "authorized.checking"


async def test_an_outage_that_lasts_leaves_neither_code_nor_verifier(world: World) -> None:
    """After the last try they are of use to nobody but a thief."""
    await world.reach(EXCHANGING)
    world.configure(effect_attempts=2)
    world.source.fail("exchange", *[UnreachableError("source.down", "no connection")] * 2)
    await world.run()
    assert {"code", "verifier"} <= set(await world.secrets())
    await world.run()
    now = await world.now()
    assert (now.state, now.context.problem) == ("credentials_saved.login_failed", "source.down")
    assert not {"code", "verifier"} & set(await world.secrets())


async def test_a_lost_reply_fails_the_login(world: World) -> None:
    """The code may be spent: it is not sent again."""
    await world.reach(EXCHANGING)
    world.source.fail("exchange", UnreachableError("source.broke_off", reply_lost=True))
    await world.run()
    assert (await world.now()).context.problem == "login.reply_lost"
    assert world.source.count("exchange") == 1


async def test_a_crash_after_the_intent_never_sends_the_code_again(world: World) -> None:
    """A run that finds the intent of a dead one asks the person to log in again."""
    await world.reach(EXCHANGING)
    work = await world.claim()
    world.source.fail("exchange", partial(asyncio.sleep, 60))
    dying = asyncio.create_task(perform(work))
    await until(partial(world.source.reached, "exchange"))
    dying.cancel()
    await asyncio.wait([dying])
    await world.store.write(partial(release, effect=work.effect.id, lease=work.lease))
    await world.run()
    now = await world.now()
    assert (now.state, now.context.problem) == ("credentials_saved.login_failed", "login.reply_lost")
    assert world.source.count("exchange") == 1


async def lose_grant(world: World) -> None:
    """Bring a confirmed integration to where a person has to log in again."""
    await world.reach("syncing.initial_sync")
    world.source.live_access.clear()
    world.source.live_refresh.clear()
    await world.run()
    assert await world.state() == "reauthorization_required.awaiting_person"
    await world.login()


@pytest.mark.case("oauth", 30)
@pytest.mark.parametrize(
    ("org", "user", "code"), [("00DX", USER, "identity.wrong_org"), (ORG, "005X", "identity.wrong_user")]
)
async def test_another_org_or_user_is_given_back(world: World, org: str, user: str, code: str) -> None:
    """After the confirmation a stranger's tokens are revoked and both names are told."""
    await lose_grant(world)
    world.source.org, world.source.user = org, user
    await world.run()
    now = await world.now()
    assert (now.state, now.context.problem) == ("reauthorization_required.login_failed", code)
    assert "ada@acme.example of Acme was expected" in now.context.detail
    assert world.source.revoked == ["refresh-2", "access-2"]
    # The right one still gets in.
    world.source.org, world.source.user = ORG, USER
    await world.login()
    await world.run()
    assert await world.state() == "syncing.initial_sync"


async def test_names_by_id_when_the_source_says_no_more(world: World) -> None:
    """An outage of the identity service does not let a stranger in."""
    await lose_grant(world)
    world.source.user = "005X"
    world.source.fail("identify", UnreachableError("source.down"))
    world.source.fail("revoke", UnreachableError("source.down"))
    await world.run()
    assert (await world.now()).context.detail.startswith(f"005X of {ORG} logged in")


async def test_before_the_confirmation_another_may_log_in(world: World) -> None:
    """Whoever is seen by the checks is confirmed by a person afterwards."""
    await world.reach("authorized.awaiting_confirmation")
    world.source.user = "005X"
    await world.login()
    await world.run()
    assert await world.state() == "authorized.checking"
    assert (await world.now()).context.user_id == "005X"


async def test_a_disconnect_meanwhile_gives_the_tokens_back(world: World) -> None:
    """Tokens that come for a state that was left are revoked, not forgotten."""
    await world.reach(EXCHANGING)
    world.source.fail("exchange", partial(world.say, "disconnect.requested"))
    await world.run()
    assert world.source.revoked == ["refresh-1", "access-1"]
    assert "access_token" not in await world.secrets()
