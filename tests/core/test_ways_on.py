"""A model of everything that can happen, searched exhaustively: from everywhere there is a way on.

A node is a leaf, what the guards can see of the memory, and the effect that is alive. An effect ends with the event
that settles it, also when that event is refused; so a state that waits for an effect which has ended is found.
"""

from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import msgspec
import pytest

from syncline.core.chart import Chart
from syncline.core.context import Context
from syncline.core.decide import Snapshot, decide
from syncline.core.effect import EFFECTS
from syncline.core.event import EVENTS, Actor, ActorKind, Event
from tests.core.chart_file import chart

#: What an effect ends with.
RESULTS: dict[str, set[str]] = {
    "probe_credentials": {"credentials.accepted", "credentials.rejected", "effect.exhausted"},
    "exchange_code": {"code.exchanged", "code.refused", "effect.exhausted"},
    "run_checks": {"checks.passed", "checks.failed", "effect.exhausted"},
    "preview_fields": {"preview.ready", "preview.failed", "effect.exhausted"},
    "sync_fields": {"field_sync.finished", "field_sync.failed", "effect.exhausted"},
    "sync_records": {"sync.finished", "sync.throttled", "sync.failed", "effect.exhausted"},
    "revoke_old_grant": {"old_grant.revoked", "effect.exhausted"},
    "revoke_grant": {"grant.revoked", "effect.exhausted"},
    **{name: {kind.timer} for name, kind in EFFECTS.items() if kind.timer},
}

#: What an effect may send on the way, any number of times.
GRANT = {"grant.refresh_started", "grant.refreshed", "grant.refresh_failed", "grant.lost"}
PROGRESS: dict[str, set[str]] = {
    "run_checks": GRANT,
    "preview_fields": GRANT,
    "sync_fields": GRANT | {"field_sync.progressed"},
    "sync_records": GRANT | {"sync.progressed"},
}


class Node(NamedTuple):
    """Where an integration can be."""

    leaf: str
    context: Context
    alive: str  #: the effect whose result is awaited, or ''


def variants(event_type: str, context: Context) -> Iterator[dict[str, object]]:
    """List the data that guards tell apart: the right org or another, this generation or another."""
    if event_type in {"connection.confirmed", "code.exchanged"}:
        yield {"org_id": "00D1", "user_id": "0051"}
        yield {"org_id": "00D2", "user_id": "0051"}
        yield {"org_id": "00D1", "user_id": "0052"}
    elif event_type.startswith("grant.") and event_type != "grant.revoked":
        yield {"generation": context.generation}
        yield {"generation": context.generation + 7}
    else:
        yield {}


def seen(context: Context) -> Context:
    """Forget what no guard can see, and count no further than a guard can tell."""
    hidden = {"rotates": None, "problem": "", "detail": "", "changed_by": ""}
    return msgspec.structs.replace(context, generation=min(context.generation, 1), **hidden)


def senders(node: Node, event_type: str) -> list[ActorKind]:
    """List who can send an event here: people and senders outside at any time, effects and timers while they live."""
    kinds = EVENTS[event_type].senders
    from_effects = event_type in RESULTS.get(node.alive, set()) | PROGRESS.get(node.alive, set())
    return [kind for kind in sorted(kinds) if kind in {"person", "hook", "source", "target"} or from_effects]


def steps(compiled: Chart, node: Node) -> Iterator[tuple[str, Node]]:
    """List the events that can happen at a node, and where each leads."""
    for event_type in compiled.possible(node.leaf):
        for sender in senders(node, event_type):
            for data in variants(event_type, node.context):
                snapshot = Snapshot("in_1", node.leaf, 9, 9, node.context)
                decision = decide(compiled, snapshot, Event("in_1", event_type, "k", Actor(sender, "x"), 0, data))
                alive = "" if event_type in RESULTS.get(node.alive, set()) or decision.entered else node.alive
                for effect in decision.effects:
                    alive = alive if EFFECTS[effect].optional else effect
                yield event_type, Node(decision.to, seen(decision.context), alive)


@cache
def graph() -> dict[Node, frozenset[Node]]:
    """Walk everything that can be reached from the birth."""
    compiled = chart()
    edges: dict[Node, frozenset[Node]] = {}
    todo = deque([Node(compiled.initial, Context(), "")])
    while todo:
        node = todo.popleft()
        if node not in edges:
            edges[node] = frozenset(after for _, after in steps(compiled, node))
            todo.extend(edges[node])
    return edges


def leads_to(goals: set[Node]) -> set[Node]:
    """Answer all nodes from which some goal can be reached."""
    backward: dict[Node, set[Node]] = {}
    for node, afters in graph().items():
        for after in afters:
            backward.setdefault(after, set()).add(node)
    found, todo = set(goals), deque(goals)
    while todo:
        fresh = backward.get(todo.popleft(), set()) - found
        found |= fresh
        todo.extend(fresh)
    return found


def test_every_leaf_is_reachable() -> None:
    """With the memories that really occur, no leaf is dead."""
    assert {node.leaf for node in graph()} == set(chart().leaves)


def test_syncing_can_be_reached_from_everywhere() -> None:
    """Until it is disconnected, every integration can still be brought to sync."""
    arrived = leads_to({node for node in graph() if node.leaf.startswith("syncing.")})
    stuck = {node for node in graph() if node not in arrived and not node.leaf.startswith("disconnected")}
    assert stuck == set()


def test_the_end_can_be_reached_from_everywhere() -> None:
    """Every integration can be disconnected and its secrets erased."""
    arrived = leads_to({node for node in graph() if node.leaf == "disconnected.closed"})
    assert set(graph()) - arrived == set()


def test_nothing_leads_out_of_the_final_state() -> None:
    """What is closed stays closed."""
    assert all(not afters for node, afters in graph().items() if node.leaf == "disconnected.closed")


def test_syncing_needs_a_confirmed_identity() -> None:
    """Nothing reaches the fields or the records of an org that no person has confirmed."""
    beyond = ("verified", "fields_synced", "syncing")
    unconfirmed = {node for node in graph() if node.leaf.startswith(beyond) and not node.context.pinned}
    assert unconfirmed == set()


def test_a_confirmed_identity_is_never_exchanged_for_another() -> None:
    """Beyond the confirmation, no event leads to another org, and to another user only when an admin released that."""
    beyond = ("verified", "fields_synced", "syncing")

    def who(before: Node, node: Node) -> tuple[str, str]:
        return node.context.org_id, "" if before.context.released else node.context.user_id

    changed = {
        (before.leaf, after.leaf)
        for before, afters in graph().items()
        for after in afters
        if after.leaf.startswith(beyond) and before.context.pinned and who(before, before) != who(before, after)
    }
    assert changed == set()
    released = {node.leaf for node in graph() if node.context.released}
    assert all(leaf.startswith(("reauthorization_required", "disconnected")) for leaf in released)


def test_authorizing_again_always_remembers_where_to_return() -> None:
    """While the grant is gone, and only then, the memory says where to go back to."""
    for node in graph():
        waiting = node.leaf.startswith("reauthorization_required")
        assert bool(node.context.resume) == waiting or node.leaf.startswith("disconnected"), node


@pytest.mark.parametrize("effect", sorted(name for name, kind in EFFECTS.items() if not kind.optional))
def test_every_result_of_an_effect_means_something_where_it_runs(effect: str) -> None:
    """In every state that starts an effect, each way in which it can end has a transition."""
    compiled = chart()
    homes = {node.leaf for node in graph() if node.alive == effect}
    assert homes
    missing = {(leaf, result) for leaf in homes for result in RESULTS[effect] if (leaf, result) not in compiled.rules}
    assert missing == set()
