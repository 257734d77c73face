"""The inventory of what other people's tokens are held here: whose, how old, what they may do, what used them last."""

import msgspec

from syncline.core import audit
from syncline.core.audit import Row
from syncline.core.context import Context
from syncline.core.documents import GrantDocument
from syncline.store.secrets import sealed
from syncline.store.transaction import Transaction


class HeldGrant(msgspec.Struct, frozen=True):
    """A grant whose tokens are stored; only what may be seen of it."""

    integration: str
    name: str
    state: str
    context: Context
    document: GrantDocument
    #: Fingerprints; empty for a token that the source gave none of.
    access_token: str
    refresh_token: str
    #: The row that lent it last, if one has.
    lent: Row | None


def grants(tx: Transaction, *, after: str, limit: int, only: tuple[str, ...] = ()) -> list[HeldGrant]:
    """List grants by the ids of their integrations, behind one of them; `only` those of some, unless it is empty."""
    some = msgspec.json.encode(only).decode()
    return [
        _held(tx, id_, name, state, context, body)
        for id_, name, state, context, body in tx.list_grants(after=after, limit=limit, only=some)
    ]


def _held(tx: Transaction, id_: str, name: str, state: str, context: str, body: str) -> HeldGrant:
    tokens = sealed(tx, integration=id_)
    prints = {field: row.fingerprint for field, row in tokens.items()}
    lent = tx.find_last_use(integration=id_)
    return HeldGrant(
        id_,
        name,
        state,
        msgspec.json.decode(context, type=Context),
        msgspec.json.decode(body, type=GrantDocument),
        prints.get("access_token", ""),
        prints.get("refresh_token", ""),
        audit.decode(lent[0]) if lent else None,
    )
