"""The picture shows every state and every change of state, and asks nothing of Mermaid that it cannot draw."""

import re

from syncline.core.chart import flat_transitions, flatten
from syncline.core.diagram import write_diagram, write_document
from tests.core.chart_file import chart

CHART = chart()
TREE = flatten(CHART.source)
ARROW = re.compile(r"^\s*(\w+) --> (\w+) : (.+)$", re.MULTILINE)


def ids(state: str) -> set[str]:
    """The ids under which a leaf may stand at the tail of an arrow: its own and those of its parents."""
    return {name.replace(".", "__") for name, _ in TREE[state]["chain"]}


def test_every_state_is_drawn_once() -> None:
    """Leaves and parents are declared by their last name."""
    text = write_diagram(CHART)
    for leaf in TREE.values():
        for name, _ in leaf["chain"]:
            assert len(re.findall(rf'state "[^"]+" as {name.replace(".", "__")}\b', text)) == 1, name


def test_every_change_of_state_is_an_arrow_with_its_guards() -> None:
    """Each transition of the flat chart is found again, from the leaf or one of its parents."""
    arrows = ARROW.findall(write_diagram(CHART))
    for transition in flat_transitions(CHART.source, TREE):
        if transition["dest"] is None:
            continue
        guards = [*transition["conditions"], *(f"not {name}" for name in transition["unless"])]
        label = transition["trigger"] + (f" [{', '.join(guards)}]" if guards else "")
        found = [
            (tail, head)
            for tail, head, labels in arrows
            if label in labels.split("<br/>") and tail in ids(transition["source"]) and head in ids(transition["dest"])
        ]
        assert found, transition


def test_no_arrow_claims_more_than_the_chart() -> None:
    """An arrow from a parent stands for all of its leaves that are not final."""
    flat = flat_transitions(CHART.source, TREE)
    for tail, _, labels in ARROW.findall(write_diagram(CHART)):
        leaves = {leaf for leaf in TREE if tail in ids(leaf)} - CHART.finals
        for label in labels.split("<br/>"):
            trigger = label.partition(" [")[0]
            assert leaves <= {t["source"] for t in flat if t["trigger"] == trigger and t["dest"]}, (tail, label)


def test_no_arrow_leads_from_a_state_to_its_own_child() -> None:
    """Mermaid cannot draw that."""
    for tail, head, _ in ARROW.findall(write_diagram(CHART)):
        assert not head.startswith(f"{tail}__"), (tail, head)
        assert not tail.startswith(f"{head}__"), (tail, head)


def test_what_changes_no_state_is_in_the_table() -> None:
    """Internal events are not drawn and not forgotten."""
    document = write_document(CHART)
    internal = {t["trigger"] for t in flat_transitions(CHART.source, TREE) if t["dest"] is None}
    assert internal
    for trigger in internal:
        assert f"| `{trigger}` |" in document
