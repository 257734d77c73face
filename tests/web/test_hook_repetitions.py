"""Signed events that come again, late, at once, or while the database does not answer."""

import asyncio
import time

import pytest

from tests.web.doors import signed
from tests.web.senders import HOOK_BODY as BODY
from tests.web.senders import Hook
from tests.web.stores import failing_store


@pytest.mark.case("webhooks", 7)
async def test_replay_is_answered_as_before_and_applied_once(hook: Hook) -> None:
    """Also when it is signed anew, as a sender does that tries again."""
    first = await hook.send(signed(hook.secret, "m1", BODY))
    again = await hook.send(signed(hook.secret, "m1", BODY, stamp=int(time.time()) - 60))
    assert (again.status, again.json) == (200, first.json)
    assert await hook.rows() == ["unexpected", "duplicate"]


@pytest.mark.case("webhooks", 7)
async def test_replays_at_once(hook: Hook) -> None:
    """Fifty at the same time."""
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


@pytest.mark.case("webhooks", 8)
async def test_replay_after_the_window(hook: Hook) -> None:
    """The request itself is too old; the event, signed anew as a sender does, is known for ever."""
    headers = signed(hook.secret, "m1", BODY)
    first = await hook.send(headers)
    hook.doors.clock.ahead += 86_400_000_000
    late = await hook.send(headers)
    assert (late.status, late.code) == (401, "hook.too_old")
    again = await hook.send(signed(hook.secret, "m1", BODY, stamp=hook.doors.clock() // 1_000_000))
    assert (again.status, again.json) == (200, first.json)
    assert await hook.rows() == ["unexpected", "duplicate"]


@pytest.mark.case("webhooks", 23)
@pytest.mark.parametrize("reading", [False, True])
async def test_store_that_does_not_answer(hook: Hook, monkeypatch: pytest.MonkeyPatch, *, reading: bool) -> None:
    """503 with a time to come back, and then it is taken."""
    with failing_store(hook.doors, monkeypatch, reading=reading):
        answer = await hook.send(signed(hook.secret, "m1", BODY))
        assert (answer.status, answer.code) == (503, "store.unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert await hook.rows() == []
    assert (await hook.send(signed(hook.secret, "m1", BODY))).status == 200
