"""The log over the API: every filter in either order, with an index and without, and what each key may see of it."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest

from syncline.core.brought import Document
from syncline.core.event import Actor, Event
from syncline.store.index import SearchIndex
from tests.web.doors import CREDENTIALS, Doors
from tests.web.keys import make_key

#: What is asked, and how many of the rows of one integration answer to it.
ASKED: tuple[tuple[dict[str, str], int], ...] = (
    ({}, 6),
    ({"type": "app.registered"}, 2),
    ({"disposition": "unexpected"}, 2),
    ({"actor_kind": "effect"}, 2),
    ({"actor_kind": "person", "disposition": "transitioned"}, 3),
    ({"actor": "test"}, 2),
    ({"state": "app_registered"}, 5),
    ({"state": "app_registered.credentials_rejected"}, 3),
    ({"from": "unconfigured"}, 1),
    ({"to": "app_registered"}, 5),
    ({"text": "source.wrong_secret"}, 1),
    ({"text": "SECRET wrong"}, 1),
    ({"text": "wrong_secrets"}, 0),
    ({"text": "secr"}, 0),
    ({"request": "req_nobody"}, 0),
    ({"cause": "seq:1"}, 0),
    ({"until": "2001-01-01"}, 0),
    ({"since": "2001-01-01", "type": "integration.created"}, 1),
)


STATE = {"what": "state", "parts": [], "more": 0}


async def told(doors: Doors) -> str:
    """Make an integration with a short story: six rows, two of them unexpected."""
    id_ = str((await doors.create())["id"])
    await doors.command(id_, "app.registered")
    await doors.ask("POST", f"/api/integrations/{id_}/events", body=CREDENTIALS)
    await doors.push(id_, "credentials.rejected", problem="source.wrong_secret")
    await doors.command(id_, "app.registered")
    await doors.push(id_, "sync.progressed", read=3)
    return id_


async def indexed(doors: Doors) -> SearchIndex:
    """Give the site an index that knows the whole log."""
    index = SearchIndex(doors.store.path.with_name("audit-index.sqlite3"), doors.store.path)
    await asyncio.to_thread(_catch_up, index)
    object.__setattr__(doors.site, "index", index)
    return index


def _catch_up(index: SearchIndex) -> None:
    index.open()
    while index.advance():
        pass


async def whole(doors: Doors, path: str, asked: dict[str, str], role: Any = "admin") -> list[dict[str, Any]]:  # noqa: ANN401
    """Put the pages of two rows together."""
    items: list[dict[str, Any]] = []
    after = 0
    while True:
        answer = await doors.ask("GET", f"{path}?{urlencode(asked | {'limit': '2', 'after': str(after)})}", role=role)
        assert answer.status == 200, answer.text
        items += answer.json["items"]
        after = answer.json["next"]
        if after is None:
            return items


@pytest.mark.parametrize("with_index", [False, True])
async def test_every_filter_in_either_order(doors: Doors, with_index: bool) -> None:  # noqa: FBT001
    """Of one integration, over all, and as its story: the same rows, each page going on where the last one ended."""
    id_ = await told(doors)
    await told(doors)
    index = await indexed(doors) if with_index else None
    for asked, count in ASKED:
        here = await whole(doors, f"/api/integrations/{id_}/audit", asked)
        assert len(here) == count, asked
        assert {row["integration"] for row in here} <= {id_}
        backwards = await whole(doors, f"/api/integrations/{id_}/audit", asked | {"order": "newest"})
        assert backwards == here[::-1]
        assert await whole(doors, "/api/audit", asked | {"integration": id_}) == here
        stories = await whole(doors, f"/api/integrations/{id_}/story", asked)
        assert [row["seq"] for row in stories] == [row["seq"] for row in here]
        everywhere = await whole(doors, "/api/audit", asked)
        if asked:
            assert len([row for row in everywhere if row["integration"] != "service"]) == 2 * count
    if index is not None:
        assert not index.broken
        index.close()


@pytest.mark.parametrize("with_index", [False, True])
async def test_one_request_leads_through_the_log(doors: Doors, with_index: bool) -> None:  # noqa: FBT001
    """The id of a request finds all that it led to, and nothing else."""
    id_ = await told(doors)
    index = await indexed(doors) if with_index else None
    rows = [entry.row for entry in await doors.rows(id_)]
    assert len({row.request for row in rows if row.request}) == 4
    for row in rows:
        if row.request:
            found = await whole(doors, "/api/audit", {"request": row.request})
            assert [each["seq"] for each in found if each["integration"] == id_] == [row.seq]
            assert {each["integration"] for each in found} <= {id_, "service"}  # Secrets that were opened for it.
    if index is not None:
        index.close()


@pytest.mark.parametrize("with_index", [False, True])
async def test_the_service_shows_only_to_those_who_may_take_the_log_away(doors: Doors, with_index: bool) -> None:  # noqa: FBT001
    """And whose key is for all integrations; for everybody else its rows are not there, by no filter."""
    id_ = await told(doors)
    index = await indexed(doors) if with_index else None

    def limited(tx: Any) -> str:  # noqa: ANN401
        return make_key(tx, name="limited", role="auditor", integrations=(id_,), now=doors.site.now())[1]

    doors.keys["auditor-of-one"] = await doors.store.write(limited)  # type: ignore[index]
    for role, sees in (("admin", True), ("auditor", True), ("operator", False), ("viewer", False)):
        for asked in ({}, {"integration": "service"}, {"type": "service.started"}, {"actor_kind": "service"}):
            rows = await whole(doors, "/api/audit", asked, role=role)
            assert any(row["integration"] == "service" for row in rows) is sees, (role, asked)
    for asked in ({}, {"integration": "service"}, {"type": "service.started"}, {"disposition": "transitioned"}):
        rows = await whole(doors, "/api/audit", asked, role="auditor-of-one")
        assert {row["integration"] for row in rows} <= {id_}
    assert (await doors.ask("GET", "/api/integrations/service/audit")).status == 404
    assert (await doors.ask("GET", "/api/integrations/service/story")).status == 404
    if index is not None:
        index.close()


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "until=-1", "since=", "order=sideways", "limit=0", "after=-1", "after=x", "text=" + "x" * 201],
)
async def test_what_cannot_be_asked_is_refused(doors: Doors, query: str) -> None:
    """With the name of what is wrong."""
    for path in ("/api/audit", f"/api/integrations/{await told(doors)}/story"):
        answer = await doors.ask("GET", f"{path}?{query}")
        assert (answer.status, answer.code) == (422, "request.invalid")
        assert query.partition("=")[0] in answer.json["detail"]


async def test_the_story_tells_durations_effects_causes_and_changes(doors: Doors) -> None:
    """What led where: each in the row that it belongs to."""
    id_ = await told(doors)
    doors.clock.ahead += 90_000_000
    await doors.ask("POST", f"/api/integrations/{id_}/events", body=CREDENTIALS)
    rows = await whole(doors, f"/api/integrations/{id_}/story", {})
    born, registered, saved, rejected, *_, again = rows
    assert (born["lasted"], born["changes"][0]) == (None, STATE | {"before": None, "after": "unconfigured"})
    assert registered["lasted"] == registered["at"] - born["at"]
    (effect,) = saved["ran"]
    assert (effect["name"], effect["outcome"]) == ("probe_credentials", None)
    assert effect["id"] == saved["effects"][0]
    changes = {change["what"]: (change["before"], change["after"]) for change in rejected["changes"]}
    assert changes["memory:problem"] == ("", "source.wrong_secret")
    assert changes["state"] == ("app_registered.probing_credentials", "app_registered.credentials_rejected")
    assert again["lasted"] >= 90_000_000
    assert {change["what"] for change in again["changes"]} >= {"state", "memory:problem"}


async def test_an_effect_leads_to_its_outcome_and_back(doors: Doors) -> None:
    """By the key of its event one way, by the cause of the row the other."""
    id_ = await told(doors)
    (effect,) = (await doors.rows(id_))[2].row.effects
    await doors.ask("POST", f"/api/integrations/{id_}/events", body=CREDENTIALS)
    saved = await whole(doors, f"/api/integrations/{id_}/story", {"type": "credentials.saved"})
    (later,) = saved[1]["ran"]
    event = await _result(doors, id_, later["id"])
    rows = {row["seq"]: row for row in await whole(doors, f"/api/integrations/{id_}/story", {})}
    assert (rows[event]["led_by"], rows[event]["effect"]) == (saved[1]["seq"], later["id"])
    (ran,) = rows[saved[1]["seq"]]["ran"]
    assert (ran["outcome"], ran["outcome_type"]) == (event, "credentials.accepted")
    assert rows[saved[0]["seq"]]["ran"][0]["id"] == effect


async def _result(doors: Doors, integration: str, effect: str) -> int:
    event = Event(
        integration,
        "credentials.accepted",
        f"{effect}:credentials.accepted:lease",
        Actor("effect", effect),
        doors.clock(),
        cause=f"effect:{effect}",
    )
    return (await doors.site.engine.handle(event)).seq


async def test_what_a_row_replaced_is_told_with_what_was_there(doors: Doors) -> None:
    """A secret by its fingerprints; and what the row does not say itself is looked up in the rows before it."""
    id_ = await told(doors)
    index = await indexed(doors)
    other = {**CREDENTIALS, "consumer_secret": "another-secret"}
    for number in range(2):
        await doors.ask("POST", f"/api/integrations/{id_}/events", body=other)
        paper = Document("run", {"number": number})
        await doors.push(id_, "credentials.rejected", paper, problem="source.wrong_secret")
        other = CREDENTIALS
    story = f"/api/integrations/{id_}/story"
    saved = (await whole(doors, story, {"type": "credentials.saved"}))[-1]
    (secret,) = [change for change in saved["changes"] if change["what"] == "secret:consumer_secret"]
    assert secret["before"]
    assert secret["after"] != secret["before"]
    rejected = await whole(doors, story, {"type": "credentials.rejected", "order": "newest"})
    digests = [change for row in rejected for change in row["changes"] if change["what"] == "document:run"]
    assert digests[0]["before"] == digests[-1]["after"]
    index.close()
