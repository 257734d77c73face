"""Either side slow, silent, broken or babbling during the set-up: said in words, and mended by one command."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance.expectations import blocked, calls, go_on
from tests.acceptance.world import World

NOT_LOGGED_IN, CONFIRM = "credentials_saved.login_failed", "authorized.awaiting_confirmation"
REMEDIES = {"salesforce": "trust.salesforce.com", "marketo": "status page"}
QUICK = {"http_timeout": 0.5, "effect_attempts": 2}
FAULTS: dict[str, dict[str, Any]] = {
    "is-slow": {"kind": "slow", "seconds": 20},
    "hangs": {"kind": "hang"},
    "answers-garbage": {"kind": "garbage"},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
}

pytestmark = pytest.mark.parametrize("settings", [QUICK], indirect=True)


@dataclass(frozen=True)
class Step:
    """A step of the set-up that asks one of the sides for something."""

    side: str
    operation: str
    #: Where the step begins, where it fails, the command that makes it anew, and where it leads.
    start: str
    failed: str
    again: str
    led_to: str


def checks(side: str, operation: str) -> Step:
    """Answer the step of the checks."""
    return Step(side, operation, "credentials_saved.ready", "authorized.checks_failed", "checks.requested", CONFIRM)


def preview(side: str, operation: str) -> Step:
    """Answer the step of the preview."""
    again, led_to = "preview.requested", "verified.awaiting_field_sync"
    return Step(side, operation, CONFIRM, "verified.preview_failed", again, led_to)


#: In the order of the set-up.
STEPS = {
    "salesforce": [
        checks("salesforce", "identity"),
        checks("salesforce", "limits"),
        preview("salesforce", "describe"),
    ],
    "marketo": [
        checks("marketo", "token"),
        checks("marketo", "leads.describe"),
        preview("marketo", "leads.describe"),
        Step(
            "marketo",
            "fields.create",
            "verified.awaiting_field_sync",
            "verified.field_sync_failed",
            "field_sync.requested",
            "fields_synced.mapping_open",
        ),
    ],
}


def cases() -> Iterator[Any]:
    """Answer steps with faults: each step meets two of them, and each side all."""
    for side, steps in STEPS.items():
        names = itertools.cycle(FAULTS)
        for step in steps:
            for name in itertools.islice(names, 2):
                yield pytest.param(step, FAULTS[name], id=f"{step.again}-{side}-{step.operation}-{name}")


async def begin(world: World, integration: str, step: Step) -> None:
    """Do what a person does to make a step begin."""
    found = await world.reach(integration, step.start)
    match step.start:
        case "credentials_saved.ready":
            await world.login(integration)
        case "authorized.awaiting_confirmation":
            seen = {name: found["source"]["identity"][name] for name in ("org_id", "user_id")}
            await world.send(integration, "connection.confirmed", **seen)
        case _:
            await world.send(integration, step.again)


@pytest.mark.parametrize(("step", "fault"), list(cases()))
async def test_a_step_that_meets_an_outage_says_so_and_is_made_again_on_request(
    world: World, step: Step, fault: dict[str, Any]
) -> None:
    """Tried as often as it may be, then given up with a remedy; when the outage is over, one command leads on."""
    integration = await world.create()
    await world.reach(integration, step.start)
    before = await calls(world, step.side, step.operation)
    await world.fault(side=step.side, match=step.operation, times=-1, **fault)
    await begin(world, integration, step)

    code = f"{step.side}.unreachable"
    await blocked(world, integration, step.failed, code, by="effect.exhausted", remedy=REMEDIES[step.side])

    assert await calls(world, step.side, step.operation) >= before + QUICK["effect_attempts"]
    await world.mend()
    await go_on(world, integration, step.again, step.led_to)


@pytest.mark.parametrize(
    ("side", "switch", "code", "remedy"),
    [
        ("salesforce", "api_limit_reached", "salesforce.limit_reached", "try again when calls are left"),
        ("marketo", "daily_limit_reached", "marketo.quota_reached", "try again after midnight"),
    ],
)
async def test_a_daily_limit_is_said_at_once(world: World, side: str, switch: str, code: str, remedy: str) -> None:
    """Nobody sits before a page until midnight: the step fails, and is made again when there are calls."""
    integration = await world.create()
    for step in STEPS[side]:
        if step.start == "credentials_saved.ready":
            continue  # The checks are in `test_check_failures`.
        await world.reach(integration, step.start)
        await world.switch(side, **{switch: True})
        await begin(world, integration, step)
        event = step.again.replace("requested", "failed")
        await blocked(world, integration, step.failed, code, by=event, remedy=remedy)
        await world.switch(side, **{switch: False})
        await go_on(world, integration, step.again, step.led_to)


@pytest.mark.parametrize(
    ("name", "code", "by", "remedy", "sent"),
    [
        ("503", "salesforce.unreachable", "effect.exhausted", "trust.salesforce.com", 2),
        *((name, "login.reply_lost", "code.refused", "Log in again", 1) for name in FAULTS if name != "503"),
    ],
)
async def test_an_exchange_that_meets_an_outage_ends_in_a_failed_login(
    world: World, name: str, code: str, by: str, remedy: str, sent: int
) -> None:
    """Only where Salesforce says that it did nothing is the code sent again; the person logs in once more."""
    integration = await world.create()
    await world.reach(integration, "credentials_saved.ready")
    before = await calls(world, "salesforce", "token.code")
    await world.fault(side="salesforce", match="token.code", times=-1, **FAULTS[name])

    await world.login(integration)

    await blocked(world, integration, NOT_LOGGED_IN, code, by=by, remedy=remedy)
    assert await calls(world, "salesforce", "token.code") == before + sent
    await world.mend()
    await world.login(integration)
    assert (await world.wait_for(integration, CONFIRM))["blocked_by"] is None
