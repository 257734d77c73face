"""A store that does not answer for a while."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.web.doors import Doors


@contextmanager
def failing_store(doors: Doors, monkeypatch: pytest.MonkeyPatch, *, reading: bool = False) -> Iterator[None]:
    """Let everything that would be written fail, as a broken disk does; with `reading`, whatever is read as well."""
    writer = doors.store._writer
    assert writer is not None
    broken = [writer, *(doors.store._readers if reading else ())]

    async def fail(*_arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        for connection in broken:
            patch.setattr(connection, "_execute", fail)
        yield
