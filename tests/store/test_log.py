"""The log read in pages: every filter, either order."""

import tempfile
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import log
from syncline.store.log import Filter, LogRow
from syncline.store.transaction import Store
from tests.store.events import NOW, event, walk
from tests.store.logs import PLAIN, STRIDE, HandmadeLog


@pytest.fixture
async def two(store: Store, engine: Engine) -> list[LogRow]:
    """Two integrations whose rows are mixed, and all rows of both."""
    for name in ("in_1", "in_2"):
        await walk(engine, "unconfigured", name)
    for number in range(3):
        for name in ("in_1", "in_2"):
            await engine.handle(event("account.saved", integration=name, at=NOW + number))
            await engine.handle(event("sync.finished", integration=name, at=NOW + number))
    return await store.read(partial(log.rows, wanted=Filter()))


def seqs(rows: list[LogRow]) -> list[tuple[str, int]]:
    """Name rows by integration and number."""
    return [(entry.row.integration, entry.row.seq) for entry in rows]


async def test_pages_join_without_gap_or_repetition(store: Store, two: list[LogRow]) -> None:
    """Forward and back, over all and of one, pages of any size make up the whole."""
    assert len(two) == 14
    for wanted in (Filter(), Filter(integration="in_2")):
        whole = [entry for entry in two if not wanted.integration or entry.row.integration == "in_2"]
        for size in (1, 3, 100):
            forward: list[LogRow] = []
            while page := await store.read(
                partial(log.rows, wanted=wanted, after=forward[-1].position if forward else 0, limit=size)
            ):
                forward += page
            back: list[LogRow] = []
            while page := await store.read(
                partial(log.latest, wanted=wanted, before=back[-1].position if back else 2**62, limit=size)
            ):
                back += page
            assert forward == whole
            assert back == whole[::-1]


async def test_a_cursor_of_another_integration_works_too(store: Store, two: list[LogRow]) -> None:
    """Positions count over all rows, so any of them is a place to go on from."""
    position = next(entry.position for entry in two if seqs([entry]) == [("in_1", 4)])
    after = await store.read(partial(log.rows, wanted=Filter(integration="in_2"), after=position))
    before = await store.read(partial(log.latest, wanted=Filter(integration="in_2"), before=position))
    assert seqs(after) + seqs(before[::-1]) == [("in_2", n) for n in (4, 5, 6, 7, 1, 2, 3)]


@pytest.mark.parametrize("integration", ["", "in_1"])
@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(type="account.saved"), 3),
        (Filter(disposition="unexpected"), 3),
        (Filter(type="account.saved", disposition="unexpected"), 0),
        (Filter(since=NOW + 1, until=NOW + 2), 2),
        (Filter(type="no.such_type"), 0),
    ],
    ids=str,
)
async def test_filters(store: Store, two: list[LogRow], integration: str, wanted: Filter, count: int) -> None:
    """What is named has to be met, all of it; `since` is inside, `until` is not."""
    chosen = msgspec.structs.replace(wanted, integration=integration)
    found = await store.read(partial(log.rows, wanted=chosen))
    assert len(found) == count * (1 if integration else 2)
    assert await store.read(partial(log.latest, wanted=chosen)) == found[::-1]


async def test_one_row(store: Store, two: list[LogRow]) -> None:
    """A row is found by integration and number, or not at all."""
    found = await store.read(partial(log.row, integration="in_2", seq=1))
    assert seqs([found]) == [("in_2", 1)]
    with pytest.raises(NotFoundError):
        await store.read(partial(log.row, integration="in_2", seq=99))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    moments=st.lists(st.integers(0, 30), min_size=1, max_size=40),
    disorder=st.lists(st.integers(0, 9_900_000), min_size=40, max_size=40),
    moment=st.integers(-1, 32),
)
def test_the_last_row_up_to_a_moment(moments: list[int], disorder: list[int], moment: int) -> None:
    """As a look through all rows finds it, while moments are less than ten seconds out of order."""
    with tempfile.TemporaryDirectory() as folder:
        made = HandmadeLog(Path(folder))
        for number, (second, back) in enumerate(zip(sorted(moments), disorder, strict=False)):
            at = NOW + second * 3_000_000 - back
            made.add(PLAIN | {"at": at, "integration": "in_2" if number % 3 else "in_1"})
        then = NOW + moment * 3_000_000
        found = made.read(partial(log.at, integration="in_2", moment=then))
        before = [row for _, row in made.rows if row.integration == "in_2" and row.at <= then]
        assert (found.row if found else None) == (before[-1] if before else None)
        made.close()


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.sampled_from(("in_1", "in_2")), max_size=30),
    place=st.integers(-1, 32),
    limit=st.integers(1, 9),
)
def test_an_integration_is_read_from_any_position(names: list[str], place: int, limit: int) -> None:
    """Whosever row is there, or none: by `seq` as by looking at every position."""
    with tempfile.TemporaryDirectory() as folder:
        made = HandmadeLog(Path(folder))
        for name in names:
            made.add(PLAIN | {"integration": name})
        cursor = place * STRIDE + (place % 3)
        mine = [at for at, row in made.rows if row.integration == "in_1"]
        wanted = Filter("in_1")
        after = made.read(partial(log.rows, wanted=wanted, after=cursor, limit=limit))
        before = made.read(partial(log.latest, wanted=wanted, before=cursor, limit=limit))
        assert [row.position for row in after] == [at for at in mine if at > cursor][:limit]
        assert [row.position for row in before] == [at for at in mine if at < cursor][::-1][:limit]
        made.close()
