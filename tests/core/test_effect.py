"""When an effect is due."""

import math

import pytest

from syncline.config import Settings
from syncline.core.effect import EFFECTS, due_at
from syncline.core.event import EVENTS

DELAYS = {"login_lifetime": 600.0, "cycle_interval": 300.0, "throttle_wait": 900.0, "failure_wait": 60.0}


def test_work_is_due_at_once() -> None:
    """Also when a provider has asked for patience: that is for timers."""
    assert due_at("run_checks", 5, {"retry_after": 60}, DELAYS) == 5


def test_a_timer_is_due_after_its_setting() -> None:
    """In microseconds."""
    assert due_at("wait_for_cycle", 5, {}, DELAYS) == 300_000_005


def test_a_provider_may_ask_for_another_time() -> None:
    """In seconds, as it said."""
    assert due_at("wait_for_quota", 5, {"retry_after": 1.5}, DELAYS) == 1_500_005


@pytest.mark.parametrize("asked", [math.inf, math.nan, -1, 10**30, "60", None])
def test_an_answer_that_is_no_time_is_not_waited_for(asked: object) -> None:
    """Then the setting counts."""
    assert due_at("wait_for_quota", 5, {"retry_after": asked}, DELAYS) == 900_000_005


def test_timers_have_an_event_and_a_setting() -> None:
    """Each timer turns into an event that timers may send, after a delay that can be set."""
    for kind in EFFECTS.values():
        assert bool(kind.timer) == bool(kind.delay)
        if kind.timer:
            assert EVENTS[kind.timer].senders == {"timer"}
            assert kind.delay in Settings.model_fields
    assert {kind.timer for kind in EFFECTS.values() if kind.timer} == {n for n in EVENTS if n.startswith("timer.")}
