"""How SQLite finds rows of the log: never by reading all of it, nor all of an integration's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncline.store.transaction import _by_position, named_queries
from tests.store.logs import HandmadeLog

BY_SEQ = "USING INDEX audit_by_seq (integration=? AND seq"
BY_POSITION = "USING INTEGER PRIMARY KEY (rowid"


@pytest.fixture
def handmade(tmp_path: Path) -> Iterator[HandmadeLog]:
    """An empty log."""
    made = HandmadeLog(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "means"),
    [
        ("list_log", BY_POSITION),
        ("list_log_back", BY_POSITION),
        ("list_log_of", BY_SEQ),
        ("list_log_of_back", BY_SEQ),
        ("pick_log", BY_POSITION),
        ("pick_log_back", BY_POSITION),
        ("find_log_row", BY_SEQ),
        ("find_log_row_until", BY_SEQ),
        ("find_log_place", BY_SEQ),
        ("find_log_ends_of", "USING COVERING INDEX audit_by_seq (integration=?)"),
        ("find_last_of_effect", "USING INDEX audit_by_key (key>? AND key<?)"),
    ],
)
def test_a_query_goes_straight_to_its_rows(handmade: HandmadeLog, query: str, means: str) -> None:
    """By the index that was made for it, without sorting what it finds but for a handful."""
    sql, _ = _by_position(getattr(named_queries("sqlite3"), query).sql)
    steps = handmade.plan(sql)
    reads = [step for step in steps if "audit" in step]
    assert reads
    assert all(means in step for step in reads), steps
    assert ("USE TEMP B-TREE FOR ORDER BY" in steps) == (query == "find_last_of_effect")
