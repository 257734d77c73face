"""Each fault of a chart is named, one at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline.core.chart_lint import idle_events, lint
from tests.core.chart_file import source

Chart = dict[str, Any]


def state(chart: Chart, path: str) -> Any:  # noqa: ANN401  a name or a mapping, as it is written
    """Find a state by its path."""
    states = chart["states"]
    found: Any = None
    for part in path.split("."):
        found = next(each for each in states if (each if isinstance(each, str) else each["name"]) == part)
        states = [] if isinstance(found, str) else found.get("children", [])
    return found


def transition(chart: Chart, trigger: str) -> Chart:
    """Find the first transition of a trigger."""
    return next(each for each in chart["transitions"] if each["trigger"] == trigger)


def drop(trigger: str) -> Callable[[Chart], object]:
    """Make a fault: no transition of a trigger is left."""

    def change(chart: Chart) -> None:
        chart["transitions"] = [each for each in chart["transitions"] if each["trigger"] != trigger]

    return change


FAULTS: dict[str, tuple[Callable[[Chart], object], str]] = {
    "an unknown key of the chart": (lambda c: c.update(extra=1), "a chart has exactly the keys"),
    "a missing key of the chart": (lambda c: c.pop("initial"), "a chart has exactly the keys"),
    "a version that is no number": (lambda c: c.update(version="1"), "`version` a whole number"),
    "a name that is no text": (lambda c: c.update(chart=1), "`chart` is a name"),
    "an unknown key of a state": (lambda c: state(c, "syncing").update(on_exit=["x"]), "state syncing: unknown keys"),
    "an initial that is no child": (lambda c: state(c, "syncing").update(initial="none"), "name one of its children"),
    "no initial": (lambda c: state(c, "syncing").pop("initial"), "name one of its children"),
    "a final state with children": (lambda c: state(c, "syncing").update(final=True), "a final state has no children"),
    "an initial state that is none": (lambda c: c.update(initial="none"), "`initial` must name a state"),
    "an unknown key of a transition": (
        lambda c: transition(c, "app.registered").update(before=["run_checks"]),
        "(app.registered): unknown keys before",
    ),
    "a transition without a target": (
        lambda c: transition(c, "app.registered").pop("dest"),
        "(app.registered): missing dest",
    ),
    "several triggers at once": (
        lambda c: transition(c, "app.registered").update(trigger=["a", "b"]),
        "`trigger` is one name",
    ),
    "an unknown effect of a state": (
        lambda c: state(c, "authorized.checking").update(on_enter=["none"]),
        "state authorized.checking: there is no effect none",
    ),
    "an unknown effect of a transition": (
        lambda c: transition(c, "app.registered").update(after=["none"]),
        "app.registered from unconfigured: there is no effect none",
    ),
    "an unknown condition": (
        lambda c: transition(c, "app.registered").update(conditions=["none"]),
        "there is no guard none",
    ),
    "an unknown exception": (lambda c: transition(c, "app.registered").update(unless=["none"]), "is no guard none"),
    "an unknown event": (
        lambda c: transition(c, "app.registered").update(trigger="to_syncing"),
        "there is no event to_syncing",
    ),
    "a source that is none": (
        lambda c: transition(c, "app.registered").update(source="none"),
        "app.registered from none: there is no such state",
    ),
    "a way out of a final state": (
        lambda c: transition(c, "app.registered").update(source=["unconfigured", "disconnected.closed"]),
        "app.registered from disconnected.closed: a final state has no way on",
    ),
    "a target inside the source": (
        lambda c: transition(c, "pause.requested").update(source="syncing"),
        "the target syncing.paused is inside the source",
    ),
    "a target that is none": (
        lambda c: transition(c, "app.registered").update(dest="none"),
        "app.registered: there is no target state none",
    ),
    "a state that nothing leads to": (drop("sync.throttled"), "state syncing.throttled: nothing leads to it"),
}


def test_the_shipped_chart_has_no_fault() -> None:
    """What is shipped can be compiled."""
    assert lint(source()) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str) -> None:
    """One change to the shipped chart, one sentence that says where it is wrong."""
    change, sentence = FAULTS[fault]
    chart = source()
    change(chart)
    assert any(sentence in found for found in lint(chart)), lint(chart)


@pytest.mark.parametrize("nothing", [None, [], "chart", 5, {}])
def test_what_is_no_chart_at_all(nothing: object) -> None:
    """Anything that YAML can be is answered with a sentence, never with an error of ours."""
    assert lint(nothing) == ["a chart has exactly the keys chart, initial, states, transitions, version"]


def test_an_event_that_nothing_listens_to_is_named() -> None:
    """A fault of a chart that runs now; one of the past may not know every event of today."""
    assert idle_events(source()) == []
    chart = source()
    drop("mapping.saved")(chart)
    assert idle_events(chart) == ["no transition is triggered by the event mapping.saved"]
    assert lint(chart) == []
