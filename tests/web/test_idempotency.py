"""Idempotency keys of commands: another body, and two at the same time."""

import asyncio

import pytest

from syncline.core.event import Event
from syncline.store.record import Outcome
from tests.web.doors import Doors

KEYED = {"Idempotency-Key": "k1"}


@pytest.mark.case("webhooks", 27)
async def test_a_key_with_another_body(doors: Doors) -> None:
    """422, for ever; the first answer stays."""
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/events"
    first = await doors.ask("POST", path, body={"type": "app.registered"}, headers=KEYED)
    other = await doors.ask("POST", path, body={"type": "disconnect.requested"}, headers=KEYED)
    assert (other.status, other.code) == (422, "key.reused")
    again = await doors.ask("POST", path, body={"type": "app.registered"}, headers=KEYED)
    assert (again.status, again.json["outcome"]["repeated"]) == (200, True)
    assert again.json["outcome"]["seq"] == first.json["outcome"]["seq"]


@pytest.mark.case("webhooks", 27)
async def test_a_key_in_flight(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """409 while the first has no answer, whatever the body; afterwards a repetition."""
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/events"
    begun, go_on = asyncio.Event(), asyncio.Event()
    handle = doors.site.engine.handle

    async def slowly(event: Event) -> Outcome:
        begun.set()
        await go_on.wait()
        return await handle(event)

    with monkeypatch.context() as patch:
        patch.setattr(doors.site.engine, "handle", slowly)
        first = asyncio.create_task(doors.ask("POST", path, body={"type": "app.registered"}, headers=KEYED))
        await begun.wait()
        for type_ in ("app.registered", "disconnect.requested"):
            second = await doors.ask("POST", path, body={"type": type_}, headers=KEYED)
            assert (second.status, second.code) == (409, "key.in_flight")
        go_on.set()
        assert (await first).status == 200
    rows = [found.row.disposition for found in await doors.rows(id_) if found.row.type != "integration.created"]
    assert rows == ["transitioned"]
    again = await doors.ask("POST", path, body={"type": "app.registered"}, headers=KEYED)
    assert again.json["outcome"]["repeated"] is True


@pytest.mark.case("webhooks", 27)
async def test_a_key_is_free_again_after_a_failure(doors: Doors) -> None:
    """A request that ended with an error holds nothing."""
    id_ = (await doors.create())["id"]
    path = f"/api/integrations/{id_}/events"
    for _ in range(2):
        answer = await doors.ask("POST", path, body={"type": "sync.requested"}, headers=KEYED)
        assert (answer.status, answer.code) == (409, "event.unexpected")
