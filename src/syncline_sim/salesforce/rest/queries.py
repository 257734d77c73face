"""Queries as calls: SOQL in the address, or in a form where the address would be too long, and pages that follow."""

from urllib.parse import parse_qs

from syncline_sim.salesforce import query
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest.call import Call, Reply, Route


def routes() -> tuple[Route, ...]:
    """Answer the addresses of queries."""
    return (
        ("/query", {"GET": _first}),
        ("/queryAll", {"GET": _first_of_all}),
        ("/query/{locator}", {"GET": _more}),
        ("/queryAll/{locator}", {"GET": _more}),
    )


def _first(call: Call) -> Reply:
    return Reply(body=query.run(call.who, _asked(call)).encode())


def _first_of_all(call: Call) -> Reply:
    return Reply(body=query.run(call.who, _asked(call), deleted_too=True).encode())


def _more(call: Call) -> Reply:
    return Reply(body=query.more(call.who, call.parts["locator"]).encode())


def _asked(call: Call) -> str:
    text = call.query.get("q", "")
    if call.method == "POST":  # One that says `_HttpMethod=GET`, as clients do with a query longer than an address.
        text = text or next(iter(parse_qs(call.body.decode(errors="replace")).get("q", ())), "")
    if not text.strip():
        raise SalesforceError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    return text
