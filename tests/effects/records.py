"""Records for the tests of sync runs, and what became of them."""

from typing import Any

from tests.effects.world import World


def record(number: int, stamp: str = "", kind: str = "L") -> dict[str, Any]:
    """A record with its own stamp, or one that was given."""
    minute, second = divmod(number, 60)
    stamp = stamp or f"2026-01-01T00:{minute:02}:{second:02}"
    return {"Id": f"{kind}{number:05}", "Stamp": stamp, "FirstName": f"Ada {number}", "Score__c": number}


async def ready(world: World, leads: int = 25, contacts: int = 0) -> None:
    """A world in which the initial sync is about to begin."""
    world.source.records["Lead"] = [record(n) for n in range(leads)]
    world.source.records["Contact"] = [record(n, kind="C") for n in range(contacts)]
    await world.reach("syncing.initial_sync")


async def numbers(world: World, name: str = "Lead") -> tuple[int, int, int, int, int]:
    """What an object's document says: read, created, updated, unchanged, refused."""
    found = (await world.documents())[f"sync:{name}"]
    return found["read"], found["created"], found["updated"], found["unchanged"], found["refused"]
