"""Signed events: every way of signing wrongly, repetition, order, and what a hook may send."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from syncline.core.event import EVENTS
from syncline.web import hooks
from tests.web.doors import sign, signed
from tests.web.senders import HOOK_BODY as BODY
from tests.web.senders import Hook


async def test_a_slow_body_is_an_event_of_the_moment_when_it_is_whole(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are looked up by their moments, which must not lie far behind those of the rows before."""
    clock, looked, check = hook.doors.clock, asyncio.Event(), hooks._check_headers

    def look(name: str, stamp: str, signatures: str, at: int) -> None:
        looked.set()
        check(name, stamp, signatures, at)

    async def slowly() -> AsyncIterator[bytes]:
        yield BODY[:5]
        await looked.wait()
        clock.ahead += 60_000_000
        yield BODY[5:]

    monkeypatch.setattr(hooks, "_check_headers", look)
    begun = clock()
    headers = signed(hook.secret, "slow", BODY, stamp=begun // 1_000_000)
    answer = await hook.doors.ask("POST", hook.path, role=None, headers=headers, data=slowly())
    assert answer.status == 200
    assert (await hook.doors.rows(hook.id))[-1].row.at >= begun + 60_000_000


async def test_signed_event_is_recorded(hook: Hook) -> None:
    """The answer says what became of it; in this state nothing, and that is no fault of the sender."""
    answer = await hook.send(signed(hook.secret, "m1", BODY))
    assert answer.status == 200
    assert answer.json == {
        "seq": 3,  # The row before it says that the hook's secret was opened.
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


@pytest.mark.case("webhooks", 1)
@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_unsigned(hook: Hook, missing: str) -> None:
    """Any of the three headers is missing."""
    headers = signed(hook.secret, "m1", BODY)
    del headers[missing]
    await hook.refused(await hook.send(headers), "hook.unsigned", 401)


@pytest.mark.case("webhooks", 2)
async def test_wrong_secret(hook: Hook) -> None:
    """Also that of another integration."""
    other = (await hook.doors.create())["hook"]["secret"]
    await hook.refused(await hook.send(signed(other, "m1", BODY)), "hook.bad_signature", 401)


@pytest.mark.case("webhooks", 3)
async def test_one_byte_flipped(hook: Hook) -> None:
    """In the body, in the signature, in the id and in the timestamp."""
    headers = signed(hook.secret, "m1", BODY)
    await hook.refused(await hook.send(headers, BODY.replace(b"canary", b"canarz")), "hook.bad_signature", 401)
    flipped = dict(headers, **{"webhook-signature": headers["webhook-signature"][:-3] + "AA="})
    await hook.refused(await hook.send(flipped), "hook.bad_signature", 401)
    await hook.refused(await hook.send(dict(headers, **{"webhook-id": "m2"})), "hook.bad_signature", 401)
    later = str(int(headers["webhook-timestamp"]) + 1)
    await hook.refused(await hook.send(dict(headers, **{"webhook-timestamp": later})), "hook.bad_signature", 401)


@pytest.mark.case("webhooks", 4)
async def test_body_written_again(hook: Hook) -> None:
    """The same JSON in other bytes."""
    other = json.dumps(json.loads(BODY)).encode()
    await hook.refused(await hook.send(signed(hook.secret, "m1", BODY), other), "hook.bad_signature", 401)


@pytest.mark.case("webhooks", 5)
@pytest.mark.parametrize(("off", "accepted"), [(-302, False), (-298, True), (298, True), (302, False)])
async def test_clock_that_is_off(hook: Hook, off: int, *, accepted: bool) -> None:
    """Five minutes, either way."""
    answer = await hook.send(signed(hook.secret, "m1", BODY, stamp=int(time.time()) + off))
    if accepted:
        assert answer.status == 200
    else:
        await hook.refused(answer, "hook.too_old", 401)


@pytest.mark.case("webhooks", 6)
@pytest.mark.parametrize("stamp", ["now", "1e9", "nan", "-1", "1.5", " 1", "0x1", "١٢٣", "9" * 40])
async def test_malformed_timestamp(hook: Hook, stamp: str) -> None:
    """Not whole seconds since the epoch."""
    headers = signed(hook.secret, "m1", BODY)
    headers["webhook-timestamp"] = stamp
    headers["webhook-signature"] = sign(hook.secret, "m1", stamp, BODY)
    answer = await hook.send(headers)
    assert answer.status in {400, 401}
    assert await hook.rows() == []


@pytest.mark.case("webhooks", 9)
@pytest.mark.parametrize("name", ["a.b", "a" * 257, "a b\tc", "é"])
async def test_id_that_is_not_taken(hook: Hook, name: str) -> None:
    """A dot would let one signed text be cut in two ways."""
    headers = signed(hook.secret, name, BODY)
    answer = await hook.send(headers)
    await hook.refused(answer, "hook.malformed", 400)


@pytest.mark.case("webhooks", 10)
async def test_one_valid_signature_among_five(hook: Hook) -> None:
    """As while a secret is being changed; garbage beside it does no harm."""
    headers = signed(hook.secret, "m1", BODY)
    right = headers["webhook-signature"]
    headers["webhook-signature"] = f"v1,AAAA v2,BBBB nonsense {right} v1,CCCC"
    assert (await hook.send(headers)).status == 200


@pytest.mark.case("webhooks", 12)
@pytest.mark.parametrize("signature", ["v2,{0}", "{0}", "v1", "v1,", " ", "v1a,{0}", "v1,{0}x"])
async def test_no_signature_that_is_known(hook: Hook, signature: str) -> None:
    """A version that nobody has, or half of one."""
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


@pytest.mark.case("webhooks", 13)
async def test_header_of_a_megabyte(hook: Hook) -> None:
    """Refused before it is read."""
    headers = signed(hook.secret, "m1", BODY)
    headers["webhook-signature"] = "v1," + "A" * 1_000_000
    assert (await hook.send(headers)).status in {400, 431}
    assert await hook.rows() == []


@pytest.mark.case("webhooks", 16)
async def test_body_over_a_mebibyte(hook: Hook) -> None:
    """It is not read further."""
    body = b'{"type":"sync.requested","timestamp":"","data":{"a":"' + b"x" * 1_100_000 + b'"}}'
    await hook.refused(await hook.send(signed(hook.secret, "m1", body), body), "request.too_large", 413)


@pytest.mark.case("webhooks", 17)
async def test_compressed_body(hook: Hook) -> None:
    """A bomb is not even unpacked."""
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


@pytest.mark.slow
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
    keyed = HMAC(key, SHA256())
    other = HMAC(key + b"x", SHA256())
    assert hooks.verify(keyed, name, str(stamp), text.encode(), [signature])
    assert not hooks.verify(other, name, str(stamp), text.encode(), [signature])
