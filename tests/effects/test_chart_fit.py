"""An effect settles with the event that it sends, so that event must mean something wherever the effect is run."""

import pytest

from syncline.core.effect import EFFECTS
from syncline.effects import RUNNERS
from tests.core.chart_file import chart

CHART = chart()

#: What each effect may end with, besides `effect.exhausted`; what it may send on its way.
ENDS: dict[str, set[str]] = {
    "probe_credentials": {"credentials.accepted", "credentials.rejected"},
    "exchange_code": {"code.exchanged", "code.refused"},
    "run_checks": {"checks.passed", "checks.failed", "grant.lost"},
    "preview_fields": {"preview.ready", "preview.failed", "grant.lost"},
    "sync_fields": {"field_sync.progressed", "field_sync.finished", "field_sync.failed"},
    "sync_records": {"sync.progressed", "sync.finished", "sync.throttled", "sync.failed", "grant.lost"},
    "renew_grant": {"grant.lent", "grant.refresh_started", "grant.refreshed", "grant.refresh_failed", "grant.lost"},
    "revoke_old_grant": {"old_grant.revoked"},
    "revoke_grant": {"grant.revoked"},
}


@pytest.mark.parametrize("name", RUNNERS)
def test_every_end_of_an_effect_leads_on(name: str) -> None:
    """In every state that runs it, the chart knows all of its events."""
    rules = CHART.rules.items()
    states = {step.to or at for (at, _), rule in rules for step in rule.steps.values() if name in step.effects}
    assert states
    ends = ENDS[name] if EFFECTS[name].optional else {*ENDS[name], "effect.exhausted"}
    unknown = {(s, e) for s in states for e in ends if (s, e) not in CHART.rules}
    assert not unknown


@pytest.mark.parametrize("name", [name for name, kind in EFFECTS.items() if kind.timer])
def test_every_timer_leads_on(name: str) -> None:
    """A timer that goes off is never unexpected in the state that set it."""
    rules = CHART.rules.items()
    states = {step.to or at for (at, _), rule in rules for step in rule.steps.values() if name in step.effects}
    assert states
    assert all((state, EFFECTS[name].timer) in CHART.rules for state in states)
