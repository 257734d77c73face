"""The guide explains every state of the chart, and what it calls the next step is possible there."""

import pytest

from syncline.core.event import EVENTS
from syncline.core.guide import GUIDE, MILESTONES, explain
from tests.core.chart_file import chart

CHART = chart()


def test_guide_has_the_states_of_the_chart() -> None:
    """All of them and no other."""
    assert set(GUIDE) == set(CHART.leaves)
    assert set(MILESTONES) == {leaf.partition(".")[0] for leaf in CHART.leaves}


@pytest.mark.parametrize("state", CHART.leaves)
def test_primary_step_is_possible_for_a_person(state: str) -> None:
    """A state without one waits for something by itself, or is final."""
    explanation = explain(state)
    assert explanation.title
    assert explanation.summary.endswith(".")
    persons = [event for event in CHART.possible(state) if "person" in EVENTS[event].senders]
    if explanation.primary:
        assert explanation.primary in persons
    else:
        others = [event for event in CHART.possible(state) if event not in persons]
        assert others or state in CHART.finals


def test_unknown_state_is_shown_by_its_name() -> None:
    """As one of a newer chart."""
    assert explain("some_state.child").title == "some state: child"
