"""API keys and sessions as tests want them: made at once, in the store itself."""

from functools import partial

from syncline.store.access import ApiKey, Role, add_key, keep
from syncline.store.transaction import Store, Transaction
from syncline.web.api_keys import new_key
from syncline.web.sessions import new_session


def make_key(
    tx: Transaction, *, name: str, role: Role, now: int, integrations: tuple[str, ...] = ()
) -> tuple[ApiKey, str]:
    """Make and store a key; answers it and its text."""
    new, text = new_key(name=name, role=role, integrations=integrations)
    key = ApiKey(new.id, name, role, now, None, integrations)
    add_key(tx, key, new.hash)
    return key, text


async def open_session(store: Store, key: ApiKey, now: int) -> str:
    """Open a session for a key; answers the value of its cookie."""
    session, value = new_session(key.id, now)
    await store.write(partial(keep, brought=session, at=now))
    return value
