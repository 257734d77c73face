"""Seeding: the same world for the same seed, and one that is worth syncing."""

from collections import Counter
from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs, seeding
from syncline_sim.world import World


def seeded(seed: int, leads: int, contacts: int) -> World:
    """Answer a world with so many records."""
    world = World(seed=seed)
    orgs.populate(world)
    seeding.seed(world, leads, contacts)
    return world


def records(world: World, name: str) -> list[dict[str, Any]]:
    """Answer all records of an object."""
    return changes.read_records(world, name, limit=100_000)


def test_same_seed() -> None:
    """The same seed makes the same records."""
    one, same, other = seeded(1, 50, 50), seeded(1, 50, 50), seeded(2, 50, 50)
    for name in ("Account", "Contact", "Lead"):
        assert records(one, name) == records(same, name)
        assert records(one, name) != records(other, name)


def test_untidy_records() -> None:
    """Records are as untidy as in any org."""
    world = seeded(1, 1000, 1000)
    for name in ("Lead", "Contact"):
        found = records(world, name)
        assert len({record["Id"] for record in found}) == 1000
        emails = [record["Email"] for record in found]
        assert None in emails
        assert {email.rsplit("@", 1)[1] for email in emails if email} == {"example.com", "example.net", "example.org"}
        assert any(not record["Name"].isascii() for record in found)
        stamps = Counter(record["SystemModstamp"] for record in found)
        assert stamps.most_common(1)[0][1] >= 250  # As after a bulk load.
        assert len(stamps) > 400
        assert all(record["CreatedDate"] <= record["SystemModstamp"] < "2026-01-02" for record in found)
    accounts = {record["Id"] for record in records(world, "Account")}
    contacts = records(world, "Contact")
    assert {record["AccountId"] for record in contacts} - {None} <= accounts
    assert {record["ReportsToId"] for record in contacts} - {None} <= {record["Id"] for record in contacts}


def test_other_org() -> None:
    """Another org can be filled too."""
    world = seeded(1, 5, 0)
    other = orgs.find_user(world.db, "sync@globex.example").org_id
    seeding.seed(world, 3, 0, org_id=other)
    assert changes.count_records(world, "Lead") == 8
    assert len({record["Id"] for record in records(world, "Lead")}) == 8


def test_change_and_touch() -> None:
    """A change leaves its stamp."""
    world = seeded(1, 2, 0)
    first, second = (record["Id"] for record in records(world, "Lead"))
    before = {record["Id"]: record for record in records(world, "Lead")}
    changes.change_record(world, "Lead", first, {"Title": "Boss"}, stamp="2026-03-01T00:00:00Z")
    changes.touch_record(world, "Lead", second, stamp=1_772_323_200.7)
    after = {record["Id"]: record for record in records(world, "Lead")}
    assert after[first]["Title"] == "Boss"
    assert after[first]["SystemModstamp"] == after[first]["LastModifiedDate"] == "2026-03-01T00:00:00.000+0000"
    assert after[second] == {**before[second], "SystemModstamp": "2026-03-01T00:00:00.000+0000"}


@pytest.mark.slow
def test_ten_thousand_of_each() -> None:
    """As many as a demo has are written at once, and all are there."""
    world = seeded(1, 10_000, 10_000)
    assert changes.count_records(world, "Contact") == 10_000
