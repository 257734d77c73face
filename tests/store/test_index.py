"""The life of the search index: killed, broken, foreign or gone, it ends with every row once."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from syncline.store import index_sql
from syncline.store.filter import Filter
from syncline.store.terms import query_of
from tests.store.logs import PLAIN, STRIDE, HandmadeLog


def test_a_crash_between_statements_leaves_the_batch_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is not there afterwards, and is taken in whole the next time."""
    log = HandmadeLog(tmp_path)
    log.index.open()
    for _ in range(3):
        log.add(PLAIN)
    log.index.advance()
    with monkeypatch.context() as patch:
        patch.setattr(index_sql, "NOTE_PROGRESS", "SELECT no_such_function(?)")
        with pytest.raises(sqlite3.OperationalError):
            log.index.advance()
    log.index.close()
    log.index.open()
    log.catch_up()
    assert log.pages(Filter(type="sync.finished"), newest=False, limit=10) == [STRIDE, 2 * STRIDE, 3 * STRIDE]
    log.close()


_CHILD = """
import sys
from pathlib import Path
from syncline.store.index import SearchIndex
index = SearchIndex(Path(sys.argv[1]), Path(sys.argv[2]))
index.open()
while index.advance():
    print("taken", flush=True)
"""


@pytest.mark.slow
def test_the_indexer_is_killed_between_batches(tmp_path: Path) -> None:
    """Killed again and again while it works, it ends with every row once."""
    log = HandmadeLog(tmp_path)
    for number in range(60):
        log.add(PLAIN | {"type": "grant.lost" if number % 3 else "sync.finished"})
    for lines in range(1, 9):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(log.index.path), str(log.path)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        for _ in range(lines):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert log.index.open()
    log.catch_up()
    expected = [position for position, row in log.rows if row.type == "grant.lost"]
    with log.index.reading() as reading:
        query = query_of(Filter(type="grant.lost"))
        assert list(reading.places(query, 1, log.rows[-1][0], newest=False)) == expected
    log.close()


def _garbage(log: HandmadeLog) -> None:
    log.index.path.write_bytes(b"not a database at all" * 1000)


def _missing(log: HandmadeLog) -> None:
    log.index.path.unlink()


def _other_version(log: HandmadeLog) -> None:
    with sqlite3.connect(log.index.path) as connection:
        connection.execute(f"PRAGMA user_version = {index_sql.FORMAT + 1}")
    connection.close()


def _other_log(log: HandmadeLog) -> None:
    """The database was put back to an older state and has gone another way since."""
    with sqlite3.connect(log.index.path) as connection:
        connection.execute("UPDATE progress SET hash = x'00'")
    connection.close()


def _shorter_log(log: HandmadeLog) -> None:
    with sqlite3.connect(log.index.path) as connection:
        connection.execute("UPDATE progress SET watermark = watermark + 1000000")
    connection.close()


@pytest.mark.parametrize(
    ("harm", "kept"),
    [(_garbage, False), (_missing, True), (_other_version, False), (_other_log, False), (_shorter_log, False)],
)
def test_an_index_of_no_use_is_made_anew(tmp_path: Path, harm: Any, kept: bool) -> None:  # noqa: ANN401, FBT001
    """Whatever was there instead of the index of this log."""
    log = HandmadeLog(tmp_path)
    log.index.open()
    for _ in range(9):
        log.add(PLAIN)
    log.catch_up()
    log.index.close()
    harm(log)
    assert log.index.open() is kept
    log.catch_up()
    assert len(log.pages(Filter(type="sync.finished"), newest=True, limit=4)) == 9
    log.close()


def test_a_search_that_meets_a_broken_index_goes_on_without_it(tmp_path: Path) -> None:
    """In the middle of the pages; the index is marked to be made anew."""
    log = HandmadeLog(tmp_path)
    log.index.open()
    for _ in range(30):
        log.add(PLAIN)
    log.catch_up()
    with sqlite3.connect(log.index.path) as connection:
        connection.execute("DROP TABLE postings")
    connection.close()
    for newest in (True, False):
        log.index.broken = False
        found = log.pages(Filter(type="sync.finished"), newest=newest, limit=4)
        assert sorted(found) == [position for position, _ in log.rows]
        assert log.index.broken
    log.close()


def test_what_was_cut_off_the_log_is_forgotten(tmp_path: Path) -> None:
    """Lists of positions before the first row are deleted; what is left is found."""
    log = HandmadeLog(tmp_path)
    log.index.open()
    for _ in range(30):
        log.add(PLAIN)
    log.catch_up()
    log.execute("DROP TRIGGER audit_is_never_deleted")
    log.execute("DELETE FROM audit WHERE position <= 131072")
    log.rows = [entry for entry in log.rows if entry[0] > 131_072]
    assert log.pages(Filter(type="sync.finished"), newest=False, limit=4) == [position for position, _ in log.rows]
    for _ in range(7):
        log.add(PLAIN)
    log.catch_up()
    assert log.pages(Filter(type="sync.finished"), newest=True, limit=4)[::-1] == [at for at, _ in log.rows]
    connection = sqlite3.connect(log.index.path)
    assert connection.execute("SELECT min(segment) FROM postings").fetchone() == (2,)
    connection.close()
    log.close()


def test_a_row_that_is_no_json_is_found_by_its_columns(tmp_path: Path) -> None:
    """Somebody has written into the file; the index does not stop there."""
    log = HandmadeLog(tmp_path)
    log.index.open()
    log.add(PLAIN)
    log.execute("DROP TRIGGER audit_is_never_changed")
    log.execute("UPDATE audit SET content = x'7b'")
    log.add(PLAIN)
    log.catch_up()
    with log.index.reading() as reading:
        both = list(reading.places(query_of(Filter(type="sync.finished")), 1, 9 * STRIDE, newest=False))
        words = list(reading.places(query_of(Filter(text="k1")), 1, 9 * STRIDE, newest=False))
    assert (both, words) == ([STRIDE, 2 * STRIDE], [2 * STRIDE])
    for indexed in (True, False):
        assert log.pages(Filter(type="sync.finished"), newest=False, limit=1, indexed=indexed) == [2 * STRIDE]
    log.close()
