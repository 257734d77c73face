"""A record as it is kept, with the org that it belongs to, for what reads it before it writes."""

import sqlite3
from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec

if TYPE_CHECKING:
    from syncline_sim.world import World


def find(
    world: "World", spec: ObjectSpec, record_id: str, *, org_id: str = "", deleted_too: bool = False
) -> sqlite3.Row:
    """Answer a record, `org_id` among its columns, of any org unless one is named; raises `SalesforceError`."""
    meant = ids.meant(record_id)
    if not meant.startswith(spec.key_prefix):
        message = f"{spec.label} ID: id value of incorrect type: {record_id}"
        raise SalesforceError(400, "MALFORMED_ID", message, ("Id",))
    query = f"""
    SELECT r.*, o.id AS org_id FROM {spec.table} r JOIN salesforce_orgs o ON o.rowid = r.org
    WHERE r."Id" = ? AND ? IN ('', o.id)
    """  # noqa: S608 - built from our own declarations
    row: sqlite3.Row | None = world.db.execute(query, (meant, org_id)).fetchone()
    if row is None:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    if row["IsDeleted"] and not deleted_too:
        raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    return row
