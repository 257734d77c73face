"""API keys and browser sessions."""

import asyncio
from functools import partial

import pytest

from syncline.core.brought import NewSession, RevokedApiKey
from syncline.store import access
from syncline.store.access import ApiKey
from syncline.store.transaction import Store, Transaction

NOW = 1_795_000_000_000_000


@pytest.fixture
async def key(store: Store) -> ApiKey:
    """A key of an operator."""
    made = ApiKey("k1", "ops", "operator", NOW, None)
    await store.write(partial(access.add_key, key=made, hash=b"h1"))
    return made


async def find_session(store: Store, *, now: int, idle_since: int = 0) -> ApiKey | None:
    """Look the session of these tests up."""
    return await store.read(partial(access.find_session, hash=b"s1", now=now, idle_since=idle_since))


async def revoke(store: Store, id_: str) -> str:
    """Revoke a key unless something stands against it; answers what does."""
    brought = RevokedApiKey(id_)

    def try_it(tx: Transaction) -> str:
        reason = access.objection(tx, brought)
        if not reason:
            access.keep(tx, brought, NOW + 1)
        return reason

    return await store.write(try_it)


async def test_a_key_is_found_by_id_and_hash(store: Store, key: ApiKey) -> None:
    """Both have to fit."""
    assert await store.read(partial(access.find_key, id="k1", hash=b"h1")) == key
    assert await store.read(partial(access.find_key, id="k1", hash=b"h2")) is None
    assert await store.read(partial(access.find_key, id="k2", hash=b"h1")) is None


async def test_a_revoked_key_opens_nothing(store: Store, key: ApiKey) -> None:
    """It is still listed, with the moment, and its sessions end with it."""
    await store.write(partial(access.keep, brought=NewSession(b"s1", "k1", NOW + 100), at=NOW))
    assert await revoke(store, "k1") == ""
    assert await revoke(store, "k1") == access.UNKNOWN_KEY
    lost = partial(access.objection, brought=NewSession(b"s2", "k1", NOW + 100))
    assert await store.read(lost) == access.UNKNOWN_KEY
    assert await store.read(partial(access.find_key, id="k1", hash=b"h1")) is None
    assert await find_session(store, now=NOW + 2) is None
    assert [(k.id, k.revoked_at) for k in await store.read(access.keys)] == [("k1", NOW + 1)]


async def test_one_admin_key_is_always_left(store: Store, key: ApiKey) -> None:
    """Also when each of two admins revokes the other's at the same moment; a revoked one does not count."""
    for name in ("a1", "a2"):
        await store.write(partial(access.add_key, key=ApiKey(name, "n", "admin", NOW, None), hash=name.encode()))
    answers = await asyncio.gather(*(revoke(store, name) for name in ("a1", "a2")))
    assert sorted(answers) == ["", access.LAST_ADMIN]
    live = [found.role for found in await store.read(access.keys) if found.revoked_at is None]
    assert sorted(live) == ["admin", key.role]


async def test_a_session_lasts_until_it_expires(store: Store, key: ApiKey) -> None:
    """It answers with its key, up to the microsecond."""
    await store.write(partial(access.keep, brought=NewSession(b"s1", "k1", NOW + 100), at=NOW))
    assert await find_session(store, now=NOW + 99) == key
    assert await find_session(store, now=NOW + 100) is None


async def test_a_session_that_idles_ends(store: Store, key: ApiKey) -> None:
    """Only use keeps it."""
    await store.write(partial(access.keep, brought=NewSession(b"s1", "k1", NOW + 100), at=NOW))
    assert await find_session(store, now=NOW + 50, idle_since=NOW) is None
    await store.write(partial(access.touch_session, hash=b"s1", now=NOW + 40))
    assert await find_session(store, now=NOW + 50, idle_since=NOW) == key


async def test_a_session_can_be_ended(store: Store, key: ApiKey) -> None:
    """Signing out is for good."""
    await store.write(partial(access.keep, brought=NewSession(b"s1", "k1", NOW + 100), at=NOW))
    await store.write(partial(access.end_session, hash=b"s1"))
    assert await find_session(store, now=NOW + 1) is None


async def test_a_role_that_does_not_exist_is_refused(store: Store) -> None:
    """The database itself knows the roles."""
    god = ApiKey("k1", "n", "god", NOW, None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="CHECK"):
        await store.write(partial(access.add_key, key=god, hash=b"h"))
    assert await store.read(access.keys) == []
