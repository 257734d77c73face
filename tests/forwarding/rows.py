"""Rows as the log holds them, made for tests of what leaves it."""

from syncline.core.audit import GENESIS, Row, chain, encode
from syncline.core.event import Actor
from syncline.store.log import LogRow

AT = 1_795_000_000_123_456


def row(position: int, type_: str = "sync.requested", text: str = "", address: str = "203.0.113.7") -> LogRow:
    """One row; `text` goes into its data."""
    actor = Actor("person", "ak_1", via="bearer", address=address)
    data = {"note": text} if text else {}
    made = Row("in_1", position, AT, type_, f"k{position}", "handled", "a", "a", actor, "c@1#0", "0.9", data=data, v=2)
    content = encode(made)
    return LogRow(position, content, chain(GENESIS, content))
