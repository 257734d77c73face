"""Data directories with integrations in them, made through the engine as the service would make them."""

import base64
import secrets
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from syncline import credentials
from syncline.config import Settings
from syncline.core.brought import Brought
from syncline.core.event import BIRTH, EVENTS, Actor, Event
from syncline.data_folder import DATABASE
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.main import rules
from syncline.store.effects import claim, postpone
from syncline.store.sqlite import open_store
from syncline.store.transaction import Transaction
from syncline.vault import Vault

NOW = 1_795_000_000_000_000
_FAR = 4_000_000_000_000_000

SET_UP: tuple[tuple[str, dict[str, Any]], ...] = (
    ("app.registered", {}),
    ("credentials.saved", {}),
    ("credentials.accepted", {}),
    ("login.started", {}),
    ("login.returned", {}),
    ("code.exchanged", {"org_id": "00D1", "user_id": "0051", "generation": 1, "scopes": ["api"]}),
    ("checks.passed", {}),
    ("connection.confirmed", {"org_id": "00D1", "user_id": "0051"}),
    ("preview.ready", {}),
    ("field_sync.requested", {}),
    ("field_sync.finished", {}),
    ("sync.start_requested", {}),
)


async def populate(data: Path, count: int) -> dict[str, bytes]:
    """Make integrations with a sync under way, whose effects wait for the year 2096; answers their hook keys."""
    store = await open_store(data / DATABASE)
    engine, vault = Engine(store, rules(Settings(data=data))), Vault(KeyFile(data).read())
    keys: dict[str, bytes] = {}
    try:
        for number in range(count):
            name = f"in_{number:06d}"
            keys[name] = secrets.token_bytes(32)
            safe, data_key = vault.create_safe(name)
            secret = SecretStr("whsec_" + base64.b64encode(keys[name]).decode())
            await send(engine, name, BIRTH, {"name": name}, data_key, safe.seal(credentials.HOOK_SECRET, secret))
            for event_type, told in SET_UP:
                await send(engine, name, event_type, told)
        await store.write(partial(_put_off, count))
    finally:
        await store.close()
    return keys


async def send(engine: Engine, integration: str, event_type: str, data: dict[str, Any], *brings: Brought) -> None:
    """Send an event that has to mean something."""
    actor = Actor(min(EVENTS[event_type].senders), "benchmark")
    outcome = await engine.handle(Event(integration, event_type, event_type, actor, NOW, data, brings=brings))
    assert outcome.disposition == "transitioned", outcome


def _put_off(count: int, tx: Transaction) -> None:
    for effect in claim(tx, now=NOW + 1, lease="benchmark", lease_until=_FAR, limit=count):
        assert postpone(tx, effect=effect.id, lease="benchmark", due_at=_FAR, error="")
