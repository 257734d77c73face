"""The log of the service itself: an installation has a chain of its own, beside those of its integrations.

What happens to the installation and to no single integration (a start, a sign-in, a key made, an export taken) is an
event like any other: decided by a chart, recorded through `engine.handle`, chained and proved.
"""

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from syncline.core.brought import Brought
from syncline.core.event import SERVICE, SERVICE_BIRTH, Actor, Event
from syncline.store.record import Outcome
from syncline.store.secrets import has_data_key
from syncline.store.transaction import Store
from syncline.vault import Vault

Handle = Callable[[Event], Awaitable[Outcome]]

_ACTOR = Actor("service", "serve")


class ServiceLog:
    """Puts events on the service's own chain."""

    def __init__(self, store: Store, vault: Vault, handle: Handle, now: Callable[[], int]) -> None:
        """Take where the log is and the one way into it."""
        self._store, self._vault, self._handle, self._now = store, vault, handle, now

    async def open(self) -> None:
        """Begin the chain, with a safe of its own, where there is none; the first thing after the store is open."""
        if not await self._store.read(partial(has_data_key, integration=SERVICE)):
            _, key = self._vault.create_safe(SERVICE)
            await self.note(SERVICE_BIRTH, {"name": SERVICE}, key, actor=_ACTOR, name="installed")

    async def note(
        self,
        type_: str,
        data: dict[str, Any],
        *brings: Brought,
        actor: Actor = _ACTOR,
        name: str = "",
        request: str = "",
    ) -> Outcome:
        """Record that something happened to the service; `name` tells a repetition, without it there is none."""
        key = f"service:{name or secrets.token_hex(12)}"
        return await self._handle(Event(SERVICE, type_, key, actor, self._now(), data, request=request, brings=brings))
