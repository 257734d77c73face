"""API keys as text: `syn_<id>_<secret>_<check>`."""

from syncline.core.brought import NewApiKey
from syncline.errors import ForbiddenError
from syncline.store.access import Role
from syncline.web import shown_once
from syncline.web.shown_once import Proof

_KIND = "syn"


def read_key(text: str) -> Proof:
    """Take a key's text apart; raises `ForbiddenError` when it cannot be one, before any look-up."""
    proof = shown_once.read(_KIND, text)
    if proof is None:
        raise ForbiddenError("access.unauthenticated", "this is not an API key, or it was not copied whole")
    return proof


def new_key(*, name: str, role: Role, integrations: tuple[str, ...] = ()) -> tuple[NewApiKey, str]:
    """Make a key; answers what an event brings of it, and its text, which exists nowhere else."""
    proof, text = shown_once.make(_KIND)
    return NewApiKey(proof.id, name, role, integrations, proof.hash), text
