"""The inventory of tokens: what is held, for whom, how old it is, what used it last, and what should not be there."""

from functools import partial

from syncline.store.grants import HeldGrant, grants
from syncline.web.asked import TokensAsked
from syncline.web.models import Model
from syncline.web.site import Site

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


class TokenUse(Model):
    """The last effect that was lent the token."""

    at: int
    #: The effect's name, such as `sync_records`.
    to: str
    #: The row of the log that says so.
    seq: int


class TokenView(Model):
    """A grant as it may be seen; times are microseconds since the epoch."""

    integration: str
    name: str
    state: str
    generation: int
    obtained_at: int
    #: Fingerprints, which are keyed: nobody can try guesses against them.
    access_token: str
    refresh_token: str
    scopes: tuple[str, ...]
    #: Scopes that were granted and that Syncline does not need: take them out of the app.
    excess_scopes: tuple[str, ...]
    #: Whether the app replaces the refresh token at each refresh; null until one was seen.
    rotates: bool | None
    last_use: TokenUse | None
    #: When it is refreshed at the latest, though nothing uses it; null when it cannot be refreshed.
    refresh_by: int | None
    #: When an idle policy would end it if no refresh worked from now on; null when it cannot be refreshed.
    idle_expiry_at: int | None
    idle_days_left: int | None


class Tokens(Model):
    """A page of the inventory."""

    items: tuple[TokenView, ...]
    next: str | None


async def inventory(site: Site, asked: TokensAsked, *, only: tuple[str, ...]) -> Tokens:
    """List what is held, a page at a time; `only` are the integrations that the key is for, none for all."""
    found = await site.store.read(partial(grants, after=asked.after, limit=asked.limit + 1, only=only))
    shown = found[: asked.limit]
    following = shown[-1].integration if len(found) > len(shown) else None
    return Tokens(items=tuple(_view(site, grant) for grant in shown), next=following)


def _view(site: Site, grant: HeldGrant) -> TokenView:
    obtained = grant.document.obtained_at
    idle = obtained + int(site.settings.idle_policy * _SECOND) if grant.refresh_token else None
    return TokenView(
        integration=grant.integration,
        name=grant.name,
        state=grant.state,
        generation=grant.document.generation,
        obtained_at=obtained,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        scopes=grant.document.scopes,
        excess_scopes=tuple(sorted(set(grant.document.scopes) - set(site.providers.source.scopes))),
        rotates=grant.context.rotates,
        last_use=_use(grant),
        refresh_by=obtained + int(site.settings.renewal_interval * _SECOND) if grant.refresh_token else None,
        idle_expiry_at=idle,
        idle_days_left=None if idle is None else max(0, (idle - site.now()) // _DAY),
    )


def _use(grant: HeldGrant) -> TokenUse | None:
    row = grant.lent
    return None if row is None else TokenUse(at=row.at, to=str(row.data.get("to", "")), seq=row.seq)
