"""The audit log as the API shows it, page by page."""

from syncline.core.event import EVENTS
from syncline.store import access, log
from syncline.store.log import Filter, LogRow
from syncline.store.transaction import Transaction
from syncline.web.asked import AuditAsked
from syncline.web.models import AuditPage, AuditRow
from syncline.web.site import Site
from syncline.web.status import actor_view


def wanted(asked: AuditAsked, integration: str, only: tuple[str, ...]) -> Filter:
    """Answer the filter that a query asks for; `only` are the integrations that the key is for."""
    return Filter(integration, asked.type, asked.disposition, asked.since, asked.until, only)


async def page(site: Site, asked: AuditAsked, integration: str, *, only: tuple[str, ...]) -> AuditPage:
    """Answer one page, the oldest rows first."""
    filtered = wanted(asked, integration, only)

    def find(tx: Transaction) -> tuple[list[LogRow], dict[str, str]]:
        rows = log.rows(tx, wanted=filtered, after=asked.after, limit=asked.limit + 1)
        return rows, {key.id: key.name for key in access.keys(tx)}

    rows, keys = await site.store.read(find)
    shown = rows[: asked.limit]
    following = shown[-1].position if len(rows) > len(shown) else None
    return AuditPage(items=tuple(row_view(site, row, keys) for row in shown), next=following)


def row_view(site: Site, found: LogRow, keys: dict[str, str]) -> AuditRow:
    """Answer one row; `keys` are the names of the API keys."""
    row = found.row
    kind = EVENTS.get(row.type)
    return AuditRow(
        position=found.position,
        integration=row.integration,
        seq=row.seq,
        at=row.at,
        type=row.type,
        title=site.title(kind.title) if kind else row.type,
        key=row.key,
        disposition=row.disposition,
        origin=row.origin,
        to=row.to,
        actor=actor_view(site, row.actor, keys),
        reason=row.reason,
        cause=row.cause,
        request=row.request,
        repeats=row.repeats,
        chart=row.chart,
        data=row.data,
        brought=row.brought,
        effects=row.effects,
        hash=found.hash.hex(),
    )
