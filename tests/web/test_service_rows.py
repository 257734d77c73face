"""What happens to the service itself, on its own chain: signing in and out, keys, refusals, rotations."""

import json
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from syncline.core.audit import Row
from syncline.core.event import DOOR_EVENTS, SERVICE, SERVICE_EVENTS
from syncline.store import log
from syncline.store.access import Role
from syncline.store.subjects import subject_key
from syncline.web import shown_once
from syncline.web.refusals import ROWS
from tests.web.doors import Doors, other_secret

SAME = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
LOCAL = "127.0.0.1"


async def rows(doors: Doors, *types: str) -> list[Row]:
    """Answer the rows of the service of some types, with what is sealed opened."""
    found = await doors.rows(SERVICE)
    return await doors.site.privacy.reveal([entry.row for entry in found if entry.row.type in types])


def key_id(doors: Doors, role: Role) -> str:
    """Answer the id of a role's key."""
    return doors.keys[role].split("_")[1]


async def sign_in(doors: Doors, key: str, *, request: str = "") -> int:
    """Sign in as a browser does; answers the status."""
    headers = {**SAME, **({"X-Request-Id": request} if request else {})}
    answer = await doors.ask("POST", "/sign-in", role=None, headers=headers, data=f"key={key}".encode())
    return answer.status


async def test_signing_in_and_out(doors: Doors) -> None:
    """Who, how, from where, by which request; the session is named and its cookie is not."""
    id_ = key_id(doors, "operator")
    assert await sign_in(doors, doors.keys["operator"], request="walk-12345678") == 303
    (row,) = await rows(doors, "sign_in.succeeded")
    actor = row.actor
    assert (actor.kind, actor.id, actor.via, actor.address) == ("person", id_, "session", LOCAL)
    assert (row.disposition, row.request) == ("handled", "walk-12345678")
    assert row.brought[0].startswith("session:")
    assert (await doors.ask("POST", "/sign-out", role=None, headers=SAME)).status == 303
    (ended,) = await rows(doors, "session.ended")
    assert (ended.actor.id, ended.actor.via, ended.brought) == (id_, "session", row.brought)
    assert (await doors.ask("POST", "/sign-out", role=None, headers=SAME)).status == 303
    assert len(await rows(doors, "session.ended")) == 1


async def test_a_bearer_is_a_row_when_it_comes_first_and_after_twelve_hours(doors: Doors) -> None:
    """Not with each request."""
    for ahead, count in ((0, 1), (3600, 1), (12 * 3600 + 5, 2)):
        doors.clock.ahead = ahead * 1_000_000
        for _ in range(3):
            assert (await doors.ask("GET", "/api/integrations", role="viewer")).status == 200
        found = await rows(doors, "sign_in.succeeded")
        assert [(row.actor.via, row.actor.address) for row in found] == [("bearer", LOCAL)] * count


@pytest.mark.parametrize("via", ["session", "bearer"])
async def test_each_way_of_not_being_let_in(doors: Doors, via: str) -> None:
    """Mistyped, unknown, of another secret, revoked: the row says which, and names a key only when there is one."""
    known, gone = key_id(doors, "viewer"), key_id(doors, "auditor")
    assert (await doors.ask("DELETE", f"/api/keys/{gone}")).status == 204
    tries = {
        "syn_x": ("malformed", None),
        shown_once.make("syn")[1]: ("unknown", None),
        other_secret(doors.keys["viewer"]): ("wrong_secret", known),
        doors.keys["auditor"]: ("revoked", gone),
    }
    for text in tries:
        if via == "session":
            assert await sign_in(doors, text) == 401
        else:
            answer = await doors.ask("GET", "/api/keys", role=None, headers={"Authorization": f"Bearer {text}"})
            assert (answer.status, answer.code) == (401, "access.unauthenticated")
    found = await rows(doors, "sign_in.refused")
    assert [(row.data["why"], row.data.get("key")) for row in found] == list(tries.values())
    assert {(row.disposition, row.actor.id, row.actor.via, row.actor.address) for row in found} == {
        ("refused", "unknown", via, LOCAL)
    }
    stored = b"".join(entry.content for entry in await doors.rows(SERVICE))
    assert not [text for text in tries if text.split("_")[-2].encode() in stored]
    assert LOCAL.encode() not in stored


async def test_a_flood_of_wrong_keys_is_ten_rows_and_a_number(doors: Doors) -> None:
    """What was only counted is one row, when the minute is over; those that were let wait are counted too."""
    for _ in range(ROWS + 15):
        assert await sign_in(doors, "syn_x") in {401, 429}
    assert len(await rows(doors, "sign_in.refused")) == ROWS
    doors.clock.ahead = 61_000_000
    assert await sign_in(doors, "syn_x") in {401, 429}
    *_, counted, fresh = await rows(doors, "sign_in.refused")
    assert (counted.data["count"], counted.data["why"]) == (15, "rate_limited")
    assert counted.data["first_at"] <= counted.data["last_at"] <= counted.at
    assert "15 more within a minute" in counted.reason
    assert "count" not in fresh.data


async def test_what_was_only_counted_is_written_when_the_service_stops(doors: Doors) -> None:
    """No number is lost at a stop."""
    for _ in range(ROWS + 3):
        await doors.ask("GET", "/api/keys", role=None, headers={"Authorization": "Bearer syn_x"})
    await doors.site.refusals.close()
    found = await rows(doors, "sign_in.refused")
    assert (len(found), found[-1].data["count"]) == (ROWS + 1, 3)


async def test_a_key_is_made_and_revoked(doors: Doors) -> None:
    """Role and scope are told; the name is sealed for whoever has the key, and the text is nowhere."""
    own = str((await doors.create())["id"])
    body = {"name": "Ada Lovelace", "role": "operator", "integrations": [own]}
    made = (await doors.ask("POST", "/api/keys", body=body, headers={"X-Request-Id": "walk-12345678"})).json
    (row,) = await rows(doors, "key.created")
    assert row.data == {
        "key": made["id"],
        "display_name": "Ada Lovelace",
        "role": "operator",
        "integrations": [own],
        "shown": ["key"],
    }
    assert (row.brought, row.request) == ((f"api_key:{made['id']}",), "walk-12345678")
    (entry,) = [one for one in await doors.rows(SERVICE) if one.row.type == "key.created"]
    assert b"Lovelace" not in entry.content
    whose = partial(subject_key, subject=f"person:{made['id']}")
    assert await doors.store.read(whose) is not None  # The name goes when whoever has the key is erased.
    assert made["key"].split("_")[2].encode() not in entry.content
    assert await sign_in(doors, made["key"]) == 303
    assert (await doors.ask("DELETE", f"/api/keys/{made['id']}")).status == 204
    (gone,) = await rows(doors, "key.revoked")
    assert gone.data == {"key": made["id"], "role": "operator", "sessions": 1}


@pytest.mark.parametrize(
    ("ask", "status", "type_", "reason"),
    [
        (
            lambda doors: doors.ask("DELETE", f"/api/keys/{doors.keys['admin'].split('_')[1]}"),
            409,
            "key.revoked",
            "last",
        ),
        (lambda doors: doors.ask("DELETE", "/api/keys/syn_canary_canary_canary"), 404, "key.revoked", "no such"),
        (
            lambda doors: doors.ask(
                "POST", "/api/keys", body={"name": "n", "role": "viewer", "integrations": ["in_none"]}
            ),
            404,
            "key.created",
            "no integration in_none",
        ),
    ],
)
async def test_what_stands_against_it_is_a_clear_error_and_a_refused_row(
    doors: Doors, ask: Callable[[Doors], Awaitable[Any]], status: int, type_: str, reason: str
) -> None:
    """And nothing is done."""
    before = (await doors.ask("GET", "/api/keys")).json
    assert (await ask(doors)).status == status
    (row,) = await rows(doors, type_)
    assert (row.disposition, row.brought) == ("refused", ())
    assert reason in row.bar
    assert "canary" not in json.dumps(row.data)
    assert (await doors.ask("GET", "/api/keys")).json == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/keys"),
        ("POST", "/api/keys"),
        ("POST", "/api/master-keys/rotation"),
        ("POST", "/api/integrations"),
        ("GET", "/keys"),
    ],
)
async def test_a_request_for_want_of_a_right(doors: Doors, method: str, path: str) -> None:
    """Who asked for which route; on the chain of the service where it is about no integration."""
    body = {"name": "n", "role": "viewer"} if path == "/api/keys" else None
    assert (await doors.ask(method, path, role="viewer", body=body)).status == 403
    (row,) = await rows(doors, "access.refused")
    assert row.data == {"why": "access.forbidden", "method": method, "route": path}
    assert (row.disposition, row.actor.id) == ("refused", key_id(doors, "viewer"))


async def test_a_request_about_an_integration_is_refused_on_its_chain(doors: Doors) -> None:
    """As what it was meant for."""
    id_ = str((await doors.create())["id"])
    assert (await doors.ask("POST", f"/api/integrations/{id_}/connect-links", role="viewer", body={})).status == 403
    row = (await doors.rows(id_))[-1].row
    assert (row.type, row.disposition) == ("access.refused", "refused")
    assert row.data["route"] == "/api/integrations/{id}/connect-links"
    assert not await rows(doors, "access.refused")


async def test_a_key_that_asks_for_what_is_not_its_own(doors: Doors) -> None:
    """The answer does not say whether there is such an integration, the row does; that integration's log stays."""
    own, other = [str((await doors.create())["id"]) for _ in range(2)]
    before = len(await doors.rows(other))
    body = {"name": "agency", "role": "operator", "integrations": [own]}
    made = (await doors.ask("POST", "/api/keys", body=body)).json
    bearer = {"Authorization": f"Bearer {made['key']}"}
    answers = [
        await doors.ask("GET", f"/api/integrations/{id_}/audit", role=None, headers=bearer)
        for id_ in (other, "in_none")
    ]
    assert [(answer.status, answer.code) for answer in answers] == [(404, "integration.unknown")] * 2
    found = await rows(doors, "access.refused")
    told = {"why": "integration.unknown", "method": "GET", "route": "/api/integrations/{id}/audit"}
    assert [row.data for row in found] == [{**told, "asked": other}, told]
    assert {(row.disposition, row.actor.id) for row in found} == {("refused", made["id"])}
    assert len(await doors.rows(other)) == before


async def test_a_forged_request_names_whose_browser_sent_it(doors: Doors) -> None:
    """Another site has made it."""
    assert await sign_in(doors, doors.keys["operator"]) == 303
    answer = await doors.ask("POST", "/new", role=None, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status, answer.code) == (403, "access.csrf")
    (row,) = await rows(doors, "access.refused")
    assert (row.data["why"], row.actor.id) == ("access.csrf", key_id(doors, "operator"))


async def test_a_login_that_nobody_has_started(doors: Doors) -> None:
    """Forged, malformed or missing: which integration is meant cannot be told."""
    for state in (secrets.token_urlsafe(32), "x", ""):
        assert (await doors.come_back(state=state, code="canary-code")).status == 400
    found = await rows(doors, "callback.refused")
    assert [(row.disposition, row.data["why"], row.actor.via) for row in found] == [
        ("refused", "login.unknown_state", "callback")
    ] * 3
    assert b"canary" not in b"".join(entry.content for entry in await doors.rows(SERVICE))


async def test_a_connect_link_that_is_none_of_ours(doors: Doors) -> None:
    """Looked at or redeemed; after ten tries a minute they are not even looked up, and still counted."""
    text = shown_once.make("cl")[1]
    for method in ("GET", "POST"):
        headers = SAME if method == "POST" else {}
        assert (await doors.ask(method, f"/connect/{text}", role=None, headers=headers)).status == 404
    found = await rows(doors, "connect_link.refused")
    assert [(row.data["why"], row.actor.kind, row.actor.via) for row in found] == [("link.unknown", "link", "link")] * 2
    for _ in range(10):
        await doors.ask("POST", f"/connect/{text}", role=None, headers=SAME)
    await doors.site.refusals.close()
    assert (await rows(doors, "connect_link.refused"))[-1].data["count"] == 2


async def test_a_rotation_of_the_master_key_says_who_asked(doors: Doors) -> None:
    """The change is on the service's chain, each exchange on its own, all under one request."""
    id_ = str((await doors.create())["id"])
    request = "walk-12345678"
    answer = await doors.ask("POST", "/api/master-keys/rotation", headers={"X-Request-Id": request})
    assert answer.status == 202
    await doors.site.rotation.wait()
    (row,) = await rows(doors, "master_key.changed")
    assert (row.data["to"], row.actor.id) == (answer.json["current"], key_id(doors, "admin"))
    own, subjects = await rows(doors, "data_key.rewrapped")
    assert ("from" in own.data, subjects.data["subjects"]) == (True, 1)
    other = (await doors.rows(id_))[-1].row
    assert [one.request for one in (row, own, subjects, other)] == [request] * 4


@pytest.mark.parametrize("brought", ["short", "with space 12345", "x" * 65, "a_b_c_d_e_f_g", "whsec_12345678", ""])
async def test_an_id_of_a_request_that_is_not_plain_is_not_taken(doors: Doors, brought: str) -> None:
    """The answer carries a new one, which the rows carry too."""
    answer = await doors.ask(
        "POST", "/api/keys", body={"name": "n", "role": "viewer"}, headers={"X-Request-Id": brought}
    )
    given = answer.headers["X-Request-ID"]
    assert given.startswith("req_")
    assert (await rows(doors, "key.created"))[0].request == given


async def test_every_event_of_the_service_has_words(doors: Doors) -> None:
    """The log shows a title for each."""
    assert await sign_in(doors, doors.keys["admin"]) == 303
    found = (await doors.ask("GET", "/api/audit?limit=100")).json["items"]
    words = SERVICE_EVENTS | DOOR_EVENTS
    shown = {item["type"]: item["title"] for item in found if item["integration"] == SERVICE}
    assert {"service.installed", "service.started", "sign_in.succeeded"} <= shown.keys()
    assert shown == {name: words[name].title for name in shown}


async def test_the_log_of_the_service_verifies_in_order(doors: Doors) -> None:
    """Its rows are chained like any other's."""
    await sign_in(doors, "syn_x")
    found = await doors.store.read(lambda tx: log.rows(tx, wanted=log.Filter(SERVICE), limit=100))
    assert [entry.row.seq for entry in found] == list(range(1, len(found) + 1))
