"""Webhooks of the target: who may call, what they become, and what is answered."""

import json
from urllib.parse import urlencode

import pytest

from tests.web.doors import Doors
from tests.web.senders import Caller, caller, inbox, rotate
from tests.web.stores import failing_store

SYNC = {"event": "sync", "person": 1234, "record": "00QHs0000000001MAA"}
STAGE = {"event": "became MQL", "person": "1234", "score": 90, "note": "canary note", "empty": None}


def written(fields: object) -> bytes:
    """Write JSON."""
    return json.dumps(fields).encode()


@pytest.fixture
async def target(doors: Doors) -> Caller:
    """The target of an integration that syncs."""
    return await caller(doors, "marketo")


async def test_sync_this_person_now(target: Caller) -> None:
    """Asks for a run soon, and remembers the record that is wanted."""
    answer = await target.call(written(SYNC))
    assert (answer.status, answer.json) == (200, {"recorded": 1})
    row = (await target.doors.rows(target.id))[-1].row
    assert (row.type, row.disposition, row.actor.kind) == ("person.sync_requested", "handled", "target")
    assert row.data == {"path": "webhook", "person": "1234", "record": SYNC["record"]}
    assert (len(row.effects), row.brought) == (1, (f"wanted:{SYNC['record']}",))


async def test_a_stage_of_the_life_cycle(target: Caller) -> None:
    """Is on the log with what came along, sealed; nothing is run."""
    assert (await target.call(written(STAGE))).status == 200
    found = (await target.doors.rows(target.id))[-1]
    assert (found.row.type, found.row.disposition, found.row.effects) == ("person.reported", "handled", ())
    assert (found.row.data["person"], found.row.data["stage"]) == ("1234", "became MQL")
    assert b"canary note" not in found.content
    shown = await target.doors.site.privacy.reveal(found.row)
    assert shown.data["sent"] == {"score": 90, "note": "canary note"}


async def test_a_form(target: Caller) -> None:
    """The other of the two encodings."""
    answer = await target.call(urlencode(SYNC).encode(), "application/x-www-form-urlencoded")
    assert answer.status == 200
    assert (await target.doors.rows(target.id))[-1].row.data == {
        "path": "webhook",
        "person": "1234",
        "record": SYNC["record"],
    }


async def test_a_delivery_that_has_a_name_counts_once(target: Caller) -> None:
    """Without one, each call is a call of its own."""
    for _ in range(2):
        assert (await target.call(written(SYNC))).status == 200
        assert (await target.call(written({**SYNC, "delivery": "2026-11-26 10:00:00"}))).status == 200
    assert [told for _, _, told in await target.rows()] == ["handled", "handled", "handled", "duplicate"]


@pytest.mark.case("webhooks", 26)
@pytest.mark.parametrize("change", ["", "x", "{}x", "x{}", "{} ", "other", "swapped"])
async def test_a_wrong_header(target: Caller, change: str) -> None:
    """401, nothing recorded, and the secret is in no inbox."""
    other = await rotate(target.doors, (await target.doors.create())["id"], "marketo")
    secret = change.replace("{}", target.secret).replace("other", other["secret"])
    secret = target.secret.swapcase() if change == "swapped" else secret
    if secret.strip() == target.secret:
        secret = secret.strip() + "\u00a0"  # White space at the ends is no part of a header's value.
    answer = await target.send(written(SYNC), "application/json", X_Syncline_Secret=secret)
    assert (answer.status, answer.code) == (401, "hook.wrong_secret")
    assert await target.rows() == []
    (kept,) = await inbox(target.doors, integration=target.id, verdict="bad_signature")
    assert target.secret not in json.dumps(kept)
    assert not kept["replayable"]


@pytest.mark.case("webhooks", 26)
async def test_no_header_and_a_wrong_address(target: Caller) -> None:
    """Both secrets are needed, and they belong together."""
    assert (await target.send(written(SYNC), "application/json")).code == "hook.wrong_secret"
    path = target.path[:-1]
    answer = await target.send(written(SYNC), "application/json", path, X_Syncline_Secret=target.secret)
    assert answer.code == "hook.wrong_secret"
    second = await rotate(target.doors, target.id, "marketo")
    answer = await target.send(written(SYNC), "application/json", X_Syncline_Secret=second["secret"])
    assert answer.code == "hook.wrong_secret"
    assert await target.rows() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"sync"',
        b"[" * 100_000,
        b'{"event":"sync"}',
        b'{"person":1}',
        b'{"event":"","person":1}',
        b'{"event":"sync","person":0}',
        b'{"event":"sync","person":-1}',
        b'{"event":"sync","person":1.5}',
        b'{"event":"sync","person":[1]}',
        b'{"event":{"a":1},"person":1}',
        b'{"event":"sync\\n","person":1}',
        b'{"event":"sync","person":1,"record":"a\' OR 1"}',
        b'{"event":"sync","person":1,"delivery":"' + b"x" * 201 + b'"}',
        b'{"event":"mql","person":1,"a":"' + b"x" * 1001 + b'"}',
        b'{"event":"mql","person":1,"a":"\xff"}',
        written({"event": "mql", "person": 1, **{f"f{n}": n for n in range(30)}}),
    ],
)
async def test_a_body_that_cannot_be_read(target: Caller, body: bytes) -> None:
    """400, kept in the inbox for a look, nothing recorded."""
    answer = await target.call(body)
    assert (answer.status, answer.code) == (400, "hook.malformed")
    assert await target.rows() == []
    assert [kept["replayable"] for kept in await inbox(target.doors, verdict="malformed")] == [True]


@pytest.mark.parametrize(
    "form", [b"event=sync", b"event=sync&person=1&person=2", b"event", b"event=sync&person=%ff", b"a=1&" * 40]
)
async def test_a_form_that_cannot_be_read(target: Caller, form: bytes) -> None:
    """As with JSON."""
    answer = await target.call(form, "application/x-www-form-urlencoded")
    assert (answer.status, answer.code) == (400, "hook.malformed")
    assert await target.rows() == []


async def test_another_media_type(target: Caller) -> None:
    """Neither of the two."""
    assert (await target.call(written(SYNC), "text/plain")).code == "request.media_type"


@pytest.mark.case("webhooks", 23)
@pytest.mark.parametrize("reading", [False, True])
async def test_a_store_that_does_not_answer(target: Caller, monkeypatch: pytest.MonkeyPatch, *, reading: bool) -> None:
    """503: the campaign can wait for that and call again."""
    with failing_store(target.doors, monkeypatch, reading=reading):
        answer = await target.call(written(SYNC))
        assert (answer.status, answer.code) == (503, "store.unavailable")
    assert await target.rows() == []
    assert (await target.call(written(SYNC))).status == 200
