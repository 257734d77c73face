"""The pages of subscriptions: everything by forms, without a script."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from functools import partial

import pytest

from syncline.core.announcement import announcements, body_of
from syncline.destinations import Destinations
from syncline.store import deliveries as stored
from syncline.store.access import Role
from syncline.store.deliveries import NewDelivery
from syncline.store.log import Filter, rows
from syncline.store.subscriptions import Standing, subscriptions
from tests.deliveries.receivers import Receiver, receiving
from tests.web.pages.stage import Stage

Endpoints = tuple[str, defaultdict[str, Receiver]]


@pytest.fixture
async def endpoints(stage: Stage) -> AsyncIterator[Endpoints]:
    """Endpoints that the site may call."""
    await stage.site.service_log.open()
    async with receiving() as (origin, receivers):
        stage.site.__dict__["destinations"] = Destinations((origin,), 5)
        yield origin, receivers
        await stage.site.destinations.close()


async def get(stage: Stage, path: str, role: Role = "operator") -> str:
    """Answer the page at a path."""
    answer = await stage.client.get(path, headers=await stage.cookie(role))
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def post(stage: Stage, path: str, role: Role = "operator", **form: str) -> tuple[int, str]:
    """Send a form; answers the status and the page."""
    headers = await stage.cookie(role)
    answer = await stage.client.post(path, data=form, headers=headers, allow_redirects=False)
    return answer.status, await answer.text()


async def test_empty_page_says_the_next_step(stage: Stage, endpoints: Endpoints) -> None:
    """Whoever may subscribe a program finds the form, others who may."""
    assert "Try it and subscribe" in await get(stage, "/subscriptions")
    looked = await get(stage, "/subscriptions", "viewer")
    assert "An operator can subscribe" in looked
    assert '<form method="post" action="/subscriptions"' not in looked


async def test_program_is_subscribed_tested_and_ended(stage: Stage, endpoints: Endpoints) -> None:
    """The secret is on the one page that follows the form, the address on none."""
    origin, receivers = endpoints
    receivers["canary"].answers = [503]
    status, made = await post(stage, "/subscriptions", name="Pager", url=f"{origin}/canary", types="sync.failed")
    assert status == 201
    assert re.search(r"whsec_[A-Za-z0-9+/=]{44}", made.replace("&#43;", "+"))
    assert "The test message was not taken" in made
    (found,) = await stage.store.read(subscriptions)
    path = f"/subscriptions/{found.id}"
    off = await get(stage, path)
    assert "It is switched off" in off
    assert "whsec_" not in off
    assert f"{origin}/canary" not in made + off
    receivers["canary"].answers = [204]
    assert "The test message was answered" in (await post(stage, f"{path}/test"))[1]
    assert "Pager" in await get(stage, "/subscriptions", "viewer")
    assert "Switch on" in (await post(stage, f"{path}/off"))[1]
    assert "Switch off" in (await post(stage, f"{path}/on"))[1]
    assert "whsec_" in (await post(stage, f"{path}/secret", overlap_hours="2"))[1]
    assert (await post(stage, f"{path}/told", name="Pager 2", types="quota.reached"))[0] == 303
    (found,) = await stage.store.read(subscriptions)
    assert (found.kept.name, found.kept.types) == ("Pager 2", ("quota.reached",))
    assert (await post(stage, f"{path}/told", name=""))[0] == 422
    assert "address cannot be called" in (await post(stage, f"{path}/address", url="x"))[1]
    assert (await post(stage, f"{path}/end"))[0] == 303
    assert (await post(stage, f"{path}/nonsense"))[0] == 404
    assert await stage.store.read(subscriptions) == []


async def test_faulty_form_comes_back_with_what_was_typed(stage: Stage, endpoints: Endpoints) -> None:
    """And with the remedy."""
    status, text = await post(stage, "/subscriptions", name="Pager", url="http://10.0.0.1/", integration="in_x")
    assert status == 422
    assert 'value="Pager"' in text
    assert "There is no such integration" in text
    status, text = await post(stage, "/subscriptions", name="Pager", url="http://10.0.0.1/")
    assert (status, "it has to begin with https" in text) == (422, True)
    assert (await post(stage, "/subscriptions", name="", url="https://a.example"))[0] == 422
    assert (await post(stage, "/subscriptions", "viewer", name="a", url="https://a.example"))[0] == 403


async def test_deliveries_are_listed_with_a_button(stage: Stage, endpoints: Endpoints) -> None:
    """What has ended can be sent again; what waits goes by itself."""
    origin, _ = endpoints
    await post(stage, "/subscriptions", name="Pager", url=f"{origin}/one")
    id_ = await stage.reach("authorized.checking")
    (found,) = await stage.store.read(subscriptions)
    log = await stage.store.read(partial(rows, wanted=Filter(id_), limit=100))
    told = [each for row in log for each in announcements(row.row)]
    new = [NewDelivery(each, n, body_of(each, found.id, n)) for n, each in enumerate(told, 1)]
    assert await stage.store.write(partial(stored.add, of=found, scanned=log[-1].position, new=new, now=1))
    path = f"/subscriptions/{found.id}"
    waiting = await get(stage, f"{path}?status=waiting")
    assert waiting.count(f"msg_{found.id}_") == len(new)
    assert "Send again" not in waiting
    assert "Nothing was sent" in await get(stage, f"{path}?status=dead")
    (first, *_) = await stage.store.read(partial(stored.due, subscription=found.id, now=2, most=1))
    attempt = stored.Try(1, 400, "destination.refused", 12)
    dead = [stored.Settled(first, attempt, "dead", 1, 1)]
    standing = Standing(0, 0, 1, 1, None)
    settle = partial(stored.settle, subscription=found.id, results=dead, standing=standing, now=2)
    await stage.store.write(settle)
    page = await get(stage, path)
    assert "400 after 12 ms" in page
    assert "Send again what was given up" in page
    assert (await post(stage, f"{path}/replay", sequence="1"))[0] == 303
    assert "Nothing was sent" in await get(stage, f"{path}?status=dead")
