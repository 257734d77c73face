"""Rows of which nothing matters but their hashes, for the tests of the tree."""

import sqlite3
from contextlib import closing
from functools import partial
from hashlib import sha256

from syncline.core.merkle import Range
from syncline.store.checkpoints import grown, keep_nodes, log_end
from syncline.store.sqlite import SQLiteStore
from syncline.store.transaction import Store, Transaction


def row_hash(position: int) -> bytes:
    """The hash of the row at a position."""
    return sha256(b"row %d" % position).digest()


def reference(size: int) -> Range:
    """The tree over so many rows, made from the rows alone."""
    tree = Range()
    tree.extend(row_hash(position) for position in range(1, size + 1))
    return tree


async def add_rows(store: Store, count: int) -> None:
    """Add rows to the log of an integration, behind those that are there."""

    def add(tx: Transaction) -> None:
        end = log_end(tx)
        if not end:
            tx.add_integration(id="in_1", name="one", state="", since=1, context="{}", chart="")
        tx.add_audit_rows(
            [
                {
                    "integration": "in_1",
                    "seq": position,
                    "at": 1,
                    "type": "sync.requested",
                    "key": f"k{position:08d}",
                    "owns_key": 1,
                    "digest": b"",
                    "disposition": "handled",
                    "origin": "a",
                    "target": "a",
                    "content": b"{}",
                    "hash": row_hash(position),
                }
                for position in range(end + 1, end + count + 1)
            ]
        )

    await store.write(add)


async def grow(store: Store, tree: Range, most: int = 1000) -> Range:
    """Read the rows that a tree has not got yet, keeping what becomes whole, as the service does."""
    while True:
        longer, nodes = await store.read(partial(grown, tree=tree, most=most))
        await store.write(partial(keep_nodes, nodes=nodes))
        if longer.size - tree.size < most:
            return longer
        tree = longer


def tamper(store: Store, *statements: str) -> None:
    """Change the file as its owner could, past the triggers; each statement has to hit something."""
    assert isinstance(store, SQLiteStore)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        for trigger in ("audit_is_never_changed", "audit_is_never_deleted"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
