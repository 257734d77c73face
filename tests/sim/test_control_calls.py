"""The calls of the control door: listed, described and checked from one table, whose every example works."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from syncline_sim import openapi
from syncline_sim.app import Simulation
from syncline_sim.control_calls import CALLS, curl
from syncline_sim.faults.fault import KINDS
from tests.sim.conftest import ControlDoor

#: What later examples need, and what would be gone after a day.
FIRST = ("POST /faults", "POST /schedules", "DELETE /outbound-messages/notifications/{id}")
#: Where the examples work in another order than the table: what is taken away or begun again comes last.
LAST = ("DELETE /faults/{id}", "DELETE /faults", "DELETE /schedules/{id}", "DELETE /calls", "POST /reset")


def _routes(simulation: Simulation) -> set[str]:
    router = simulation._runners["control"].app.router
    found = {(route.method, route.resource.canonical) for route in router.routes() if route.resource is not None}
    pages = ("/page/", "/sent")
    return {f"{method} {path}" for method, path in found if method != "HEAD" and not path.startswith(pages)}


async def test_every_route_is_listed(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    """In the table, in the OpenAPI document and on the page, with an example each; and nothing is listed in vain."""
    assert _routes(simulation) == set(CALLS)
    async with http.get(f"{simulation.world.urls['control']}/openapi.json") as response:
        document = await response.json()
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert described == set(CALLS)
    async with http.get(simulation.world.urls["control"]) as response:
        page = await response.text()
    for call in CALLS:
        assert call in page
        assert curl(call).split(" -d ")[0].replace("&", "&amp;").replace('"', "&#34;") in page


async def test_every_example_works(simulation: Simulation, http: aiohttp.ClientSession, control: ControlDoor) -> None:
    """What the table shows for a call is answered with 200, with the words filled in that begin with a dollar sign."""
    world = simulation.world
    app, webhook = await control("POST /apps", {}), await control("POST /marketo/webhooks", _webhook())
    lead = {"object": "Lead", "endpoint": "http://127.0.0.1:9/", "fields": ["Email"]}
    message = await control("POST /outbound-messages", lead)
    await control("POST /records", {"change": {"create": {"LastName": "L", "Company": "C"}}})
    queue = await control("GET /outbound-messages")
    words = {
        "$C": world.urls["control"],
        "$KEY": app["consumer_key"],
        "$ORG": (await control("GET /world"))["orgs"][0]["id"],
        "$WEBHOOK": str(webhook["id"]),
        "$MESSAGE": message["id"],
        "$NOTIFICATION": queue["queued"][0]["id"],
    }
    between = [call for call in CALLS if call not in FIRST and call not in LAST]
    for call in (*FIRST, *between, *LAST):
        text = curl(call)
        if "schedules/1" in text:
            text = text.replace("schedules/1", "schedules/2")  # Faults and schedules are numbered together.
        for word, value in words.items():
            text = text.replace(word, value)
        method, url, body = _read(text)
        async with http.request(method, url, data=body) as response:
            assert response.status == 200, (call, text, await response.text())


def _read(text: str) -> tuple[str, str, str | None]:
    program, *words = shlex.split(text)
    assert program == "curl"
    method = words[words.index("-X") + 1] if "-X" in words else ""
    body = words[words.index("-d") + 1] if "-d" in words else None
    (url,) = [word for word in words if word.startswith("http://127.0.0.1") and word != body]
    return method or ("POST" if body else "GET"), url, body


def _webhook() -> dict[str, Any]:
    return {"name": "Hook", "url": "http://127.0.0.1:9/"}


@pytest.mark.slow
def test_document_is_valid() -> None:
    """As schemathesis reads OpenAPI 3.1."""
    import schemathesis  # noqa: PLC0415  takes a second, and one test needs it

    schemathesis.openapi.from_dict(openapi.document("http://127.0.0.1")).validate()


def test_forms_are_schemas() -> None:
    """What is checked is what is described: required members, kinds and bounds are in the document."""
    document = openapi.document("http://127.0.0.1")
    body = document["paths"]["/faults"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["required"] == ["side", "kind"]
    assert body["schema"]["additionalProperties"] is False
    assert body["schema"]["properties"]["status"]["minimum"] == 200
    assert "unaffiliated" in document["info"]["description"].lower()
    for call, entry in CALLS.items():
        if entry.form.example and not entry.open:
            entry.form.check(entry.form.example, call)


@pytest.mark.parametrize(
    ("call", "body", "status", "said"),
    [
        ("POST /clock", {}, 400, 'advance is missing in POST /clock; send for example {"advance": 86400}'),
        ("POST /clock", {"advance": "long"}, 400, "advance must be a number"),
        ("POST /clock", {"advance": -1}, 400, "advance must be from 0 to"),
        ("POST /reset", {"leads": -1}, 400, "leads must be from 0 to"),
        ("POST /reset", {"sheep": 1}, 400, "there is no sheep in POST /reset, which takes seed, leads, contacts"),
        ("POST /tokens/expire", {"side": "both"}, 400, "side is one of salesforce, marketo"),
        ("POST /switches", {}, 400, "side is missing"),
        ("POST /switches", {"side": "both"}, 404, "there is no side both"),
        ("POST /switches", {"side": "marketo", "magic": 1}, 400, "no switch magic; it has native_crm"),
        ("POST /switches", {"side": "marketo", "rate_limit": "x"}, 400, "rate_limit must be a number; it is 100"),
        ("POST /switches", {"side": "marketo", "native_crm": 1}, 400, "native_crm must be true or false"),
        ("POST /orgs", {"edition": "x"}, 400, "name is missing"),
        ("POST /users", {"username": "x"}, 400, "org_id is missing"),
        ("GET /records?limit=many", None, 400, "limit must be a whole number; send for example ?limit=100"),
        ("GET /records?colour=1", None, 400, "there is no ?colour= here; this call takes object, limit, offset"),
        ("GET /world?x=1", None, 400, "this call takes nothing in its address"),
        ("GET /calls?log=-1", None, 400, "log must be at least 0"),
        ("GET /schedules/9", None, 404, "there is no schedule 9"),
    ],
)
async def test_mistakes(control: ControlDoor, call: str, body: dict[str, Any] | None, status: int, said: str) -> None:
    """Who is refused is told what to send instead."""
    assert said in (await control(call, body, status=status))["error"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"nothing"])
async def test_bodies_that_are_no_objects(simulation: Simulation, http: aiohttp.ClientSession, body: bytes) -> None:
    """What cannot be read as a JSON object is refused, not fallen over."""
    async with http.post(f"{simulation.world.urls['control']}/clock", data=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_switches_all_or_none(control: ControlDoor) -> None:
    """One wrong value leaves the others as they were."""
    before = await control("GET /switches")
    await control("POST /switches", {"side": "marketo", "rate_limit": 1, "latency": "x"}, status=400)
    assert await control("GET /switches") == before


def test_examples_are_json() -> None:
    """The body of an example is what a shell hands on."""
    bodies = [re.search(r"-d '(.*)'$", curl(call)) for call in CALLS]
    assert sum(1 for body in bodies if body and json.loads(body[1])) > 10


@pytest.mark.parametrize("call", CALLS)
def test_the_manual_has_every_call(call: str) -> None:
    """Each call stands in the manual with its example, word for word."""
    manual = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    assert f"# {call}:" in manual
    assert f"\n{curl(call)}\n" in manual


def test_the_manual_says_what_the_simulator_is_not() -> None:
    """Before anything else: unaffiliated, for local use and tests only, written from public facts."""
    head = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()[:400]
    for said in ("Unaffiliated with Salesforce and Adobe", "for local use and tests only", "public facts"):
        assert said in head


@pytest.mark.parametrize("kind", KINDS)
def test_the_manual_has_every_kind_of_fault(kind: str) -> None:
    """Each kind with the members that it uses."""
    manual = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
    chapter = manual.partition("## Making things go wrong")[2].partition("\n## ")[0]
    (row,) = [line for line in chapter.splitlines() if re.match(rf"\| [^|]*`{kind}`", line) and line.count("|") == 4]
    for member in KINDS[kind][1]:
        assert f"`{member}`" in row
