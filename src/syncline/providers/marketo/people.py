"""Upserting people: rows in Marketo's own formats, calls that fit its size limit, a result for each row."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from syncline.errors import RejectedError, UnreachableError
from syncline.providers.marketo import fields
from syncline.providers.marketo.api import MAX_BODY, Api
from syncline.providers.port import Account, RowResult

BATCH = 300
PATH = "/rest/v1/leads.json"
_COMPANY_CLOSED = "1021"
#: Salesforce writes `2026-11-24T08:00:00.000+0000`; Marketo keeps whole seconds.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:?00)")
_Row = Mapping[str, Any]


async def upsert(api: Api, account: Account, people: Sequence[_Row]) -> list[RowResult]:
    """Create or update people by the key field; raises `ProviderError` when the call as a whole failed."""
    rows = [{name: written(value) for name, value in person.items()} for person in people]
    results = await _write(api, account, rows)
    closed = [at for at, row in enumerate(results) if _COMPANY_CLOSED in fields.reasons(row)[0]]
    if closed:
        # This instance lets nobody write the company through a person: better without it than not at all.
        again = [{name: value for name, value in rows[at].items() if name not in fields.COMPANY} for at in closed]
        for at, row in zip(closed, await _write(api, account, again), strict=True):
            results[at] = row
    return [_outcome(row) for row in results]


def written(value: Any) -> Any:  # noqa: ANN401  JSON
    """Answer a value as Marketo takes it; what is not said here is the same on both sides."""
    if isinstance(value, str):
        moment = _MOMENT.fullmatch(value)
        return f"{moment[1]}Z" if moment else value
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 5.0 is what a whole number is in Salesforce, and no integer to Marketo.
    return value


async def _write(api: Api, account: Account, rows: Sequence[_Row]) -> list[dict[str, Any]]:
    if not rows:
        return []
    body = msgspec.json.encode({"action": "createOrUpdate", "lookupField": fields.KEY_FIELD.name, "input": rows})
    if len(body) > MAX_BODY:
        if len(rows) == 1:
            return [{"status": "skipped", "reasons": [{"code": "413", "message": "the record exceeds a megabyte"}]}]
        half = len(rows) // 2
        return await _write(api, account, rows[:half]) + await _write(api, account, rows[half:])
    results = await api.post(account, PATH, body)
    if len(results) != len(rows):
        detail = f"Marketo answered {len(results)} results for {len(rows)} people"
        raise UnreachableError("marketo.unreachable", detail, reply_lost=True)
    return results


def _outcome(row: _Row) -> RowResult:
    status = row.get("status")
    if status in {"created", "updated"}:
        return RowResult(status, target_id=str(row.get("id", "")))
    if status != "skipped":
        raise RejectedError("marketo.unknown_refusal", f"Marketo answered a row with the status {status!s:.40}")
    return RowResult("skipped", reason=fields.reasons(row)[1])
