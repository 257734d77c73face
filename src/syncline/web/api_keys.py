"""API keys as text: `syn_<id>_<secret>_<check>`."""

from syncline.errors import ForbiddenError
from syncline.store.access import ApiKey, Role, add_key
from syncline.store.transaction import Transaction
from syncline.web import shown_once
from syncline.web.shown_once import Proof

_KIND = "syn"


def read_key(text: str) -> Proof:
    """Take a key's text apart; raises `ForbiddenError` when it cannot be one, before any look-up."""
    proof = shown_once.read(_KIND, text)
    if proof is None:
        raise ForbiddenError("access.unauthenticated", "this is not an API key, or it was not copied whole")
    return proof


def make_key(
    tx: Transaction, *, name: str, role: Role, now: int, integrations: tuple[str, ...] = ()
) -> tuple[ApiKey, str]:
    """Make and store a key; answers it and its text, which exists nowhere else. Raises as `store.access.add_key`."""
    proof, text = shown_once.make(_KIND)
    key = ApiKey(proof.id, name, role, now, None, integrations)
    add_key(tx, key, proof.hash)
    return key, text
