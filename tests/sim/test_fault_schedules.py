"""Schedules of faults: drawn from a seed before any call is made, whatever the timing."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.faults.schedule import plan
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person

MIXED = {"status": {"chance": 0.2, "status": 599}, "error": {"chance": 0.2, "code": "X", "status": 598}}
SCHEDULE = {"side": "salesforce", "seed": 7, "kinds": MIXED}


async def _statuses(person: Person, count: int) -> list[int]:
    found = []
    for _ in range(count):
        async with person.http.get(person.salesforce / "services/data") as response:
            found.append(response.status)
    return found


async def test_what_comes_was_listed(person: Person, control: ControlDoor) -> None:
    """Calls are hit as the list says that was asked for before any of them."""
    made = await control("POST /schedules", SCHEDULE)
    listed = (await control(f"GET /schedules/{made['id']}?first=1&count=60"))["ahead"]
    expected = [200] * 60
    for each in listed:
        expected[each["call"] - 1] = each["status"]
    assert {599, 598} <= set(expected)
    assert await _statuses(person, 60) == expected
    found = (await control("GET /schedules"))["schedules"][0]
    assert found["seen"] == 60
    assert found["hits"] == dict(Counter(each["kind"] for each in listed))
    assert (await control(f"GET /schedules/{made['id']}?count=5"))["seen"] == 60


async def test_the_same_again(person: Person, control: ControlDoor) -> None:
    """The same seed and the same calls give the same faults; another seed gives others."""
    runs = []
    for seed in (7, 7, 8):
        made = await control("POST /schedules", {**SCHEDULE, "seed": seed})
        runs.append(await _statuses(person, 40))
        await control(f"DELETE /schedules/{made['id']}")
    assert runs[0] == runs[1] != runs[2]


async def test_timing_makes_no_difference(person: Person, control: ControlDoor) -> None:
    """Calls that are made at once are hit as often as one after the other."""
    await control("POST /schedules", SCHEDULE)
    expected = Counter(await _statuses(person, 40))
    await control("POST /reset", {})
    await control("POST /schedules", SCHEDULE)
    found = await asyncio.gather(*(_statuses(person, 5) for _ in range(8)))
    assert Counter(status for statuses in found for status in statuses) == expected


async def test_stop_and_start(person: Person, control: ControlDoor) -> None:
    """While a schedule stands still it neither hits nor counts; then it goes on where it was."""
    made = await control("POST /schedules", {"side": "salesforce", "kinds": {"status": 1}})
    path = f"/schedules/{made['id']}"
    assert await _statuses(person, 2) == [503, 503]
    assert not (await control(f"PATCH {path}", {"running": False}))["running"]
    assert await _statuses(person, 2) == [200, 200]
    assert (await control(f"PATCH {path}", {"running": True}))["seen"] == 2
    assert await _statuses(person, 1) == [503]
    await control(f"DELETE {path}")
    assert await _statuses(person, 1) == [200]
    await control(f"GET {path}", status=404)


async def test_its_end_and_what_it_is_for(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A schedule may be for so many calls, of some operation; faults of their own come first."""
    wanted = {"side": "salesforce", "kinds": {"error": 1}, "match": "token", "calls": 1}
    made = await control("POST /schedules", wanted)
    await control("POST /faults", {"side": "salesforce", "kind": "error", "match": "token", "code": "first"})
    assert (await control(f"GET /schedules/{made['id']}"))["ahead"] == [{"call": 1, "kind": "error"}]
    assert await _statuses(person, 1) == [200]
    errors = [(await person.refresh(app, "dead"))[1]["error"] for _ in range(3)]
    assert errors == ["first", "server_error", "invalid_grant"]
    found = await control(f"GET /schedules/{made['id']}")
    assert (found["seen"], found["running"], found["ahead"]) == (1, False, [])


def test_seed_of_the_world() -> None:
    """Without a seed of its own a schedule is drawn from that of the world, in every process alike."""
    kinds = {"reset": 0.1, "slow": {"chance": 0.1, "pace": "uniform", "least": 0.1, "seconds": 0.9}}
    drawn = plan({"side": "marketo", "kinds": kinds}, 3).listed(1, 20)
    assert drawn == plan({"side": "marketo", "seed": 3, "kinds": kinds}, 99).listed(1, 20)
    many = plan({"side": "marketo", "kinds": kinds}, 3).listed(1, 1000)
    waits = [each["seconds"] for each in many if "seconds" in each]
    assert 60 < len(waits) < 140
    assert 0.1 <= min(waits) < 0.2
    assert 0.8 < max(waits) <= 0.9


async def test_an_object_of_a_schedule(control: ControlDoor) -> None:
    """A schedule for an object that there is not is refused."""
    answer = await control("POST /schedules", {**SCHEDULE, "object": "Magic"}, status=400)
    assert "lead" in answer["error"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "kinds is missing"),
        ({"kinds": {}}, "kinds is empty"),
        ({"kinds": {"magic": 0.1}}, "kinds of a schedule are status, slow"),
        ({"kinds": {"handshake": 0.1}}, "handshake is none of them"),
        ({"kinds": {"reset": 2}}, "the chance of reset must be from 0 to 1"),
        ({"kinds": {"reset": "often"}}, "the chance of reset must be a number"),
        ({"kinds": {"slow": {"seconds": 1}}}, "chance is missing in slow"),
        ({"kinds": {"reset": 0.7, "hang": 0.7}}, "more than 1"),
        ({"kinds": {"reset": {"chance": 0.1, "times": 3}}}, "times is said of the whole schedule"),
        ({"kinds": {"reset": {"chance": 0.1, "code": "X"}}}, "reset has no use for code"),
        ({"kinds": {"reset": 0.1}, "colour": 1}, "there is no colour"),
    ],
)
async def test_mistakes(control: ControlDoor, wrong: dict[str, Any], said: str) -> None:
    """A schedule that makes no sense is refused with what to send."""
    answer = await control("POST /schedules", {"side": "salesforce", **wrong}, status=400)
    assert said in answer["error"]


async def test_reset_takes_schedules_away() -> None:
    """A fresh world has no schedules, and numbers them from one again."""
    world = World(seed=1)
    simulation = Simulation(world, Plan(leads=1, contacts=1))
    assert simulation.faults.schedule(SCHEDULE).id == 1
    simulation.faults.reset()
    assert simulation.faults.schedules() == []
    assert simulation.faults.schedule(SCHEDULE).id == 1
    world.close()
