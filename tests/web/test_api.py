"""The JSON API: integrations made and driven, keys, the log, and what is refused."""

import json

import pytest

from syncline.core.audit import decode
from syncline.core.event import EVENTS
from tests.web.doors import CREDENTIALS, NEW, Doors

CANARIES = ("canary-client-id", "canary-client-s", "canary-consumer-key", "canary-consumer-secret")


async def test_new_integration_answers_its_status_and_once_the_secret_of_its_hook(doors: Doors) -> None:
    """The answer is a whole status."""
    created = await doors.create()
    assert created["state"] == "unconfigured"
    assert created["hook"]["url"] == f"https://sync.example.com/hooks/{created['id']}/events"
    assert created["hook"]["secret"].startswith("whsec_")
    assert created["why"]["type"] == "integration.created"
    assert created["why"]["actor"]["title"] == "the admin"
    assert created["next"][0] == {
        "event": "app.registered",
        "title": "I have registered the app",
        "by": ["link", "person"],
        "primary": True,
    }
    assert created["source"]["app_guide"]["App"][0]["values"] == [
        ["Callback", "https://sync.example.com/salesforce/getSfdcOAuthTokensRedirect"]
    ]
    read = (await doors.ask("GET", f"/api/integrations/{created['id']}")).json
    assert "secret" not in read["hook"]
    assert {secret["field"] for secret in read["secrets"]} == {"hook_secret", "client_id", "client_secret"}


@pytest.mark.case("oauth", 40)
async def test_secrets_are_nowhere_but_sealed(doors: Doors) -> None:
    """Neither an answer nor any byte of the database has what was entered."""
    id_ = await doors.at_login()
    status = await doors.ask("GET", f"/api/integrations/{id_}")
    audit = await doors.ask("GET", f"/api/integrations/{id_}/audit?format=ndjson")
    stored = b"".join(path.read_bytes() for path in doors.store.path.parent.glob("test.sqlite3*"))
    for canary in CANARIES:
        assert canary not in status.text
        assert canary not in audit.text
        assert canary.encode() not in stored


async def test_way_through_the_milestones(doors: Doors) -> None:
    """Commands and results lead from the first state to a running sync."""
    id_ = await doors.at_login()
    await doors.start_login(id_)
    assert (await doors.read(id_)).state == "credentials_saved.awaiting_login"
    waiting = (await doors.ask("GET", f"/api/integrations/{id_}")).json["waiting_for"]
    assert [effect["effect"] for effect in waiting] == ["expire_login"]


async def test_same_key_same_payload_is_answered_as_before(doors: Doors) -> None:
    """A repetition changes nothing and has the outcome of the first."""
    id_ = (await doors.create())["id"]
    key = {"Idempotency-Key": "k1"}
    path = f"/api/integrations/{id_}/events"
    first = await doors.ask("POST", path, body={"type": "app.registered"}, headers=key)
    again = await doors.ask("POST", path, body={"type": "app.registered"}, headers=key)
    assert first.status == again.status == 200
    assert again.json["outcome"] == {**first.json["outcome"], "repeated": True}
    assert [row.row.disposition for row in await doors.rows(id_)] == ["transitioned", "transitioned", "duplicate"]


async def test_same_key_other_payload_is_refused(doors: Doors) -> None:
    """Neither another type nor another secret may come with a used key."""
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/events"
    key = {"Idempotency-Key": "k1"}
    await doors.ask("POST", path, body={"type": "app.registered"}, headers=key)
    answer = await doors.ask("POST", path, body={"type": "disconnect.requested"}, headers=key)
    assert (answer.status, answer.code) == (422, "key.reused")
    key = {"Idempotency-Key": "k2"}
    assert (await doors.ask("POST", path, body=CREDENTIALS, headers=key)).status == 200
    assert (await doors.ask("POST", path, body=CREDENTIALS, headers=key)).status == 200
    other = {**CREDENTIALS, "consumer_secret": "another"}
    assert (await doors.ask("POST", path, body=other, headers=key)).code == "key.reused"


async def test_integration_is_made_once_for_one_key(doors: Doors) -> None:
    """A repeated birth answers the same integration, but never the secret a second time."""
    key = {"Idempotency-Key": "birth"}
    first = await doors.ask("POST", "/api/integrations", body=NEW, headers=key)
    again = await doors.ask("POST", "/api/integrations", body=NEW, headers=key)
    assert first.json["id"] == again.json["id"]
    assert again.json["hook"]["secret"] is None
    other = await doors.ask("POST", "/api/integrations", body={**NEW, "name": "Other"}, headers=key)
    assert (other.status, other.code) == (422, "key.reused")
    assert len((await doors.ask("GET", "/api/integrations")).json["items"]) == 1


async def test_what_the_state_does_not_expect_is_a_conflict_with_the_way_on(doors: Doors) -> None:
    """The problem says what became of the event and what can be done instead."""
    id_ = (await doors.create())["id"]
    answer = await doors.command(id_, "resume.requested")
    assert (answer.status, answer.code) == (409, "event.unexpected")
    assert answer.json["outcome"]["disposition"] == "unexpected"
    assert answer.json["next"][0]["event"] == "app.registered"
    assert (await doors.rows(id_))[-1].row.disposition == "unexpected"


async def test_guard_refuses_an_identity_that_was_not_seen(doors: Doors) -> None:
    """Confirming a page of the past is refused."""
    id_ = await doors.at_login()
    state = await doors.start_login(id_)
    assert (await doors.come_back(state=state, code="c")).status == 303
    await doors.push(id_, "code.exchanged", org_id="o1", user_id="u1", generation=1, scopes=[])
    await doors.push(id_, "checks.passed")
    answer = await doors.command(id_, "connection.confirmed", org_id="o1", user_id="u2")
    assert (answer.status, answer.code) == (409, "event.refused")
    assert "confirms_seen_identity" in answer.json["detail"]
    answer = await doors.command(id_, "connection.confirmed", org_id="o1", user_id="u1")
    assert answer.json["status"]["milestone"] == "verified"


@pytest.mark.case("oauth", 44)
async def test_login_host_may_change_with_the_credentials(doors: Doors) -> None:
    """The new host is in the status, a host that is not allowed is not taken."""
    id_ = (await doors.create())["id"]
    await doors.command(id_, "app.registered")
    bad = await doors.ask(
        "POST", f"/api/integrations/{id_}/events", body={**CREDENTIALS, "login_host": "https://evil.example"}
    )
    assert (bad.status, bad.json["field"]) == (422, "login_host")
    good = await doors.ask(
        "POST", f"/api/integrations/{id_}/events", body={**CREDENTIALS, "login_host": "https://test.crm.example/"}
    )
    assert good.json["status"]["source"]["login_host"] == "https://test.crm.example"


async def test_account_may_change_at_any_time(doors: Doors) -> None:
    """The target's address and API user are replaced, sealed."""
    created = await doors.create()
    answer = await doors.command(
        created["id"], "account.saved", url="https://b.mail.example", client_id="i", client_secret="s"
    )
    assert answer.json["status"]["target"]["url"] == "https://b.mail.example"
    before = {secret["field"]: secret["fingerprint"] for secret in created["secrets"]}
    after = {secret["field"]: secret["fingerprint"] for secret in answer.json["status"]["secrets"]}
    assert before["client_secret"] != after["client_secret"]


@pytest.mark.parametrize(
    ("objects", "field"),
    [
        ({"Account": {"Name": "name"}}, "objects.Account"),
        ({"Lead": {"Email": "email", "Other": "email"}}, "objects.Lead"),
    ],
)
async def test_mapping_that_makes_no_sense_is_refused(
    doors: Doors, objects: dict[str, dict[str, str]], field: str
) -> None:
    """An object that is not synced, or two fields that would overwrite each other."""
    id_ = (await doors.create())["id"]
    answer = await doors.command(id_, "mapping.saved", objects=objects)
    assert (answer.status, answer.code, answer.json["field"]) == (422, "request.invalid", field)


@pytest.mark.case("oauth", 43)
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "request.malformed"),
        (b"", 400, "request.malformed"),
        (b"\xff\xfe", 400, "request.malformed"),
        (b"[]", 422, "request.invalid"),
        (b'{"type":"no.such"}', 422, "request.invalid"),
        (b'{"type":"app.registered","more":"canary"}', 422, "request.invalid"),
        (b'{"type":"credentials.saved","consumer_key":"canary"}', 422, "request.invalid"),
        (b'{"type":"credentials.saved","consumer_key":["canary"],"consumer_secret":"x"}', 422, "request.invalid"),
        (b'{"type":"canary"}', 422, "request.invalid"),
        (b'{"type":"app.registered"' + b" " * 1_100_000 + b"}", 413, "request.too_large"),
    ],
)
async def test_body_that_cannot_be_taken(doors: Doors, body: bytes, status: int, code: str) -> None:
    """The answer names the field, never what was in it."""
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/events"
    answer = await doors.ask("POST", path, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.code) == (status, code)
    assert "canary" not in answer.text


@pytest.mark.case("oauth", 41)
@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_only_json_is_taken(doors: Doors, media: str) -> None:
    """A form or a text from another site cannot pass for a command."""
    id_ = (await doors.create())["id"]
    answer = await doors.ask(
        "POST", f"/api/integrations/{id_}/events", data=b'{"type":"app.registered"}', headers={"Content-Type": media}
    )
    assert (answer.status, answer.code) == (415, "request.media_type")


async def test_list_is_paged_filtered_and_searched(doors: Doors) -> None:
    """Pages go by key, filters take a state or its parent."""
    for name in ("Alpha", "Beta", "Gamma"):
        assert (await doors.ask("POST", "/api/integrations", body={**NEW, "name": name})).status == 201
    first = (await doors.ask("GET", "/api/integrations?limit=2")).json
    assert [item["name"] for item in first["items"]] == ["Alpha", "Beta"]
    second = (await doors.ask("GET", f"/api/integrations?limit=2&after={first['next']}")).json
    assert ([item["name"] for item in second["items"]], second["next"]) == (["Gamma"], None)
    found = (await doors.ask("GET", "/api/integrations?search=amm")).json
    assert [item["name"] for item in found["items"]] == ["Gamma"]
    assert (await doors.ask("GET", "/api/integrations?state=syncing")).json["items"] == []
    assert (await doors.ask("GET", "/api/integrations?limit=2&limit=3")).code == "request.invalid"
    assert (await doors.ask("GET", "/api/integrations?limt=2")).code == "request.invalid"


async def test_unknown_integration_is_not_found(doors: Doors) -> None:
    """For reading, for commanding and for the log alike."""
    for method, path, body in (
        ("GET", "/api/integrations/in_x", None),
        ("POST", "/api/integrations/in_x/events", {"type": "app.registered"}),
        ("GET", "/api/integrations/in_x/audit", None),
    ):
        answer = await doors.ask(method, path, body=body)
        assert (answer.status, answer.code) == (404, "integration.unknown")


async def test_log_is_paged_and_exported(doors: Doors) -> None:
    """A page has rows in words; NDJSON has the very bytes that were hashed; CSV opens in a spreadsheet, harmless."""
    id_ = (await doors.create())["id"]
    await doors.command(id_, "app.registered")
    page = (await doors.ask("GET", f"/api/integrations/{id_}/audit?limit=1")).json
    assert [row["type"] for row in page["items"]] == ["integration.created"]
    rest = (await doors.ask("GET", f"/api/integrations/{id_}/audit?after={page['next']}")).json
    assert [(row["type"], row["from"]) for row in rest["items"]] == [("app.registered", "unconfigured")]
    export = await doors.ask("GET", f"/api/integrations/{id_}/audit?format=ndjson", role="auditor")
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert [line["row"]["seq"] for line in lines] == [1, 2]
    assert f'"row":{(await doors.rows(id_))[0].content.decode()}}}' in export.text
    sheet = await doors.ask("GET", f"/api/integrations/{id_}/audit?format=csv", role="auditor")
    assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet.text.splitlines()[0].startswith("position,integration,seq,at,type")
    assert len(sheet.text.splitlines()) == 3
    assert decode((await doors.rows(id_))[1].content).actor.via == "bearer"


async def test_keys_are_made_listed_and_revoked(doors: Doors) -> None:
    """A revoked key is refused at once; the last admin key stays."""
    made = (await doors.ask("POST", "/api/keys", body={"name": "robot", "role": "viewer"})).json
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (await doors.ask("GET", "/api/integrations", role=None, headers=headers)).status == 200
    listed = await doors.ask("GET", "/api/keys")
    assert made["id"] in listed.text
    assert made["key"] not in listed.text
    assert (await doors.ask("DELETE", f"/api/keys/{made['id']}")).status == 204
    assert (await doors.ask("GET", "/api/integrations", role=None, headers=headers)).status == 401
    assert (await doors.ask("DELETE", f"/api/keys/{made['id']}")).code == "access.unknown_key"
    own = doors.keys["admin"].split("_")[1]
    assert (await doors.ask("DELETE", f"/api/keys/{own}")).code == "access.last_admin"


async def test_every_command_of_a_person_is_a_command_of_the_api(doors: Doors) -> None:
    """The union has exactly the events that persons may send, but for those with routes of their own."""
    document = (await doors.ask("GET", "/openapi.json", role=None)).json
    mapping = document["components"]["schemas"]["CommandBody"]["discriminator"]["mapping"]
    persons = {name for name, kind in EVENTS.items() if "person" in kind.senders}
    assert set(mapping) == persons - {"integration.created", "link.made", "link.revoked", "hook.rotated"}


async def test_closed_integration_says_so(doors: Doors) -> None:
    """After the erasure a command with secrets is unexpected, not a fault."""
    id_ = await doors.at_login()
    assert (await doors.command(id_, "disconnect.requested")).status == 200
    await doors.push(id_, "effect.exhausted", problem="effect.exhausted", detail="gave up")
    status = (await doors.ask("GET", f"/api/integrations/{id_}")).json
    assert status["blocked_by"]["code"] == "effect.exhausted"
    assert status["blocked_by"]["url"] == "https://sync.example.com/help/errors/effect.exhausted"
    assert (await doors.command(id_, "erasure.requested")).json["status"]["secrets"] == []
    answer = await doors.ask("POST", f"/api/integrations/{id_}/events", body=CREDENTIALS)
    assert (answer.status, answer.code) == (409, "event.unexpected")


async def test_what_can_be_done_next_is_no_housekeeping(doors: Doors) -> None:
    """Nobody is told that a secret may be opened, or a data key wrapped again."""
    id_ = (await doors.create())["id"]
    await doors.command(id_, "app.registered")
    next_ = {step["event"] for step in (await doors.ask("GET", f"/api/integrations/{id_}")).json["next"]}
    assert "credentials.saved" in next_
    assert not [name for name in next_ if name.startswith(("secret.", "data_key.", "link.", "hook."))]
