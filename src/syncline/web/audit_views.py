"""The audit log as the API shows it, page by page."""

from functools import partial
from typing import Any

import msgspec

from syncline.core.audit import Row
from syncline.core.event import ALL_EVENTS, SERVICE
from syncline.store import access, search
from syncline.store.log import Filter, LogRow
from syncline.store.search import Found
from syncline.store.transaction import Transaction
from syncline.web.access import Who
from syncline.web.asked import LogAsked
from syncline.web.models import AuditPage, AuditRow
from syncline.web.site import Site
from syncline.web.status import actor_view


def wanted(asked: LogAsked, integration: str, person: Who) -> Filter:
    """Answer the filter that somebody's query asks for, with what their key keeps from them.

    What happened to the service itself is for those who may take the log away, with a key for all integrations.
    """
    sees_service = person.may("export") and not person.key.integrations
    return Filter(
        integration=integration,
        type=asked.type,
        disposition=asked.disposition,
        since=asked.since,
        until=asked.until,
        only=person.key.integrations,
        without=() if sees_service else (SERVICE,),
        actor_kind=asked.actor_kind,
        actor=asked.actor,
        state=asked.state,
        origin=asked.origin,
        target=asked.to,
        request=asked.request,
        cause=asked.cause,
        text=asked.text,
    )


async def page(site: Site, asked: LogAsked, filtered: Filter) -> AuditPage:
    """Answer one page in the order that is asked for."""
    found, keys = await find(site, asked, filtered)
    return AuditPage(items=tuple(await row_views(site, found.rows, keys)), next=found.next)


async def find(site: Site, asked: LogAsked, filtered: Filter) -> tuple[Found, dict[str, str]]:
    """Answer a page of rows as they are stored, and the names of the API keys."""
    ask = partial(
        search.find,
        index=site.index,
        wanted=filtered,
        newest=asked.order == "newest",
        past=asked.after or None,
        limit=asked.limit,
    )

    def read(tx: Transaction) -> tuple[Found, dict[str, str]]:
        return ask(tx), {key.id: key.name for key in access.keys(tx)}

    return await site.store.read(read)


async def row_views(site: Site, found: list[LogRow], keys: dict[str, str]) -> list[AuditRow]:
    """Answer rows with what is sealed in them opened, where it can be."""
    revealed = await site.privacy.reveal([entry.row for entry in found])
    return [AuditRow(**row_facts(site, entry, row, keys)) for entry, row in zip(found, revealed, strict=True)]


def row_facts(site: Site, found: LogRow, row: Row, keys: dict[str, str]) -> dict[str, Any]:
    """Answer the fields of a row's view; `row` is the row with what was sealed opened, `keys` names the API keys."""
    kind = ALL_EVENTS.get(row.type)
    return {
        "position": found.position,
        "integration": row.integration,
        "seq": row.seq,
        "at": row.at,
        "type": row.type,
        "title": site.title(kind.title) if kind else row.type,
        "key": row.key,
        "disposition": row.disposition,
        "origin": row.origin,
        "to": row.to,
        "actor": actor_view(site, row.actor, keys),
        "reason": row.reason,
        "cause": row.cause,
        "request": row.request,
        "repeats": row.repeats,
        "chart": row.chart,
        "data": row.data,
        "brought": row.brought,
        "changed": {name: msgspec.structs.asdict(change) for name, change in row.changed.items()},
        "effects": row.effects,
        "hash": found.hash.hex(),
    }
