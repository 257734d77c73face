"""Connect links in the database: redeemed once, ended with the part of the set-up that they are for."""

import asyncio
from functools import partial

import pytest

from syncline.core.brought import EndedLink, NewLink, RevokedApiKey, SpentLink
from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import access, links
from syncline.store.access import ApiKey
from syncline.store.links import Guest, Link
from syncline.store.transaction import Store
from tests.store.events import NOW, event, walk

LATER = NOW * 2
LINK = NewLink("cl_1", b"hash of the link", LATER)


@pytest.fixture
async def linked(store: Store, engine: Engine) -> Engine:
    """An integration that waits for its credentials, with a link."""
    await store.write(partial(access.add_key, key=ApiKey("somebody", "ops", "operator", NOW, None), hash=b"h"))
    await walk(engine, "app_registered.awaiting_credentials")
    assert (await engine.handle(event("link.made", LINK, sender="person"))).disposition == "handled"
    return engine


async def read_link(store: Store) -> Link:
    """Answer the link of these tests."""
    return await store.read(partial(links.link, integration="in_1", id="cl_1"))


async def find_guest(store: Store, session: bytes = b"s0", now: int = LATER - 1) -> Guest | None:
    """Look for the browser that has redeemed it."""
    return await store.read(partial(links.find_guest, session=session, now=now))


async def test_fifty_redeem_at_once_and_one_wins(store: Store, linked: Engine) -> None:
    """One row says handled, 49 say refused; the session is that of the winner, and no other is one."""
    events = [event("link.redeemed", SpentLink("cl_1", f"s{number}".encode(), LATER)) for number in range(50)]
    outcomes = await asyncio.gather(*map(linked.handle, events))
    dispositions = [outcome.disposition for outcome in outcomes]
    assert sorted(dispositions) == ["handled"] + ["refused"] * 49
    winner = f"s{dispositions.index('handled')}".encode()
    found = [await find_guest(store, f"s{number}".encode()) for number in range(50)]
    assert [guest for guest in found if guest] == [Guest("cl_1", "in_1")]
    assert await find_guest(store, winner) is not None
    assert await find_guest(store, winner, now=LATER) is None


@pytest.mark.usefixtures("linked")
async def test_a_link_is_found_by_its_id_and_told_by_its_hash(store: Store) -> None:
    """A wrong secret names the link and does not open it."""
    found = [await store.read(partial(links.find_link, id="cl_1", hash=text)) for text in (LINK.hash, b"another")]
    assert [own for _, own in found] == [True, False]
    assert found[0][0] == found[1][0] == await read_link(store)
    assert await store.read(partial(links.find_link, id="cl_2", hash=LINK.hash)) == (None, False)
    with pytest.raises(NotFoundError):
        await store.read(partial(links.link, integration="in_2", id="cl_1"))


@pytest.mark.parametrize("at", [LATER, LATER + 1])
async def test_an_expired_link_is_not_redeemed(store: Store, linked: Engine, at: int) -> None:
    """From the very moment on."""
    late = event("link.redeemed", SpentLink("cl_1", b"s0", LATER + 9), at=at)
    assert (await linked.handle(late)).disposition == "refused"
    assert (await read_link(store)).standing(at) == "expired"


async def test_a_link_ends_once(store: Store, linked: Engine) -> None:
    """With its session; ended, it is not redeemed and not ended again."""
    await linked.handle(event("link.redeemed", SpentLink("cl_1", b"s0", LATER)))
    revoked = [await linked.handle(event("link.revoked", EndedLink("cl_1"), sender="person")) for _ in range(2)]
    assert [outcome.disposition for outcome in revoked] == ["handled", "refused"]
    assert await find_guest(store) is None
    again = await linked.handle(event("link.redeemed", SpentLink("cl_1", b"s0", LATER)))
    assert again.disposition == "refused"
    assert (await read_link(store)).standing(NOW) == "revoked"


async def test_a_link_of_another_integration_is_not_touched(store: Store, linked: Engine) -> None:
    """Its id alone is no claim to it."""
    await walk(linked, "app_registered.awaiting_credentials", "in_2")
    for kind, brought in (("link.redeemed", SpentLink("cl_1", b"s0", LATER)), ("link.revoked", EndedLink("cl_1"))):
        assert (await linked.handle(event(kind, brought, integration="in_2"))).disposition == "refused"
    assert (await read_link(store)).standing(NOW) == "open"


@pytest.mark.parametrize("end", ["disconnect.requested", "connection.confirmed"])
async def test_links_end_where_the_chart_has_no_use_for_them(store: Store, linked: Engine, end: str) -> None:
    """In the transaction of what leads there; not before, and another integration's live on."""
    await walk(linked, "app_registered.awaiting_credentials", "in_2")
    other = NewLink("cl_2", b"another", LATER)
    await linked.handle(event("link.made", other, integration="in_2", sender="person"))
    await linked.handle(event("link.redeemed", SpentLink("cl_1", b"s0", LATER)))
    identity = {"org_id": "00D1", "user_id": "0051"}
    if end == "connection.confirmed":
        for kind in ("credentials.saved", "credentials.accepted", "login.started", "login.returned"):
            await linked.handle(event(kind))
        await linked.handle(event("code.exchanged", data={**identity, "generation": 1, "scopes": []}))
        await linked.handle(event("checks.passed"))
    assert await find_guest(store) is not None
    assert (await linked.handle(event(end, sender="person", data=identity))).disposition == "transitioned"
    assert await find_guest(store) is None
    found = await read_link(store)
    assert (found.standing(NOW), found.ended_by) == ("ended", end)
    assert (await store.read(partial(links.link, integration="in_2", id="cl_2"))).standing(NOW) == "open"


async def test_a_link_that_was_given_back_is_used(store: Store, linked: Engine) -> None:
    """Whoever left comes back by another one only."""
    await linked.handle(event("link.redeemed", SpentLink("cl_1", b"s0", LATER)))
    assert (await read_link(store)).standing(NOW) == "in_use"
    await linked.handle(event("link.left", EndedLink("cl_1")))
    assert (await read_link(store)).standing(NOW) == "used"


async def test_a_link_dies_with_the_key_that_made_it(store: Store, linked: Engine) -> None:
    """Also the visit that is under way, and a race cannot bring it back."""
    await store.write(partial(access.add_key, key=ApiKey("root", "root", "admin", NOW, None), hash=b"r"))
    await linked.handle(event("link.redeemed", SpentLink("cl_1", b"s0", LATER)))
    await linked.handle(event("link.made", NewLink("cl_2", b"another", LATER), sender="person"))
    await store.write(partial(access.keep, brought=RevokedApiKey("somebody"), at=NOW))
    assert await find_guest(store) is None
    redeemed = await linked.handle(event("link.redeemed", SpentLink("cl_2", b"s1", LATER)))
    assert redeemed.disposition == "refused"
    assert (await read_link(store)).standing(NOW) == "revoked"
