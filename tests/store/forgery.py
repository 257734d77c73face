# ruff: noqa: S608  the tampering is SQL of our own
"""What somebody can do who owns the database and knows how everything in it is computed, but has no key."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import msgspec

from syncline.core.audit import GENESIS, chain
from syncline.core.merkle import Range
from syncline.core.note import Checkpoint, Signer, claimed
from syncline.store.sqlite import SQLiteStore
from syncline.store.transaction import Store

_TRIGGERS = (
    "audit_is_never_changed",
    "audit_is_never_deleted",
    "checkpoint_is_never_changed",
    "checkpoint_is_never_deleted",
)


@contextmanager
def opened(store: Store) -> Iterator[sqlite3.Connection]:
    """The file, past its triggers."""
    assert isinstance(store, SQLiteStore)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        for trigger in _TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        yield connection


def truncate(store: Store, count: int) -> None:
    """Cut off the last rows, and set every integration back to where its log ends then."""
    with opened(store) as connection:
        (end,) = connection.execute("SELECT max(position) FROM audit").fetchone()
        connection.execute("DELETE FROM audit WHERE position > ?", (end - count,))
        _set_back(connection)


def forge(store: Store, *, position: int, signer: Signer | None = None) -> None:
    """Change a row and compute everything anew that follows from it: all chains, all heads, the tree.

    With a key of their own, checkpoints too: and then the log names that key in the place of the real one.
    """
    with opened(store) as connection:
        rows = connection.execute("SELECT position, integration, content FROM audit ORDER BY position").fetchall()
        heads: dict[str, bytes] = {}
        tree, nodes = Range(), []
        for place, integration, content in rows:
            row = msgspec.json.decode(content)
            if place == position:
                row["request"] = "req_forged"
            if signer is not None and row["type"] == "checkpoint_key.made":
                row["data"]["key"] = str(signer.verifier)
            written = _encode(row)
            heads[integration] = chain(heads.get(integration, GENESIS), written)
            connection.execute(
                "UPDATE audit SET content = ?, hash = ? WHERE position = ?", (written, heads[integration], place)
            )
            nodes += tree.extend([heads[integration]])
        for integration, head in heads.items():
            connection.execute("UPDATE integrations SET head = ? WHERE id = ?", (head, integration))
        for node in nodes:
            connection.execute(
                "UPDATE tree_nodes SET hash = ? WHERE level = ? AND number = ?", (node.hash, node.level, node.number)
            )
        if signer is not None:
            _sign_anew(connection, signer)


def _sign_anew(connection: sqlite3.Connection, signer: Signer) -> None:
    hashes = [hash_ for (hash_,) in connection.execute("SELECT hash FROM audit ORDER BY position")]
    for number, note in connection.execute("SELECT number, note FROM checkpoints").fetchall():
        tree = Range()
        tree.extend(hashes[: claimed(note).size])
        forged = signer.sign(Checkpoint(signer.verifier.name, tree.size, tree.root()).text)
        connection.execute("UPDATE checkpoints SET note = ? WHERE number = ?", (forged, number))


def _set_back(connection: sqlite3.Connection) -> None:
    ends: dict[str, dict[str, Any]] = {}
    heads: dict[str, bytes] = {}
    for integration, content, hash_ in connection.execute(
        "SELECT integration, content, hash FROM audit ORDER BY position"
    ):
        ends[integration], heads[integration] = msgspec.json.decode(content), hash_
    for integration, row in ends.items():
        connection.execute(
            "UPDATE integrations SET seq = ?, state = ?, state_seq = ?, context = ?, head = ? WHERE id = ?",
            (
                row["seq"],
                row["to"],
                row["state_seq"],
                _encode(row.get("context", {})).decode(),
                heads[integration],
                integration,
            ),
        )
        for table in ("documents", "secrets", "effects"):
            connection.execute(f"DELETE FROM {table} WHERE integration = ? AND seq > ?", (integration, row["seq"]))


_encode = msgspec.json.Encoder(order="sorted").encode


def other_key(name: str) -> Signer:
    """A key of somebody else under the name of a log."""
    return Signer(name, base64.b64decode("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
