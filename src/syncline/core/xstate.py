"""The chart as an XState v5 machine in JSON, so that an independent engine can check what ours decides.

What differs between the engines is said in words that both understand: a transition of a state to itself leaves and
enters it again (`reenter`), and several guards are one composite guard, since XState's own `and` and `not` are
functions. Effects of an `after` are actions, which XState runs before those of the entered state.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from syncline.core.chart import SEPARATOR, Chart

#: The guard that stands for several; its parameters say which must hold and which must not.
COMPOSITE = "all_and_none"


def export_xstate(chart: Chart) -> dict[str, Any]:
    """Answer the machine's configuration, ready for `createMachine` and for JSON."""
    source = chart.source
    return {
        "id": source["chart"],
        "version": str(source["version"]),
        "initial": source["initial"],
        "states": {_name(state): _state(state, "", chart) for state in source["states"]},
    }


def _state(state: Any, parent: str, chart: Chart) -> dict[str, Any]:  # noqa: ANN401  as YAML has it
    node: Mapping[str, Any] = {} if isinstance(state, str) else state
    path = f"{parent}{SEPARATOR}{_name(state)}" if parent else _name(state)
    answer: dict[str, Any] = {}
    if node.get("final"):
        answer["type"] = "final"
    if node.get("on_enter"):
        answer["entry"] = list(node["on_enter"])
    if node.get("children"):
        answer["initial"] = node["initial"]
        answer["states"] = {_name(child): _state(child, path, chart) for child in node["children"]}
    on: dict[str, list[dict[str, Any]]] = {}
    for transition in _of(path, chart):
        on.setdefault(transition["trigger"], []).append(_transition(transition, path, chart))
    if on:
        answer["on"] = on
    return answer


def _of(path: str, chart: Chart) -> Iterator[Mapping[str, Any]]:
    """Answer the transitions that name a state as their source; '*' leaves out the final ones, as ours does."""
    for transition in chart.source["transitions"]:
        named = transition["source"]
        if named == "*":
            if path in chart.leaves and path not in chart.finals:
                yield transition
        elif path in ([named] if isinstance(named, str) else named):
            yield transition


def _transition(transition: Mapping[str, Any], path: str, chart: Chart) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    dest = path if transition["dest"] == "=" else transition["dest"]
    if dest is not None:
        answer["target"] = f"#{chart.name}{SEPARATOR}{dest}"
        if dest == path:
            answer["reenter"] = True
    if guard := _guard(transition):
        answer["guard"] = guard
    if transition.get("after"):
        answer["actions"] = list(transition["after"])
    return answer


def _guard(transition: Mapping[str, Any]) -> dict[str, Any] | None:
    conditions, unless = list(transition.get("conditions", ())), list(transition.get("unless", ()))
    if len(conditions) == 1 and not unless:
        return {"type": conditions[0]}
    if not conditions and not unless:
        return None
    return {"type": COMPOSITE, "params": {"all": conditions, "none": unless}}


def _name(state: Any) -> str:  # noqa: ANN401
    return str(state if isinstance(state, str) else state["name"])
