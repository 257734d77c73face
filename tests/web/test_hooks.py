"""Signed events: every way of signing wrongly, repetition, order, and what a hook may send."""

import asyncio
import gzip
import hashlib
import hmac
import json
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from syncline.core.event import EVENTS
from syncline.web import hooks
from tests.web.doors import Answer, Doors, sign, signed

BODY = b'{"type":"sync.requested","timestamp":"2026-11-24T09:00:00Z","data":{"why":"canary"}}'


class Hook:
    """The hook of an integration that can be asked for a sync."""

    def __init__(self, doors: Doors, created: dict[str, Any]) -> None:
        """Take what the API said when the integration was made."""
        self.doors = doors
        self.id = created["id"]
        self.secret = created["hook"]["secret"]
        self.path = f"/hooks/{self.id}/events"

    async def send(self, headers: dict[str, str], body: bytes = BODY) -> Answer:
        """Send a body as it is."""
        return await self.doors.ask("POST", self.path, role=None, headers=headers, data=body)

    async def rows(self) -> list[str]:
        """Answer the dispositions of all that a hook has sent."""
        rows = await self.doors.rows(self.id)
        return [found.row.disposition for found in rows if found.row.actor.kind == "hook"]

    async def refused(self, answer: Answer, code: str, status: int) -> None:
        """Assert that a request was refused and left nothing."""
        assert (answer.status, answer.code) == (status, code), answer.text
        assert await self.rows() == []


@pytest.fixture
async def hook(doors: Doors) -> Hook:
    """The hook of a new integration."""
    return Hook(doors, await doors.create())


async def test_signed_event_is_recorded(hook: Hook) -> None:
    """The answer says what became of it; in this state nothing, and that is no fault of the sender."""
    answer = await hook.send(signed(hook.secret, "m1", BODY))
    assert answer.status == 200
    assert answer.json == {
        "seq": 2,
        "disposition": "unexpected",
        "from": "unconfigured",
        "to": "unconfigured",
    }
    stored = (await hook.doors.rows(hook.id))[-1]
    assert (stored.row.type, stored.row.key, stored.row.actor.via) == ("sync.requested", "hook:m1", "signature")
    assert b"canary" not in stored.content  # What a sender says may name a person, and so may its address.
    assert b"127.0.0.1" not in stored.content
    row = await hook.doors.site.privacy.reveal(stored.row)
    assert (row.data, row.actor.address) == ({"sent": {"why": "canary"}}, "127.0.0.1")


async def test_event_moves_the_machine(hook: Hook) -> None:
    """A hook may ask for what the chart allows it to."""
    id_ = hook.id
    await hook.doors.command(id_, "app.registered")
    await hook.doors.command(id_, "credentials.saved", consumer_key="k", consumer_secret="s")
    await hook.doors.push(id_, "credentials.accepted")
    state = await hook.doors.start_login(id_)
    await hook.doors.come_back(state=state, code="c")
    await hook.doors.push(id_, "code.exchanged", org_id="o", user_id="u", generation=1)
    await hook.doors.push(id_, "checks.failed", problem="grant.lost", detail="x")
    body = b'{"type":"checks.requested","timestamp":"","data":{}}'
    answer = await hook.send(signed(hook.secret, "m1", body), body)
    assert answer.json["to"] == "authorized.checking"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_unsigned(hook: Hook, missing: str) -> None:
    """Case 1."""
    headers = signed(hook.secret, "m1", BODY)
    del headers[missing]
    await hook.refused(await hook.send(headers), "hook.unsigned", 401)


async def test_wrong_secret(hook: Hook) -> None:
    """Case 2: also that of another integration."""
    other = (await hook.doors.create())["hook"]["secret"]
    await hook.refused(await hook.send(signed(other, "m1", BODY)), "hook.bad_signature", 401)


async def test_one_byte_flipped(hook: Hook) -> None:
    """Case 3: in the body, in the signature, in the id and in the timestamp."""
    headers = signed(hook.secret, "m1", BODY)
    await hook.refused(await hook.send(headers, BODY.replace(b"canary", b"canarz")), "hook.bad_signature", 401)
    flipped = dict(headers, **{"webhook-signature": headers["webhook-signature"][:-3] + "AA="})
    await hook.refused(await hook.send(flipped), "hook.bad_signature", 401)
    await hook.refused(await hook.send(dict(headers, **{"webhook-id": "m2"})), "hook.bad_signature", 401)
    later = str(int(headers["webhook-timestamp"]) + 1)
    await hook.refused(await hook.send(dict(headers, **{"webhook-timestamp": later})), "hook.bad_signature", 401)


async def test_body_written_again(hook: Hook) -> None:
    """Case 4: the same JSON in other bytes."""
    other = json.dumps(json.loads(BODY)).encode()
    await hook.refused(await hook.send(signed(hook.secret, "m1", BODY), other), "hook.bad_signature", 401)


@pytest.mark.parametrize(("off", "accepted"), [(-302, False), (-298, True), (298, True), (302, False)])
async def test_clock_that_is_off(hook: Hook, off: int, *, accepted: bool) -> None:
    """Case 5: five minutes, either way."""
    answer = await hook.send(signed(hook.secret, "m1", BODY, stamp=int(time.time()) + off))
    if accepted:
        assert answer.status == 200
    else:
        await hook.refused(answer, "hook.too_old", 401)


@pytest.mark.parametrize("stamp", ["now", "1e9", "nan", "-1", "1.5", " 1", "0x1", "١٢٣", "9" * 40])
async def test_malformed_timestamp(hook: Hook, stamp: str) -> None:
    """Case 6."""
    headers = signed(hook.secret, "m1", BODY)
    headers["webhook-timestamp"] = stamp
    headers["webhook-signature"] = sign(hook.secret, "m1", stamp, BODY)
    answer = await hook.send(headers)
    assert answer.status in {400, 401}
    assert await hook.rows() == []


async def test_replay_is_answered_as_before_and_applied_once(hook: Hook) -> None:
    """Case 7: also when it is signed anew, as a sender does that tries again."""
    first = await hook.send(signed(hook.secret, "m1", BODY))
    again = await hook.send(signed(hook.secret, "m1", BODY, stamp=int(time.time()) - 60))
    assert (again.status, again.json) == (200, first.json)
    assert await hook.rows() == ["unexpected", "duplicate"]


async def test_replays_at_once(hook: Hook) -> None:
    """Case 7: fifty at the same time."""
    headers = signed(hook.secret, "m1", BODY)
    answers = await asyncio.gather(*(hook.send(headers) for _ in range(50)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert sorted(await hook.rows()) == ["duplicate"] * 49 + ["unexpected"]


async def test_same_id_other_body(hook: Hook) -> None:
    """An id names one event for ever."""
    await hook.send(signed(hook.secret, "m1", BODY))
    other = BODY.replace(b"sync.requested", b"pause.requested")
    answer = await hook.send(signed(hook.secret, "m1", other), other)
    assert (answer.status, answer.code) == (422, "key.reused")
    assert await hook.rows() == ["unexpected", "refused"]


@pytest.mark.parametrize("name", ["a.b", "a" * 257, "a b\tc", "é"])
async def test_id_that_is_not_taken(hook: Hook, name: str) -> None:
    """Case 9: a dot would let one signed text be cut in two ways."""
    headers = signed(hook.secret, name, BODY)
    answer = await hook.send(headers)
    await hook.refused(answer, "hook.malformed", 400)


async def test_one_valid_signature_among_five(hook: Hook) -> None:
    """Case 10: as while a secret is being changed; garbage beside it does no harm."""
    headers = signed(hook.secret, "m1", BODY)
    right = headers["webhook-signature"]
    headers["webhook-signature"] = f"v1,AAAA v2,BBBB nonsense {right} v1,CCCC"
    assert (await hook.send(headers)).status == 200


@pytest.mark.parametrize("signature", ["v2,{0}", "{0}", "v1", "v1,", " ", "v1a,{0}", "v1,{0}x"])
async def test_no_signature_that_is_known(hook: Hook, signature: str) -> None:
    """Case 12."""
    headers = signed(hook.secret, "m1", BODY)
    headers["webhook-signature"] = signature.format(headers["webhook-signature"].removeprefix("v1,"))
    answer = await hook.send(headers)
    assert answer.status == 401
    assert await hook.rows() == []


async def test_only_the_first_signatures_are_looked_at(hook: Hook) -> None:
    """Nobody has a hundred keys."""
    headers = signed(hook.secret, "m1", BODY)
    headers["webhook-signature"] = "v1,AAAA " * 100 + headers["webhook-signature"]
    await hook.refused(await hook.send(headers), "hook.bad_signature", 401)


async def test_header_of_a_megabyte(hook: Hook) -> None:
    """Case 13."""
    headers = signed(hook.secret, "m1", BODY)
    headers["webhook-signature"] = "v1," + "A" * 1_000_000
    assert (await hook.send(headers)).status in {400, 431}
    assert await hook.rows() == []


async def test_body_over_a_mebibyte(hook: Hook) -> None:
    """Case 16."""
    body = b'{"type":"sync.requested","timestamp":"","data":{"a":"' + b"x" * 1_100_000 + b'"}}'
    await hook.refused(await hook.send(signed(hook.secret, "m1", body), body), "request.too_large", 413)


async def test_compressed_body(hook: Hook) -> None:
    """Case 17: a bomb is not even unpacked."""
    bomb = gzip.compress(b" " * 10_000_000)
    headers = {**signed(hook.secret, "m1", bomb), "Content-Encoding": "gzip"}
    await hook.refused(await hook.send(headers, bomb), "request.media_type", 415)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b'{"type":1}',
        b'{"type":"sync.requested","data":[]}',
        b'{"type":"sync.requested","more":1}',
        b'{"type":"sync.requested","data":{"a":"\xff"}}',
        b"[" * 100_000,
    ],
)
async def test_body_that_cannot_be_read(hook: Hook, body: bytes) -> None:
    """Signed, and still not an event."""
    await hook.refused(await hook.send(signed(hook.secret, "m1", body), body), "hook.malformed", 400)


@pytest.mark.parametrize(
    "type_", [*sorted(n for n, kind in EVENTS.items() if "hook" not in kind.senders), "to_syncing"]
)
async def test_type_that_a_hook_may_not_send(hook: Hook, type_: str) -> None:
    """A hook neither commands like a person nor reports like an effect."""
    body = json.dumps({"type": type_, "timestamp": "", "data": {}}).encode()
    await hook.refused(await hook.send(signed(hook.secret, "m1", body), body), "hook.type_not_allowed", 422)


async def test_data_cannot_pass_for_a_report(hook: Hook) -> None:
    """A sender's `problem` blocks nothing."""
    body = b'{"type":"sync.requested","timestamp":"","data":{"problem":"x","retry_after":1}}'
    await hook.send(signed(hook.secret, "m1", body), body)
    assert (await hook.doors.read(hook.id)).context.problem == ""


async def test_unknown_hook(hook: Hook) -> None:
    """A made-up id, and one whose secrets are erased."""
    headers = signed(hook.secret, "m1", BODY)
    answer = await hook.doors.ask("POST", "/hooks/in_x/events", role=None, headers=headers, data=BODY)
    assert (answer.status, answer.code) == (404, "hook.unknown")
    assert (await hook.send(headers)).status == 200
    await hook.doors.command(hook.id, "disconnect.requested")
    await hook.doors.push(hook.id, "effect.exhausted")
    await hook.doors.command(hook.id, "erasure.requested")
    answer = await hook.send(signed(hook.secret, "m2", BODY))
    assert (answer.status, answer.code) == (404, "hook.unknown")


async def test_store_that_does_not_answer(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 23: 503 with a time to come back, and then it is taken."""
    writer = hook.doors.store._writer
    assert writer is not None

    async def fail(*_arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_execute", fail)
        answer = await hook.send(signed(hook.secret, "m1", BODY))
        assert (answer.status, answer.code) == (503, "store.unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert await hook.rows() == []
    assert (await hook.send(signed(hook.secret, "m1", BODY))).status == 200


async def test_method_and_path(hook: Hook) -> None:
    """What is not POST to the address is refused as everywhere."""
    assert (await hook.doors.ask("GET", hook.path, role=None)).code == "request.method"
    assert (await hook.doors.ask("POST", hook.path + "/x", role=None)).code == "request.unknown_path"


@given(
    st.binary(min_size=1, max_size=64),
    st.from_regex(r"\A[A-Za-z0-9_-]{1,40}\Z"),
    st.text(st.characters(codec="utf-8"), max_size=200),
)
def test_signatures_are_those_of_the_standard(key: bytes, name: str, text: str) -> None:
    """What the package signs is verified here."""
    stamp = int(time.time())
    package = Webhook(key)
    signature = package.sign(name, datetime.fromtimestamp(stamp, UTC), text)
    keyed = hmac.new(key, digestmod=hashlib.sha256)
    other = hmac.new(key + b"x", digestmod=hashlib.sha256)
    assert hooks.verify(keyed, name, str(stamp), text.encode(), [signature])
    assert not hooks.verify(other, name, str(stamp), text.encode(), [signature])
