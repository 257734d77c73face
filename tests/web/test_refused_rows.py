"""What is refused at the doors leaves a row that says who was refused what; and no row holds what was only typed."""

from typing import Any

import pytest

from syncline.core.audit import Row
from syncline.core.event import SERVICE
from syncline.web.refusals import ROWS
from tests.web.doors import Doors, other_secret
from tests.web.senders import ORG, Caller, Hook, caller, inbox, name, notification, rotate
from tests.web.visits import browser, guest

ADDRESS, KEY = "ada@example.com", "syn_c8a0d58c_bbmiqmpnvnbbmiqmpnvnbbmiqmpnvn_0a1b2c"


async def rows(doors: Doors, *types: str, chain: str = SERVICE) -> list[Row]:
    """Answer the rows of some types as they are stored, nothing opened."""
    return [entry.row for entry in await doors.rows(chain) if entry.row.type in types]


async def stored(doors: Doors) -> str:
    """Answer the bytes of all rows of the service."""
    return "\n".join(entry.content.decode() for entry in await doors.rows(SERVICE))


def key_id(doors: Doors, role: Any = "admin") -> str:  # noqa: ANN401  a role by name
    """Answer the id of a role's key."""
    return doors.keys[role].split("_")[1]


@pytest.mark.parametrize("typed", [ADDRESS, KEY])
async def test_an_erasure_of_nobody_does_not_write_down_what_was_typed(doors: Doors, typed: str) -> None:
    """Refused, by whom; but the text that names no subject may be the very thing to be erased."""
    answer = await doors.ask("POST", "/api/audit/erasures", body={"subject": typed})
    assert (answer.status, answer.code) == (404, "audit.unknown_subject")
    (row,) = await rows(doors, "subject.erased")
    assert (row.disposition, row.data["subject"], row.actor.id) == ("refused", "unknown", key_id(doors))
    assert typed not in await stored(doors)


@pytest.mark.parametrize("field", ["actor", "request", "cause", "state"])
async def test_the_filter_of_an_export_names_nobody_in_the_clear(doors: Doors, field: str) -> None:
    """An address is sealed, a key is struck out; what is a name of ours can be read."""
    for value in (ADDRESS, KEY, "in_1"):
        assert (await doors.ask("GET", f"/api/audit?format=csv&{field}={value}")).status == 200
    text = await stored(doors)
    assert ADDRESS not in text
    assert KEY not in text
    begun = await doors.site.privacy.reveal(await rows(doors, "log.export_started"))
    assert [row.data.get("sent", "").partition(": ")[2] for row in begun] == [ADDRESS, "[redacted]", ""]
    assert list(begun[2].data["filter"].values()) == ["in_1"]


async def test_a_denied_login_keeps_its_words_sealed(doors: Doors) -> None:
    """The error is a code or it is nothing; what was said stands in the sealed detail only."""
    id_ = await doors.at_login()
    for error in ("access_denied", ADDRESS):
        state = await doors.start_login(id_)
        await doors.come_back(state=state, error=error, error_description=f"Ask {ADDRESS}")
    denied = await rows(doors, "login.denied", chain=id_)
    assert [row.data["error"] for row in denied] == ["access_denied", ""]
    assert all(row.data["detail"].startswith("sealed:") for row in denied)
    assert ADDRESS not in "".join(entry.content.decode() for entry in await doors.rows(id_))


async def test_a_confirmation_has_ids_and_nothing_else(doors: Doors) -> None:
    """They stand in the row in the clear."""
    id_ = await doors.at_login()
    answer = await doors.command(id_, "connection.confirmed", org_id=ORG, user_id=ADDRESS)
    assert (answer.status, answer.code) == (422, "request.invalid")


async def test_a_replay_that_is_refused_names_who_asked(doors: Doors) -> None:
    """Of what there is not, of what cannot be replayed, and of what is refused again."""
    id_ = await doors.at_login()
    made = await rotate(doors, id_, "salesforce")
    early = Caller(doors, id_, made["url"].removeprefix("https://sync.example.com"), "")
    await early.tell(notification(1))
    (item,) = await inbox(doors, verdict="foreign")
    for id_ in ("kept-99999", "row-1", item["id"]):
        headers = {"X-Request-Id": f"replay-{id_}"}
        answer = await doors.ask("POST", f"/api/inbox/{id_}/replay", role="operator", headers=headers)
        assert answer.status >= 400
    found = await rows(doors, "access.refused")
    assert {row.actor.id for row in found} == {key_id(doors, "operator")}
    assert [(row.data["why"], row.request) for row in found] == [
        ("inbox.unknown", "replay-kept-99999"),
        ("inbox.not_replayable", "replay-row-1"),
        ("hook.foreign", f"replay-{item['id']}"),
    ]


async def test_a_call_to_a_door_that_is_not_there_is_a_row(doors: Doors) -> None:
    """Of an integration that there is; what comes without an id is found by that of its request."""
    created = await doors.create()
    answer = await doors.ask("POST", f"/hooks/{created['id']}/salesforce/{'x' * 43}", role=None, data=b"<a/>")
    assert (answer.status, answer.code) == (404, "hook.unknown")
    hook = Hook(doors, created)
    await hook.send({"X-Request-Id": "trace-0001"})
    found = await rows(doors, "hook.refused", chain=created["id"])
    assert [row.data["why"] for row in found] == ["hook.unknown", "hook.unsigned"]
    assert found[1].request == "trace-0001"


async def test_each_part_that_cannot_be_read_is_a_row(doors: Doors) -> None:
    """The call is acknowledged, or the whole would come again for a day."""
    source = await caller(doors, "salesforce")
    bad = notification(2).replace(name(2), "nonsense")
    assert (await source.tell(notification(1), bad)).status == 200
    (row,) = await rows(doors, "hook.refused", chain=source.id)
    assert (row.data["why"], row.actor.kind, row.actor.via) == ("hook.malformed", "source", "notification")


async def test_a_key_that_asks_for_a_foreign_integration_by_a_query_or_a_body(doors: Doors) -> None:
    """As by a path: the same answer as where there is none, and a row that says which it was."""
    ours, other = [(await doors.create())["id"] for _ in range(2)]
    for role, route in (("auditor", "/api/audit/pack"), ("operator", "/api/subscriptions")):
        wanted = {"name": "partner", "role": role, "integrations": [ours]}
        made = (await doors.ask("POST", "/api/keys", body=wanted)).json["key"]
        for asked in (other, "service", "in_none"):
            body = {"name": "x", "url": "https://example.com/in", "integration": asked} if role == "operator" else None
            path = route if body else f"{route}?integration={asked}"
            headers = {"Authorization": f"Bearer {made}"}
            answer = await doors.ask("POST" if body else "GET", path, role=None, headers=headers, body=body)
            assert (answer.status, answer.code) == (404, "integration.unknown")
        found = [row for row in await rows(doors, "access.refused") if row.actor.id == made.split("_")[1]]
        assert [row.data.get("asked", "") for row in found] == [other, "service", ""]
        assert {row.data["route"] for row in found} == {route}


async def test_a_guest_whose_link_is_over_is_on_the_log(doors: Doors) -> None:
    """Whether they look or press a button; who it was, nobody can say any more."""
    id_ = str((await doors.create())["id"])
    async with browser(doors) as visit:
        link = await guest(doors, visit, id_)
        await doors.ask("DELETE", f"/api/integrations/{id_}/connect-links/{link['id']}", role="operator")
        assert (await visit.open(f"/i/{id_}")).status == 403
        assert (await visit.command(id_, "app.registered")).status == 403
    found = await rows(doors, "access.refused", chain=id_)
    assert [(row.data["why"], row.data["method"], row.actor.id) for row in found] == [
        ("link.over", "GET", "unknown"),
        ("link.over", "POST", "unknown"),
    ]


async def test_one_key_does_not_hide_the_refusals_of_another(doors: Doors) -> None:
    """Though both come from one address, as all do behind a proxy."""
    for _ in range(ROWS + 5):
        assert (await doors.ask("GET", "/api/keys", role="viewer")).status == 403
    assert (await doors.ask("GET", "/api/keys", role="operator")).status == 403
    found = await rows(doors, "access.refused")
    assert [row.actor.id for row in found] == [key_id(doors, "viewer")] * ROWS + [key_id(doors, "operator")]


async def test_a_link_of_which_only_the_id_is_known(doors: Doors) -> None:
    """To look at it and to redeem it alike: somebody unknown has come, not the link."""
    id_ = str((await doors.create())["id"])
    made = await doors.ask("POST", f"/api/integrations/{id_}/connect-links", body={})
    link, (_, text) = made.json["id"], made.json["url"].split("/connect/")
    forged = other_secret(text)
    for method in ("GET", "POST"):
        headers = {"Sec-Fetch-Site": "same-origin"}
        answer = await doors.ask(method, f"/connect/{forged}", role=None, headers=headers)
        assert answer.status == 404
    (looked,) = await rows(doors, "connect_link.refused")
    (redeemed,) = await rows(doors, "link.redeemed", chain=id_)
    assert (looked.actor.id, redeemed.actor.id) == ("unknown", "unknown")
    assert (redeemed.disposition, redeemed.data["link"]) == ("refused", link)


async def test_the_proof_of_a_row_is_on_the_log(doors: Doors) -> None:
    """It takes the row away, as an export does."""
    id_ = str((await doors.create())["id"])
    await doors.site.checkpoints.sign()
    headers = {"X-Request-Id": "proof-0001"}
    answer = await doors.ask("GET", f"/api/integrations/{id_}/audit/1/proof", role="viewer", headers=headers)
    assert answer.status == 200, answer.text
    (row,) = await rows(doors, "log.exported")
    assert (row.actor.id, row.request) == (key_id(doors, "viewer"), "proof-0001")
    assert (row.data["format"], row.data["filter"]) == ("proof", {"integration": id_})
    assert row.data["through"] == answer.json["position"]
