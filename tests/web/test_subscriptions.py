"""Subscriptions at the door: tried when they are made, their secrets shown once, each change on the log."""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from syncline.core.event import SERVICE
from syncline.destinations import Destinations
from syncline.store.log import LogRow
from tests.deliveries.receivers import Receiver, receiving
from tests.web.doors import Answer, Doors
from tests.web.keys import make_key


@dataclass
class Told:
    """A site whose subscribers are on this machine."""

    doors: Doors
    origin: str
    receivers: defaultdict[str, Receiver]

    async def subscribe(self, name: str = "one", **more: object) -> Answer:
        """Subscribe an endpoint as the admin."""
        body = {"name": name, "url": f"{self.origin}/{name}", **more}
        return await self.doors.ask("POST", "/api/subscriptions", body=body)

    async def made(self, name: str = "one", **more: object) -> dict[str, Any]:
        """Subscribe an endpoint that answers; answers what the API said."""
        answer = await self.subscribe(name, **more)
        assert answer.status == 201, answer.text
        made: dict[str, Any] = answer.json
        return made

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Ask about subscriptions as the admin."""
        return await self.doors.ask(method, f"/api/subscriptions{path}", body=body)

    async def last(self) -> LogRow:
        """Answer the last row of the service's own log."""
        return (await self.doors.rows(SERVICE))[-1]


@pytest.fixture
async def told(doors: Doors) -> AsyncIterator[Told]:
    """A site, and endpoints that it may call."""
    async with receiving() as (origin, receivers):
        doors.site.__dict__["destinations"] = Destinations((origin,), 5)
        yield Told(doors, origin, receivers)


async def test_address_is_tried_and_its_secret_shown_once(told: Told) -> None:
    """The test is signed with the secret of the answer; nothing else ever shows that, nor the address."""
    made = await told.made("canary-path", types=["sync.failed"])
    assert made["enabled"]
    assert made["test"]["answered"]
    (call,) = told.receivers["canary-path"].calls
    assert call.body["type"] == "subscription.test"
    Webhook(made["secret"]).verify(call.raw, call.headers)
    shown = await told.ask("GET", f"/{made['id']}")
    listed = await told.ask("GET", "")
    assert listed.json["items"] == [shown.json]
    assert shown.json["origin"] == told.origin
    row = await told.last()
    assert (row.row.type, row.row.disposition, row.row.actor.kind) == ("subscription.made", "handled", "person")
    assert row.row.data["shown"] == ["secret"]
    assert row.row.data["display_name"].startswith("sealed:")
    everything = row.content.decode() + shown.text + listed.text
    assert made["secret"] not in everything
    assert f"{told.origin}/canary-path" not in everything


@pytest.mark.parametrize(
    ("status", "problem"), [(500, "destination.refused"), (302, "destination.redirect"), (410, "destination.gone")]
)
async def test_address_that_does_not_answer_is_made_and_off_until_it_does(
    told: Told, status: int, problem: str
) -> None:
    """A program may need the secret before it can answer: then a test switches it on."""
    told.receivers["one"].answers = [status]
    made = await told.made()
    assert (made["enabled"], made["reason"]) == (False, problem)
    assert made["test"] == made["test"] | {"answered": False, "status": status, "problem": problem}
    again = (await told.ask("POST", f"/{made['id']}/test")).json
    assert (again["enabled"], again["test"]["answered"]) == (False, False)
    told.receivers["one"].answers = [200]
    again = (await told.ask("POST", f"/{made['id']}/test")).json
    assert (again["enabled"], again["reason"], again["test"]["answered"]) == (True, "", True)
    assert (await told.last()).row.data["enabled"] is True


async def test_nothing_listens_there(told: Told) -> None:
    """The answer says so, and not where."""
    told.doors.site.__dict__["destinations"] = Destinations(("http://127.0.0.1:1",), 5)
    made = await told.made(url="http://127.0.0.1:1/canary")
    assert (made["enabled"], made["reason"], made["test"]["status"]) == (False, "destination.unreachable", 0)
    assert "canary" not in str(made)


@pytest.mark.case("webhooks", 28)
@pytest.mark.case("webhooks", 32)
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://169.254.169.254/latest/meta-data", "destination.private"),
        ("https://[::ffff:169.254.169.254]/", "destination.private"),
        ("https://2852039166/", "destination.private"),
        ("https://hooks.example.com:6379/", "destination.port"),
        ("http://hooks.example.com/", "destination.not_https"),
        ("https://user:canary@hooks.example.com/", "destination.malformed"),
    ],
)
async def test_address_that_is_never_called_is_refused_at_once(told: Told, url: str, code: str) -> None:
    """With its field, and without the address; nothing is made."""
    answer = await told.subscribe(url=url)
    assert (answer.status, answer.code, answer.json["field"]) == (422, code, "url")
    assert "canary" not in answer.text
    assert (await told.ask("GET", "")).json["items"] == []


@pytest.mark.case("webhooks", 29)
async def test_name_of_this_machine_passes_the_door_and_ends_at_the_socket(told: Told) -> None:
    """The subscription is made, off, and says why."""
    made = await told.made(url="https://localhost/")
    assert (made["enabled"], made["reason"]) == (False, "destination.private")


async def test_changes_are_events_and_say_what_is_so_now(told: Told) -> None:
    """Name, types, off and on again; another address is tried first."""
    id_ = (await told.made())["id"]
    changed = await told.ask("PATCH", f"/{id_}", {"name": "two", "types": ["quota.reached"], "enabled": False})
    assert {name: changed.json[name] for name in ("name", "types", "enabled", "reason", "test")} == {
        "name": "two",
        "types": ["quota.reached"],
        "enabled": False,
        "reason": "",
        "test": None,
    }
    assert (await told.last()).row.type == "subscription.changed"
    assert (await told.ask("POST", f"/{id_}/test")).json["enabled"] is False  # A person has switched it off.
    told.receivers["three"].answers = [404]
    moved = await told.ask("PATCH", f"/{id_}", {"url": f"{told.origin}/three", "enabled": True})
    assert (moved.json["enabled"], moved.json["reason"]) == (False, "destination.refused")
    told.receivers["three"].answers = [204]
    assert (await told.ask("PATCH", f"/{id_}", {"enabled": True})).json["enabled"]
    assert [call.body["type"] for call in told.receivers["three"].calls] == ["subscription.test"] * 2


async def test_secret_is_changed_with_an_overlap(told: Told) -> None:
    """Two count at once, three never; without an overlap the former is erased."""
    made = await told.made()
    id_ = made["id"]
    second = (await told.ask("POST", f"/{id_}/secret", {})).json
    assert second["secret"] != made["secret"]
    assert [bool(key["until"]) for key in second["keys"]] == [False, True]
    await told.ask("POST", f"/{id_}/test")
    call = told.receivers["one"].calls[-1]
    for secret in (made["secret"], second["secret"]):
        Webhook(secret).verify(call.raw, call.headers)
    third = (await told.ask("POST", f"/{id_}/secret", {"overlap_hours": 1})).json
    assert [key["fingerprint"] for key in third["keys"][1:]] == [second["keys"][0]["fingerprint"]]
    only = (await told.ask("POST", f"/{id_}/secret", {"overlap_hours": 0})).json
    assert len(only["keys"]) == 1
    await told.ask("POST", f"/{id_}/test")
    assert len(told.receivers["one"].calls[-1].headers["webhook-signature"].split()) == 1


async def test_end_erases_and_is_on_the_log(told: Told) -> None:
    """Its secrets are gone, and it is not there any more."""
    id_ = (await told.made())["id"]
    assert (await told.ask("DELETE", f"/{id_}")).status == 204
    assert (await told.last()).row.brought[0] == f"subscription:{id_}"
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        answer = await told.ask(method, f"/{id_}{path}")
        assert (answer.status, answer.code) == (404, "subscription.unknown")
    left = await told.doors.store.read(lambda tx: [row[0] for row in tx.list_secrets(integration=SERVICE)])
    assert [field for field in left if field.startswith("subscription.")] == []


async def test_replay_of_nothing_is_refused(told: Told) -> None:
    """With a code of its own."""
    id_ = (await told.made())["id"]
    answer = await told.ask("POST", f"/{id_}/replay", {"sequences": [1]})
    assert (answer.status, answer.code) == (409, "subscription.nothing_to_replay")
    assert (await told.ask("GET", f"/{id_}/deliveries")).json == {"items": [], "next": None}


async def test_unknown_type_and_integration_are_refused(told: Told) -> None:
    """Before anything is called."""
    assert (await told.subscribe(types=["sync.exploded"])).status == 422
    assert (await told.subscribe(integration="in_none")).code == "integration.unknown"
    assert (await told.subscribe(integration=SERVICE)).code == "integration.unknown"
    assert told.receivers["one"].calls == []


async def test_key_for_some_integrations_sees_and_makes_only_theirs(told: Told) -> None:
    """Others are not there for it, and it cannot subscribe to all."""
    mine, other = (await told.doors.create())["id"], (await told.doors.create())["id"]
    _, key = await told.doors.store.write(
        lambda tx: make_key(tx, name="some", role="operator", integrations=(mine,), now=told.doors.clock())
    )
    head = {"Authorization": f"Bearer {key}"}
    everything, theirs = (await told.made("all"))["id"], (await told.made("other", integration=other))["id"]
    body = {"name": "n", "url": f"{told.origin}/mine"}

    async def ask(method: str, path: str, sent: object = None) -> Answer:
        return await told.doors.ask(method, f"/api/subscriptions{path}", role=None, headers=head, body=sent)

    assert (await ask("POST", "", body)).code == "access.forbidden"
    assert (await ask("POST", "", {**body, "integration": other})).code == "integration.unknown"
    made = await ask("POST", "", {**body, "integration": mine})
    assert made.status == 201
    assert [item["id"] for item in (await ask("GET", "")).json["items"]] == [made.json["id"]]
    for hidden in (everything, theirs):
        assert (await ask("GET", f"/{hidden}")).code == "subscription.unknown"
        assert (await ask("DELETE", f"/{hidden}")).code == "subscription.unknown"


async def test_metrics_say_how_subscriptions_stand(told: Told) -> None:
    """By numbers only: no id and no address becomes a label."""
    await told.made()
    told.receivers["two"].answers = [500]
    await told.made("two")
    text = (await told.doors.ask("GET", "/metrics", role=None)).text
    assert 'syncline_subscriptions{standing="on"} 1.0' in text
    assert 'syncline_subscriptions{standing="off"} 1.0' in text
    assert "syncline_deliveries_waiting 0.0" in text
