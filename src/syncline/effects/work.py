"""One effect under way: who it is, and the events that it sends.

Law: what an effect did reaches the log in the same transaction that settles it, under the lease it was claimed with.
The lease is part of each key: an event that came too late under a lost lease must not stand in the way of the one
that the next holder sends.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from syncline.core.brought import Brought, SettledEffect
from syncline.core.event import Actor, Event
from syncline.effects.tools import Tools
from syncline.errors import SynclineError
from syncline.store.effects import EffectRow, finish
from syncline.store.integrations import Integration, documents, integration
from syncline.store.record import Outcome

_log = structlog.get_logger()


class MovedOnError(SynclineError):
    """The state that the effect worked for was left, or the lease was lost: it ends without a word."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What secrets of an integration are wanted for: by whom, for which effect, and which request led there."""

    integration: str
    actor: Actor
    to: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """An effect that was claimed, with the tools to do it."""

    tools: Tools
    effect: EffectRow
    lease: str

    @property
    def actor(self) -> Actor:
        """Who the events of this effect come from."""
        return Actor("effect", self.effect.id)

    @property
    def errand(self) -> Errand:
        """What this effect opens secrets for."""
        return Errand(self.effect.integration, self.actor, self.effect.name, self.effect.request)

    async def read_integration(self) -> Integration:
        """Answer the integration as it is now."""
        return await self.tools.store.read(partial(integration, id=self.effect.integration))

    async def read_documents(self) -> dict[str, Any]:
        """Answer the documents of the integration by name."""
        return await self.tools.store.read(partial(documents, integration=self.effect.integration))

    async def check_wanted(self) -> None:
        """Raise `MovedOnError` when the state that the effect works for was left."""
        if (await self.read_integration()).state_seq != self.effect.state_seq:
            raise MovedOnError("effect.moved_on", "the state that it worked for was left")

    async def finish(self, type_: str, data: dict[str, Any], *brings: Brought) -> Outcome:
        """Send the event that the effect leads to, and settle it."""
        settled = SettledEffect(self.effect.id, self.lease)
        outcome = await self.tools.handle(self.event(type_, data, settled, *brings))
        if not outcome.accepted:
            _log.info("effect.too_late", effect=self.effect.id, sent=type_, disposition=outcome.disposition)
        return outcome

    async def advance(self, type_: str, data: dict[str, Any], *brings: Brought, step: object) -> None:
        """Send word of progress and keep the lease; raises `MovedOnError` when it is no longer wanted.

        `step` tells one such event from the next within a lease.
        """
        until = self.tools.now() + int(self.tools.settings.lease * 1_000_000)
        alive = SettledEffect(self.effect.id, self.lease, done=False, lease_until=until)
        outcome = await self.tools.handle(self.event(type_, data, alive, *brings, step=step))
        if not outcome.accepted:
            raise MovedOnError("effect.moved_on", outcome.reason)

    async def leave(self) -> None:
        """End the effect without an event."""
        now = self.tools.now()
        await self.tools.store.write(partial(finish, effect=self.effect.id, lease=self.lease, now=now))

    def event(self, type_: str, data: dict[str, Any], *brings: Brought, step: object = "") -> Event:
        """Make an event of this effect, tied to the state that it belongs to."""
        return Event(
            self.effect.integration,
            type_,
            ":".join(filter(None, (self.effect.id, type_, self.lease, str(step)))),
            self.actor,
            self.tools.now(),
            data,
            cause=f"effect:{self.effect.id}",
            request=self.effect.request,
            state_seq=self.effect.state_seq,
            brings=brings,
        )


def told(error: SynclineError) -> dict[str, Any]:
    """Answer an error as the data of a failing event."""
    return {"problem": error.code, "detail": error.detail}
