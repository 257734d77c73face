"""What a webhook is answered: written back onto the person, or told as an error, and never asked for again."""

from typing import Any

import pytest

from syncline_sim.letters import LONGEST_ANSWER
from tests.sim.listener import Reply, hangs, says
from tests.sim.marketo.webhooks.conftest import Webhooks

JSON_ANSWER = """{"first name": "Ada", "score": 12, "orders": [{"on": "2026-01-02", "n:r": "A-1"},
 {"on": "2026-03-04"}], "flag": false, "none": null, "many": [1, 2], "deep": {"er": {"": 1}}, "text": "twelve"}"""
XML_ANSWER = """<?xml version="1.0" encoding="UTF-8"?>
<list xmlns:x="urn:x"><one><city>Rome</city></one><one><city>Oslo</city></one><x:score>12</x:score></list>"""


async def _answered(webhooks: Webhooks, answer: str, **wanted: Any) -> int:  # noqa: ANN401 - what JSON holds
    webhooks.listener.first(says(text=answer))
    await webhooks.define(**wanted)
    (number,) = await webhooks.upsert({"email": "a@b.example", "city": "Paris", "leadScore": 1})
    await webhooks.done()
    return number


async def test_json(webhooks: Webhooks) -> None:
    """Values of a JSON answer are found by their paths and written to fields named as SOAP names them."""
    number = await _answered(
        webhooks,
        JSON_ANSWER,
        mappings={
            "first name": "FirstName",
            "score": "LeadScore",
            "orders[1].on": "DateofBirth",
            "orders[0].n:r": "Title",
            "flag": "Unsubscribed",
        },
    )
    fields = ("firstName", "leadScore", "dateOfBirth", "title", "unsubscribed")
    assert list((await webhooks.person(number, *fields)).values()) == ["Ada", 12, "2026-03-04", "A-1", False]
    (told,) = await webhooks.told()
    assert told == {"person": number, "webhook": "Enrich", "Response": JSON_ANSWER}


@pytest.mark.parametrize("path", ["none", "many", "deep", "deep.er", "missing", "orders[7].on", "score.more", "many.x"])
async def test_nothing_there(webhooks: Webhooks, path: str) -> None:
    """A path that leads to no value changes nothing, and what else is mapped is written."""
    number = await _answered(webhooks, JSON_ANSWER, mappings={path: "City", "first name": "FirstName"})
    assert await webhooks.person(number, "city", "firstName") == {"city": "Paris", "firstName": "Ada"}


async def test_wrong_type(webhooks: Webhooks) -> None:
    """A value that does not fit into its field is not written."""
    number = await _answered(webhooks, JSON_ANSWER, mappings={"text": "LeadScore", "first name": "FirstName"})
    assert await webhooks.person(number, "leadScore", "firstName") == {"leadScore": 1, "firstName": "Ada"}


@pytest.mark.parametrize(
    ("path", "city"), [("list.one[1].city", "Oslo"), ("list.one[0].city", "Rome"), ("list.one[2].city", "Paris")]
)
async def test_xml(webhooks: Webhooks, path: str, city: str) -> None:
    """Values of an XML answer are found by the names of all elements around them."""
    mappings = {path: "City", "list.score": "LeadScore"}
    number = await _answered(webhooks, XML_ANSWER, response_type="XML", mappings=mappings)
    assert await webhooks.person(number, "city", "leadScore") == {"city": city, "leadScore": 12}


@pytest.mark.parametrize(
    ("answer", "response_type"),
    [
        ("garbage", "JSON"),
        ("\x00\ud7ff", "JSON"),
        ("<a>", "XML"),
        ('<!DOCTYPE a [<!ENTITY b "x">]><score>&b;</score>', "XML"),
        (JSON_ANSWER, "XML"),
        ("[" * 100_000, "JSON"),
    ],
)
async def test_garbage(webhooks: Webhooks, answer: str, response_type: str) -> None:
    """An answer that is not of its type changes nothing."""
    number = await _answered(webhooks, answer, response_type=response_type, mappings={"score": "LeadScore"})
    assert await webhooks.person(number, "leadScore") == {"leadScore": 1}


async def test_custom_field(webhooks: Webhooks) -> None:
    """A custom field has the same name in SOAP."""
    field = {"displayName": "Grade", "name": "grade", "dataType": "string"}
    await webhooks.call("POST /rest/v1/leads/schema/fields.json", {"input": [field]})
    number = await _answered(webhooks, JSON_ANSWER, template="{{lead.Grade}}", mappings={"first name": "grade"})
    assert await webhooks.person(number, "grade") == {"grade": "Ada"}


async def test_chain(webhooks: Webhooks) -> None:
    """What an answer changes is a change like any other, also for other webhooks, and is told as that of a webhook."""
    await webhooks.define(name="second", triggers=["changed"], fields=["city"], template="{{lead.City}}")
    webhooks.listener.first(says(text='{"city": "Rome"}'))
    await webhooks.define(name="first", mappings={"city": "City"})
    (number,) = await webhooks.upsert({"email": "a@b.example"})
    assert (await webhooks.listener.wait(2))[1].body == b'"Rome"'
    await webhooks.done(2)
    token = (await webhooks.call("GET /rest/v1/activities/pagingtoken.json?sinceDatetime=2026-01-01"))["nextPageToken"]
    path = f"/rest/v1/activities/leadchanges.json?fields=city&nextPageToken={token}"
    changes = (await webhooks.call(f"GET {path}"))["result"]
    (change,) = [one for one in changes if one["fields"]]
    assert (change["leadId"], change["fields"][0]["newValue"]) == (number, "Rome")
    assert {"name": "Source", "value": "Webhook"} in change["attributes"]


@pytest.mark.parametrize(
    ("reply", "error", "status"),
    [
        (says(404, '{"score": 12}'), "Not Found", 404),
        (says(500), "Internal Server Error", 500),
        (says(302, Location="/elsewhere"), "Found", 302),
        (says(200), "1001", 200),
        (says(204), "1001", 204),
        (says(text=" " * (LONGEST_ANSWER + 1)), f"The answer has more than {LONGEST_ANSWER} bytes", None),
        (hangs, "Read timed out", None),
    ],
)
async def test_errors(webhooks: Webhooks, reply: Reply, error: str, status: int | None) -> None:
    """An error is told in the activity log, changes nothing and is not retried."""
    await webhooks.control("POST /switches", {"side": "marketo", "webhook_timeout": 0.05 if reply is hangs else 5})
    webhooks.listener.first(reply)
    await webhooks.define(mappings={"score": "LeadScore"})
    (number,) = await webhooks.upsert({"email": "a@b.example", "leadScore": 1})
    (call,) = await webhooks.done()
    assert (call["error"], call["status"]) == (error, status)
    (told,) = await webhooks.told()
    assert (told["person"], told["Error Type"]) == (number, error)
    assert await webhooks.person(number, "leadScore") == {"leadScore": 1}
    await webhooks.control("POST /clock", {"advance": 3000})
    await webhooks.upsert({"email": "c@d.example"})
    await webhooks.done(2)
    assert len(webhooks.listener.heard) == 2  # The one that failed, and the one for the person who came later.


async def test_elsewhere(webhooks: Webhooks) -> None:
    """An address of another machine is not called."""
    await webhooks.define(url="http://192.0.2.1/hook")
    await webhooks.upsert({"email": "a@b.example"})
    (call,) = await webhooks.done()
    assert "only this machine is called" in call["error"]


async def test_address_of_tokens(webhooks: Webhooks) -> None:
    """An address that becomes none by its tokens is an error of that one call."""
    await webhooks.define(url="http://{{lead.City}}/hook")
    await webhooks.upsert({"email": "a@b.example"})
    (call,) = await webhooks.done()
    assert call["error"]
    assert call["status"] is None
