"""A query as the data API runs it: read, checked against what the user may see, answered in pages.

Law: a query decides once which records it answers, in which order; its later pages show those, as the vendor's
cursors do, whatever changes meanwhile.
"""

import re
import string
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids, objects, records
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.soql import to_sql
from syncline_sim.salesforce.soql.parser import parse
from syncline_sim.salesforce.soql.syntax import Name, Query
from syncline_sim.salesforce.soql.tokens import pointer
from syncline_sim.salesforce.visibility import visible_fields

if TYPE_CHECKING:
    from syncline_sim.salesforce.tokens import Login
    from syncline_sim.world import World

SMALLEST_BATCH, LARGEST_BATCH = 200, 2000
_LARGEST_OFFSET = 2000
_LOCATOR_LIFE = 2 * 24 * 3600
_LOCATOR = re.compile(r"(01g\w{15})-(\d{1,10})")
_NUMBER_TYPE = "I"
_NUMBER_SIZE = array(_NUMBER_TYPE).itemsize
_ADVICE = (
    " If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
    " Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, under which version, and how many records a page may have."""

    world: "World"
    login: "Login"
    version: str
    batch: int = LARGEST_BATCH


def batch_size(options: str) -> int:
    """Read the header Sforce-Query-Options; whatever it says, a page has 200 to 2,000 records."""
    found = re.search(r"batchSize\s*=\s*(\d{1,9})", options, re.IGNORECASE)
    return min(max(int(found[1]), SMALLEST_BATCH), LARGEST_BATCH) if found else LARGEST_BATCH


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records a query answers, in its order, and which of their fields; without fields it only counts them."""

    spec: ObjectSpec
    fields: list[FieldSpec]
    numbers: "array[int]"


def select(caller: Caller, text: str, *, deleted_too: bool = False) -> Selection:
    """Read a query and find what it answers, for whoever writes it down; raises `SalesforceError`."""
    query = parse(text)
    spec = _object(caller, query, text)
    view = _View(caller, spec, text)
    fields = view.selected(query)
    return Selection(spec, fields, _numbers(caller, view, query, deleted_too=deleted_too))


def run(caller: Caller, text: str, *, deleted_too: bool = False) -> str:
    """Answer the first page of a query as a JSON text; raises `SalesforceError`."""
    found = select(caller, text, deleted_too=deleted_too)
    spec, fields, numbers = found.spec, found.fields, found.numbers
    if not fields:
        return _page(caller, len(numbers), [], "")
    locator = _open(caller, spec, fields, numbers) if len(numbers) > caller.batch else ""
    page = records.written(caller.world.db, spec, fields, numbers[: caller.batch], caller.version)
    return _page(caller, len(numbers), page, f"{locator}-{caller.batch}" if locator else "")


def more(caller: Caller, locator: str) -> str:
    """Answer the page of an earlier query at which a locator points; raises `SalesforceError`."""
    db, match = caller.world.db, _LOCATOR.fullmatch(locator)
    row = (
        match
        and db.execute(
            """
        SELECT number, object, fields, length(records) AS size FROM salesforce_locators
        WHERE id = ? AND user_id = ? AND opened_at > ?
        """,
            (match[1], caller.login.user.id, caller.world.now() - _LOCATOR_LIFE),
        ).fetchone()
    )
    if not match or not row or (start := int(match[2])) * _NUMBER_SIZE >= row["size"]:
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    numbers = array(_NUMBER_TYPE)
    with db.blobopen("salesforce_locators", "records", row["number"], readonly=True) as blob:
        blob.seek(start * _NUMBER_SIZE)
        numbers.frombytes(blob.read(caller.batch * _NUMBER_SIZE))
    spec, total = objects.find(row["object"]), row["size"] // _NUMBER_SIZE
    fields = [spec.by_name[name.lower()] for name in row["fields"].split(",")]
    end = start + len(numbers)
    page = records.written(db, spec, fields, numbers, caller.version)
    return _page(caller, total, page, f"{match[1]}-{end}" if end < total else "")


class _View:
    """An object as the caller sees it."""

    def __init__(self, caller: Caller, spec: ObjectSpec, text: str) -> None:
        self.spec = spec
        self._fields = {field.name.lower(): field for field in visible_fields(caller.login.user, spec)}
        self._text = text

    def selected(self, query: Query) -> list[FieldSpec]:
        fields: dict[str, FieldSpec] = {}
        for name in query.fields:
            field = self.resolve(name)
            if field.name in fields:
                raise SalesforceError(400, "INVALID_FIELD", f"duplicate field selected: {field.name}")
            fields[field.name] = field
        return list(fields.values())

    def resolve(self, name: Name) -> FieldSpec:
        prefix, _, plain = name.text.rpartition(".")
        if prefix and prefix.lower() != self.spec.name.lower():
            where = pointer(self._text, name.at)
            head = prefix.split(".")[0]
            raise SalesforceError(
                400, "INVALID_FIELD", f"{where}Didn't understand relationship '{head}' in field path.{_ADVICE}"
            )
        field = self._fields.get(plain.lower())
        if field is None:
            where = pointer(self._text, name.at)
            raise SalesforceError(
                400, "INVALID_FIELD", f"{where}No such column '{plain}' on entity '{self.spec.name}'.{_ADVICE}"
            )
        return field


def _object(caller: Caller, query: Query, text: str) -> ObjectSpec:
    spec = objects.BY_NAME.get(query.object.text.lower())
    if spec is None or not caller.login.user.may_read(spec.name):
        where = pointer(text, query.object.at)
        message = f"{where}sObject type '{query.object.text}' is not supported.{_ADVICE.replace('field', 'object')}"
        raise SalesforceError(400, "INVALID_TYPE", message)
    return spec


def _numbers(caller: Caller, view: _View, query: Query, *, deleted_too: bool) -> "array[int]":
    if query.offset > _LARGEST_OFFSET:
        text = f"Maximum SOQL offset allowed is {_LARGEST_OFFSET}"
        raise SalesforceError(400, "NUMBER_OUTSIDE_VALID_RANGE", text)
    condition = to_sql.where(query.where, view.resolve) if query.where else to_sql.Sql("1")
    order = to_sql.order_by(query.order, view.resolve) or ("number" if query.fields else "NULL")
    kept = "" if deleted_too else 'AND "IsDeleted" = 0'
    sql = f"""
        SELECT number FROM {view.spec.table} WHERE org = ? {kept} AND {condition.text}
        ORDER BY {order} LIMIT ? OFFSET ?
    """  # noqa: S608 - built from our own declarations; what the caller wrote is bound
    org = records.org_number(caller.world.db, caller.login.org.id)
    limit = -1 if query.limit is None else query.limit
    cursor = caller.world.db.cursor()
    cursor.row_factory = None
    return array(_NUMBER_TYPE, [n for (n,) in cursor.execute(sql, (org, *condition.values, limit, query.offset))])


def _open(caller: Caller, spec: ObjectSpec, fields: list[FieldSpec], numbers: "array[int]") -> str:
    world = caller.world
    locator = ids.full("01g" + world.word(12, string.ascii_letters + string.digits))
    world.db.execute("DELETE FROM salesforce_locators WHERE opened_at <= ?", (world.now() - _LOCATOR_LIFE,))
    world.db.execute(
        "INSERT INTO salesforce_locators (id, user_id, object, fields, opened_at, records) VALUES (?, ?, ?, ?, ?, ?)",
        (locator, caller.login.user.id, spec.name, ",".join(f.name for f in fields), world.now(), numbers.tobytes()),
    )
    return locator


def _page(caller: Caller, total: int, page: list[str], locator: str) -> str:
    head = f'"totalSize":{total},"done":{"false" if locator else "true"}'
    if locator:
        head += f',"nextRecordsUrl":"/services/data/v{caller.version}/query/{locator}"'
    return f'{{{head},"records":[{",".join(page)}]}}'
