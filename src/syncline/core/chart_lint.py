"""What a chart must satisfy before it is compiled; each fault is one sentence that names the place."""

from collections.abc import Iterator
from typing import Any

from syncline.core.effect import EFFECTS
from syncline.core.event import BIRTH, EVENTS_OF, SERVICE_BIRTH
from syncline.core.guards import GUARDS

_CHART_KEYS = {"chart", "version", "initial", "states", "transitions"}
_STATE_KEYS = {"name", "initial", "children", "on_enter", "final"}
_TRANSITION_KEYS = {"trigger", "source", "dest", "conditions", "unless", "after"}


def lint(source: object) -> list[str]:
    """List everything that is wrong with a chart as it was read from YAML; an empty list means it can be compiled."""
    if not isinstance(source, dict) or set(source) != _CHART_KEYS:
        return [f"a chart has exactly the keys {', '.join(sorted(_CHART_KEYS))}"]
    paths = dict(_paths(source["states"], ""))
    shape = [*_shape(source, paths)]
    if shape:
        return shape
    return [*_names(source, paths), *_moves(source, paths), *_reach(source, paths)]


def idle_events(source: dict[str, Any]) -> list[str]:
    """List the events that nothing is made of by a chart without other faults; those of the past may not know all."""
    used = {transition["trigger"] for transition in source["transitions"]} | {BIRTH, SERVICE_BIRTH}
    idle = set(EVENTS_OF[source["chart"]]) - used
    return [f"no transition is triggered by the event {event}" for event in sorted(idle)]


def _paths(states: object, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in states if isinstance(states, list) else ():
        state = {"name": entry} if isinstance(entry, str) else entry
        path = f"{prefix}{state.get('name')}"
        yield path, state
        yield from _paths(state.get("children"), f"{path}.")


def _shape(source: dict[str, Any], paths: dict[str, dict[str, Any]]) -> Iterator[str]:
    if not isinstance(source["version"], int) or not isinstance(source["chart"], str):
        yield "`chart` is a name and `version` a whole number"
    elif source["chart"] not in EVENTS_OF:
        yield f"there are events for the charts {', '.join(EVENTS_OF)} only"
    for path, state in paths.items():
        if unknown := set(state) - _STATE_KEYS:
            yield f"state {path}: unknown keys {', '.join(sorted(unknown))}"
        children = [f"{path}.{c if isinstance(c, str) else c.get('name')}" for c in state.get("children", ())]
        if children and f"{path}.{state.get('initial')}" not in children:
            yield f"state {path}: `initial` must name one of its children"
        if state.get("final") and children:
            yield f"state {path}: a final state has no children"
    if source["initial"] not in paths:
        yield "`initial` must name a state"
    yield from _transition_shapes(source)


def _transition_shapes(source: dict[str, Any]) -> Iterator[str]:
    for number, transition in enumerate(source["transitions"], 1):
        where = f"transition {number} ({transition.get('trigger')})"
        # `before` runs in another order in every other engine, and nothing here needs it.
        if unknown := set(transition) - _TRANSITION_KEYS:
            yield f"{where}: unknown keys {', '.join(sorted(unknown))}"
        if missing := {"trigger", "source", "dest"} - set(transition):
            yield f"{where}: missing {', '.join(sorted(missing))}"
        elif not isinstance(transition["trigger"], str):
            yield f"{where}: `trigger` is one name"


def _names(source: dict[str, Any], paths: dict[str, dict[str, Any]]) -> Iterator[str]:
    for path, state in paths.items():
        for effect in state.get("on_enter", ()):
            if effect not in EFFECTS:
                yield f"state {path}: there is no effect {effect}"
    for transition in source["transitions"]:
        where = f"{transition['trigger']} from {transition['source']}"
        for effect in transition.get("after", ()):
            if effect not in EFFECTS:
                yield f"{where}: there is no effect {effect}"
        for guard in (*transition.get("conditions", ()), *transition.get("unless", ())):
            if guard not in GUARDS:
                yield f"{where}: there is no guard {guard}"
    yield from _triggers(source)


def _triggers(source: dict[str, Any]) -> Iterator[str]:
    events = EVENTS_OF[source["chart"]]
    for transition in source["transitions"]:
        if transition["trigger"] not in events:
            yield f"{transition['trigger']} from {transition['source']}: there is no event {transition['trigger']}"


def _moves(source: dict[str, Any], paths: dict[str, dict[str, Any]]) -> Iterator[str]:
    finals = {path for path, state in paths.items() if state.get("final")}
    for transition in source["transitions"]:
        dest = transition["dest"]
        for origin in _listed(transition["source"]):
            where = f"{transition['trigger']} from {origin}"
            if origin != "*" and origin not in paths:
                yield f"{where}: there is no such state"
            if origin in finals:
                yield f"{where}: a final state has no way on"
            # The library leaves the active states here, other engines the source: they differ at two levels.
            if dest not in {None, "="} and str(dest).startswith(f"{origin}."):
                yield f"{where}: the target {dest} is inside the source; list the leaves instead"
        if dest not in {None, "="} and dest not in paths:
            yield f"{transition['trigger']}: there is no target state {dest}"


def _listed(origin: str | list[str]) -> list[str]:
    return [origin] if isinstance(origin, str) else list(origin)


def _reach(source: dict[str, Any], paths: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Name the leaves that nothing leads to, going from the initial state along every transition."""
    leaves = [path for path, state in paths.items() if not state.get("children")]

    def enter(path: str) -> str:
        while path in paths and paths[path].get("children"):
            path = f"{path}.{paths[path]['initial']}"
        return path

    seen: set[str] = set()
    todo = [enter(source["initial"])]
    while todo:
        leaf = todo.pop()
        if leaf not in seen:
            seen.add(leaf)
            todo += [enter(dest) for dest in _targets(source, leaf) if not paths.get(leaf, {}).get("final")]
    for leaf in leaves:
        if leaf not in seen:
            yield f"state {leaf}: nothing leads to it"


def _targets(source: dict[str, Any], leaf: str) -> Iterator[str]:
    for transition in source["transitions"]:
        origins = _listed(transition["source"])
        here = "*" in origins or any(leaf == origin or leaf.startswith(f"{origin}.") for origin in origins)
        if here and transition["dest"] not in {None, "="}:
            yield transition["dest"]
