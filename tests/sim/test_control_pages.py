"""The pages of the control door: all that they show, and forms that change the world without scripts."""

import re
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from syncline_sim.control_pages import PAGES
from tests.sim import callers
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person


class Site:
    """The pages as a browser without scripts meets them."""

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        self._http = http
        self._origin = origin

    async def get(self, path: str, *, status: int = 200) -> str:
        """Answer the text of a page."""
        async with self._http.get(self._origin + path) as response:
            assert response.status == status
            return await response.text()

    async def send(self, path: str, expect: int = 200, headers: dict[str, str] | None = None, /, **form: str) -> str:
        """Send a form and answer the text of the page to which it leads."""
        async with self._http.post(self._origin + path, data=form, headers=headers) as response:
            assert response.status == expect
            assert not response.history or response.method == "GET"
            return await response.text()


@pytest.fixture
def site(http: aiohttp.ClientSession, simulation: Simulation) -> Site:
    """The pages."""
    return Site(http, simulation.world.urls["control"])


@pytest.mark.parametrize("path", PAGES)
async def test_every_page(site: Site, http: aiohttp.ClientSession, simulation: Simulation, path: str) -> None:
    """Each page leads to all, says where it is and what it is not, and runs no script."""
    text = await site.get(path)
    for other in PAGES:
        assert f'href="{other}"' in text
    assert text.count('aria-current="page"') == 1
    assert "unaffiliated with Salesforce and Adobe, for local use and tests only" in text
    assert "<script" not in text
    assert text.count("<h1>") == 1
    named = set(re.findall(r'<label for="([^"]+)"', text))
    fields = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*>', text)
    assert all(re.search(r' id="([^"]+)"', each)[1] in named for each in fields)  # type: ignore[index]
    async with http.get(simulation.world.urls["control"] + path) as response:
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_orgs(site: Site) -> None:
    """The first page shows the orgs with their editions."""
    text = await site.get("/")
    assert "Acme Robotics" in text
    assert "Globex Sandbox" in text
    assert "sandbox" in text


async def test_records_in_pages(site: Site, control: ControlDoor) -> None:
    """Records are shown by object, fifty at a time, what is in them made harmless."""
    create = {"create": {"LastName": "<b>{n}</b>", "Company": "C"}}
    await control("POST /records", {"object": "Lead", "change": create, "count": 60})
    first = await site.get("/page/records")
    assert "65 in all, of which 1 to 50 are shown" in first
    assert 'rel="prev"' not in first
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link is not None
    second = await site.get(link[1].replace("&amp;", "&"))
    assert "of which 51 to 65 are shown" in second
    assert "&lt;b&gt;59&lt;/b&gt;" in second
    assert 'rel="next"' not in second
    assert 'rel="prev"' in second
    assert "5 in all" in await site.get("/page/records?object=Contact")
    assert "of which 1 to 5 are shown" in await site.get("/page/records?object=Contact&offset=x")
    await site.get("/page/records?object=Magic", status=404)


async def test_people(site: Site, http: aiohttp.ClientSession, simulation: Simulation) -> None:
    """The people of the other side are among the records."""
    marketo = await callers.of_marketo(http, simulation)
    await marketo("POST", "/rest/v1/leads.json", json={"input": [{"email": "kim@acme.example"}]})
    assert "kim@acme.example" in await site.get("/page/records?object=People%20of%20Marketo")


async def test_mailbox(site: Site, person: Person, app: dict[str, Any]) -> None:
    """Messages with their codes."""
    assert "There is no mail" in await site.get("/page/mailbox")
    await person.authorize(app)
    await person.send(username="sync@acme.example", password="correct-horse-1")
    assert person.code() in await site.get("/page/mailbox")


async def test_switches(site: Site, control: ControlDoor) -> None:
    """The form of a side sets all its switches at once; those of the other side stay."""
    text = await site.get("/page/switches")
    form = text[text.index('value="marketo"') :]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    sent |= dict.fromkeys(re.findall(r'name="(\w+)" checked', form), "on")
    sent |= {"rate_limit": "7", "native_crm": "on"}
    del sent["bulk_hurry"]
    before = await control("GET /switches")
    await site.send("/page/switches", side="marketo", **sent)
    after = await control("GET /switches")
    changes = {"rate_limit": 7, "native_crm": True, "bulk_hurry": False}
    assert after == {**before, "marketo": {**before["marketo"], **changes}}
    wrong = await site.send("/page/switches", 400, side="marketo", **{**sent, "rate_limit": "many"})
    assert "rate_limit must be a number" in wrong
    wrong = await site.send("/page/switches", 400, side="marketo", **{**sent, "rate_limit": "-1"})
    assert "rate_limit must be at least 0" in wrong
    assert "there is no side" in await site.send("/page/switches", 400, side="nowhere")
    assert await control("GET /switches") == after


async def test_faults(site: Site, control: ControlDoor) -> None:
    """A fault is put in the way and taken away; what is wrong is said in the words of the call."""
    page, fault = "/page/faults", {"side": "salesforce", "kind": "status"}
    shown = await site.send(page, do="add", **fault, match="query", status="503", times="3", seconds="")
    assert "Remove fault number 1" in shown
    made = (await control("GET /faults"))["faults"][0]
    assert (made["match"], made["status"], made["times"]) == ("query", 503, 3)
    wrong = await site.send(page, 400, do="add", **fault, times="often")
    assert 'role="alert">times must be a whole number' in wrong
    await site.send(page, do="remove", id="1")
    assert (await control("GET /faults"))["faults"] == []
    assert "there is no fault 1" in await site.send(page, 400, do="remove", id="1")
    assert "nobody knows how to dance" in await site.send(page, 400, do="dance")


async def test_schedules(site: Site, control: ControlDoor) -> None:
    """A schedule is made, stopped, started and taken away; the page shows what is in store."""
    page = "/page/faults"
    shown = await site.send(page, do="schedule", side="marketo", kind="reset", chance="1", seed="7")
    assert "call 1 reset, call 2 reset" in shown
    assert "not running" in await site.send(page, do="stop", id="1")
    assert (await control("GET /schedules"))["schedules"][0]["running"] is False
    assert "not running" not in await site.send(page, do="start", id="1")
    await site.send(page, do="unschedule", id="1")
    assert (await control("GET /schedules"))["schedules"] == []
    wrong = await site.send(page, 400, do="schedule", side="marketo", kind="reset", chance="often")
    assert "chance must be a number" in wrong


async def test_calls(site: Site, person: Person, control: ControlDoor) -> None:
    """What was asked, by operation and one by one, until it is counted again."""
    await person.get("/services/data", "")
    text = await site.get("/page/calls")
    assert "GET /services/data" in text
    assert "Salesforce: 1" in text
    assert "Salesforce: 0" in await site.send("/page/calls")
    assert (await control("GET /calls"))["salesforce"]["total"] == 0


async def test_clock(site: Site, control: ControlDoor) -> None:
    """Time passes by a form."""
    before = (await control("GET /world"))["now"]
    await site.send("/page/clock", advance="86400")
    assert (await control("GET /world"))["now"] - before > 86399
    assert "advance must be" in await site.send("/page/clock", 400, advance="-5")
    assert "advance must be a number" in await site.send("/page/clock", 400, advance="nan")


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
async def test_forms_of_other_sites(site: Site, control: ControlDoor, where: str) -> None:
    """A page from elsewhere that is open in the same browser changes nothing."""
    form, headers = {"do": "add", "side": "marketo", "kind": "status"}, {"Sec-Fetch-Site": where}
    await site.send("/page/faults", 403, headers, **form)
    assert (await control("GET /faults"))["faults"] == []
