"""Outbound messages that nobody acknowledges: tried again, later and later, then given up and kept for a while."""

import time
from pathlib import Path

import pytest
from aiohttp import web

from syncline_sim import hand
from syncline_sim.app import Plan, Simulation
from syncline_sim.letters import LONGEST_ANSWER
from syncline_sim.salesforce.outbound import messages, queue
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.listener import Listener, Reply, hangs, listening, says
from tests.sim.salesforce.outbound.conftest import Outbound, ack, ids

BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><a>&b;</a>'
FAULT = ack().replace("notificationsResponse", "other")


async def breaks_off(request: web.Request) -> web.StreamResponse:
    """Close the connection instead of answering."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (says(text=ack("false")), "SOAP response was a nack"),
        (says(503, ack()), "(503)Service Unavailable"),
        (says(202, ack()), "(202)Accepted"),
        (says(302, Location="/elsewhere"), "(302)Found"),
        (says(text="OK"), "The answer is no acknowledgement"),
        (says(), "The answer is no acknowledgement"),
        (says(text=BOMB), "The answer is no acknowledgement"),
        (says(text=FAULT), "The answer is no acknowledgement"),
        (says(text=" " * (LONGEST_ANSWER + 1)), "The answer has more than"),
        (breaks_off, "Server disconnected"),
        (hangs, "Read timed out"),
    ],
)
async def test_refused(outbound: Outbound, reply: Reply, failure: str) -> None:
    """Whatever is no acknowledgement leaves the notification in the queue, with the reason; it is tried again."""
    await outbound.switch(outbound_timeout=0.05 if reply is hangs else 5)
    await outbound.define()
    outbound.listener.first(reply)
    await outbound.create()
    (waiting,) = await outbound.until_tried()
    assert waiting["failure"].startswith(failure)
    assert len(outbound.listener.heard) == 1  # Not at once, and no redirect was followed.
    await outbound.switch(outbound_timeout=5)
    assert await outbound.control("POST /outbound-messages/hurry") == {"hurried": 1}
    first, second = await outbound.listener.wait(2)
    assert ids(first) == ids(second) == [waiting["id"]]
    await outbound.until_empty()


@pytest.mark.parametrize(
    ("endpoint", "failure"),
    [
        ("http://127.0.0.1:1/nobody", "Cannot connect to host 127.0.0.1:1"),
        ("http://192.0.2.1/hook", "only this machine is called"),
        ("http://[2001:db8::1]/hook", "only this machine is called"),
        ("http://[::ffff:192.0.2.1]/hook", "only this machine is called"),
        ("http://0.0.0.0:1/hook", "only this machine is called"),
    ],
)
async def test_unreachable(outbound: Outbound, endpoint: str, failure: str) -> None:
    """Who does not listen, or is on another machine, is told of in the queue, and nothing is sent there."""
    await outbound.define(endpoint=endpoint)
    await outbound.create()
    (waiting,) = await outbound.until_tried()
    assert failure in waiting["failure"]


def test_later_and_later(simulation: Simulation) -> None:
    """Each attempt waits twice as long as the one before, up to two hours, and after a day there is none any more."""
    world = simulation.world
    message = messages.define(world, object="Lead", endpoint="http://127.0.0.1:1/nobody")
    hand.change(world, object="Lead", change={"LastName": "New"})
    waits = []
    while taken := queue.take(world, message):
        queue.postpone(world, taken, "nobody is there")
        (waiting,) = queue.view(world)["queued"]
        waits.append(waiting["next_at"] - world.now())
        world.advance(waits[-1])
    assert waits[:10] == pytest.approx([*(30 * 2**n for n in range(8)), 7200, 7200], abs=2)
    assert sum(waits) == pytest.approx(86_400, abs=2)
    assert len(queue.view(world)["failed"]) == 1


async def test_given_up(outbound: Outbound, control: ControlDoor) -> None:
    """After a day it is in the list of failed ones, from which it can be retried for a week."""
    await outbound.define(endpoint="http://127.0.0.1:1/nobody", name="old")
    message = await outbound.define()
    outbound.listener.first(says(500))
    await outbound.create()
    await outbound.until_tried()
    await control("POST /clock", {"advance": 86_400})
    await outbound.until_empty()
    failed = await outbound.failed()
    assert len(failed) == 2
    assert failed[1]["failure"] == "(500)Internal Server Error"
    assert len(outbound.listener.heard) == 1
    mine = [one["id"] for one in failed if one["message"] == message["id"]]
    assert await control("POST /outbound-messages/retry", {"ids": mine}) == {"queued": 1}
    assert ids((await outbound.listener.wait(2))[1]) == mine
    await outbound.until_empty()
    await control("POST /clock", {"advance": 604_800})
    assert await outbound.failed() == []
    assert await control("POST /outbound-messages/retry", {}) == {"queued": 0}


async def test_not_kept(outbound: Outbound, control: ControlDoor) -> None:
    """A message that keeps no failed ones loses them."""
    await outbound.define(endpoint="http://127.0.0.1:1/nobody", keep_failed=False)
    await outbound.create()
    await outbound.until_tried()
    await control("POST /clock", {"advance": 86_400})
    await outbound.until_empty()
    assert await outbound.failed() == []


async def test_out_of_order(outbound: Outbound) -> None:
    """What fails first comes after what was written later; a switch turns the order of an envelope round."""
    await outbound.define()
    outbound.listener.first(says(500))
    await outbound.create("First")
    await outbound.until_tried()
    await outbound.create("Second")
    await outbound.listener.wait(2)
    await outbound.control("POST /outbound-messages/hurry")
    one, two, three = await outbound.listener.wait(3)
    assert ids(one) == ids(three) < ids(two)
    await outbound.until_empty()
    await outbound.switch(outbound_disorder=True, outbound_latency=60)
    await outbound.create(count=3)
    await outbound.control("POST /clock", {"advance": 60})
    last = (await outbound.listener.wait(4))[3]
    assert ids(last) == sorted(ids(last), reverse=True)


async def test_more_than_once(outbound: Outbound) -> None:
    """What was acknowledged may come once more, with the same id."""
    await outbound.define()
    await outbound.switch(outbound_repeats=1)
    await outbound.create()
    one, two = await outbound.listener.wait(2)
    assert ids(one) == ids(two)
    await outbound.until_empty()


async def test_slow_neighbour(outbound: Outbound) -> None:
    """A listener that hangs delays no other."""
    async with listening(hangs) as other:
        await outbound.define(endpoint=f"{other.url}/slow")
        await outbound.define()
        await outbound.create("One")
        await other.wait(1)
        await outbound.listener.wait(1)
        await outbound.create("Two")
        await outbound.listener.wait(2)
        assert len(other.heard) == 1


async def test_removed(outbound: Outbound) -> None:
    """A notification can be taken out of the queue, once."""
    await outbound.define(endpoint="http://127.0.0.1:1/nobody")
    await outbound.create()
    (waiting,) = await outbound.until_tried()
    await outbound.control(f"DELETE /outbound-messages/notifications/{waiting['id']}")
    assert await outbound.queued() == []
    await outbound.control(f"DELETE /outbound-messages/notifications/{waiting['id']}", status=404)


async def test_reset(outbound: Outbound, listener: Listener) -> None:
    """What was on its way in an old world counts for nothing in a new one."""
    listener.first(hangs)
    await outbound.define()
    await outbound.create()
    await listener.wait(1)
    await outbound.control("POST /reset", {})
    nothing = {"messages": [], "counts": {"queued": 0, "failed": 0}, "queued": [], "failed": []}
    assert await outbound.control("GET /outbound-messages") == nothing
    await outbound.define()
    (made,) = await outbound.create()
    assert made
    await listener.wait(2)
    await outbound.until_empty()


async def test_end_of_world(tmp_path: Path) -> None:
    """A world ends at once though a listener hangs; the next one with the same file sends what has waited."""
    data = str(tmp_path / "world.db")
    async with listening(hangs) as listener:
        world = World(seed=1, data=data)
        running = Simulation(world, Plan(leads=1, contacts=1))
        await running.start()
        messages.define(world, object="Lead", endpoint=listener.url)
        async with ControlDoor.opened(running) as control:
            await control("POST /records", {"object": "Lead", "change": {"LastName": "New"}})
        await listener.wait(1)
        began = time.monotonic()
        await running.stop()
        world.close()
        assert time.monotonic() - began < 1
        world = World(seed=1, data=data)
        assert [one["attempts"] for one in queue.view(world)["queued"]] == [0]
        again = Simulation(world, Plan())
        await again.start()
        one, two = await listener.wait(2)
        assert ids(one) == ids(two)
        await again.stop()
        world.close()


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"object": "Nothing"}, "there is no nothing"),
        ({"object": "User"}, "records of User are not written here"),
        ({"fields": ["Nothing"]}, "Lead has no field Nothing"),
        ({"fields": ["Address"]}, "Lead has no field Address"),
        ({"endpoint": "ftp://127.0.0.1/"}, "endpoint is an address"),
        ({"endpoint": "127.0.0.1"}, "endpoint is an address"),
        ({"fires": "sometimes"}, "fires is created or"),
        ({"send_as": "sync@globex.example"}, "has no user sync@globex.example"),
        ({"magic": 1}, "magic"),
    ],
)
async def test_definition_refused(outbound: Outbound, wanted: dict[str, object], error: str) -> None:
    """A definition that could never work is refused."""
    message = {"object": "Lead", "endpoint": "http://127.0.0.1/", **wanted}
    status = 404 if wanted.get("object") == "Nothing" else 400
    refused = await outbound.control("POST /outbound-messages", message, status=status)
    assert error in refused["error"]


async def test_change_refused(outbound: Outbound) -> None:
    """What a definition is about can not be changed, and one that there is not neither."""
    message = await outbound.define()
    await outbound.control(f"PATCH /outbound-messages/{message['id']}", {"object": "Contact"}, status=400)
    await outbound.control("PATCH /outbound-messages/04kHs00000000zzAAA", {"active": False}, status=404)
    changed = await outbound.control(f"PATCH /outbound-messages/{message['id']}", {"fields": ["company", "Id"]})
    assert changed["fields"] == ["Id", "Company"]
