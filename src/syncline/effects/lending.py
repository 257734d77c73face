"""Stored secrets, opened for an effect.

Law: nothing is opened before the log says for whom, what for and which (`secret.lent`); tokens have an event of their
own that says more, `grant.lent`.
"""

import secrets

from pydantic import SecretStr

from syncline.core.brought import LentSecret
from syncline.core.event import Event
from syncline.effects.tools import Tools
from syncline.effects.work import Errand, MovedOnError
from syncline.store.secrets import SealedRow, data_key, sealed
from syncline.store.transaction import Transaction
from syncline.vault import Safe


async def lend(tools: Tools, errand: Errand, *fields: str) -> dict[str, SecretStr]:
    """Open the named secrets of an integration, those that exist.

    Raises `NotFoundError` when all are erased, `MovedOnError` when none are lent in the state any more.
    """

    def read(tx: Transaction) -> tuple[Safe, dict[str, SealedRow]]:
        safe = tools.vault.open_safe(errand.integration, data_key(tx, integration=errand.integration))
        rows = sealed(tx, integration=errand.integration)
        return safe, {name: rows[name] for name in fields if name in rows}

    safe, rows = await tools.store.read(read)
    if rows:
        await _note(tools, errand, rows)
    return {name: safe.open(name, row.blob, row.key_id) for name, row in rows.items()}


async def _note(tools: Tools, errand: Errand, rows: dict[str, SealedRow]) -> None:
    actor = errand.actor
    outcome = await tools.handle(
        Event(
            errand.integration,
            "secret.lent",
            f"{actor.id}:lent:{secrets.token_hex(8)}",
            actor,
            tools.now(),
            {"to": errand.to},
            cause=f"effect:{actor.id}",
            request=errand.request,
            brings=tuple(LentSecret(name, row.fingerprint) for name, row in rows.items()),
        )
    )
    if not outcome.accepted:
        raise MovedOnError("effect.moved_on", f"no secret is lent in the state {outcome.origin}")
