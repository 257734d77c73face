"""Reading records in the order of (SystemModstamp, Id), from a position on, page by page.

Law: the position alone says where to go on. The server's own cursor (`nextRecordsUrl`) only makes pages cheaper: when
it is lost, reading starts again from the position, and nothing is read twice.
"""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from syncline.errors import RejectedError, UnreachableError
from syncline.providers.port import Page, Position, Session
from syncline.providers.salesforce import ids, stamps
from syncline.providers.salesforce.api import Api

ID_FIELD = "Id"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: A cursor that dies again and again, without a record in between, is an outage.
_RESTARTS = 3
#: Ids in one query, so that its address is not too long.
_NAMED = 200


async def pages(
    api: Api,
    session: Session,
    object_name: str,
    fields: Sequence[str],
    *,
    after: Position,
    since: str,
    until: str,
) -> AsyncIterator[Page]:
    """Read as the port says; raises `ProviderError`."""
    restarts, total = 0, None
    while True:
        document = await api.query(session, soql(object_name, fields, after=after, since=since, until=until))
        if not after.stamp:  # From a position on, the query matches only the rest.
            total = _total(document)
        try:
            while True:
                page = _page(document, after, total)
                if page.records:
                    restarts, after = 0, page.position
                    yield page
                if document.get("done", True):
                    return
                document = await api.get_path(session, _next(document))
        except RejectedError as error:
            restarts += 1
            if error.code != "salesforce.locator_lost" or restarts > _RESTARTS:
                raise


async def named(api: Api, session: Session, object_name: str, fields: Sequence[str], wanted: Sequence[str]) -> Page:
    """Read records by their ids, as the port says; raises `ProviderError`."""
    found = [key for key in map(ids.full, wanted) if key]
    rows: list[Any] = []
    for start in range(0, len(found), _NAMED):
        keys = ", ".join(f"'{key}'" for key in found[start : start + _NAMED])
        limit = f"{ID_FIELD} IN ({keys})"
        document = await api.query(session, _select(object_name, fields, limit))
        rows += _page(document, Position(), None).records
    return Page(rows, Position(), len(rows))


def soql(object_name: str, fields: Sequence[str], *, after: Position, since: str, until: str) -> str:
    """Answer the query for what comes after a position; names and stamps that are none raise `RejectedError`."""
    limits = [f"{stamps.FIELD} <= {stamps.canonical(until)}"]
    if after.stamp:
        stamp, key = stamps.canonical(after.stamp), ids.full(after.id)
        limits.append(f"({stamps.FIELD} > {stamp} OR ({stamps.FIELD} = {stamp} AND {ID_FIELD} > '{key}'))")
    if since:
        limits.append(f"{stamps.FIELD} >= {stamps.canonical(since)}")
    return f"{_select(object_name, fields, ' AND '.join(limits))} ORDER BY {stamps.FIELD}, {ID_FIELD}"


def _select(object_name: str, fields: Sequence[str], limits: str) -> str:
    names = dict.fromkeys((ID_FIELD, stamps.FIELD, *fields))
    if not all(_NAME.fullmatch(name) for name in (object_name, *names)):
        raise RejectedError("salesforce.missing_permission", "a field of the mapping has a name that cannot exist")
    return f"SELECT {', '.join(names)} FROM {object_name} WHERE {limits}"  # noqa: S608  SOQL, all parts checked


def _page(document: Any, after: Position, total: int | None) -> Page:  # noqa: ANN401  JSON
    try:
        records = [_record(row) for row in document["records"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnreachableError("salesforce.unreachable", "Salesforce answered a query with no records in it") from None
    position = Position(records[-1][stamps.FIELD], records[-1][ID_FIELD]) if records else after
    return Page(records, position, total)


def _record(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("attributes", None)
    row[stamps.FIELD] = stamps.canonical(row[stamps.FIELD])
    row[ID_FIELD] = ids.full(row[ID_FIELD])
    return row


def _total(document: Any) -> int | None:  # noqa: ANN401  JSON
    total = document.get("totalSize") if isinstance(document, dict) else None
    return total if isinstance(total, int) and total >= 0 else None


def _next(document: Any) -> str:  # noqa: ANN401  JSON
    """Answer the path of the next page: only ever a path, so that no page can send the token elsewhere."""
    path = document.get("nextRecordsUrl")
    if not isinstance(path, str) or not path.startswith("/services/data/"):
        raise UnreachableError("salesforce.unreachable", "Salesforce answered a query without its next page")
    return path
