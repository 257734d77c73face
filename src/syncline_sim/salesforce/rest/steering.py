"""Headers that steer what the rules of an org do with a record that is written.

There are neither assignment nor duplicate rules in these orgs, so nothing follows from what a client may ask: rules
off or on, and to save what a rule warns of (`Sforce-Duplicate-Rule-Header`). A rule that it names there is not.
"""

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest.call import Call


def check(call: Call) -> None:
    """Refuse a rule that there is not; raises `SalesforceError`."""
    wanted = call.headers.get("Sforce-Auto-Assign", "true").strip().lower()
    if call.meant_method in ("POST", "PATCH") and wanted not in ("true", "false"):
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
