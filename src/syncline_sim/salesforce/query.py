"""A query as the data API runs it: read, checked against what the user may see, answered in pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline_sim.salesforce import cursors, records
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql import groups, writing
from syncline_sim.salesforce.soql.finding import Asker
from syncline_sim.salesforce.soql.parser import parse
from syncline_sim.salesforce.soql.plan import Children, Plan, count
from syncline_sim.salesforce.soql.scope import subject
from syncline_sim.salesforce.soql.syntax import Query

if TYPE_CHECKING:
    from syncline_sim.salesforce.tokens import Login
    from syncline_sim.world import World

SMALLEST_BATCH, LARGEST_BATCH = 200, 2000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, under which version, how many records a page may have, and as which the client names itself."""

    world: "World"
    login: "Login"
    version: str
    batch: int = LARGEST_BATCH
    client: str = ""


def batch_size(options: str) -> int:
    """Read the header Sforce-Query-Options; whatever it says, a page has 200 to 2,000 records."""
    found = re.search(r"batchSize\s*=\s*(\d{1,9})", options, re.IGNORECASE)
    return min(max(int(found[1]), SMALLEST_BATCH), LARGEST_BATCH) if found else LARGEST_BATCH


def understand(caller: Caller, text: str, *, deleted_too: bool = False) -> Plan:
    """Understand a query for whoever writes what it finds in another form than JSON; raises `SalesforceError`."""
    query, asker = _read(caller, text, deleted_too=deleted_too)
    return Plan(asker, subject(asker.user, query, text), query)


def run(caller: Caller, text: str, *, deleted_too: bool = False) -> str:
    """Answer the first page of a query as a JSON text; raises `SalesforceError`."""
    query, asker = _read(caller, text, deleted_too=deleted_too)
    spec, db, page = subject(asker.user, query, text), caller.world.db, _page(caller, asker)
    if not query.fields:
        return writing.paged(count(db, asker, spec, query), [], page, "")
    if query.grouped:
        rows = groups.rows(db, asker, spec, query, caller.batch + 1)
        if len(rows) > caller.batch:
            message = (
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
            )
            raise SalesforceError(400, "EXCEEDED_ID_LIMIT", message)
        return writing.paged(len(rows), rows, page, "")
    plan = Plan(asker, spec, query)
    numbers, size = plan.numbers(db), plan.page(caller.batch)
    locator = f"{page.keep((), numbers)}-{size}" if len(numbers) > size else ""
    return writing.paged(len(numbers), writing.written(db, plan, numbers[:size], page), page, locator)


def more(caller: Caller, locator: str) -> str:
    """Answer the page of an earlier query at which a locator points; raises `SalesforceError`."""
    cursor = cursors.find(caller.world, caller.login.user.id, locator)
    query, asker = _read(caller, cursor.soql, deleted_too=cursor.deleted_too)
    plan = Plan(asker, subject(asker.user, query, cursor.soql), query)
    for name in cursor.path:
        member = plan.shape.members[name]
        plan = member.plan if isinstance(member, Children) else plan
    page = _page(caller, asker, cursor.path)
    numbers = cursor.numbers(caller.world, plan.page(caller.batch))
    end = cursor.start + len(numbers)
    following = f"{cursor.id}-{end}" if end < cursor.total else ""
    return writing.paged(cursor.total, writing.written(caller.world.db, plan, numbers, page), page, following)


def _read(caller: Caller, text: str, *, deleted_too: bool) -> tuple[Query, Asker]:
    query = parse(text)
    if query.all_rows:
        # ALL ROWS is for Apex; here it is another address that also answers what lies in the recycle bin.
        raise SalesforceError(400, "MALFORMED_QUERY", "ALL ROWS not allowed in this context")
    world, user = caller.world, caller.login.user
    org = records.org_number(world.db, caller.login.org.id)
    return query, Asker(user, org, world.now(), text, deleted_too)


def _page(caller: Caller, asker: Asker, path: tuple[str, ...] = ()) -> writing.Page:
    def keep(path: tuple[str, ...], numbers: Sequence[int]) -> str:
        user_id, deleted_too = caller.login.user.id, asker.deleted_too
        return cursors.keep(caller.world, user_id, asker.text, numbers, path, deleted_too=deleted_too)

    return writing.Page(caller.version, caller.batch, keep, path)
