"""Exchange the authorization code for tokens: once, whatever happens.

A code works once (RFC 6749 §4.1.2), and a second try may cost the grant that the first one got. So the intent is
journalled before the call, and a run that finds it there does not call again.
"""

from functools import partial

import msgspec
from pydantic import SecretStr

from syncline.core.brought import Document, Erasure
from syncline.core.context import Context
from syncline.core.documents import IDENTITY, IdentityDocument
from syncline.credentials import CODE, REFRESH_TOKEN, SPENT_BY, VERIFIER, open_safe
from syncline.effects.grant import brought, discard
from syncline.effects.lending import lend
from syncline.effects.parties import open_app
from syncline.effects.work import MovedOnError, Work, told
from syncline.errors import GrantLostError, ProviderError, RejectedError, UnreachableError
from syncline.providers.port import App, Grant
from syncline.store.effects import intend, take_back

_SPENT = SPENT_BY["exchange_code"]


async def exchange_code(work: Work) -> None:
    """Spend the code that the login came back with; keep the tokens only of the org and user that are expected."""
    app = await open_app(work.tools, work.errand)
    try:
        grant = await _exchange(work, app)
        await _refuse_other(work, app, grant)
    except RejectedError as error:
        await work.finish("code.refused", told(error), Erasure(_SPENT))
    else:
        await _keep(work, grant)


async def _exchange(work: Work, app: App) -> Grant:
    secrets = await lend(work.tools, work.errand, CODE, VERIFIER)
    if work.effect.intent_at is not None or CODE not in secrets or VERIFIER not in secrets:
        raise _reply_lost()
    await _journal(work)
    try:
        return await work.tools.providers.source.exchange(app, code=secrets[CODE], verifier=secrets[VERIFIER])
    except UnreachableError as error:
        if error.reply_lost:
            raise _reply_lost() from error
        await work.tools.store.write(partial(take_back, effect=work.effect.id, lease=work.lease))
        raise


async def _journal(work: Work) -> None:
    noted = await work.tools.store.write(partial(intend, effect=work.effect.id, lease=work.lease, now=work.tools.now()))
    if not noted:
        raise MovedOnError("effect.moved_on", "the lease was lost before the code was sent")


def _reply_lost() -> RejectedError:
    return RejectedError("login.reply_lost", "the code was sent, but no answer came back; log in again")


async def _refuse_other(work: Work, app: App, grant: Grant) -> None:
    """Give back a grant of another org or user than the confirmed ones; raises `RejectedError`."""
    context = (await work.read_integration()).context
    if not _is_bound(context) or _is_expected(grant, context):
        return
    code = "identity.wrong_org" if grant.org_id != context.org_id else "identity.wrong_user"
    error = RejectedError(code, await _compare(work, grant, context))
    await discard(work.tools, app, grant)
    raise error


def _is_bound(context: Context) -> bool:
    """Before the confirmation anybody may log in; after it the chart wants the same org and user again."""
    return context.pinned and context.resume not in {"", "authorized"}


def _is_expected(grant: Grant, context: Context) -> bool:
    """The confirmed org, and its user unless an admin has released that (as the chart's guard asks again)."""
    return grant.org_id == context.org_id and (context.released or grant.user_id == context.user_id)


class _Unkept:
    """A session over a grant that is not stored, for the one question whose it is."""

    def __init__(self, grant: Grant) -> None:
        self._token = grant.access_token
        self.instance_url = grant.instance_url

    async def access_token(self) -> SecretStr:
        return self._token

    async def renew(self, dead: SecretStr) -> SecretStr:  # noqa: ARG002  the port's signature
        raise GrantLostError("grant.lost", "the grant is not kept")


async def _compare(work: Work, grant: Grant, context: Context) -> str:
    """Name both sides in words, or by their ids when the source does not say more."""
    seen = (await work.read_documents()).get(IDENTITY, {})
    expected = _name(seen.get("username", context.user_id), seen.get("org_name", context.org_id))
    try:
        identity = await work.tools.providers.source.identify(_Unkept(grant), grant.identity_url)
    except ProviderError:
        return f"{_name(grant.user_id, grant.org_id)} logged in, {expected} was expected"
    return f"{_name(identity.username, identity.org_name)} logged in, {expected} was expected"


def _name(user: str, org: str) -> str:
    return f"{user} of {org}"


async def _introduce(work: Work, grant: Grant) -> tuple[Document, ...]:
    """Say who took over from the confirmed user: by id, since nothing is asked while the tokens are not stored."""
    known = msgspec.convert((await work.read_documents())[IDENTITY], IdentityDocument)
    taken_over = msgspec.structs.replace(
        known, user_id=grant.user_id, username=grant.user_id, display_name=grant.user_id, email=""
    )
    return (Document(IDENTITY, taken_over),)


async def _keep(work: Work, grant: Grant) -> None:
    integration = await work.read_integration()
    safe = await open_safe(work.tools.store, work.tools.vault, integration.id)
    generation = integration.context.generation + 1
    context = integration.context
    who = await _introduce(work, grant) if context.released and grant.user_id != context.user_id else ()
    outcome = await work.finish(
        "code.exchanged",
        {"org_id": grant.org_id, "user_id": grant.user_id, "generation": generation, "scopes": list(grant.scopes)},
        Erasure((*_SPENT, REFRESH_TOKEN)),
        *brought(grant, safe, generation=generation, now=work.tools.now()),
        *who,
    )
    if not outcome.accepted:
        # Disconnected in the meantime: nobody may keep these tokens.
        await discard(work.tools, await open_app(work.tools, work.errand), grant)
