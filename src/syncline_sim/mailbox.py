"""The mail that the world sends: every message to every user, kept to be read."""

import sqlite3
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syncline_sim.world import World

TABLES = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    code TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `code` is the verification code in its text, if it has one."""

    id: int
    at: float
    recipient: str
    subject: str
    body: str
    code: str

    def view(self) -> dict[str, Any]:
        """Answer the message as the control door shows it."""
        return asdict(self)


def send(world: "World", recipient: str, subject: str, body: str, *, code: str = "") -> None:
    """Put a message into the mailbox."""
    world.db.execute(
        "INSERT INTO mail (at, recipient, subject, body, code) VALUES (?, ?, ?, ?, ?)",
        (world.now(), recipient, subject, body, code),
    )


def messages(db: sqlite3.Connection, recipient: str = "", *, limit: int = 50) -> list[Message]:
    """Answer the newest messages first, of one recipient or of all."""
    rows = db.execute(
        "SELECT * FROM mail WHERE recipient = ? OR ? = '' ORDER BY id DESC LIMIT ?", (recipient, recipient, limit)
    )
    return [Message(**row) for row in rows]
