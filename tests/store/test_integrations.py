"""Integrations listed: pages, states and their parents, names."""

from functools import partial

import pytest

from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import integrations
from syncline.store.transaction import Store
from tests.store.events import event, walk


@pytest.fixture(autouse=True)
async def _four(engine: Engine) -> None:
    """Four integrations: one new, two in the same milestone, one that is refreshing its token."""
    await walk(engine, "unconfigured", "in_1")
    await walk(engine, "app_registered.awaiting_credentials", "in_2")
    await walk(engine, "app_registered.probing_credentials", "in_3")
    await walk(engine, "authorized.checking", "in_4")
    await engine.handle(event("grant.refresh_started", integration="in_4", data={"generation": 1}))


async def ids(store: Store, **wanted: object) -> list[str]:
    """Answer the ids of a page."""
    found = await store.read(partial(integrations.integrations, **wanted))  # type: ignore[arg-type]
    return [each.id for each in found]


async def test_pages_go_by_id(store: Store) -> None:
    """From behind the last id of the page before."""
    assert await ids(store, limit=3) == ["in_1", "in_2", "in_3"]
    assert await ids(store, limit=3, after="in_3") == ["in_4"]
    assert await ids(store, after="in_4") == []


async def test_a_state_can_be_a_milestone(store: Store) -> None:
    """The parent finds its children, a leaf itself, and no state that only starts alike."""
    assert await ids(store, state="app_registered") == ["in_2", "in_3"]
    assert await ids(store, state="app_registered.probing_credentials") == ["in_3"]
    assert await ids(store, state="app") == []


async def test_a_search_looks_into_names(store: Store) -> None:
    """Capital letters do not matter."""
    assert await ids(store, search="THE IN_3") == ["in_3"]
    assert await ids(store, search="the") == ["in_1", "in_2", "in_3", "in_4"]


async def test_states_are_counted(store: Store) -> None:
    """Each state that is taken, with how many there are."""
    assert await store.read(integrations.states) == {
        "unconfigured": 1,
        "app_registered.awaiting_credentials": 1,
        "app_registered.probing_credentials": 1,
        "authorized.checking": 1,
    }


async def test_refreshes_that_were_left_over_are_found(store: Store, engine: Engine) -> None:
    """Announced and without a result; disconnected ones have no grant to save."""
    assert [each.id for each in await store.read(integrations.refreshing)] == ["in_4"]
    await engine.handle(event("disconnect.requested", integration="in_4"))
    assert await store.read(integrations.refreshing) == []


async def test_an_unknown_integration_is_not_found(store: Store) -> None:
    """Nothing is answered in its place."""
    with pytest.raises(NotFoundError):
        await store.read(partial(integrations.integration, id="in_9"))


async def test_the_milestone_is_the_top_level_state(store: Store) -> None:
    """A leaf belongs to its milestone."""
    found = await store.read(partial(integrations.integration, id="in_3"))
    assert found.milestone == "app_registered"
