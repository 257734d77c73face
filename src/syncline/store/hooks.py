"""The secrets of hooks: several at once while one is exchanged; and the records that the target has asked for."""

from typing import Literal

import msgspec

from syncline.store.secrets import SealedRow, sealed
from syncline.store.transaction import Transaction

#: The doors of an integration: signed events of anybody, and what each of its two sides tells.
Door = Literal["events", "source", "target"]

#: The fields that a door's secrets are sealed under; those of later ones have a dot and more behind it.
FAMILIES: dict[Door, str] = {"events": "hook_secret", "source": "source_hook", "target": "target_hook"}


class HookSecret(msgspec.Struct, frozen=True):
    """A secret of a door, sealed; `until` is when it ends, 0 when that is not known yet."""

    sealed: SealedRow
    until: int


def hook_secrets(tx: Transaction, *, integration: str, now: int) -> dict[Door, tuple[HookSecret, ...]]:
    """Answer the secrets that open the doors of an integration now, the newest first."""
    ends = dict(tx.list_hook_ends(integration=integration))
    found: dict[Door, tuple[HookSecret, ...]] = {}
    rows = sorted(sealed(tx, integration=integration).values(), key=lambda row: (row.at, row.seq), reverse=True)
    for door, family in FAMILIES.items():
        own = [row for row in rows if row.field.partition(".")[0] == family]
        living = [HookSecret(row, ends.get(row.field, 0)) for row in own]
        found[door] = tuple(secret for secret in living if not secret.until or secret.until > now)
    return found


def rotate(tx: Transaction, *, integration: str, field: str, until: int, now: int) -> None:
    """Let every other secret of the same door end at `until`, and erase those that have ended."""
    family = field.partition(".")[0]
    tx.end_hook_secrets(integration=integration, family=family, below=f"{family}/", field=field, until=until)
    tx.erase_ended_hook_secrets(integration=integration, now=now)
    tx.forget_hook_ends(integration=integration)


def short_hook_secret(tx: Transaction, *, shortest: int) -> tuple[str, str] | None:
    """Answer (integration, field) of a secret whose sealed form has less than `shortest` bytes, if there is one."""
    row = tx.find_short_hook_secret(shortest=shortest)
    return None if row is None else (row[0], row[1])


def wanted(tx: Transaction, *, integration: str, through: int, most: int) -> list[str]:
    """List the records that the target has asked for up to a row of the log, those first that were asked for first."""
    return [id_ for (id_,) in tx.list_wanted_records(integration=integration, through=through, most=most)]
