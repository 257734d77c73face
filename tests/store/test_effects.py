"""Effects claimed, postponed, released, journalled: the lease decides whose they are."""

from functools import partial

import pytest

from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import effects
from syncline.store.effects import EffectRow
from syncline.store.transaction import Store
from tests.store.events import NOW, event, walk

LATER = NOW * 2


async def claim(store: Store, *, now: int = LATER, lease: str = "mine", limit: int = 9) -> list[EffectRow]:
    """Take what is due for a minute."""
    return await store.write(partial(effects.claim, now=now, lease=lease, lease_until=now + 60, limit=limit))


async def find(store: Store, effect: str) -> EffectRow:
    """Answer an effect as it stands."""
    return await store.read(partial(effects.find, effect=effect))


async def test_what_is_due_is_claimed_once(store: Store, engine: Engine) -> None:
    """A second worker finds nothing while the first one's lease lasts."""
    await walk(engine, "app_registered.probing_credentials")
    (taken,) = await claim(store)
    assert (taken.name, taken.status, taken.attempts, taken.lease_until) == (
        "probe_credentials",
        "running",
        1,
        LATER + 60,
    )
    assert await find(store, taken.id) == taken
    assert await claim(store, lease="another's") == []


async def test_what_is_not_due_waits(store: Store, engine: Engine) -> None:
    """A timer is claimed at its moment, not a microsecond before."""
    await walk(engine, "credentials_saved.ready")
    await engine.handle(event("login.started", at=NOW))
    due = NOW + 600_000_000
    assert await store.read(effects.next_due) == due
    assert await claim(store, now=due - 1) == []
    assert [taken.name for taken in await claim(store, now=due)] == ["expire_login"]


async def test_a_lease_that_ran_out_is_anybodys(store: Store, engine: Engine) -> None:
    """What a dead worker held is taken over, and its result does not count any more."""
    await walk(engine, "app_registered.probing_credentials")
    (first,) = await claim(store)
    assert await claim(store, now=first.lease_until, lease="another's") == []
    (second,) = await claim(store, now=first.lease_until + 1, lease="another's")
    assert (second.id, second.attempts) == (first.id, 2)
    assert not await store.write(partial(effects.extend, effect=first.id, lease="mine", lease_until=LATER * 2))
    assert not await store.write(partial(effects.finish, effect=first.id, lease="mine", now=LATER))


async def test_integrations_run_side_by_side_but_one_effect_each(store: Store, engine: Engine) -> None:
    """Two integrations are claimed together; a second effect of one waits for the first."""
    await walk(engine, "syncing.initial_sync")
    await walk(engine, "syncing.initial_sync", "in_2")
    taken = await claim(store)
    assert {effect.integration for effect in taken} == {"in_1", "in_2"}
    await engine.handle(event("pause.requested"))
    await engine.handle(event("resume.requested"))
    assert await claim(store) == []
    running = next(effect for effect in taken if effect.integration == "in_1")
    assert await store.write(partial(effects.finish, effect=running.id, lease="mine", now=LATER))
    assert [effect.integration for effect in await claim(store)] == ["in_1"]


async def test_no_more_than_the_limit_is_claimed(store: Store, engine: Engine) -> None:
    """A worker takes what it has room for; the rest stays."""
    for number in range(3):
        await walk(engine, "app_registered.probing_credentials", f"in_{number}")
    assert len(await claim(store, limit=2)) == 2
    assert len(await claim(store, limit=2)) == 1


async def test_a_postponed_effect_comes_back_at_its_time(store: Store, engine: Engine) -> None:
    """It keeps the reason and counts its tries."""
    await walk(engine, "app_registered.probing_credentials")
    (taken,) = await claim(store)
    postponed = partial(effects.postpone, effect=taken.id, due_at=LATER + 500, error="source.unreachable: slow")
    assert not await store.write(partial(postponed, lease="another's"))
    assert await store.write(partial(postponed, lease="mine"))
    assert await claim(store, now=LATER + 499) == []
    (again,) = await claim(store, now=LATER + 500)
    assert (again.attempts, again.last_error) == (2, "source.unreachable: slow")


async def test_a_released_effect_was_never_claimed(store: Store, engine: Engine) -> None:
    """An orderly shutdown costs no try."""
    await walk(engine, "app_registered.probing_credentials")
    (taken,) = await claim(store)
    assert not await store.write(partial(effects.release, effect=taken.id, lease="another's"))
    assert await store.write(partial(effects.release, effect=taken.id, lease="mine"))
    (again,) = await claim(store)
    assert again.attempts == 1


async def test_everything_a_dead_process_held_is_given_back(store: Store, engine: Engine) -> None:
    """At the next start nothing waits for a lease; the try still counts."""
    await walk(engine, "app_registered.probing_credentials")
    (taken,) = await claim(store)
    assert await store.write(effects.release_all) == 1
    (again,) = await claim(store, lease="next process")
    assert (again.id, again.attempts) == (taken.id, 2)


async def test_an_intent_is_journalled_once(store: Store, engine: Engine) -> None:
    """A second announcement says no, also after the effect has changed hands; only striking it out makes way."""
    await walk(engine, "credentials_saved.exchanging_code")
    (taken,) = await claim(store)
    intend = partial(effects.intend, effect=taken.id, now=LATER)
    assert not await store.write(partial(intend, lease="another's"))
    assert await store.write(partial(intend, lease="mine"))
    assert not await store.write(partial(intend, lease="mine"))
    (second,) = await claim(store, now=LATER + 61, lease="another's")
    assert second.intent_at == LATER
    assert not await store.write(partial(intend, lease="another's"))
    assert not await store.write(partial(effects.take_back, effect=taken.id, lease="mine"))
    assert await store.write(partial(effects.take_back, effect=taken.id, lease="another's"))
    assert await store.write(partial(intend, lease="another's"))


async def test_next_due_looks_at_what_can_be_claimed(store: Store, engine: Engine) -> None:
    """Nothing waits: none. Something is due: its moment. Something runs: the end of its lease."""
    assert await store.read(effects.next_due) is None
    await walk(engine, "app_registered.probing_credentials")
    (waiting,) = await store.read(partial(effects.effects, integration="in_1"))
    assert await store.read(effects.next_due) == waiting.due_at
    (taken,) = await claim(store)
    assert await store.read(effects.next_due) == taken.lease_until


async def test_effects_are_listed_from_the_latest(store: Store, engine: Engine) -> None:
    """The limit cuts off the oldest."""
    await walk(engine, "verified.previewing_fields")
    names = [effect.name for effect in await store.read(partial(effects.effects, integration="in_1", limit=2))]
    assert names == ["preview_fields", "run_checks"]


async def test_an_unknown_effect_is_not_found(store: Store, engine: Engine) -> None:
    """Its name leads nowhere."""
    with pytest.raises(NotFoundError):
        await find(store, "in_1.9.9")
