"""The table of decisions against the library's own hierarchical machine, exhaustively."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from transitions import EventData, MachineError
from transitions.extensions.nesting import HierarchicalMachine, NestedState

from syncline.core.chart import SEPARATOR, Chart, compile_chart, parse_chart, read_chart
from syncline.core.effect import EFFECTS
from syncline.core.event import BIRTH, EVENTS
from syncline.core.guards import GUARDS
from syncline.errors import ConfigurationError
from tests.core.chart_file import chart, source


class DottedState(NestedState):
    """A nested state with our separator."""

    separator = SEPARATOR


class DottedMachine(HierarchicalMachine):
    """The library's hierarchical machine, as it reads the chart's own words."""

    state_cls = DottedState


class Model:
    """Answers the guards from a list of facts and notes the effects; the machine finds both by their names."""

    def __init__(self, state: str, facts: dict[str, bool]) -> None:
        self.state = state
        self.facts = facts
        self.effects: list[str] = []

    def __getattr__(self, name: str) -> Callable[[EventData], bool | None]:
        if name in GUARDS:
            return lambda _: self.facts[name]
        if name in EFFECTS:
            return lambda _: self.effects.append(name)
        raise AttributeError(name)


def hierarchical(read: dict[str, Any]) -> DottedMachine:
    """Give the library the chart as it is written."""
    return DottedMachine(
        model=None,
        states=read["states"],
        initial=read["initial"],
        transitions=read["transitions"],
        auto_transitions=False,
        send_event=True,
    )


def outcome(machine: DottedMachine, state: str, trigger: str, facts: dict[str, bool]) -> tuple[str, str, list[str]]:
    """Answer what the library makes of an event: how it went, the leaf after it, the effects in order."""
    model = Model(state, facts)
    try:
        moved = machine.trigger_event(model, trigger)
    except MachineError:
        return "unexpected", state, []
    return ("accepted" if moved else "refused"), model.state, model.effects


def ours(compiled: Chart, state: str, trigger: str, facts: dict[str, bool]) -> tuple[str, str, list[str]]:
    """Answer the same from the table."""
    rule = compiled.rules.get((state, trigger))
    if rule is None:
        return "unexpected", state, []
    step = rule.steps[tuple(facts[name] for name in rule.guards)]
    return ("refused" if step.refused_by else "accepted"), step.to or state, list(step.effects)


def guards_of(read: dict[str, Any], trigger: str) -> list[str]:
    """List the guards of all transitions of a trigger, wherever they start: those elsewhere must not matter here."""
    here = [t for t in read["transitions"] if t["trigger"] == trigger]
    return sorted({name for t in here for name in (*t.get("conditions", ()), *t.get("unless", ()))})


def disagreements(compiled: Chart, read: dict[str, Any]) -> list[str]:
    """Compare every leaf, every trigger and every combination of facts; answer where the two differ."""
    machine, found = hierarchical(read), []
    for state, trigger in product(compiled.leaves, compiled.triggers):
        names = guards_of(read, trigger)
        for values in product((False, True), repeat=len(names)):
            facts = dict(zip(names, values, strict=True))
            theirs, mine = outcome(machine, state, trigger, facts), ours(compiled, state, trigger, facts)
            if theirs != mine:
                found.append(f"{state} {trigger} {facts}: {theirs} != {mine}")
    return found


def test_the_table_is_what_the_library_does() -> None:
    """Every leaf, event and combination of guard facts leads to the same leaf with the same effects in order."""
    assert disagreements(chart(), source()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trigger", "key", "value"),
    [
        ("app.registered", "dest", "disconnected"),
        ("credentials.accepted", "source", "app_registered.probe_failed"),
        ("connection.confirmed", "conditions", []),
        ("checks.passed", "after", ["run_checks"]),
        ("sync.finished", "dest", None),
    ],
)
def test_the_comparison_can_fail(trigger: str, key: str, value: object) -> None:
    """A table of another chart than the one given to the library disagrees with it."""
    changed = source()
    next(t for t in changed["transitions"] if t["trigger"] == trigger)[key] = value
    assert disagreements(compile_chart(changed, "0" * 64), source())


def test_effects_come_in_the_order_of_entering() -> None:
    """Effects of the outer state come first, then the inner one's, then the transition's own."""
    small = {
        "chart": "small",
        "version": 1,
        "initial": "a",
        "states": [
            {"name": "a"},
            {
                "name": "b",
                "initial": "c",
                "on_enter": ["run_checks"],
                "children": [{"name": "c", "on_enter": ["preview_fields", "sync_fields"]}, {"name": "d"}],
            },
        ],
        "transitions": [
            {"trigger": "app.registered", "source": "a", "dest": "b", "after": ["sync_records"]},
            {"trigger": "app.registered", "source": "b.d", "dest": "b.c"},
            {"trigger": "app.registered", "source": "b.c", "dest": "b.c"},
        ],
    }
    compiled = compile_chart(small, "0" * 64)
    assert disagreements(compiled, small) == []
    (entering,) = compiled.rules["a", "app.registered"].steps.values()
    assert entering.effects == ("run_checks", "preview_fields", "sync_fields", "sync_records")
    (staying_inside,) = compiled.rules["b.d", "app.registered"].steps.values()
    assert staying_inside.effects == ("preview_fields", "sync_fields")


def test_an_inner_transition_goes_before_an_outer_one() -> None:
    """A parent answers only what the leaf itself does not."""
    small = {
        "chart": "small",
        "version": 1,
        "initial": "b",
        "states": [{"name": "a"}, {"name": "b", "initial": "c", "children": ["c", "d"]}],
        "transitions": [
            {"trigger": "app.registered", "source": "b", "dest": "a"},
            {"trigger": "app.registered", "source": "b.c", "dest": "b.d"},
        ],
    }
    compiled = compile_chart(small, "0" * 64)
    assert disagreements(compiled, small) == []
    assert [step.to for step in compiled.rules["b.c", "app.registered"].steps.values()] == ["b.d"]
    assert [step.to for step in compiled.rules["b.d", "app.registered"].steps.values()] == ["a"]


def test_the_milestones_are_top_level_states() -> None:
    """The seven milestones exist under exactly these names, in this order, and nothing can be entered but leaves."""
    compiled = chart()
    tops = list(dict.fromkeys(leaf.partition(".")[0] for leaf in compiled.leaves))
    assert tops[:7] == [
        "unconfigured",
        "app_registered",
        "credentials_saved",
        "authorized",
        "verified",
        "fields_synced",
        "syncing",
    ]
    targets = {step.to for rule in compiled.rules.values() for step in rule.steps.values()} - {""}
    assert targets <= set(compiled.leaves)
    assert compiled.initial == "unconfigured"
    assert compiled.finals == {"disconnected.closed"}


def test_events_and_triggers_are_the_same() -> None:
    """Every event but the birth is a trigger of the chart, and every trigger an event."""
    assert set(chart().triggers) == set(EVENTS) - {BIRTH}


def test_possible_names_what_means_something() -> None:
    """A state's possible events are those that it has a rule for; a final state has none."""
    compiled = chart()
    links = ["link.made", "link.redeemed", "link.left", "link.revoked"]
    possible = ["app.registered", *links, "account.saved", "hook.rotated", "data_key.rewrapped", "secret.lent"]
    possible.append("disconnect.requested")
    assert compiled.possible("unconfigured") == possible
    assert compiled.possible("disconnected.closed") == []


def test_no_trigger_names_a_state() -> None:
    """`to_syncing` and the like, which the library would add by itself, mean nothing."""
    assert not [trigger for trigger in chart().triggers if trigger.startswith("to_")]


def test_a_star_leaves_out_final_states() -> None:
    """A transition from everywhere does not lead out of a final state."""
    small = {
        "chart": "small",
        "version": 1,
        "initial": "a",
        "states": ["a", {"name": "b", "final": True}],
        "transitions": [{"trigger": "app.registered", "source": "*", "dest": "b"}],
    }
    compiled = compile_chart(small, "0" * 64)
    assert set(compiled.rules) == {("a", "app.registered")}


@pytest.mark.parametrize("content", [b"\x00", b"a: [", b"{}", b"- 1"])
def test_a_file_that_is_no_chart_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is not a chart names its fault and is not started with."""
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken\.yaml"):
        read_chart(path)


def test_a_chart_that_is_nested_too_deeply_is_refused() -> None:
    """A log that somebody else brought may hold one; libyaml's loader would end the process."""
    with pytest.raises(ConfigurationError, match="brought"):
        parse_chart(b"[" * 200_000, "brought")


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    """A path without a file is the operator's mistake."""
    with pytest.raises(ConfigurationError) as raised:
        read_chart(tmp_path / "none.yaml")
    assert raised.value.code == "chart.unreadable"
