"""A data directory with a long log, made without waiting for each of its rows."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from syncline.core.audit import GENESIS, Row, chain, encode
from syncline.core.event import Actor
from syncline.data_folder import DATABASE
from syncline.store.sqlite import open_store

#: The integration whose log it is.
CHAIN = "in_1"


def rows(count: int) -> Iterator[tuple[object, ...]]:
    """Rows of one integration, chained, as the store writes them."""
    head = GENESIS
    actor = Actor("hook", "msg", via="signature", address="203.0.113.9")
    for seq in range(1, count + 1):
        data = {"name": "Long"} if seq == 1 else {"note": "some text that belongs to the event", "number": seq}
        type_ = "integration.created" if seq == 1 else "sync.requested"
        made = Row(
            CHAIN,
            seq,
            1_795_000_000_000_000 + seq,
            type_,
            f"k{seq}",
            "unexpected",
            "unconfigured",
            "unconfigured",
            actor,
            "integration@1#000000000000",
            "0.1",
            data,
            v=2,
            digest="00" * 16,
        )
        content = encode(made)
        head = chain(head, content)
        fixed = (made.at, type_, made.key, 1, bytes(16), made.disposition, made.origin, made.to)
        yield CHAIN, seq, *fixed, content, head


def fill(folder: Path, count: int) -> None:
    """Make a data directory with a log of so many rows."""
    folder.mkdir(mode=0o700)
    asyncio.run(_migrate(folder / DATABASE))
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        database.execute(
            "INSERT INTO integrations (id, name, state, seq, state_seq, state_since, context, chart, head, created_at) "
            "VALUES (?, 'Long', 'unconfigured', ?, 1, 0, '{}', 'integration@1#000000000000', ?, 0)",
            (CHAIN, count, bytes(32)),
        )
        database.executemany(
            "INSERT INTO audit (integration, seq, at, type, key, owns_key, digest, disposition, origin, target, "
            "content, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows(count),
        )


async def _migrate(path: Path) -> None:
    await (await open_store(path)).close()
