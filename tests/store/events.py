"""Events and walks for the tests of the store."""

from functools import partial
from itertools import count
from typing import Any

from syncline.core.brought import Brought
from syncline.core.event import BIRTH, EVENTS, Actor, ActorKind, Event
from syncline.core.rules import Rules
from syncline.engine import Engine
from syncline.store import effects, integrations, log, secrets
from syncline.store.record import Outcome
from syncline.store.transaction import Store
from tests.core.chart_file import chart, service_chart

RULES = Rules(
    chart(),
    {"login_lifetime": 600.0, "cycle_interval": 300.0, "throttle_wait": 900.0, "failure_wait": 60.0},
    service_chart(),
)

#: A moment in 2026; every event that names none is a second later than the one before it.
NOW = 1_795_000_000_000_000
_keys, _clock = count(1), count(NOW, 1_000_000)

#: The set-up up to the running sync, as it goes when nothing goes wrong.
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
    ("sync.finished", {}),
)


def event(
    event_type: str,
    *brings: Brought,
    integration: str = "in_1",
    key: str = "",
    sender: ActorKind | None = None,
    at: int = 0,
    data: dict[str, Any] | None = None,
    state_seq: int | None = None,
) -> Event:
    """Make an event; what is not named is right by itself: a fresh key, a permitted sender, the next second."""
    return Event(
        integration,
        event_type,
        key or f"key_{next(_keys)}",
        Actor(sender or min(EVENTS[event_type].senders), "somebody"),
        at or next(_clock),
        data or {},
        state_seq=state_seq,
        brings=brings,
    )


def birth(*brings: Brought, integration: str = "in_1", key: str = "birth") -> Event:
    """Make the event that a log starts with."""
    return event(BIRTH, *brings, integration=integration, key=key, data={"name": f"The {integration}"})


async def walk(engine: Engine, to: str, integration: str = "in_1") -> Outcome:
    """Create an integration and lead it along the set-up until it is in a state."""
    outcome = await engine.handle(birth(integration=integration))
    return outcome if outcome.to == to else await lead(engine, to, integration)


async def lead(engine: Engine, to: str, integration: str = "in_1") -> Outcome:
    """Lead an integration that was just created along the set-up until it is in a state."""
    for event_type, data in SET_UP:
        outcome = await engine.handle(event(event_type, integration=integration, data=data))
        if outcome.to == to:
            return outcome
    raise AssertionError(f"the set-up does not come to {to}")


async def picture(store: Store, integration: str = "in_1") -> dict[str, object]:
    """Answer all that a store says about an integration, for a comparison of before and after."""
    return {
        "integrations": await store.read(integrations.integrations),
        "log": await store.read(partial(log.rows, wanted=log.Filter(), limit=1000)),
        "documents": await store.read(partial(integrations.documents, integration=integration)),
        "secrets": await store.read(partial(secrets.sealed, integration=integration)),
        "effects": await store.read(partial(effects.effects, integration=integration, limit=1000)),
    }
