"""The records of a large org: dealt out by SQLite, yet each one what its number and the seed say."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from syncline_sim.salesforce import changes, dealing, ids, objects, orgs, seeding, stamps, writes
from syncline_sim.world import World

_LEADS, _CONTACTS, _DECK = 900, 1_900, 500
_OBJECTS = ("Account", "Contact", "Lead")
Rows = list[dict[str, Any]]


def seeded(seed: int = 1, leads: int = _LEADS, contacts: int = _CONTACTS) -> World:
    """Answer a world with more records than are made one by one."""
    world = World(seed=seed)
    orgs.populate(world)
    seeding.seed(world, leads, contacts)
    return world


def rows(world: World, name: str) -> Rows:
    """Answer all records of an object, as they are kept."""
    return [dict(row) for row in world.db.execute(f"SELECT * FROM {objects.find(name).table} ORDER BY number")]  # noqa: S608 - ours


@pytest.fixture(scope="module", autouse=True)
def small_deck() -> Iterator[None]:
    """A tenth of the deck, and as many accounts as contacts, so that all objects are dealt."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("DECK", _DECK), ("_ONES", 499), ("_OTHERS", 491)):
            patch.setattr(dealing, name, value)
        patch.setattr(seeding, "_CONTACTS_PER_ACCOUNT", 2)
        yield


@pytest.fixture(scope="module")
def world(small_deck: None) -> Iterator[World]:
    """A large org, for who only looks at it."""
    made = seeded()
    yield made
    made.close()


def test_ids() -> None:
    """SQL makes the ids that everybody else makes."""
    db = sqlite3.connect("")
    ids.prepare_sql(db)
    ids.prepare_sql(db)
    for number in (0, 1, 9, 10, 35, 36, 61, 62, 3843, 3844, 796_327, 1_000_000, ids.MOST - 1):
        for prefix in ("001", "003", "00Q"):
            found = db.execute(f"SELECT {ids.sql(prefix, '?1')}", (number,)).fetchone()[0]
            assert found == ids.make(prefix, number)
    db.close()


def test_more_than_there_are_ids() -> None:
    """An org has room for so many records, and says so before it makes one."""
    with pytest.raises(ValueError, match="room for 14776336"):
        seeded(leads=ids.MOST, contacts=0)


@pytest.mark.parametrize("name", _OBJECTS)
def test_own_numbers(world: World, name: str) -> None:
    """What carries a number carries the record's own, and what leads to a record leads to one that there is."""
    found, spec = rows(world, name), objects.find(name)
    assert [row["Id"] for row in found] == [ids.make(spec.key_prefix, row["number"]) for row in found]
    assert [row["Legacy_Id__c"] for row in found] == [f"{name[0]}-{row['number']:08d}" for row in found]
    for row in found:
        if email := row.get("Email"):
            assert email.split("@")[0].rsplit(".", 1)[1] == str(row["number"])
        if boss := row.get("ReportsToId"):
            assert ids.number(boss) < row["number"]
        if profile := row.get("Profile__c"):
            assert profile.endswith(f"/l/{row['number']}")
        if number := row.get("AccountNumber"):
            assert int(number) == row["number"]
    accounts = {row["Id"] for row in rows(world, "Account")}
    assert {row["AccountId"] for row in found if row.get("AccountId")} <= accounts
    if name == "Contact":
        dealt = found[_DECK:]
        assert len({row["AccountId"] for row in dealt}) > len(accounts) / 2
        assert any(row["ReportsToId"] and ids.number(row["ReportsToId"]) > _DECK for row in dealt)


@pytest.mark.parametrize("name", ["Contact", "Lead"])
def test_stamps(world: World, name: str) -> None:
    """The stamps of dealt records go on where the others end, with many that share one and changes until the end."""
    found = rows(world, name)
    created = [row["CreatedDate"] for row in found]
    assert created == sorted(created)
    assert all(row["CreatedDate"] <= row["SystemModstamp"] < stamps.UNTIL for row in found)
    assert all(row["SystemModstamp"] == row["LastModifiedDate"] for row in found)
    [(load, largest)] = Counter(row["SystemModstamp"] for row in found).most_common(1)
    assert 0.9 < largest / min(2500, len(found) // 4) < 1.1
    dealt = [row for row in found[_DECK:] if row["CreatedDate"] != load]
    assert 0.5 < sum(row["SystemModstamp"] == row["CreatedDate"] for row in dealt) / len(dealt) < 0.75
    assert max(created) > stamps.SINCE + 0.99 * (stamps.UNTIL - stamps.SINCE)


def test_variety(world: World) -> None:
    """Dealt records are neither copies of those in the deck nor of one another, and as untidy."""
    found = rows(world, "Contact")
    alike = [tuple(v for name, v in row.items() if name not in ("number", "Id", "Legacy_Id__c")) for row in found]
    assert len(set(alike)) == len(found)
    dealt = found[_DECK:]
    assert 0.02 < sum(row["Email"] is None for row in dealt) / len(dealt) < 0.08
    assert any(not row["LastName"].isascii() for row in dealt)


@pytest.mark.slow
def test_same_seed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed makes the same records, in whatever slices; another seed makes others."""
    monkeypatch.setattr(dealing, "_SLICE", 77)
    monkeypatch.setattr(seeding, "_SLICE", 10_000)
    same, other = seeded(), seeded(seed=2)
    for name in _OBJECTS:
        expected = rows(world, name)
        assert rows(same, name) == expected
        assert rows(other, name)[-100:] != expected[-100:]


def test_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who listens for writes hears nothing of a seeding, and of the next write."""
    told: list[writes.Write] = []
    monkeypatch.setattr(writes, "LISTENERS", (lambda _, write: told.append(write),))
    world = seeded(contacts=0)
    assert not told
    changes.create_record(world, "Lead", {"LastName": "New", "Company": "New"})
    assert [write.kind for write in told] == ["create"]
    assert ids.number(told[0].id) == _LEADS + 1
    world.close()
