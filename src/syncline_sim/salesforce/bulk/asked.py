"""What a bulk query may ask, which is less than what one in REST may."""

from typing import TYPE_CHECKING

from syncline_sim.salesforce import query
from syncline_sim.salesforce.bulk import columns
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql.parser import parse
from syncline_sim.salesforce.soql.syntax import Query

if TYPE_CHECKING:
    from syncline_sim.salesforce.query import Caller
    from syncline_sim.salesforce.soql.plan import Plan

#: The code of these refusals in Bulk API 2.0.
UNSUPPORTED = "API_ERROR"


def plan(who: "Caller", operation: str, text: str) -> "Plan":
    """Understand a bulk query; raises `SalesforceError`."""
    _check(parse(text))
    found = query.understand(who, text, deleted_too=operation == "queryAll")
    if any(column.field.type == "address" for _, column in columns.named(found.shape)):
        raise _unsupported("Selecting compound data")
    return found


def _check(asked: Query) -> None:
    if asked.grouped or not asked.fields:
        raise _unsupported("Aggregate functions")
    if any(isinstance(field, Query) for field in asked.fields):
        raise _unsupported("Aggregate Relationships")
    if asked.offset:
        raise _unsupported("OFFSET")


def _unsupported(what: str) -> SalesforceError:
    return SalesforceError(400, UNSUPPORTED, f"{what} not supported in Bulk Query")
