"""How much of the bulk limits, and of those of events, an org has used in the last 24 hours."""

from typing import TYPE_CHECKING

from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.world import World

#: Rows of an ingest job that the vendor counts as one batch.
BATCH = 10_000
_HOUR, _DAY_HOURS = 3600, 24
_QUERIES, _BATCHES = "DailyBulkV2QueryJobs", "DailyBulkApiBatches"
_SWITCHES = {_QUERIES: "bulk_query_jobs", _BATCHES: "bulk_batches"}


def limits(world: "World", org_id: str) -> dict[str, dict[str, int]]:
    """Answer the bulk limits as the list of limits has them."""
    switches = world.switches["salesforce"]
    most = {name: int(switches[switch]) for name, switch in _SWITCHES.items()}
    return {name: {"Max": most[name], "Remaining": max(0, most[name] - used(world, org_id, name))} for name in most}


def admit_query(world: "World", org_id: str) -> None:
    """Count a query job; raises `SalesforceError` LIMIT_EXCEEDED."""
    most, jobs = world.switches["salesforce"]["bulk_query_jobs"], used(world, org_id, _QUERIES)
    if jobs >= most:
        text = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({jobs + 1})"
        raise SalesforceError(400, "LIMIT_EXCEEDED", text)
    count(world, org_id, _QUERIES)


def admit_batch(world: "World", org_id: str) -> bool:
    """Count a batch of an ingest job, if the limit has room for it."""
    if used(world, org_id, _BATCHES) >= world.switches["salesforce"]["bulk_batches"]:
        return False
    count(world, org_id, _BATCHES)
    return True


def used(world: "World", org_id: str, name: str) -> int:
    """Answer how much of a limit an org has used."""
    since = int(world.now() // _HOUR) - _DAY_HOURS
    query = "SELECT coalesce(sum(count), 0) FROM salesforce_bulk_usage WHERE org_id = ? AND name = ? AND hour > ?"
    return int(world.db.execute(query, (org_id, name, since)).fetchone()[0])


def count(world: "World", org_id: str, name: str, more: int = 1) -> None:
    """Write down that an org has used up more of a limit."""
    world.db.execute(
        """
        INSERT INTO salesforce_bulk_usage (org_id, name, hour, count) VALUES (?, ?, ?, ?)
        ON CONFLICT (org_id, name, hour) DO UPDATE SET count = count + excluded.count
        """,
        (org_id, name, int(world.now() // _HOUR), more),
    )
