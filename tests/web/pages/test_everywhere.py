"""Every state, every event, every door: exactly one row each, and it says who, what, when, from where, why, by what."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncline.core.effect import EFFECTS
from syncline.core.event import BIRTH, EVENTS
from syncline.upkeep import Upkeep
from tests.web.pages.everywhere import (
    Place,
    callback,
    command,
    form,
    guest_form,
    hook,
    redemption,
    result,
    timer,
)
from tests.web.pages.journey import CHART, ORG, USER
from tests.web.pages.stage import Stage, build
from tests.web.test_refused_commands import COMMANDS

#: Generated in numbers: right, and too many for the quick lane.
pytestmark = pytest.mark.slow

STATES = sorted(CHART.leaves)
FINAL = "disconnected.closed"
#: What a command comes with where its fields matter; as the API takes it, which is also how a form has it.
FIELDS: dict[str, dict[str, Any]] = {
    "credentials.saved": {"consumer_key": "k", "consumer_secret": "s"},
    "connection.confirmed": {"org_id": ORG, "user_id": USER},
    "account.saved": {"client_id": "c", "client_secret": "s"},
    "mapping.saved": {"objects": {"Lead": {"FirstName": "firstName"}}},
}
HOOKS = sorted(name for name, kind in EVENTS.items() if "hook" in kind.senders)
RESULTS = sorted(name for name, kind in EVENTS.items() if "effect" in kind.senders)
TIMERS = {name: kind.timer for name, kind in EFFECTS.items() if kind.timer}
#: What comes by doors of its own, each with tests of its own: the birth, the two sides, links, rotations, upkeep
#: (below), and what the service says of itself.
ELSEWHERE = {
    *(name for name, kind in EVENTS.items() if kind.senders == {"service"}),
    BIRTH,
    "records.changed",
    "person.sync_requested",
    "person.reported",
    "link.made",
    "link.left",
    "link.revoked",
    "hook.rotated",
    "grant.renewal_due",
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()


@pytest.fixture(params=STATES)
async def place(stage: Stage, request: pytest.FixtureRequest) -> Place:
    """A place in each state."""
    made = Place(stage, request.param)
    await made.prepare()
    return made


def plain(type_: str) -> dict[str, str]:
    """Answer the fields of a command as a form has them."""
    return {} if type_ == "mapping.saved" else FIELDS.get(type_, {})


async def test_every_command_by_the_api(place: Place) -> None:
    """By an admin, whatever the chart makes of it, and by somebody who may only look, who is refused."""
    for type_ in COMMANDS:
        for looks_on in (True, False):
            await place.see(partial(command, type_=type_, fields=FIELDS.get(type_, {}), looks_on=looks_on))
    assert place.seen == set(COMMANDS)


async def test_every_command_by_a_form(place: Place) -> None:
    """In the browser of somebody who has signed in."""
    for type_ in COMMANDS:
        await place.see(partial(form, type_=type_, fields=plain(type_)))
    assert place.seen == set(COMMANDS)


async def test_every_command_by_a_guest(place: Place) -> None:
    """The link is redeemed where the chart says so; then the guest's own commands are taken, others are refused."""
    await place.see(redemption)
    if (place.state, "link.redeemed") in CHART.rules:
        for type_ in COMMANDS:
            allowed = "link" in EVENTS[type_].senders
            await place.see(partial(guest_form, type_=type_, fields=plain(type_), allowed=allowed))
        assert place.seen == {"link.redeemed", *COMMANDS}


async def test_every_signed_event(place: Place) -> None:
    """What a hook may send, what it may not, and what was signed with another secret."""
    if place.state == FINAL:  # Its secrets are erased: there is no hook any more.
        return
    for type_ in HOOKS:
        await place.see(partial(hook, type_=type_))
    await place.see(partial(hook, type_="grant.lost", allowed=False))
    await place.see(partial(hook, type_=HOOKS[0], right=False))
    openings = [row for row in await place.rows(place.id, 0) if row.type == "secret.lent"]
    assert [(row.actor.kind, row.actor.id, row.data["door"]) for row in openings] == [("service", "hooks", "events")]


async def test_every_login_that_comes_back(place: Place) -> None:
    """With a code and with an error, expected or not."""
    if place.state == FINAL:  # Its attempts are forgotten: nobody knows the state any more.
        return
    for type_ in ("login.returned", "login.denied"):
        await place.see(partial(callback, type_=type_))


async def test_every_result_of_an_effect(place: Place) -> None:
    """It carries the request that led to the effect."""
    for type_ in RESULTS:
        await place.see(partial(result, type_=type_))
    assert place.seen == set(RESULTS)


async def test_every_timer(place: Place) -> None:
    """What it begins is a story of its own."""
    for effect, type_ in TIMERS.items():
        await place.see(partial(timer, effect=effect, type_=type_))
    assert place.seen == set(TIMERS.values())


async def test_upkeep_looks_after_every_grant_once(place: Place) -> None:
    """One row where there is a grant, none where there is not."""
    now = await place.stand()
    site = place.stage.site
    later = site.now() + 10**13
    await Upkeep(site.store, site.engine.handle, site.settings, lambda: later).look()
    found = await place.rows(now.id, now.seq)
    has_grant = (place.state, "grant.renewal_due") in CHART.rules
    assert [row.type for row in found] == ["grant.renewal_due"] * has_grant
    assert {(row.actor.kind, row.actor.via, row.request[:7]) for row in found} <= {("timer", "schedule", "upkeep:")}


def test_no_event_is_left_out() -> None:
    """What is not walked here is named with its reason."""
    walked = {*COMMANDS, *HOOKS, *RESULTS, *TIMERS.values(), "login.returned", "login.denied", "link.redeemed"}
    assert walked | ELSEWHERE == set(EVENTS)
    assert not walked & ELSEWHERE
