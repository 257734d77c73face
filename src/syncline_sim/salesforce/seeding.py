"""Filling an org with records: the same ones for the same seed, and a million of them without waiting for it.

Law: everything follows from the seed; no clock is read, so that the stamps lie in a fixed stretch of the past. Nobody
is told of these writes: the records have always been there. What has been begun stands in the database until it is
done, and a world that ended before that begins with its records again, which nobody can have seen.
"""

import random
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from syncline_sim.salesforce import dealing, ids, objects, record_tables, records
from syncline_sim.salesforce.savepoints import Savepoint
from syncline_sim.salesforce.seeded_records import Row, Seeds, account, contact, lead
from syncline_sim.salesforce.stamps import stamps

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.world import World

_SLICE = 250
_CONTACTS_PER_ACCOUNT = 8


def seed(world: "World", leads: int, contacts: int, *, org_id: str = "") -> None:
    """Write accounts, contacts and leads into an org, the main one unless another is named."""
    for _ in steps(world, leads, contacts, org_id=org_id):
        pass


def steps(world: "World", leads: int, contacts: int, *, org_id: str = "") -> Iterator[int]:
    """Do the same bit by bit, and answer how many records each bit has made."""
    db = world.db
    record_tables.create(db)
    query = "SELECT id FROM salesforce_orgs WHERE ? IN ('', id) ORDER BY rowid LIMIT 1"
    org = db.execute(query, (org_id,)).fetchone()["id"]
    users = [row["id"] for row in db.execute("SELECT id FROM salesforce_users WHERE org_id = ? ORDER BY id", (org,))]
    seeds = Seeds(random.Random(f"{world.seed}:{org}"), records.org_number(db, org), tuple(users))
    accounts = -(-contacts // _CONTACTS_PER_ACCOUNT)
    seeds.accounts = yield from _object(db, "Account", accounts, seeds, account)
    yield from _object(db, "Contact", contacts, seeds, contact)
    yield from _object(db, "Lead", leads, seeds, lead)


def _object(
    db: "sqlite3.Connection", name: str, count: int, seeds: Seeds, make: Callable[[Seeds, int], Row]
) -> Generator[int, None, range]:
    spec = objects.find(name)
    first = db.execute(f"SELECT coalesce(max(number), 0) + 1 FROM {spec.table}").fetchone()[0]  # noqa: S608
    numbers = range(first, first + count)
    if numbers.stop > ids.MOST:
        raise ValueError(f"an org has room for {ids.MOST} records of an object")
    rows = _rows(spec.key_prefix, numbers, seeds, make)
    while made := list(islice(rows, _SLICE)):
        _write(db, spec, made)
        yield len(made)
    yield from dealing.deal(db, spec, numbers, seeds)
    return numbers


def _rows(prefix: str, numbers: range, seeds: Seeds, make: Callable[[Seeds, int], Row]) -> Iterator[Row]:
    """Make the records of the deck, one by one."""
    for number, (created, changed) in zip(numbers[: dealing.DECK], stamps(seeds.random, len(numbers)), strict=False):
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


def _write(db: "sqlite3.Connection", spec: "ObjectSpec", rows: list[Row]) -> None:
    columns = ("number", "org", *(field.name for field in spec.fields if not field.computed))
    named, marks = ", ".join(f'"{column}"' for column in columns), ", ".join(f":{column}" for column in columns)
    with Savepoint(db):
        db.executemany(f"INSERT INTO {spec.table} ({named}) VALUES ({marks})", rows)  # noqa: S608
