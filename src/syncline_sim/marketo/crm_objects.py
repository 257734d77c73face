"""The endpoints that a native CRM sync closes; here they hold nothing, so that a connector can find out which it is."""

from typing import Any

from syncline_sim.marketo.call import Call, Endpoint

_OBJECTS = {
    "companies": "Company",
    "opportunities": "Opportunity",
    "opportunities/roles": "Opportunity",
    "salespersons": "Sales Person",
}


def nothing(_: Call) -> dict[str, Any]:
    """Answer that there are none."""
    return {"result": []}


ENDPOINTS = tuple(
    Endpoint("GET", path, nothing, (f"Read-Only {noun}", f"Read-Write {noun}"), closed_by_crm=True)
    for name, noun in _OBJECTS.items()
    for path in (f"/rest/v1/{name}.json", f"/rest/v1/{name}/describe.json")
)
