"""The files of jobs: written and read in pieces, so that none that is large is ever held whole."""

import hashlib
import sqlite3
from collections.abc import Iterator

#: How long files are kept.
KEPT = 7 * 24 * 3600
_PIECE = 2**16


class FileWriter:
    """Writes on at the end of a file of a job; to be closed at the end."""

    def __init__(self, db: sqlite3.Connection, job: int, name: str) -> None:
        self.size = size(db, job, name)
        self._db, self._key = db, (job, name)
        self._waiting: list[str] = []
        self._length = 0

    def write(self, text: str) -> None:
        """Add to the end."""
        self._waiting.append(text)
        self._length += len(text)
        if self._length >= _PIECE:
            self.close()

    def close(self) -> None:
        """Write what still waits to be written."""
        data = "".join(self._waiting).encode()
        self._waiting.clear()
        self._length = 0
        if data:
            write(self._db, *self._key, data, self.size)
            self.size += len(data)


def write(db: sqlite3.Connection, job: int, name: str, data: bytes, position: int = 0) -> None:
    """Write one piece of a file."""
    query = "INSERT INTO marketo_bulk_files (job, name, position, data) VALUES (?, ?, ?, ?)"
    db.execute(query, (job, name, position, data))


def size(db: sqlite3.Connection, job: int, name: str) -> int:
    """Answer how many bytes a file has; one that there is not, or no longer, has none."""
    query = "SELECT sum(length(data)) FROM marketo_bulk_files WHERE job = ? AND name = ?"
    return int(db.execute(query, (job, name)).fetchone()[0] or 0)


def read(db: sqlite3.Connection, job: int, name: str, first: int, last: int) -> Iterator[bytes]:
    """Answer the bytes from the first to the last, piece by piece; it ends early when the file is thrown away."""
    query = """
    SELECT position, data FROM marketo_bulk_files WHERE job = ? AND name = ? AND position <= ?
    ORDER BY position DESC LIMIT 1
    """
    while first <= last:
        row = db.execute(query, (job, name, first)).fetchone()
        piece = row["data"][first - row["position"] : last + 1 - row["position"]] if row else b""
        if not piece:
            return
        yield piece
        first += len(piece)


def whole(db: sqlite3.Connection, job: int, name: str) -> bytes:
    """Answer all of a file that is known to be small."""
    return b"".join(read(db, job, name, 0, size(db, job, name) - 1))


def checksum(db: sqlite3.Connection, job: int, name: str) -> str:
    """Answer what the vendor tells of a file, so that it can be known to be whole."""
    digest = hashlib.sha256()
    for piece in read(db, job, name, 0, size(db, job, name) - 1):
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def remove(db: sqlite3.Connection, job: int, name: str) -> None:
    """Throw a file away."""
    db.execute("DELETE FROM marketo_bulk_files WHERE job = ? AND name = ?", (job, name))


def forget(db: sqlite3.Connection, now: float) -> None:
    """Throw away the files of jobs that have been over for too long."""
    query = "SELECT id FROM marketo_bulk_jobs WHERE finished_at < ?"
    db.execute(f"DELETE FROM marketo_bulk_files WHERE job IN ({query})", (now - KEPT,))  # noqa: S608 - our own words
