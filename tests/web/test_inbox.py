"""The inbox: what came to the doors with its verdict, redacted, bounded, and replayed."""

import json
from functools import partial
from typing import Any

import pytest

from syncline.errors import UnavailableError
from syncline.store import inbox as stored
from syncline.web.inbox import ONE_BY_ONE
from tests.web.doors import Doors, signed
from tests.web.senders import HOOK_BODY as BODY
from tests.web.senders import ORG, SESSION, Caller, Hook, caller, inbox, message, notification, rotate
from tests.web.stores import failing_store

DAY = 86_400_000_000


async def verdicts(doors: Doors, **query: str) -> list[tuple[str, str]]:
    """Answer (door, verdict) of the newest page."""
    return [(item["door"], item["verdict"]) for item in await inbox(doors, **query)]


async def replay(doors: Doors, item: dict[str, Any]) -> Any:  # noqa: ANN401  an answer
    """Replay one item."""
    return await doors.ask("POST", f"/api/inbox/{item['id']}/replay")


async def test_every_request_is_there_with_its_verdict(hook: Hook) -> None:
    """The newest first, whether it is on the log or was turned away."""
    headers, odd = signed(hook.secret, "m1", BODY), b'{"type":1}'
    await hook.send(headers)
    await hook.send(headers)
    await hook.send(signed(hook.secret, "m1", b'{"type":"pause.requested"}'), b'{"type":"pause.requested"}')
    await hook.send({})
    await hook.send({**headers, "webhook-id": "m2"})
    await hook.send(signed(hook.secret, "m3", BODY, stamp=1))
    await hook.send(signed(hook.secret, "m4", odd), odd)
    await hook.send(signed(hook.secret, "m5", b'{"type":"erasure.requested"}'), b'{"type":"erasure.requested"}')
    await hook.send(signed(hook.secret, "m6", b"x" * 1_100_000), b"x" * 1_100_000)
    await hook.doors.ask("POST", "/hooks/in_x/events", role=None, headers=headers, data=BODY)
    expected = ["accepted", "duplicate", "reused", "bad_signature", "bad_signature", "too_old", "malformed"]
    expected += ["not_allowed", "too_large", "unknown_integration"]
    assert await verdicts(hook.doors) == [("events", verdict) for verdict in reversed(expected)]
    assert await verdicts(hook.doors, verdict="too_old") == [("events", "too_old")]
    assert {item["integration"] for item in await inbox(hook.doors)} == {hook.id, "in_x"}
    assert len(await inbox(hook.doors, integration=hook.id)) == len(expected) - 1


async def test_the_callback_is_a_door_too(doors: Doors) -> None:
    """A state that nobody gave out, a login that came back, the same once more."""
    id_ = await doors.at_login()
    state = await doors.start_login(id_)
    await doors.come_back(state="x" * 43, code="canary-code")
    await doors.come_back(state=state, code="canary-code")
    await doors.come_back(state=state, code="canary-code")
    seen = await inbox(doors)
    assert [item["verdict"] for item in seen] == ["refused", "accepted", "unknown_integration"]
    assert {item["door"] for item in seen} == {"callback"}
    assert seen[0]["problem"] == "login.used"
    text = json.dumps(seen)
    assert state not in text
    assert "canary-code" not in text


@pytest.mark.parametrize("door", ["salesforce", "marketo"])
async def test_nothing_secret_is_kept(doors: Doors, door: str) -> None:
    """Neither in what is shown nor in the file: signatures, addresses, headers, states, bodies."""
    one = await caller(doors, door)
    hook = Hook(doors, await doors.create())
    bad = signed(hook.secret, "m1", BODY)["webhook-signature"][:-4] + "AAA="
    await hook.send({**signed(hook.secret, "m1", BODY), "webhook-signature": bad, "X-Canary": "canary-header"})
    path = one.path[:-4] + "zzzz"
    await one.send(b"canary-body", "text/xml", path, X_Syncline_Secret="canary-secret")
    await one.send(message([notification(1), "<Notification/>"]), "text/xml", X_Syncline_Secret=one.secret)
    await one.call(b'{"event":"sync","canary":"canary-body"}')
    answer = await doors.ask("GET", "/api/inbox")
    page = await doors.ask("GET", "/inbox")
    files = b"".join(path.read_bytes() for path in doors.store.path.parent.glob("test.sqlite3*"))
    for secret in (bad, path.rpartition("/")[2], one.path.rpartition("/")[2], one.secret or "canary-secret", SESSION):
        assert secret not in answer.text
        assert secret not in page.text
        assert secret.encode() not in files
    for canary in (b"canary-header", b"canary-secret", b"canary-body"):
        assert canary not in files


async def test_what_was_recorded_is_a_duplicate_when_it_is_replayed(hook: Hook) -> None:
    """Under the id that it came with; the log says who replayed it."""
    first = await hook.send(signed(hook.secret, "m1", BODY))
    (item,) = await inbox(hook.doors)
    assert (item["verdict"], item["name"], item["replayable"]) == ("accepted", "m1", True)
    answer = await replay(hook.doors, item)
    (outcome,) = answer.json["outcomes"]
    assert (outcome["seq"], outcome["repeated"]) == (first.json["seq"], True)
    row = (await hook.doors.rows(hook.id))[-1].row
    assert (row.disposition, row.repeats, row.actor.via) == ("duplicate", first.json["seq"], "replay")
    assert row.cause == f"replay:{hook.doors.keys['admin'].split('_')[1]}"


async def test_a_callback_that_was_accepted_is_a_duplicate_too(doors: Doors) -> None:
    """Though its code is gone: a repetition is told by fingerprints; nothing is consumed or stored."""
    id_ = await doors.at_login()
    await doors.come_back(state=await doors.start_login(id_), code="c")
    before = await doors.read(id_)
    item = next(item for item in await inbox(doors) if item["verdict"] == "accepted")
    answer = await replay(doors, item)
    assert (answer.status, answer.json["outcomes"][0]["repeated"]) == (200, True)
    after = await doors.read(id_)
    assert (after.state, after.seq) == (before.state, before.seq + 1)


async def test_a_refused_callback_cannot_be_replayed(doors: Doors) -> None:
    """It never was what was awaited."""
    id_ = await doors.at_login()
    state = await doors.start_login(id_)
    await doors.come_back(state=state, code="c")
    await doors.come_back(state=state, code="c")
    item = (await inbox(doors))[0]
    assert (item["verdict"], item["replayable"]) == ("refused", False)
    answer = await replay(doors, item)
    assert (answer.status, answer.code) == (409, "inbox.not_replayable")


async def test_what_was_turned_away_is_judged_anew(doors: Doors) -> None:
    """A message of an org that was confirmed only afterwards: foreign then, recorded now, a duplicate later."""
    id_ = await doors.at_login()
    made = await rotate(doors, id_, "salesforce")
    early = Caller(doors, id_, made["url"].removeprefix("https://sync.example.com"), "")
    assert (await early.tell(notification(1), notification(2))).code == "hook.foreign"
    (item,) = await inbox(doors, verdict="foreign")
    assert (await replay(doors, item)).code == "hook.foreign"
    assert (await inbox(doors, verdict="foreign"))[0]["replayed_as"] == "hook.foreign"

    await doors.come_back(state=await doors.start_login(id_), code="c")
    await doors.push(id_, "code.exchanged", org_id=ORG, user_id="u", generation=1)
    await doors.push(id_, "checks.passed")
    await doors.command(id_, "connection.confirmed", org_id=ORG, user_id="u")
    outcomes = (await replay(doors, item)).json["outcomes"]
    assert [(one["disposition"], one["repeated"]) for one in outcomes] == [("unexpected", False)] * 2
    outcomes = (await replay(doors, item)).json["outcomes"]
    assert [one["repeated"] for one in outcomes] == [True, True]
    assert (await early.tell(notification(1))).status == 200
    assert [told for _, _, told in await early.rows()] == ["unexpected"] * 2 + ["duplicate"] * 3


async def test_what_nobody_vouched_for_cannot_be_replayed(hook: Hook) -> None:
    """A bad signature stays one; neither does a replay of nothing work."""
    await hook.send({**signed(hook.secret, "m1", BODY), "webhook-id": "m2"})
    (item,) = await inbox(hook.doors)
    assert not item["replayable"]
    assert (await replay(hook.doors, item)).code == "inbox.not_replayable"
    for id_ in ("row-99999", "kept-99999", "row-x", "kept-", "nothing", "row-" + "9" * 30):
        assert (await hook.doors.ask("POST", f"/api/inbox/{id_}/replay")).code == "inbox.unknown"
    assert (await hook.doors.ask("POST", "/api/inbox/row-1/replay")).code == "inbox.not_replayable"
    assert await hook.rows() == []


async def test_a_malformed_event_is_malformed_again(hook: Hook) -> None:
    """Judged by the same reader; and when its secrets are erased, there is nothing to judge."""
    odd = b'{"type":1}'
    await hook.send(signed(hook.secret, "m1", odd), odd)
    (item,) = await inbox(hook.doors)
    assert (await replay(hook.doors, item)).code == "hook.malformed"
    await hook.doors.command(hook.id, "disconnect.requested")
    await hook.doors.push(hook.id, "effect.exhausted")
    await hook.doors.command(hook.id, "erasure.requested")
    assert (await replay(hook.doors, item)).code == "inbox.not_replayable"


async def test_a_flood_is_counted(hook: Hook) -> None:
    """Sixty of a kind in a minute are listed, the rest is a number when the minute is over."""
    hook.doors.clock.ahead += 60_000_000 - hook.doors.clock() % 60_000_000  # At the beginning of a minute.
    for _ in range(ONE_BY_ONE + 40):
        await hook.send({})
    assert len(await inbox(hook.doors, limit="200", verdict="bad_signature")) == ONE_BY_ONE
    hook.doors.clock.ahead += 60_000_000
    items = await inbox(hook.doors, limit="200", verdict="bad_signature")
    assert [item["times"] for item in items].count(40) == 1
    assert sum(item["times"] for item in items) == ONE_BY_ONE + 40
    await hook.send({})
    assert len(await inbox(hook.doors, limit="200", verdict="bad_signature")) == ONE_BY_ONE + 2


async def test_old_ones_are_forgotten(hook: Hook) -> None:
    """After a month; what became an event stays as long as the log."""
    await hook.send(signed(hook.secret, "m1", BODY))
    await hook.send({})
    assert await verdicts(hook.doors) == [("events", "bad_signature"), ("events", "accepted")]
    hook.doors.clock.ahead += 31 * DAY
    await hook.send({"webhook-id": "later"})
    assert [item["name"] for item in await inbox(hook.doors)] == ["later", "m1"]


async def test_large_ones_make_room(hook: Hook) -> None:
    """The oldest first."""
    for number in range(5):
        body = b'{"type":"' + b"x" * 10_000 + b'"}'
        await hook.send(signed(hook.secret, f"m{number}", body), body)
    assert len(await inbox(hook.doors)) == 5
    await hook.doors.store.write(partial(stored.trim, before=0, most=30_000))
    assert [item["name"] for item in await inbox(hook.doors)] == ["m4", "m3"]


async def test_pages_of_the_inbox(hook: Hook) -> None:
    """Each request is on one page, in order of time, whatever part it is from."""
    for number in range(7):
        await hook.send(signed(hook.secret, f"m{number}", BODY) if number % 2 else {"webhook-id": f"m{number}"})
    seen, before = [], ""
    while True:
        page = (await hook.doors.ask("GET", f"/api/inbox?limit=2&before={before}")).json
        seen += [item["name"] for item in page["items"]]
        before = page["next"]
        if not before:
            break
    assert seen == [f"m{number}" for number in range(6, -1, -1)]
    assert (await hook.doors.ask("GET", "/api/inbox?before=x")).status == 422


async def test_a_log_that_is_long(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page reads no more of it than a stretch, and the next one goes on behind that."""
    monkeypatch.setattr(stored, "REACH", 4)
    await hook.send(signed(hook.secret, "m1", BODY))
    await hook.send({"webhook-id": "m2"})
    for _ in range(10):
        await hook.doors.command(hook.id, "checks.requested")
    await hook.send(signed(hook.secret, "m3", BODY))
    seen, before, pages = [], "", 0
    while True:
        page = (await hook.doors.ask("GET", f"/api/inbox?before={before}")).json
        seen += [item["name"] for item in page["items"]]
        before, pages = page["next"], pages + 1
        if not before:
            break
    assert seen == ["m3", "m2", "m1"]
    assert pages > 2


async def test_a_key_for_some_integrations(hook: Hook) -> None:
    """Sees what came to those, and nothing that came to nobody."""
    other = Hook(hook.doors, await hook.doors.create())
    for one in (hook, other):
        await one.send(signed(one.secret, "m1", BODY))
        await one.send({})
    await hook.doors.ask("POST", "/hooks/in_x/events", role=None, data=BODY)
    asked = {"name": "some", "role": "operator", "integrations": [hook.id]}
    key = (await hook.doors.ask("POST", "/api/keys", body=asked)).json["key"]
    bearer = {"Authorization": f"Bearer {key}"}
    items = (await hook.doors.ask("GET", "/api/inbox", role=None, headers=bearer)).json["items"]
    assert {item["integration"] for item in items} == {hook.id}
    assert len(items) == 2
    foreign = next(item for item in await inbox(hook.doors, integration=other.id) if item["verdict"] == "accepted")
    answer = await hook.doors.ask("POST", f"/api/inbox/{foreign['id']}/replay", role=None, headers=bearer)
    assert answer.code == "inbox.unknown"


async def test_a_part_that_cannot_be_kept_is_not_acknowledged(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """An acknowledged message is whole: recorded, or in the inbox."""
    one = await caller(doors, "salesforce")
    with failing_store(doors, monkeypatch):
        assert (await one.tell("<Notification/>")).code == "store.unavailable"
    assert await inbox(doors, verdict="malformed") == []
    assert (await one.tell("<Notification/>")).status == 200
    assert len(await inbox(doors, verdict="malformed")) == 1


async def test_what_could_not_be_written_is_written_later(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database did not answer, senders were told to come again; afterwards that can be seen."""
    with failing_store(hook.doors, monkeypatch):
        assert (await hook.send(signed(hook.secret, "m1", BODY))).status == 503
        with pytest.raises(UnavailableError):
            await hook.doors.site.inbox.flush()
        assert (await hook.send({"webhook-id": "m2"})).status == 503  # Nor is anything refused that cannot be noted.
    assert await verdicts(hook.doors) == [("events", "bad_signature"), ("events", "unavailable")]
    assert await verdicts(hook.doors) == [("events", "bad_signature"), ("events", "unavailable")]


async def test_the_page(hook: Hook) -> None:
    """Works without scripts: a list, a filter, a button for each that can be replayed."""
    assert "Nothing has come yet" in (await hook.doors.ask("GET", "/inbox")).text
    await hook.send(signed(hook.secret, "m1", BODY))
    await hook.send({})
    page = (await hook.doors.ask("GET", "/inbox")).text
    (item,) = await inbox(hook.doors, verdict="accepted")
    assert f'action="/inbox/{item["id"]}/replay"' in page
    assert "bad signature" in page
    assert "hook.unsigned" not in (await hook.doors.ask("GET", "/inbox?verdict=accepted")).text
    answer = await hook.doors.ask("POST", f"/inbox/{item['id']}/replay")
    assert "nothing was done a second time" in answer.text
    refused = await hook.doors.ask("POST", "/inbox/row-1/replay")
    assert (refused.status, "Not replayed" in refused.text) == (409, True)
    assert (await hook.doors.ask("POST", f"/inbox/{item['id']}/replay", role="viewer")).status == 403
    assert "/replay" not in (await hook.doors.ask("GET", "/inbox", role="viewer")).text
