"""The chart: read from YAML, linted, flattened, compiled by `transitions` into a table of decisions.

Law: this file and `chart_lint.py` are the only readers of chart files, and this file the only importer of
`transitions`. The library is the definition: each entry of the table is what a synchronous, flat `Machine` did for
one state, one trigger and one combination of guard facts. Guards are pure, so the table can be made once, at load,
and a decision costs a look-up.

Not `AsyncMachine` (two events at once corrupt each other, pytransitions/transitions#735), not kept models (their
registration is quadratic), and no callback here does more than note an effect's name.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, cast

import msgspec
import yaml
from transitions import EventData, Machine, MachineError

from syncline.core.chart_lint import idle_events, lint
from syncline.errors import ConfigurationError

#: The default `_` would turn `app_registered` into a state `app` with a child `registered`.
SEPARATOR = "."

#: libyaml's, where PyYAML was built with it: the other takes a tenth of a second for the charts at each start. Only for
#: files of the installation, since deep nesting ends the process in it; a database may come from anywhere.
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Step(msgspec.Struct, frozen=True):
    """What one event means in one state under one combination of facts."""

    #: The leaf that is entered; empty when the state stays as it is.
    to: str
    effects: tuple[str, ...]
    #: The guards that said no, when no transition was left; otherwise empty.
    refused_by: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """All that one event can mean in one state: the guards that matter, and a step for each combination."""

    guards: tuple[str, ...]
    steps: dict[tuple[bool, ...], Step]


class Chart(msgspec.Struct, frozen=True):
    """A compiled chart."""

    name: str
    version: int
    #: SHA-256 of the file's bytes, in hexadecimal.
    digest: str
    initial: str
    leaves: tuple[str, ...]
    finals: frozenset[str]
    triggers: tuple[str, ...]
    rules: dict[tuple[str, str], Rule]
    source: dict[str, Any]
    #: The file's bytes; empty for one that was not read from a file.
    content: bytes = b""

    @property
    def reference(self) -> str:
        """The chart as a row names it: name, version and the beginning of its digest."""
        return f"{self.name}@{self.version}#{self.digest[:12]}"

    def possible(self, state: str) -> list[str]:
        """List the triggers that mean something in a state, in the chart's order."""
        return [trigger for trigger in self.triggers if (state, trigger) in self.rules]


def read_chart(path: Path) -> Chart:
    """Read, lint and compile a chart file; raises `ConfigurationError` naming every fault that was found."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError("chart.unreadable", f"{path.name}: {error}") from error
    chart = _parse(content, path.name, _FAST_LOADER)
    if faults := idle_events(chart.source):
        raise ConfigurationError("chart.faulty", f"{path.name}: " + "; ".join(faults))
    return chart


def parse_chart(content: bytes, name: str) -> Chart:
    """Lint and compile the bytes of a chart file; raises as `read_chart`, with `name` for the file."""
    return _parse(content, name, yaml.SafeLoader)


def _parse(content: bytes, name: str, loader: Any) -> Chart:  # noqa: ANN401  the two have no type in common
    try:
        source = yaml.load(content, loader)  # noqa: S506  both are safe loaders
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError("chart.unreadable", f"{name}: {error}") from error
    if faults := lint(source):
        raise ConfigurationError("chart.faulty", f"{name}: " + "; ".join(faults))
    return compile_chart(source, hashlib.sha256(content).hexdigest(), content)


def compile_chart(source: dict[str, Any], digest: str, content: bytes = b"") -> Chart:
    """Compile a linted chart into its table of decisions."""
    tree = flatten(source)
    flat = flat_transitions(source, tree)
    machine = Machine(
        model=None,
        states=list(tree),
        initial=None,
        transitions=[_callbacks(transition) for transition in flat],
        auto_transitions=False,
        send_event=True,
    )
    triggers = tuple(dict.fromkeys(transition["trigger"] for transition in flat))
    meant: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for transition in flat:
        meant[transition["source"], transition["trigger"]].append(transition)
    return Chart(
        name=source["chart"],
        version=source["version"],
        digest=digest,
        initial=_enter(source["initial"], tree, source),
        leaves=tuple(tree),
        finals=frozenset(leaf for leaf, node in tree.items() if node["final"]),
        triggers=triggers,
        rules={(state, trigger): _rule(machine, state, trigger, here) for (state, trigger), here in meant.items()},
        source=source,
        content=content,
    )


def flatten(source: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Answer the leaf states in order, each with the chain of (name, on_enter effects) from the root to itself."""
    leaves: dict[str, dict[str, Any]] = {}

    def walk(states: Iterable[Any], chain: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        for entry in states:
            state = {"name": entry} if isinstance(entry, str) else entry
            path = f"{chain[-1][0]}{SEPARATOR}{state['name']}" if chain else state["name"]
            here = (*chain, (path, tuple(state.get("on_enter", ()))))
            if state.get("children"):
                walk(state["children"], here)
            else:
                leaves[path] = {"chain": here, "final": bool(state.get("final"))}

    walk(source["states"], ())
    return leaves


def flat_transitions(source: Mapping[str, Any], tree: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Answer the transitions between leaves; a leaf's own come before those of its ancestors (inner before outer)."""
    flat: list[dict[str, Any]] = []
    for leaf, node in tree.items():
        for name, _ in reversed(node["chain"]):
            here = [transition for transition in source["transitions"] if name in _sources(transition, tree)]
            flat.extend(_flat(transition, leaf, tree, source) for transition in here)
    return flat


def _sources(transition: Mapping[str, Any], tree: Mapping[str, dict[str, Any]]) -> list[str]:
    named = transition["source"]
    if named == "*":
        # In the library '*' includes final states; a final state has no way on.
        return [leaf for leaf, node in tree.items() if not node["final"]]
    return [named] if isinstance(named, str) else list(named)


def _flat(
    transition: Mapping[str, Any], leaf: str, tree: Mapping[str, dict[str, Any]], source: Mapping[str, Any]
) -> dict[str, Any]:
    dest = transition["dest"]
    target = None if dest is None else _enter(leaf if dest == "=" else dest, tree, source)
    entered: list[str] = []
    if target is not None:
        inside = {name for name, _ in tree[leaf]["chain"]} - {target}
        entered = [effect for name, effects in tree[target]["chain"] if name not in inside for effect in effects]
    return {
        "trigger": transition["trigger"],
        "source": leaf,
        "dest": target,
        "conditions": list(transition.get("conditions", ())),
        "unless": list(transition.get("unless", ())),
        "effects": [*entered, *transition.get("after", ())],
    }


def _enter(name: str, tree: Mapping[str, dict[str, Any]], source: Mapping[str, Any]) -> str:
    """Follow `initial` from a state down to a leaf."""
    while name not in tree:
        node: Mapping[str, Any] = {"children": source["states"]}
        for part in name.split(SEPARATOR):
            node = next(state for state in node["children"] if not isinstance(state, str) and state["name"] == part)
        name = f"{name}{SEPARATOR}{node['initial']}"
    return name


class _Probe:
    """The throw-away object that the machine moves: facts in, effects out."""

    __slots__ = ("effects", "facts", "state")

    def __init__(self, state: str, facts: dict[str, bool]) -> None:
        self.state = state
        self.facts = facts
        self.effects: list[str] = []


def _callbacks(transition: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the transition in the library's own words, with names turned into callables."""
    return {
        "trigger": transition["trigger"],
        "source": transition["source"],
        "dest": transition["dest"],
        "conditions": [partial(_holds, name) for name in transition["conditions"]],
        "unless": [partial(_holds, name) for name in transition["unless"]],
        "after": [partial(_note, name) for name in transition["effects"]],
    }


def _holds(guard: str, step: EventData) -> bool:
    return cast("_Probe", step.model).facts[guard]


def _note(effect: str, step: EventData) -> None:
    cast("_Probe", step.model).effects.append(effect)


def _rule(machine: Machine, state: str, trigger: str, here: list[dict[str, Any]]) -> Rule:
    guards = tuple(dict.fromkeys(name for t in here for name in (*t["conditions"], *t["unless"])))
    steps = {}
    for facts in product((False, True), repeat=len(guards)):
        steps[facts] = _step(machine, state, trigger, dict(zip(guards, facts, strict=True)), here)
    return Rule(guards, steps)


def _step(machine: Machine, state: str, trigger: str, facts: dict[str, bool], here: list[dict[str, Any]]) -> Step:
    probe = _Probe(state, facts)
    try:
        moved = machine.events[trigger].trigger(probe)
    except MachineError as error:  # The rule exists, so the library and the flattening disagree.
        raise ConfigurationError("chart.faulty", f"{state} does not know {trigger}: {error}") from error
    if not moved:
        said_no = [n for t in here for n in t["conditions"] if not facts[n]]
        said_no += [n for t in here for n in t["unless"] if facts[n]]
        return Step("", (), tuple(dict.fromkeys(said_no)))
    taken = next(t for t in here if _open(t, facts))
    return Step("" if taken["dest"] is None else probe.state, tuple(probe.effects))


def _open(transition: Mapping[str, Any], facts: Mapping[str, bool]) -> bool:
    return all(facts[n] for n in transition["conditions"]) and not any(facts[n] for n in transition["unless"])
