"""Nothing that decides is personal, and every personal part has a subject."""

import ast
import inspect
from types import ModuleType

import pytest

from syncline.core import context, guards
from syncline.core.audit import describe
from syncline.core.brought import Document
from syncline.core.change import digest
from syncline.core.event import Actor, ActorKind, Event
from syncline.core.personal import FIELDS, sender_of, spoken_of


@pytest.mark.parametrize("module", [guards, context])
def test_guards_and_memory_look_at_nothing_personal(module: ModuleType) -> None:
    """But for the detail of a problem, which the memory passes on as it came and nothing asks about."""
    tree = ast.parse(inspect.getsource(module))
    read = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert read & FIELDS <= {"detail"}


@pytest.mark.parametrize(
    ("kind", "id_", "via", "subject"),
    [
        ("person", "ak_1", "", "person:ak_1"),
        ("link", "cl_1", "", "link:cl_1"),
        ("hook", "in_1", "", "hook:in_1"),
        ("source", "ak_1", "callback", "person:ak_1"),
        ("source", "cl_1", "callback", "link:cl_1"),
        ("source", "in_1", "notification", "hook:in_1"),
        ("target", "in_1", "notification", "hook:in_1"),
        ("effect", "in_1.2.0", "", "integration:in_1"),
        ("timer", "in_1.2.0", "", "integration:in_1"),
        ("service", "worker", "", "integration:in_1"),
    ],
)
def test_each_sender_is_a_subject(kind: ActorKind, id_: str, via: str, subject: str) -> None:
    """A browser that comes back from a login is the person's or the guest's who sent it away."""
    assert sender_of(Actor(kind, id_, via), "in_1") == subject


def test_what_is_said_of_a_user_is_the_users() -> None:
    """Whoever says it."""
    event = Event("in_1", "checks.passed", "k", Actor("effect", "e"), 1, {"user_id": "005", "username": "ada"})
    assert spoken_of(event) == "source_user:005"


def test_no_digest_is_made_of_a_person() -> None:
    """Two documents that differ in a name, an address or a text of somebody have the same digest; others do not."""
    one = {"user_id": "005", "username": "ada", "results": [{"id": "org", "seen": "ada is logged in"}]}
    other = {"user_id": "005", "username": "grace", "email": "g", "results": [{"id": "org", "seen": "grace is"}]}
    assert digest(one) == digest(other)
    assert digest(one) != digest(one | {"user_id": "006"})
    assert describe(Document("identity", one)) == f"document:identity:{digest(other)}"
