"""The export says the same as the compiled chart: an interpreter of XState's rules takes every step there is."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from syncline.core.chart import Chart, compile_chart
from syncline.core.xstate import COMPOSITE, export_xstate
from tests.core.chart_file import chart

CHART = chart()

#: What the integration's chart does not use: an `on_enter` of a parent, an inherited transition, an explicit '='.
SMALL: dict[str, Any] = {
    "chart": "small",
    "version": 1,
    "initial": "off",
    "states": [
        {"name": "off"},
        {
            "name": "on",
            "initial": "slow",
            "on_enter": ["light"],
            "children": [{"name": "slow", "on_enter": ["hum"]}, {"name": "fast", "on_enter": ["whirr"]}],
        },
    ],
    "transitions": [
        {"trigger": "press", "source": "off", "dest": "on", "conditions": ["plugged"]},
        {"trigger": "press", "source": "on", "dest": "off"},
        {"trigger": "press", "source": "on.fast", "dest": "on.slow", "unless": ["locked"], "after": ["note"]},
        {"trigger": "turn", "source": "on.slow", "dest": "on.fast", "conditions": ["plugged"], "unless": ["locked"]},
        {"trigger": "turn", "source": "on.fast", "dest": "="},
        {"trigger": "look", "source": "*", "dest": None, "after": ["note"]},
    ],
}


class Engine:
    """XState's rules for one step, as far as the export uses them: no parallel states, no history."""

    def __init__(self, machine: Mapping[str, Any]) -> None:
        self.machine = machine

    def step(self, state: str, event: str, facts: Mapping[str, bool]) -> tuple[str, list[str]] | None:
        """Answer the next leaf and the actions, None when nothing is taken: inner states are asked first."""
        parts = state.split(".")
        for depth in range(len(parts), 0, -1):
            source = parts[:depth]
            for transition in self._node(source).get("on", {}).get(event, []):
                if self._allows(transition.get("guard"), facts):
                    return self._take(parts, source, transition)
        return None

    def _take(self, active: list[str], source: list[str], transition: Mapping[str, Any]) -> tuple[str, list[str]]:
        actions = list(transition.get("actions", []))
        if "target" not in transition:
            return ".".join(active), actions
        target = transition["target"].removeprefix(f"#{self.machine['id']}.").split(".")
        inside = target[: len(source)] == source
        # A target inside the source leaves the source itself alone, unless it says `reenter`.
        kept = source if inside and not transition.get("reenter") else self._common(source[:-1], target[:-1])
        while "initial" in self._node(target):
            target = [*target, self._node(target)["initial"]]
        for depth in range(len(kept) + 1, len(target) + 1):
            actions.extend(self._node(target[:depth]).get("entry", []))
        return ".".join(target), actions

    @staticmethod
    def _common(one: list[str], other: list[str]) -> list[str]:
        common: list[str] = []
        for mine, theirs in zip(one, other, strict=False):
            if mine != theirs:
                break
            common.append(mine)
        return common

    def _node(self, path: list[str]) -> Mapping[str, Any]:
        node = self.machine
        for part in path:
            node = node["states"][part]
        return node

    @staticmethod
    def _allows(guard: Mapping[str, Any] | None, facts: Mapping[str, bool]) -> bool:
        if guard is None:
            return True
        if guard["type"] != COMPOSITE:
            return facts[guard["type"]]
        wanted = guard["params"]
        return all(facts[name] for name in wanted["all"]) and not any(facts[name] for name in wanted["none"])


def steps(chart: Chart) -> Iterator[tuple[str, str, dict[str, bool]]]:
    """Every state, event and combination of the guards that matter there."""
    for state, trigger in product(chart.leaves, chart.triggers):
        rule = chart.rules.get((state, trigger))
        guards = rule.guards if rule else ()
        for values in product((False, True), repeat=len(guards)):
            yield state, trigger, dict(zip(guards, values, strict=True))


@pytest.mark.parametrize("chart", [CHART, compile_chart(SMALL, "")], ids=lambda chart: chart.name)
def test_the_export_takes_the_same_steps(chart: Chart) -> None:
    """For every state, event and combination of facts both come to the same state with the same effects."""
    engine = Engine(export_xstate(chart))
    count = 0
    for state, trigger, facts in steps(chart):
        rule = chart.rules.get((state, trigger))
        expected = None
        if rule is not None and not (step := rule.steps[tuple(facts.values())]).refused_by:
            expected = (step.to or state, sorted(step.effects))
        found = engine.step(state, trigger, facts)
        # Actions of a transition come before those of the entered state there, and after them here.
        assert (found and (found[0], sorted(found[1]))) == expected, (state, trigger, facts)
        count += 1
    assert count >= len(chart.leaves) * len(chart.triggers)


def test_the_export_says_what_the_engines_understand_differently() -> None:
    """A transition to itself re-enters, final states are marked, and guards are never expressions."""
    exported = export_xstate(CHART)
    probing = exported["states"]["app_registered"]["states"]["probing_credentials"]
    assert probing["on"]["credentials.saved"] == [
        {"target": "#integration.app_registered.probing_credentials", "reenter": True}
    ]
    assert exported["states"]["disconnected"]["states"]["closed"] == {"type": "final"}
    refresh = exported["states"]["syncing"]["states"]["paused"]["on"]["grant.refresh_started"]
    params = {"all": ["names_current_grant"], "none": ["refresh_in_flight"]}
    assert refresh == [{"guard": {"type": COMPOSITE, "params": params}}]
