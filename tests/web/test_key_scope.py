"""Keys for some integrations: every other one is, for them, not there."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from syncline.store.access import Role
from syncline.web.access import RIGHTS
from syncline.web.api import API
from tests.web.doors import NEW, Answer, Doors
from tests.web.keys import make_key
from tests.web.test_access import BODIES, needed

LIMITED: tuple[Role, ...] = ("viewer", "auditor", "operator")
OF_ONE = [(route.method, route.path) for route in API.routes if route.path.startswith("/api/integrations/{id}")]
PAGES = [
    "/i/{id}",
    "/i/{id}/timeline",
    "/i/{id}/timeline/1",
    "/i/{id}/stream",
    "/i/{id}/do/credentials.saved",
    "/i/{id}/links",
    "/i/{id}/hooks",
]


async def limit(doors: Doors, role: Role, *ids: str) -> Doors:
    """Answer the same doors, where the key of a role is for some integrations only."""
    _, text = await doors.store.write(partial(make_key, name="some", role=role, now=1, integrations=ids))
    return replace(doors, keys={**doors.keys, role: text})


def gist(answer: Answer, id_: str) -> Any:  # noqa: ANN401  JSON
    """Answer what a refusal says, without what names the request."""
    told = {name: value for name, value in answer.json.items() if name not in {"request", "instance", "request_id"}}
    return answer.status, json.dumps(told).replace(id_, "ID")


@pytest.mark.slow
@pytest.mark.case("oauth", 42)
@pytest.mark.parametrize("role", LIMITED)
@pytest.mark.parametrize(("method", "path"), OF_ONE)
async def test_somebody_elses_integration_is_not_there(doors: Doors, method: str, path: str, role: Role) -> None:
    """On every route the same answer, word for word, as for one that does not exist; and nothing is on its log."""
    own, other = [(await doors.create())["id"] for _ in range(2)]
    route = next(route for route in API.routes if (route.method, route.path) == (method, path))
    allowed = needed(method, path) in RIGHTS[role]
    link = (await doors.ask("POST", f"/api/integrations/{own}/connect-links", body={})).json["id"]
    path = path.replace("{link}", link).replace("{door}", "events").replace("{seq}", "1")
    before = len(await doors.rows(other))
    some = await limit(doors, role, own)
    refusals = []
    for id_ in (other, "in_" + "0" * 24):
        answer = await some.ask(method, path.replace("{id}", id_), role=role, body=BODIES.get(route.body))
        refusals.append(gist(answer, id_))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 404
    assert len(await doors.rows(other)) == before
    answer = await some.ask(method, path.replace("{id}", own), role=role, body=BODIES.get(route.body))
    assert (answer.status in {200, 201, 204, 409}) if allowed else (answer.status == 403)


@pytest.mark.case("oauth", 42)
@pytest.mark.parametrize("path", PAGES)
async def test_somebody_elses_pages_are_not_there(doors: Doors, path: str) -> None:
    """Neither are the pages, with a bearer or in a browser."""
    own, other = [(await doors.create())["id"] for _ in range(2)]
    some = await limit(doors, "operator", own)
    assert (await some.ask("GET", path.replace("{id}", other), role="operator")).status == 404


@pytest.mark.case("oauth", 42)
async def test_lists_have_the_own_ones_only(doors: Doors) -> None:
    """Integrations, tokens, and the log in all its forms, also when another one is asked for by name."""
    own, other = [(await doors.create())["id"] for _ in range(2)]
    some = await limit(doors, "auditor", own)
    listed = (await some.ask("GET", "/api/integrations", role="auditor")).json["items"]
    assert [item["id"] for item in listed] == [own]
    log = (await some.ask("GET", "/api/audit", role="auditor")).json["items"]
    assert {row["integration"] for row in log} == {own}
    for form in ("ndjson", "csv"):
        exported = (await some.ask("GET", f"/api/audit?format={form}", role="auditor")).text
        assert own in exported
        assert other not in exported
    page = (await some.ask("GET", f"/audit?integration={other}", role="auditor", headers={"Accept": "text/html"})).text
    assert page.count(other) == page.count(f'value="{other}"') + page.count(f"/api/integrations/{other}/")
    assert other not in (await some.ask("GET", "/", role="auditor")).text


async def test_such_a_key_makes_no_new_ones(doors: Doors) -> None:
    """What it made it could not see."""
    own = (await doors.create())["id"]
    some = await limit(doors, "operator", own)
    answer = await some.ask("POST", "/api/integrations", role="operator", body=NEW)
    assert (answer.status, answer.code) == (403, "access.forbidden")
    assert (await some.ask("GET", "/new", role="operator")).status == 403
    assert "/new" not in (await some.ask("GET", "/", role="operator")).text


async def test_keys_are_limited_when_they_are_made(doors: Doors) -> None:
    """To integrations that there are; an admin's key cannot be."""
    own = (await doors.create())["id"]
    body = {"name": "agency", "role": "operator", "integrations": [own]}
    made = await doors.ask("POST", "/api/keys", body=body)
    assert (made.status, made.json["integrations"]) == (201, [own])
    listed = (await doors.ask("GET", "/api/keys")).json["items"]
    assert {key["id"]: key["integrations"] for key in listed}[made.json["id"]] == [own]
    unknown = await doors.ask("POST", "/api/keys", body={**body, "integrations": ["in_none"]})
    assert (unknown.status, unknown.code) == (404, "integration.unknown")
    admin = await doors.ask("POST", "/api/keys", body={**body, "role": "admin"})
    assert (admin.status, admin.code) == (422, "request.invalid")


async def test_a_session_is_as_limited_as_its_key(doors: Doors) -> None:
    """Signing in with it opens no more."""
    own, other = [(await doors.create())["id"] for _ in range(2)]
    some = await limit(doors, "viewer", own)
    form = {"key": some.keys["viewer"]}
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    async with doors.client.post("/sign-in", data=form, headers=headers, allow_redirects=False) as entered:
        assert entered.status == 303
    assert (await doors.ask("GET", f"/i/{own}/timeline", role=None)).status == 200
    assert (await doors.ask("GET", f"/i/{other}/timeline", role=None)).status == 404
