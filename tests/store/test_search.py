"""Searching the log: what the index finds is what looking through finds, and pages put together are the whole."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.core.audit import Row
from syncline.store import index, search
from syncline.store.filter import Filter
from syncline.store.postings import DENSE, SIZE, common, in_order, to_map
from tests.store.logs import HandmadeLog, filters, rows


@contextmanager
def handmade() -> Iterator[HandmadeLog]:
    """A log in a folder of its own, with an index that is open."""
    with tempfile.TemporaryDirectory() as name:
        log = HandmadeLog(Path(name))
        log.index.open()
        try:
            yield log
        finally:
            log.close()


def is_wanted(row: Row, wanted: Filter) -> bool:
    """Judge a row as a person would, by its fields; words apart from everything else."""
    fields = ("integration", "type", "disposition", "request", "cause")
    texts = [row.integration, row.type, row.disposition, row.origin, row.to, row.actor.kind, row.actor.id, row.request]
    texts += [row.cause, row.reason, row.key, row.chart, row.software, *row.data.values()]
    known = " ".join(text.split("\0")[0] for text in texts)
    sides = (row.origin, row.to)
    return (
        all(getattr(wanted, name) in {"", getattr(row, name)} for name in fields)
        and wanted.since <= row.at < wanted.until
        and (not wanted.only or row.integration in wanted.only)
        and row.integration not in wanted.without
        and wanted.actor_kind in {"", row.actor.kind}
        and wanted.actor in {"", row.actor.id}
        and any(f"{side}.".startswith(f"{wanted.state}.") or not wanted.state for side in sides)
        and (not wanted.origin or f"{row.origin}.".startswith(f"{wanted.origin}."))
        and (not wanted.target or f"{row.to}.".startswith(f"{wanted.target}."))
        and (not wanted.text or (bool(cut(wanted.text)) and cut(wanted.text) <= cut(known)))
    )


def cut(text: str) -> set[str]:
    """Cut a text into words, letter by letter."""
    spaced = "".join(c if c > "\x7f" or c.isalnum() else " " for c in text.split("\0", maxsplit=1)[0])
    return {"".join(c.lower() if c <= "\x7f" else c for c in word) for word in spaced.split(" ") if word}


@pytest.mark.slow
@pytest.mark.parametrize("far", [3, 40_000])
@pytest.mark.parametrize("dense", [2, DENSE])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    many=st.lists(rows, min_size=1, max_size=40),
    wanted=st.lists(filters, min_size=1, max_size=12),
    taken=st.integers(0, 45),
    limit=st.integers(1, 9),
)
def test_the_index_finds_what_looking_through_finds(
    monkeypatch: pytest.MonkeyPatch,
    dense: int,
    far: int,
    many: list[dict[str, Any]],
    wanted: list[Filter],
    taken: int,
    limit: int,
) -> None:
    """Any filter, either order, pages of any size, however far the index is, however short the patience."""
    monkeypatch.setattr(index, "DENSE", dense)
    monkeypatch.setattr(search, "_FAR", far)
    with handmade() as log:
        for parts in many:
            log.add(parts)
        for _ in range(taken):
            log.index.advance()
        for each in wanted:
            expected = [position for position, row in log.rows if is_wanted(row, each)]
            for newest in (False, True):
                for indexed in (True, False):
                    found = log.pages(each, newest=newest, limit=limit, indexed=indexed)
                    assert found == (expected[::-1] if newest else expected), (each, newest, indexed)
        assert not log.index.broken


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(rows, min_size=1, max_size=20),
    after=st.lists(st.tuples(st.booleans(), rows), max_size=20),
    wanted=filters,
    newest=st.booleans(),
    limit=st.integers(1, 4),
)
def test_pages_are_the_whole_while_rows_are_added(
    before: list[dict[str, Any]],
    after: list[tuple[bool, dict[str, Any]]],
    wanted: Filter,
    newest: bool,  # noqa: FBT001  drawn by name
    limit: int,
) -> None:
    """Between two pages rows come and the index goes on. The oldest first: all are seen, once and in order.

    The newest first: all that were there when the first page was asked for.
    """
    with handmade() as log:
        for parts in before:
            log.add(parts)
        first, coming = len(log.rows), iter(after)
        together: list[int] = []
        past: int | None = None
        while True:
            found = log.find(wanted, newest=newest, past=past, limit=limit)
            together += [row.position for row in found.rows]
            if found.next is None:
                break
            past = found.next
            for takes, parts in coming:
                log.add(parts)
                if takes:
                    log.index.advance()
                break
        seen = log.rows[:first][::-1] if newest else log.rows
        assert together == [position for position, row in seen if is_wanted(row, wanted)]


@given(
    groups=st.lists(st.sets(st.integers(0, SIZE - 1), max_size=30), min_size=1, max_size=3),
    none=st.sets(st.integers(0, SIZE - 1), max_size=30),
    mapped=st.lists(st.booleans(), min_size=4, max_size=4),
    bounds=st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)),
)
@settings(max_examples=60, deadline=None)
def test_places_in_common(groups: list[set[int]], none: set[int], mapped: list[bool], bounds: tuple[int, int]) -> None:
    """Lists and maps, mixed in any way, answer what sets do."""

    def stored(places: set[int], as_map: bool) -> str | bytes | None:  # noqa: FBT001
        listed = sorted(places)
        return None if not listed else to_map(listed) if as_map else " ".join(map(str, listed))

    given_groups = [[stored(places, mapped[number])] for number, places in enumerate(groups)]
    found = common(given_groups, [stored(none, mapped[3])], *bounds)
    wanted = {place for place in set.intersection(*groups) - none if bounds[0] <= place <= bounds[1]}
    assert list(in_order(found, newest=False)) == sorted(wanted)
    assert list(in_order(found, newest=True)) == sorted(wanted, reverse=True)


def test_one_term_of_a_group_is_enough() -> None:
    """Places of the terms of one group are put together, lists and maps alike."""
    found = common([["1 5 9", to_map([2, 5])], ["2 5 9"]], [], 0, SIZE - 1)
    assert list(in_order(found, newest=False)) == [2, 5, 9]
