"""Filling an org with records: the same ones for the same seed, quickly enough for a million.

Law: everything follows from the seed; no clock is read, so that the stamps lie in a fixed stretch of the past.
"""

import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids, objects, record_tables, records
from syncline_sim.salesforce.seeded_records import Row, Seeds, account, contact, lead
from syncline_sim.salesforce.stamps import stamps

if TYPE_CHECKING:
    from syncline_sim.world import World

#: From so many records on it is quicker to index them after they have been written.
_INDEX_LATER = 20_000
_CONTACTS_PER_ACCOUNT = 8


def seed(world: "World", leads: int, contacts: int, *, org_id: str = "") -> None:
    """Write accounts, contacts and leads into an org, the main one unless another is named, in one transaction."""
    db = world.db
    record_tables.create(db)
    query = "SELECT id FROM salesforce_orgs WHERE ? IN ('', id) ORDER BY rowid LIMIT 1"
    org = db.execute(query, (org_id,)).fetchone()["id"]
    users = [row["id"] for row in db.execute("SELECT id FROM salesforce_users WHERE org_id = ? ORDER BY id", (org,))]
    seeds = Seeds(random.Random(f"{world.seed}:{org}"), records.org_number(db, org), tuple(users))
    accounts = -(-contacts // _CONTACTS_PER_ACCOUNT)
    db.execute("BEGIN IMMEDIATE")
    try:
        seeds.accounts = _write(world, "Account", accounts, seeds, account)
        _write(world, "Contact", contacts, seeds, contact)
        _write(world, "Lead", leads, seeds, lead)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _write(world: "World", name: str, count: int, seeds: Seeds, make: Callable[[Seeds, int], Row]) -> range:
    """Write so many records of an object and answer their numbers."""
    db, spec = world.db, objects.find(name)
    first = db.execute(f"SELECT coalesce(max(number), 0) + 1 FROM {spec.table}").fetchone()[0]  # noqa: S608
    if count >= _INDEX_LATER:
        record_tables.drop_index(db, spec)
    numbers = range(first, first + count)
    rows = _rows(spec.key_prefix, numbers, seeds, make)
    columns = ("number", "org", *(field.name for field in spec.fields if not field.computed))
    named, marks = ", ".join(f'"{column}"' for column in columns), ", ".join(f":{column}" for column in columns)
    db.executemany(f"INSERT INTO {spec.table} ({named}) VALUES ({marks})", rows)  # noqa: S608
    record_tables.index(db, spec)
    return numbers


def _rows(prefix: str, numbers: range, seeds: Seeds, make: Callable[[Seeds, int], Row]) -> Iterator[Row]:
    moments = stamps(seeds.random, len(numbers))
    for number, (created, changed) in zip(numbers, moments, strict=True):
        owner = seeds.users[0]
        yield {
            **make(seeds, number),
            "number": number,
            "org": seeds.org,
            "Id": ids.make(prefix, number),
            "IsDeleted": 0,
            "MasterRecordId": None,
            "CreatedDate": created,
            "CreatedById": owner,
            "LastModifiedDate": changed,
            "LastModifiedById": owner,
            "SystemModstamp": changed,
        }
