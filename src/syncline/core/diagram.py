"""The chart as a Mermaid state diagram, so that a picture of it can never be older than the chart itself.

An event that every open leaf of a parent knows is drawn once, from the parent. Events that change no state would hide
the ones that do, so they are listed in a table below the picture.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from syncline.core.chart import SEPARATOR, Chart, flat_transitions, flatten

_INDENT = "    "


def write_diagram(chart: Chart) -> str:
    """Answer the chart in the language of Mermaid (`stateDiagram-v2`), with a line break at the end."""
    edges = _edges(chart)
    lines = ["stateDiagram-v2", f"{_INDENT}[*] --> {_id(chart.source['initial'])}"]
    for state in chart.source["states"]:
        lines.extend(_state(_named(state), "", 1, edges))
    lines.extend(_arrows(edges, "", 1))
    return "\n".join(lines) + "\n"


def write_document(chart: Chart) -> str:
    """Answer the page that is kept beside the chart: the picture, and what it leaves out."""
    lines = [
        f"# The chart `{chart.name}`, version {chart.version}",
        "",
        f"Generated from `{chart.name}.v{chart.version}.yaml` by `make diagram`; do not edit.",
        "An arrow is labelled `event [guards]`; a state lists the effects that run when it is entered.",
        "",
        "```mermaid",
        write_diagram(chart).rstrip(),
        "```",
        "",
        "## Events that change no state",
        "",
        "| event | guards | where |",
        "|---|---|---|",
    ]
    for (trigger, guards), leaves in _internal(chart).items():
        where = ", ".join(f"`{name}`" for name in _contract(leaves, chart))
        lines.append(f"| `{trigger}` | {guards or '-'} | {where} |")
    return "\n".join(lines) + "\n"


def _state(state: Mapping[str, Any], parent: str, depth: int, edges: Mapping[tuple[str, str], list[str]]) -> list[str]:
    path = f"{parent}{SEPARATOR}{state['name']}" if parent else state["name"]
    indent = _INDENT * depth
    lines = [f'{indent}state "{_label(state)}" as {_id(path)}']
    if state.get("children"):
        lines[0] += " {"
        first = SEPARATOR.join((path, state["initial"]))
        lines.append(f"{indent}{_INDENT}[*] --> {_id(first)}")
        for child in state["children"]:
            lines.extend(_state(_named(child), path, depth + 1, edges))
        lines.extend(_arrows(edges, path, depth + 1))
        lines.append(f"{indent}}}")
    if state.get("final"):
        lines.append(f"{indent}{_id(path)} --> [*]")
    return lines


def _label(state: Mapping[str, Any]) -> str:
    effects = state.get("on_enter", ())
    return f"{state['name']}<br/>/ {', '.join(effects)}" if effects else str(state["name"])


def _arrows(edges: Mapping[tuple[str, str], list[str]], inside: str, depth: int) -> Iterator[str]:
    """Write the arrows whose nearest common parent is `inside`: Mermaid wants them where both ends are known."""
    for (origin, dest), labels in edges.items():
        if _common_parent(origin, dest) == inside:
            yield f"{_INDENT * depth}{_id(origin)} --> {_id(dest)} : {'<br/>'.join(labels)}"


def _common_parent(one: str, other: str) -> str:
    common: list[str] = []
    for mine, theirs in zip(one.split(SEPARATOR)[:-1], other.split(SEPARATOR)[:-1], strict=False):
        if mine != theirs:
            break
        common.append(mine)
    return SEPARATOR.join(common)


def _edges(chart: Chart) -> dict[tuple[str, str], list[str]]:
    """Answer what leads from where to where, with the labels of all events that do."""
    edges: dict[tuple[str, str], list[str]] = {}
    by_label: dict[tuple[str, str], list[str]] = {}
    for transition in flat_transitions(chart.source, flatten(chart.source)):
        if transition["dest"] is not None:
            key = (_caption(transition), transition["dest"])
            by_label.setdefault(key, []).append(transition["source"])
    for (label, dest), leaves in by_label.items():
        for origin in _contract(leaves, chart, dest):
            edges.setdefault((origin, _entry(dest, origin, chart)), []).append(label)
    return edges


def _entry(leaf: str, origin: str, chart: Chart) -> str:
    """Answer where an arrow from outside ends: at the parent, when the leaf is where the parent is entered."""
    parent, _, name = leaf.rpartition(SEPARATOR)
    if not parent or origin == parent or origin.startswith(f"{parent}{SEPARATOR}"):
        return leaf
    return parent if name == _initial(parent, chart) else leaf


def _initial(path: str, chart: Chart) -> str:
    node: Mapping[str, Any] = {"children": chart.source["states"]}
    for part in path.split(SEPARATOR):
        node = next(child for child in map(_named, node["children"]) if child["name"] == part)
    return str(node["initial"])


def _internal(chart: Chart) -> dict[tuple[str, str], list[str]]:
    internal: dict[tuple[str, str], list[str]] = {}
    for transition in flat_transitions(chart.source, flatten(chart.source)):
        if transition["dest"] is None:
            internal.setdefault((transition["trigger"], _guards(transition)), []).append(transition["source"])
    return internal


def _contract(leaves: list[str], chart: Chart, dest: str = "") -> list[str]:
    """Put a parent in the place of its leaves where every one of them that is not final is among `leaves`.

    Not where `dest` is one of them: Mermaid cannot draw an arrow from a state to its own child.
    """
    named: dict[str, None] = {}
    for leaf in leaves:
        parent = leaf.rpartition(SEPARATOR)[0]
        siblings = [name for name in chart.leaves if name.startswith(f"{parent}{SEPARATOR}")]
        whole = len(siblings) > 1 and all(name in leaves for name in siblings if name not in chart.finals)
        outside = not dest.startswith(f"{parent}{SEPARATOR}")
        named[parent if parent and whole and outside else leaf] = None
    return list(named)


def _caption(transition: Mapping[str, Any]) -> str:
    guards = _guards(transition)
    return f"{transition['trigger']} [{guards}]" if guards else str(transition["trigger"])


def _guards(transition: Mapping[str, Any]) -> str:
    return ", ".join([*transition["conditions"], *(f"not {name}" for name in transition["unless"])])


def _named(state: Any) -> Mapping[str, Any]:  # noqa: ANN401  as YAML has it: a name or a mapping
    return {"name": state} if isinstance(state, str) else state


def _id(path: str) -> str:
    return path.replace(SEPARATOR, "__")
