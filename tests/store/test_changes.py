"""What a row says of what it has replaced."""

from functools import partial

import pytest

from syncline.core.audit import Row
from syncline.core.brought import Document, SealedSecret
from syncline.core.change import Change, digest
from syncline.core.event import Event
from syncline.engine import Engine
from syncline.store import log
from syncline.store.transaction import Store
from tests.store.events import event, walk


def secret(fingerprint: str) -> SealedSecret:
    """A secret, sealed."""
    return SealedSecret("client_secret", b"sealed", "dk_1", fingerprint)


async def last(store: Store, engine: Engine, happened: Event) -> Row:
    """Let an event happen; answers its row."""
    await engine.handle(happened)
    return (await store.read(partial(log.latest, wanted=log.Filter(), limit=1)))[0].row


@pytest.fixture
async def mapped(engine: Engine) -> Engine:
    """An integration whose mapping is open, with a mapping and a secret."""
    await walk(engine, "fields_synced.mapping_open")
    await engine.handle(event("mapping.saved", Document("mapping", {"objects": {"Lead": {"A": "a", "B": "b"}}})))
    await engine.handle(event("account.saved", secret("f1")))
    return engine


async def test_what_takes_the_place_of_something_says_so(store: Store, mapped: Engine) -> None:
    """The digests before and after, and which parts are different; of a secret the fingerprints."""
    before, after = ({"objects": {"Lead": {"A": "a", "B": value}}} for value in ("b", "c"))
    row = await last(store, mapped, event("mapping.saved", Document("mapping", after)))
    assert row.changed == {"document:mapping": Change(digest(before), digest(after), ("objects.Lead.B",))}
    assert row.brought == (f"document:mapping:{digest(after)}",)
    row = await last(store, mapped, event("account.saved", secret("f2")))
    assert row.changed == {"secret:client_secret": Change("f1", "f2")}


async def test_what_is_new_or_the_same_replaces_nothing(store: Store, mapped: Engine) -> None:
    """The first of its kind, and one that is saved again as it was."""
    assert (await last(store, mapped, event("account.saved", secret("f1")))).changed == {}
    row = await last(store, mapped, event("mapping.saved", Document("other", {"a": 1})))
    assert row.changed == {}


async def test_what_was_not_let_in_replaces_nothing(store: Store, mapped: Engine) -> None:
    """A refused row says nothing of what it would have done."""
    refused = await last(store, mapped, event("mapping.saved", Document("mapping", {}), sender="effect"))
    assert (refused.disposition, refused.changed) == ("refused", {})


async def test_the_progress_of_a_sync_is_not_a_change(store: Store, mapped: Engine) -> None:
    """Its documents are counters, and are replaced with every page of records."""
    await mapped.handle(event("sync.start_requested"))
    for read in (1, 2):
        row = await last(store, mapped, event("sync.progressed", Document("sync:Lead", {"read": read})))
        assert (row.type, row.changed) == ("sync.progressed", {})
