"""Webhooks: what sets one off, what it sends, and what its campaign does not do."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.marketo.webhooks import definitions
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.listener import hangs, listening, says
from tests.sim.marketo.webhooks.conftest import Webhooks

JSON_TEMPLATE = """{
 "id": {{lead.Id}}, "name": {{lead.First Name}}, "title": {{lead.Job Title}}, "score": {{lead.Lead Score}},
 "company": {{company.Company Name}}, "out": {{lead.Unsubscribed}}, "city": {{lead.City:default=nowhere}},
 "at": {{system.dateTime}}
}"""


async def test_json(webhooks: Webhooks) -> None:
    """In JSON, texts are quoted and escaped, numbers and truths are bare, and what is not there is null."""
    await webhooks.define(template=JSON_TEMPLATE, headers={"Content-Type": "application/json", "X-Key": "s3cret"})
    sent = {"email": "a@b.example", "firstName": 'A "B" & \\', "company": "C\nD", "leadScore": 7, "unsubscribed": True}
    (number,) = await webhooks.upsert(sent)
    (heard,) = await webhooks.listener.wait(1)
    assert (heard.method, heard.path) == ("POST", "/hook")
    assert (heard.headers["Content-Type"], heard.headers["X-Key"]) == ("application/json", "s3cret")
    document = json.loads(heard.body)
    assert len(document.pop("at")) == len("2026-01-01 00:00:00")
    assert document == {
        "id": number,
        "name": 'A "B" & \\',
        "title": None,
        "score": 7,
        "company": "C\nD",
        "out": True,
        "city": "nowhere",
    }


async def test_form(webhooks: Webhooks) -> None:
    """In a form, values are encoded; tokens stand in address and headers too, and the rest of those is as written."""
    await webhooks.define(
        url=f"{webhooks.listener.url}/hook/{{{{lead.Email Address}}}}?a=%26&b=/",
        template="name={{lead.First Name}}&city={{lead.City}}",
        encoding="Form/Url",
        headers={"X-Person": "{{lead.First Name}}"},
        method="PUT",
    )
    await webhooks.upsert({"email": "a+b@c.example", "firstName": "Jack & Jill"})
    (heard,) = await webhooks.listener.wait(1)
    assert (heard.method, heard.path) == ("PUT", "/hook/a%2Bb%40c.example?a=%26&b=/")
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert heard.headers["X-Person"] == "Jack & Jill"
    assert parse_qs(heard.body.decode(), keep_blank_values=True) == {"name": ["Jack & Jill"], "city": [""]}


async def test_without_encoding(webhooks: Webhooks) -> None:
    """Without an encoding values stand as they are; a GET has no body."""
    await webhooks.define(name="plain", template="name={{lead.First Name}}", encoding="None")
    await webhooks.define(name="get", template="", method="GET")
    await webhooks.upsert({"email": "a@b.example", "firstName": "Jack & Jill"})
    heard = {one.method: one.body for one in await webhooks.listener.wait(2)}
    assert heard == {"POST": b"name=Jack & Jill", "GET": b""}


async def test_header_is_one_line(webhooks: Webhooks) -> None:
    """A value in a header starts no other header."""
    await webhooks.define(headers={"X-Person": "{{lead.First Name}}"})
    await webhooks.upsert({"email": "a@b.example", "firstName": "A\r\nX-Other: 1"})
    (heard,) = await webhooks.listener.wait(1)
    assert heard.headers["X-Person"] == "AX-Other: 1"
    assert "X-Other" not in heard.headers


async def _write(webhooks: Webhooks, door: str) -> None:
    person = {"email": "a@b.example", "firstName": "Ada"}
    if door == "leads":
        await webhooks.upsert(person)
    elif door == "push":
        program = {"name": "P", "type": "Default", "channel": "Content", "folder": '{"id": 1, "type": "Folder"}'}
        await webhooks.call("POST /rest/asset/v1/programs.json", data=program)
        await webhooks.call("POST /rest/v1/leads/push.json", {"programName": "P", "input": [person]})
    else:
        form = aiohttp.FormData()
        form.add_field("file", b"email,firstName\na@b.example,Ada\n", filename="people.csv", content_type="text/csv")
        job = (await webhooks.call("POST /bulk/v1/leads.json?format=csv", data=form))["result"][0]["batchId"]
        for _ in range(2):
            await webhooks.call(f"GET /bulk/v1/leads/batch/{job}.json")


@pytest.mark.parametrize("door", ["leads", "push", "import"])
async def test_created(webhooks: Webhooks, door: str) -> None:
    """Whatever door a person comes through, the campaign runs; not again when the person is changed."""
    await webhooks.define(template="{{lead.First Name}}")
    await _write(webhooks, door)
    (heard,) = await webhooks.listener.wait(1)
    assert json.loads(heard.body) == "Ada"
    await webhooks.upsert({"email": "a@b.example", "firstName": "Bea"})
    assert len(await webhooks.done()) == 1


@pytest.mark.parametrize(
    ("wanted", "change", "calls"),
    [
        ({}, {"city": "Rome"}, 1),
        ({"fields": ["city"]}, {"city": "Rome"}, 1),
        ({"fields": ["city"]}, {"city": "Oslo"}, 0),
        ({"fields": ["title"]}, {"city": "Rome"}, 0),
        ({"active": False}, {"city": "Rome"}, 0),
        ({"batch": True}, {"city": "Rome"}, 0),
        ({"triggers": []}, {"city": "Rome"}, 0),
        ({"triggers": ["created"]}, {"city": "Rome"}, 0),
    ],
)
async def test_changed(webhooks: Webhooks, wanted: dict[str, Any], change: dict[str, str], calls: int) -> None:
    """A change of a field is a trigger, if it is one that counts and the campaign is a trigger campaign that runs."""
    await webhooks.upsert({"email": "a@b.example", "city": "Oslo"})
    await webhooks.define(**{"triggers": ["changed"], **wanted})
    await webhooks.upsert({"email": "a@b.example", **change})
    assert len(await webhooks.done(0)) == calls


async def test_changed_by_merge(webhooks: Webhooks) -> None:
    """What a merge changes is a trigger too."""
    winner, loser = await webhooks.upsert({"email": "a@b.example"}, {"email": "c@d.example", "city": "Rome"})
    await webhooks.define(triggers=["changed"], fields=["city"], template="{{lead.City}}")
    await webhooks.call(f"POST /rest/v1/leads/{winner}/merge.json?leadId={loser}")
    (heard,) = await webhooks.listener.wait(1)
    assert json.loads(heard.body) == "Rome"


async def test_once(webhooks: Webhooks) -> None:
    """A campaign may let each person through once only."""
    await webhooks.define(triggers=["changed"], once=True)
    first, _ = await webhooks.upsert({"email": "a@b.example"}, {"email": "c@d.example"})
    for city in ("Rome", "Oslo"):
        await webhooks.upsert({"email": "a@b.example", "city": city})
    assert [call["person"] for call in await webhooks.done()] == [first]


async def test_run(webhooks: Webhooks) -> None:
    """People can be let through a trigger campaign; a batch campaign calls nobody (1000)."""
    trigger = await webhooks.define(name="trigger", triggers=[])
    batch = await webhooks.define(name="batch", batch=True)
    (person,) = await webhooks.upsert({"email": "a@b.example"})
    for number in (trigger, batch):
        await webhooks.control(f"POST /marketo/webhooks/{number}/run", {"people": [person]})
    await webhooks.done()
    assert len(webhooks.listener.heard) == 1
    assert sorted((one["webhook"], one.get("Error Type")) for one in await webhooks.told()) == [
        ("batch", "1000"),
        ("trigger", None),
    ]
    await webhooks.control("POST /marketo/webhooks/99/run", {"people": []}, status=404)


async def test_deleted(webhooks: Webhooks) -> None:
    """A person who is gone when the turn comes is not told of."""
    await webhooks.define(url=f"{webhooks.listener.url}/first")
    webhooks.listener.first(says(text="{}"))
    one, two = await webhooks.upsert({"email": "a@b.example"}, {"email": "c@d.example"})
    await webhooks.call("POST /rest/v1/leads/delete.json", {"input": [{"id": two}]})
    calls = await webhooks.done(2)
    assert [call["person"] for call in calls] == [one, two]
    assert calls[1]["error"] == "the person is gone"
    assert len(webhooks.listener.heard) == 1


async def test_taken_back(webhooks: Webhooks) -> None:
    """Whoever a refused call has not created sets off nothing."""
    await webhooks.define()
    answer = await webhooks.call("POST /rest/v1/leads.json", {"input": [{"email": "no address"}]})
    assert answer["result"][0]["status"] == "skipped"
    assert await webhooks.done(0) == []


async def test_end_of_world(tmp_path: Path) -> None:
    """A world ends at once though a listener hangs; the next one with the same file does not call again."""
    data = str(tmp_path / "world.db")
    async with listening(hangs) as listener:
        world = World(seed=1, data=data)
        running = Simulation(world, Plan(leads=1, contacts=1))
        await running.start()
        number = definitions.define(world.db, {"name": "slow", "url": listener.url, "triggers": []}).id
        world.db.execute("INSERT INTO marketo_people (created_at, updated_at, fields) VALUES (1, 1, '{}')")
        async with ControlDoor.opened(running) as control:
            await control(f"POST /marketo/webhooks/{number}/run", {"people": [1]})
        await listener.wait(1)
        began = time.monotonic()
        await running.stop()
        world.close()
        assert time.monotonic() - began < 1
        world = World(seed=1, data=data)
        assert world.db.execute("SELECT state FROM marketo_webhook_calls").fetchone()["state"] == "calling"
        world.close()


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"url": "ftp://127.0.0.1/"}, "url is an address"),
        ({"method": "HEAD"}, "method is one of"),
        ({"method": "GET"}, "a GET has no template"),
        ({"encoding": "XML"}, "encoding is one of"),
        ({"response_type": "CSV"}, "response_type is one of"),
        ({"triggers": ["deleted"]}, "each of triggers is one of"),
        ({"fields": ["magic"]}, "there is no field magic"),
        ({"template": "{{lead.Magic}}"}, "there is no token {{lead.Magic}}"),
        ({"template": "{{company.City}}"}, "there is no token {{company.City}}"),
        ({"template": "{{system.magic}}"}, "there is no token {{system.magic}}"),
        ({"template": "{{trigger.Name}}"}, "there is no token {{trigger.Name}}"),
        ({"template": "{{lead}}"}, "a token is written"),
        ({"headers": {"X": "{{my.Token}}"}}, "there is no token {{my.Token}}"),
        ({"mappings": {"a..b": "City"}}, "a..b is no path"),
        ({"mappings": {"a[b]": "City"}}, "a[b] is no path"),
        ({"mappings": {"a": "Magic"}}, "no field that can be written has the SOAP name Magic"),
        ({"mappings": {"a": "city"}}, "no field that can be written has the SOAP name city"),
        ({"mappings": {"a": "Id"}}, "no field that can be written has the SOAP name Id"),
        ({"magic": 1}, "a webhook has no magic"),
        ({"once": "yes"}, "Expected `bool`"),
    ],
)
async def test_definition_refused(webhooks: Webhooks, wanted: dict[str, Any], error: str) -> None:
    """A definition that could never work is refused."""
    webhook = {"name": "W", "url": "http://127.0.0.1/", "template": "x", **wanted}
    refused = await webhooks.control("POST /marketo/webhooks", webhook, status=400)
    assert error in refused["error"]


async def test_change(webhooks: Webhooks) -> None:
    """A webhook that is changed is so for whoever comes next."""
    number = await webhooks.define(active=False)
    await webhooks.upsert({"email": "a@b.example"})
    await webhooks.control(f"PATCH /marketo/webhooks/{number}", {"active": True, "template": "new"})
    await webhooks.upsert({"email": "c@d.example"})
    (heard,) = await webhooks.listener.wait(1)
    assert heard.body == b"new"
    await webhooks.control("PATCH /marketo/webhooks/99", {"active": False}, status=404)
