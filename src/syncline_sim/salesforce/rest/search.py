"""Searches as calls: which records have the words, and what of them is told."""

from collections.abc import Iterator

import msgspec

from syncline_sim.salesforce import query, records
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.rest.call import Call, Reply, Route, reply
from syncline_sim.salesforce.sosl import statement
from syncline_sim.salesforce.sosl.statement import Search, Wanted
from syncline_sim.salesforce.visibility import visible_fields, visible_objects

#: Up to this version an answer is the list alone.
_BARE_UNTIL = 36
_TYPES = {"EMAIL": ("email",), "PHONE": ("phone",)}
_TEXTS = ("string", "textarea", "email", "phone", "url")


class _Page(msgspec.Struct):
    records: list[msgspec.Raw]


def routes() -> tuple[Route, ...]:
    """Answer the address of searches."""
    return (("/search", {"GET": _search}),)


def _search(call: Call) -> Reply:
    search = statement.parse(call.query.get("q", ""))
    found: list[msgspec.Raw] = []
    for wanted in search.wanted or tuple(Wanted(spec.name) for spec in visible_objects(call.user) if spec.stored):
        found += _told(call, wanted, _having(call, _object(call, wanted), search))
    number = int(call.who.version.partition(".")[0])
    found = found[: search.limit]
    return reply(found if number <= _BARE_UNTIL else {"searchRecords": found})


def _object(call: Call, wanted: Wanted) -> ObjectSpec:
    for spec in visible_objects(call.user):
        if spec.name.lower() == wanted.name.lower():
            return spec
    raise SalesforceError(400, "INVALID_TYPE", f"sObject type '{wanted.name}' is not supported.")


def _having(call: Call, spec: ObjectSpec, search: Search) -> list[str]:
    """Answer the ids of the records that have the words."""
    return [record_id for record_id, texts in _candidates(call, spec, search) if search.term.in_texts(texts)]


def _candidates(call: Call, spec: ObjectSpec, search: Search) -> Iterator[tuple[str, list[str]]]:
    columns = [f'"{field.name}"' for field in visible_fields(call.user, spec) if _is_sought(field, search.group)]
    if not columns:
        return
    text = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
    condition, values = search.term.sql(f"({text})")
    sql = f"""
        SELECT "Id", {", ".join(columns)} FROM {spec.table} WHERE org = ? AND "IsDeleted" = 0 AND {condition}
        ORDER BY number
    """  # noqa: S608 - built from our own declarations; what the caller wrote is bound
    for row in call.db.execute(sql, (records.org_number(call.db, call.who.login.org.id), *values)):
        yield row[0], [part for part in tuple(row)[1:] if part]


def _is_sought(field: FieldSpec, group: str) -> bool:
    if field.crossing:
        return False
    if group == "NAME":
        return field.name in ("Name", "FirstName", "LastName")
    return field.type in _TYPES.get(group, _TEXTS)


def _told(call: Call, wanted: Wanted, ids: list[str]) -> list[msgspec.Raw]:
    if not ids:
        return []
    listed = ",".join(f"'{record_id}'" for record_id in ids[: query.LARGEST_BATCH])
    condition = f" AND ({wanted.condition})" if wanted.condition else ""
    soql = f"SELECT {wanted.fields} FROM {wanted.name} WHERE Id IN ({listed}){condition} {wanted.order}"  # noqa: S608
    return msgspec.json.decode(query.run(call.who, soql), type=_Page).records
