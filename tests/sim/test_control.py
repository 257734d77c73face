"""The control door: what it sets and what it shows."""

from pathlib import Path
from typing import Any

import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.control_calls import CALLS
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Person


async def test_index(person: Person, simulation: Simulation) -> None:
    """The first page tells who may log in, where everything is, and every call there is."""
    async with person.http.get(simulation.world.urls["control"]) as response:
        text = await response.text()
    for seen in (*simulation.world.urls.values(), "sync@acme.example", "correct-horse-1", "sim-client-secret", *CALLS):
        assert seen in text


async def test_world(control: ControlDoor) -> None:
    """There are two orgs; the main one has two users, the other one its own."""
    world = await control("GET /world")
    assert [org["name"] for org in world["orgs"]] == ["Acme Robotics", "Globex Sandbox"]
    assert [user["org_id"] for user in world["users"]] == [world["orgs"][i]["id"] for i in (0, 0, 1)]


async def test_orgs_and_users(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Another org and another user work like the first ones."""
    org = await control("POST /orgs", {"name": "Initech", "edition": "Professional Edition"})
    user = await control("POST /users", {"org_id": org["id"], "username": "pat@initech.example", "password": "pw"})
    assert user["id"].startswith("005")
    await person.authorize(app)
    await person.log_in("pat@initech.example", "pw")
    assert "Initech" in person.at.text
    await control("PATCH /users/nobody@acme.example", {"active": False}, status=404)
    await control("PATCH /users/pat@initech.example", {"id": "x"}, status=404)


async def test_switches(control: ControlDoor) -> None:
    """A switch keeps what is set; one that there is not is refused."""
    await control("POST /switches", {"side": "marketo", "rate_limit": 3})
    switches = await control("GET /switches")
    assert switches["marketo"]["rate_limit"] == 3
    assert switches["salesforce"]["session_lifetime"] == 7200
    assert "no switch" in (await control("POST /switches", {"side": "marketo", "magic": 1}, status=400))["error"]
    await control("POST /switches", {"side": "nowhere"}, status=404)


async def test_calls(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Calls are counted by operation and by path, and kept in order."""
    tokens = await person.grant(app)
    await person.refresh(app, tokens["refresh_token"])
    await person.refresh(app, "dead")
    found = await control("GET /calls")
    operations = found["salesforce"]["operations"]
    assert (operations["token.code"], operations["token.refresh"]) == (1, 2)
    assert found["salesforce"]["paths"]["POST /services/oauth2/token"] == 3
    assert [call["status"] for call in found["log"][-2:]] == [200, 400]
    await control("DELETE /calls")
    assert (await control("GET /calls"))["salesforce"]["total"] == 0


async def test_mailbox(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """The mailbox as JSON, of one recipient or of all."""
    await person.authorize(app)
    await person.send(username="sync@acme.example", password="correct-horse-1")
    for path in ("/mailbox", "/mailbox?to=sync@acme.example"):
        assert (await control(f"GET {path}"))["messages"][0]["code"] == person.code()
    assert (await control("GET /mailbox?to=dana@acme.example"))["messages"] == []


async def test_tokens(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """Grants of one user can be revoked without touching those of another."""
    tokens = await person.grant(app)
    assert (await control("POST /tokens/revoke", {"username": "dana@acme.example"}))["revoked"] == 0
    assert (await control("POST /tokens/revoke", {"username": "sync@acme.example"}))["revoked"] == 1
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 400
    assert (await control("GET /grants"))["grants"][0]["revoked"] == "revoked by an admin"


async def test_records(control: ControlDoor) -> None:
    """Records are made, changed, touched and deleted."""
    made = await control(
        "POST /records", {"object": "Lead", "change": {"create": {"LastName": "New {n}", "Company": "C"}}, "count": 2}
    )
    assert len(made["ids"]) == 2
    before = await control("GET /records?object=Lead&limit=100")
    assert before["count"] == 7
    assert {"New 0", "New 1"} <= {record["LastName"] for record in before["records"]}
    await control("POST /records", {"object": "Lead", "change": {"Id": made["ids"][0], "LastName": "Changed"}})
    assert (await control("POST /records", {"object": "Lead", "change": "touch", "count": 3}))["ids"]
    await control("POST /records", {"object": "Lead", "change": "delete", "id": made["ids"][1]})
    after = await control("GET /records?object=Lead")
    assert after["count"] == 6
    assert "Changed" in {record["LastName"] for record in after["records"]}
    assert "INVALID_FIELD" in (await control("POST /records", {"change": {"Nothing__c": 1}}, status=400))["error"]


async def test_marketo(control: ControlDoor) -> None:
    """People, their digest and API users of the other side."""
    assert (await control("GET /marketo/people"))["count"] == 0
    assert len((await control("GET /marketo/digest"))["digest"]) == 64
    user = await control("POST /marketo/api-users", {"permissions": ["Read-Only Person"]})
    changed = await control("POST /marketo/api-users", {"client_id": user["client_id"], "permissions": []})
    assert changed["permissions"] == []
    assert changed["client_secret"] == user["client_secret"]


async def test_reset(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """After a reset the world is as at first, down to the next key."""
    await person.grant(app)
    await control("POST /switches", {"side": "salesforce", "verification": False})
    await control("POST /faults", {"side": "salesforce", "kind": "status"})
    await control("POST /reset", {"leads": 3})
    assert (await control("GET /records?object=Lead"))["count"] == 3
    assert (await control("GET /grants"))["grants"] == []
    assert (await control("GET /faults"))["faults"] == []
    assert (await control("GET /switches"))["salesforce"]["verification"]
    assert (await control("POST /apps", {"callback_url": CALLBACK}))["consumer_key"] == app["consumer_key"]


@pytest.mark.parametrize(
    ("call", "body"),
    [("POST /clock", {}), ("POST /apps", {"magic": True}), ("POST /users", {}), ("POST /reset", {"magic": 1})],
)
async def test_mistakes(control: ControlDoor, call: str, body: dict[str, Any]) -> None:
    """What is missing or unknown is said, and nothing falls over."""
    method, path = call.split()
    async with control._http.request(method, control._origin + path, json=body) as response:
        assert response.status in (400, 404)
        assert "error" in await response.json()


async def test_a_world_in_a_file_goes_on(tmp_path: Path) -> None:
    """A world that is started again from its file is the same, and draws no key twice."""
    keys = []
    for leads in (4, 9):
        world = World(seed=3, data=str(tmp_path / "world.db"))
        running = Simulation(world, Plan(leads=leads, contacts=1))
        await running.start()
        assert world.db.execute("SELECT count(*) FROM salesforce_record_lead").fetchone()[0] == 4
        keys.append(world.word(20, "abcdefgh"))
        await running.stop()
        world.close()
    assert keys[0] != keys[1]
