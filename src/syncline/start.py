"""What a start puts on the log of the service: what is different from the last one, then the start itself.

Law: a setting that holds a secret is seen by its fingerprint only, here as everywhere.
"""

import hashlib
import secrets
from typing import Any

import msgspec
from pydantic import SecretStr

import syncline
from syncline import credentials
from syncline.config import Settings
from syncline.core.brought import Document
from syncline.core.documents import CONFIGURATION, MASTER_KEY
from syncline.core.event import SERVICE
from syncline.core.rules import Rules
from syncline.service_log import ServiceLog
from syncline.store.integrations import documents
from syncline.store.migrate import last_migration
from syncline.store.transaction import Store, Transaction
from syncline.vault import Safe, Vault

#: Texts that may hold a password though they are no secret by their type: a command line, an address.
_HIDDEN = frozenset({"master_key_command", "audit_forward", "checkpoint_url"})
_encode = msgspec.json.Encoder(order="sorted").encode


class _Before(msgspec.Struct, frozen=True):
    """What the process before this one has left behind."""

    state: str
    documents: dict[str, Any]
    migration: int


async def note_start(log: ServiceLog, store: Store, vault: Vault, settings: Settings, rules: Rules) -> str:
    """Put on the log that the service starts, and what has changed; answers the id that all of this start carries."""
    request = f"start_{secrets.token_hex(8)}"
    before = await store.read(_read)
    now = {
        "software": syncline.__version__,
        "settings": shown(settings, await credentials.open_safe(store, vault, SERVICE)),
    }
    known = before.documents.get(CONFIGURATION)
    paper = (Document(CONFIGURATION, now),) if known != now else ()
    if known and paper:
        await log.note("configuration.changed", {"changes": _changes(known, now)}, *paper, request=request)
        paper = ()
    await _note_master_key(log, vault, before, request)
    data = {
        "software": now["software"],
        "charts": [chart.reference for chart in rules.all],
        "settings": f"sha256={hashlib.sha256(_encode(now['settings'])).hexdigest()}",
        "migration": before.migration,
        "after": "first" if not known else "clean_stop" if before.state == "stopped" else "kill",
    }
    await log.note("service.started", data, *paper, request=request)
    return request


def shown(settings: Settings, safe: Safe) -> dict[str, Any]:
    """Answer the settings as JSON, those that may hold a secret by their fingerprint."""
    told = settings.model_dump(mode="json")
    for name in told:
        text = _hidden(name, getattr(settings, name))
        if text is not None:
            told[name] = f"fingerprint:{safe.fingerprint(f'setting:{name}', SecretStr(text))}" if text else ""
    return told


def _hidden(name: str, value: Any) -> str | None:  # noqa: ANN401  any setting
    """Answer the text of a setting that is not shown, None for one that is."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if name not in _HIDDEN:
        return None
    return value if isinstance(value, str) else " ".join(value)


def _changes(before: dict[str, Any], now: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Name what is different, before and after; null where one of the two versions does not know a setting."""
    old, new = ({"software": one["software"], **one["settings"]} for one in (before, now))
    return {
        name: {"before": old.get(name), "after": new.get(name)}
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }


async def _note_master_key(log: ServiceLog, vault: Vault, before: _Before, request: str) -> None:
    """Say that another master key is current than was last written down, put there by hand or by a rotation cut short.

    The first one comes with the installation, and is only written down.
    """
    current = vault.ring.current
    last = before.documents.get(MASTER_KEY, {}).get("current")
    if last != current:
        data = {"from": last, "to": current} if last else {"to": current}
        paper = Document(MASTER_KEY, {"current": current})
        await log.note("master_key.changed", data, paper, request=request)


def _read(tx: Transaction) -> _Before:
    state = tx.find_snapshot(integration=SERVICE)[0]  # The service is none of the integrations that are looked up.
    return _Before(state, documents(tx, integration=SERVICE), last_migration(tx))
