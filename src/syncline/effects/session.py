"""A live grant, lent to a source for the length of one effect.

Law: one refresh is in flight per integration, and rows decide which, not locks: whoever gets `grant.refresh_started`
accepted makes the call, everybody else waits for the row that says how it went. A refresh token may be single-use,
and using it twice kills the grant; so an answer that was lost on the way is never asked for again with the same token
unless the source was seen to let refresh tokens live.
"""

import asyncio
import secrets
import time
from typing import Any

from pydantic import SecretStr

from syncline.core.brought import Brought
from syncline.core.event import Actor, Event
from syncline.credentials import ACCESS_TOKEN, REFRESH_TOKEN
from syncline.effects.grant import KeptGrant, brought, discard, open_grant
from syncline.effects.parties import open_app
from syncline.effects.tools import Tools
from syncline.effects.work import Errand, MovedOnError, told
from syncline.errors import GrantLostError, RejectedError, SynclineError, UnavailableError, UnreachableError
from syncline.providers.port import App, Grant
from syncline.store.integrations import Integration
from syncline.store.record import Outcome

#: Between two looks at a refresh that somebody else makes.
_LOOK_SECONDS = 0.05
#: A refresh is dead when this is over and the longest wait for one answer as well.
_MARGIN_SECONDS = 10.0
#: How long a cancelled effect stays to write down what its refresh came to.
_FAREWELL_SECONDS = 1.0
#: A token is renewed at this part of its assumed life.
_OLD = 0.95

_RECORDINGS = 5


class GrantSession:
    """Implements `providers.port.Session` over the stored grant."""

    def __init__(self, tools: Tools, kept: KeptGrant, errand: Errand) -> None:
        """Take the grant as it was read; use `open_session`."""
        self._tools = tools
        self._kept = kept
        self._errand = errand
        #: Of the access token that the log says the effect has got; empty while it has none.
        self._lent = ""

    @property
    def instance_url(self) -> str:
        """The origin that the API calls go to."""
        return self._kept.document.instance_url

    @property
    def identity_url(self) -> str:
        """Where the source says whose grant it is."""
        return self._kept.document.identity_url

    @property
    def obtained_at(self) -> int:
        """When the tokens came, in microseconds since the epoch."""
        return self._kept.document.obtained_at

    async def access_token(self) -> SecretStr:
        """Answer the token to send."""
        return self._kept.access_token

    async def lend(self) -> None:
        """Put on the log that the effect gets the token; raises `MovedOnError` when there is none any more."""
        while True:
            seen = self._kept.safe.fingerprint(ACCESS_TOKEN, self._kept.access_token)
            outcome = await self._send(self._kept, "grant.lent", {"to": self._errand.to, "fingerprint": seen})
            if outcome.accepted:
                self._lent = seen
                return
            if outcome.disposition == "unexpected":
                raise MovedOnError("effect.moved_on", f"no token is lent in the state {outcome.origin}")
            self._kept = await open_grant(self._tools, self._kept.integration.id)  # Refreshed by somebody meanwhile.

    async def renew(self, dead: SecretStr) -> SecretStr:
        """Answer another token than `dead`, whoever refreshed it; that it is lent is on the log as of the first one.

        Raises `GrantLostError`, `UnreachableError`, and as `lend`.
        """
        patience = time.monotonic() + self._tools.settings.http_timeout + _MARGIN_SECONDS
        while True:
            self._kept = await open_grant(self._tools, self._kept.integration.id)
            if self._kept.access_token != dead:
                if self._lent not in {"", self._kept.safe.fingerprint(ACCESS_TOKEN, self._kept.access_token)}:
                    await self.lend()
                return self._kept.access_token
            kept = self._kept
            if not kept.integration.context.refreshing:
                if await self._announce(kept):
                    await self._fly(kept)
                continue
            if time.monotonic() > patience:
                errand = self._errand
                await settle_left_over(self._tools, kept.integration, errand.actor, request=errand.request)
                raise UnreachableError("grant.refresh_stuck", "the refresh that was under way did not end")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _announce(self, kept: KeptGrant) -> bool:
        """Ask for the right to refresh; answers False when somebody else has it."""
        if kept.refresh_token is None:
            error = GrantLostError("grant.lost", "the source gave no refresh token with this grant")
            await self._send(kept, "grant.lost", told(error))
            raise error
        outcome = await self._send(kept, "grant.refresh_started", {})
        if outcome.disposition == "unexpected":
            raise GrantLostError("grant.lost", f"nothing is refreshed in the state {outcome.origin}")
        return outcome.accepted

    async def _fly(self, kept: KeptGrant) -> None:
        """Refresh, and see it through to the row that says how it went, also when the effect is cancelled."""
        flight = asyncio.create_task(self._refresh(kept))
        flight.add_done_callback(_heard)
        try:
            await asyncio.shield(flight)
        except asyncio.CancelledError:
            await asyncio.wait({flight}, timeout=_FAREWELL_SECONDS)
            raise

    async def _refresh(self, kept: KeptGrant) -> None:
        app = await open_app(self._tools, self._errand)
        try:
            grant = await self._tools.providers.source.refresh(app, _present(kept.refresh_token))
        except RejectedError as error:
            await self._send(kept, "grant.lost", told(error))
            raise GrantLostError(error.code, error.detail, facts=error.facts) from error
        except UnreachableError as error:
            await self._give_up(kept, error, spent=error.reply_lost)
            raise
        except Exception:
            await self._give_up(kept, UnreachableError("effect.crashed"), spent=True)
            raise
        await self._refuse_other(kept, app, grant)
        rotated = grant.refresh_token is not None and grant.refresh_token != kept.refresh_token
        generation = kept.integration.context.generation + 1
        brings = brought(grant, kept.safe, generation=generation, now=self._tools.now())
        outcome = await self._send(kept, "grant.refreshed", {"rotated": rotated}, *brings)
        if not outcome.accepted:
            # The state moved to one without a grant while the answer was on its way: nobody may keep these tokens.
            await discard(self._tools, app, grant)
            raise GrantLostError("grant.lost", f"the grant was given up in the state {outcome.origin}")

    async def _refuse_other(self, kept: KeptGrant, app: App, grant: Grant) -> None:
        """A refresh changes the tokens, never whose they are; raises `GrantLostError` for somebody else's."""
        context = kept.integration.context
        if (grant.org_id, grant.user_id) == (context.org_id, context.user_id):
            return
        code = "identity.wrong_org" if grant.org_id != context.org_id else "identity.wrong_user"
        named = f"{grant.user_id} of {grant.org_id}"
        error = GrantLostError(code, f"a token refresh was answered with tokens of {named}")
        await self._send(kept, "grant.lost", told(error))
        await discard(self._tools, app, grant)
        raise error

    async def _give_up(self, kept: KeptGrant, error: SynclineError, *, spent: bool) -> None:
        """Take the intent back when the token cannot have been spent, or may be; otherwise the grant is lost."""
        if not spent or kept.integration.context.rotates is False:
            await self._send(kept, "grant.refresh_failed", {"code": error.code, "detail": error.detail})
            return
        lost = _reply_lost()
        await self._send(kept, "grant.lost", told(lost))
        raise lost from error

    async def _send(self, kept: KeptGrant, type_: str, data: dict[str, Any], *brings: Brought) -> Outcome:
        """Send an event, with the fingerprint of the refresh token that it is about unless it names another."""
        seen = {"fingerprint": kept.safe.fingerprint(REFRESH_TOKEN, kept.refresh_token)} if kept.refresh_token else {}
        errand, told = self._errand, {**seen, **data}
        return await _send(self._tools, kept.integration, errand.actor, type_, told, *brings, request=errand.request)


async def open_session(tools: Tools, errand: Errand) -> GrantSession:
    """Lend the grant of an integration to an effect, renewed first when it is old; raises as `GrantSession.renew`.

    That is on the log before the effect gets it; raises `MovedOnError` when there is no grant in the state by now.
    """
    kept = await open_grant(tools, errand.integration)
    session = GrantSession(tools, kept, errand)
    age = tools.now() - kept.document.obtained_at
    if age > tools.settings.session_lifetime * _OLD * 1_000_000 and kept.refresh_token is not None:
        await session.renew(kept.access_token)
    await session.lend()
    return session


async def settle_left_over(tools: Tools, integration: Integration, actor: Actor, *, request: str = "") -> Outcome:
    """Say how a refresh went whose maker died: not at all or, where the token may be spent, the grant is lost."""
    if integration.context.rotates is False:
        data = {"code": "grant.reply_lost", "detail": "the refresh was interrupted; it will be made again"}
        return await _send(tools, integration, actor, "grant.refresh_failed", data, request=request)
    return await _send(tools, integration, actor, "grant.lost", told(_reply_lost()), request=request)


async def _send(
    tools: Tools,
    integration: Integration,
    actor: Actor,
    type_: str,
    data: dict[str, Any],
    *brings: Brought,
    request: str,
) -> Outcome:
    """Send an event about the current generation; insists, since a token that is not written down is lost."""
    generation = integration.context.generation
    event = Event(
        integration.id,
        type_,
        f"{actor.id}:{type_}:{generation}:{secrets.token_hex(6)}",
        actor,
        tools.now(),
        {"generation": generation, **data},
        cause=f"effect:{actor.id}" if actor.kind == "effect" else "",
        request=request,
        brings=brings,
    )
    for attempt in range(1, _RECORDINGS):
        try:
            return await tools.handle(event)
        except UnavailableError:
            await asyncio.sleep(_LOOK_SECONDS * 2**attempt)
    return await tools.handle(event)


def _heard(flight: asyncio.Task[None]) -> None:
    """A flight that outlived its effect has said all it had to say in its event."""
    if not flight.cancelled():
        flight.exception()


def _reply_lost() -> GrantLostError:
    return GrantLostError(
        "grant.reply_lost", "the answer to a token refresh was lost, and the refresh token may be spent"
    )


def _present(token: SecretStr | None) -> SecretStr:
    if token is None:
        raise GrantLostError("grant.lost", "there is no refresh token")
    return token
