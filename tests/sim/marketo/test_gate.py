"""What is asked of every call, and how a refusal looks."""

import asyncio
import re

import pytest

from syncline_sim.marketo import api_users
from syncline_sim.world import World
from tests.sim.marketo.conftest import ApiUser, codes

USAGE, DESCRIBE, LEADS = "/rest/v1/stats/usage.json", "/rest/v1/leads/describe.json", "/rest/v1/leads.json"


async def test_envelope(world: World, user: ApiUser) -> None:
    """The envelope names the request."""
    answer = await user.get(DESCRIBE)
    match = re.fullmatch(r"[0-9a-f]+#([0-9a-f]+)", answer["requestId"])
    assert match
    assert abs(int(match[1], 16) / 1000 - world.now()) < 5


async def test_rate_limit(world: World, user: ApiUser) -> None:
    """One call too many in the window is 606 and works again when the window has passed."""
    world.switches["marketo"]["rate_limit"] = 3
    assert [(await user.get(USAGE))["success"] for _ in range(3)] == [True] * 3
    refused = await user.get(USAGE)
    assert codes(refused) == ["606"]
    assert refused["errors"][0]["message"] == "Max rate limit '3' exceeded with in '20' secs"
    world.advance(21)
    assert (await user.get(USAGE))["success"]


async def test_concurrency_limit(world: World, user: ApiUser) -> None:
    """Calls that overlap beyond the limit are 615, the others are answered."""
    world.switches["marketo"].update(concurrency_limit=2, latency=0.2)
    answers = await asyncio.gather(*(user.get(USAGE) for _ in range(4)))
    refused = [answer for answer in answers if not answer["success"]]
    assert [codes(answer) for answer in refused] == [["615"]] * 2


async def test_daily_limit(world: World, user: ApiUser) -> None:
    """One call too many in a day is 607, until the next day or the switch says otherwise."""
    world.switches["marketo"]["daily_limit"] = 1
    assert (await user.get(USAGE))["result"][0]["total"] == 1
    assert codes(await user.get(USAGE)) == ["607"]
    world.advance(24 * 3600)
    await user.authenticate()
    assert (await user.get(USAGE))["success"]
    world.switches["marketo"]["daily_limit_reached"] = True
    assert codes(await user.get(USAGE)) == ["607"]


async def test_permission(world: World, user: ApiUser) -> None:
    """A call that the role does not have is 603."""
    api_users.grant(world.db, api_users.DEFAULT_CLIENT_ID, ("Read-Only Lead",))
    assert (await user.get(DESCRIBE))["success"]
    assert codes(await user.post(LEADS, {"input": [{"email": "a@example.com"}]})) == ["603"]


@pytest.mark.parametrize("name", ["companies", "opportunities", "opportunities/roles", "salespersons"])
async def test_native_crm(world: World, user: ApiUser, name: str) -> None:
    """A native sync closes its objects."""
    path = f"/rest/v1/{name}/describe.json"
    assert (await user.get(path))["success"]
    world.switches["marketo"]["native_crm"] = True
    assert codes(await user.get(path)) == ["1018"]
    world.switches["marketo"]["native_crm_reads"] = True
    assert (await user.get(path))["success"]


async def test_unknown_path_and_method(user: ApiUser) -> None:
    """A path that there is not is 610, a method that a path has not is 605."""
    assert codes(await user.get("/rest/v1/nothing.json")) == ["610"]
    assert codes(await user.post(DESCRIBE, {})) == ["605"]


@pytest.mark.parametrize("path", ["//rest/v1/stats/usage.json", "/rest/../rest/v1//stats/usage.json"])
async def test_untidy_path(user: ApiUser, path: str) -> None:
    """Untidy paths are read as they are meant."""
    assert (await (await user.send("GET", path)).json())["success"]


async def test_untidy_path_parameters(user: ApiUser) -> None:
    """An untidy path keeps what stands in it."""
    person = (await user.upsert({"email": "a@example.com"}))[0]["id"]
    answer = await (await user.send("GET", f"//rest/v1/lead/{person}.json?fields=email")).json()
    assert answer["result"] == [{"id": 1, "email": "a@example.com"}]


async def test_long_address(user: ApiUser) -> None:
    """An address of more than 8 KB is HTTP 414."""
    response = await user.send("GET", f"{LEADS}?filterType=email&filterValues={'x' * 8200}")
    assert response.status == 414


async def test_usage(world: World, user: ApiUser) -> None:
    """Calls and errors are reported for a week."""
    await user.get("/rest/v1/nothing.json")
    await user.get(USAGE)
    today = (await user.get("/rest/v1/stats/errors.json"))["result"][0]
    assert {"errorCode": "610", "count": 1} in today["errors"]
    week = (await user.get("/rest/v1/stats/usage/last7days.json"))["result"]
    assert [day["total"] for day in week] == [3, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("place", ["address", "form"])
async def test_posted_question(user: ApiUser, place: str) -> None:
    """A question too long for an address is posted as a form, which says there or in the address that it asks."""
    person = (await user.upsert({"email": "a@example.com"}))[0]["id"]
    values = ",".join(["a@example.com", *(f"{'x' * 200}{n}@example.com" for n in range(60))])
    form = {"filterType": "email", "filterValues": values, "fields": "id"}
    path = f"{LEADS}?_method=GET" if place == "address" else LEADS
    sent = form if place == "address" else {**form, "_method": "GET"}
    answer = await (await user.send("POST", path, data=sent)).json()
    assert answer["result"] == [{"id": person}]
