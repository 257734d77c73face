"""When seeded records were created and last changed: a stretch of the past, with many that share one second."""

import random
from collections.abc import Iterator

SINCE = 1_609_459_200  #: 2021-01-01
UNTIL = 1_767_225_600  #: 2026-01-01
#: A bulk load gives more records the same stamp than fit into one page of a query.
_LARGEST_LOAD = 2500
_TOGETHER = 0.3
_UNTOUCHED = 0.6
#: The same in SQL for the record `n.place` of so many, with what `spread` answers bound; three of ten share a moment
#: with the one before. When it was last changed follows from the record `other`, whose stamps are drawn by chance.
CREATED_SQL = f"""
    {SINCE} + CAST(:step * iif(place >= :load AND place < :load_end, :load, place - max(0, place % 10 - 6)) AS INTEGER)
"""
CHANGED_SQL = f"""
    iif(n.place >= :load AND n.place < :load_end, n.created, n.created + ({UNTIL} - n.created)
    * (other."SystemModstamp" - other."CreatedDate") / ({UNTIL} - other."CreatedDate"))
"""


def stamps(chance: random.Random, count: int) -> Iterator[tuple[int, int]]:
    """Answer (created, changed) for so many records, in whole seconds since the epoch; created never falls."""
    loaded, step = _loaded(count), _step(count)
    created = SINCE
    for number in range(count):
        if number in loaded:
            created = int(SINCE + step * loaded.start)
            yield created, created
            continue
        if chance.random() > _TOGETHER:
            created = int(SINCE + step * number)
        changed = created if chance.random() < _UNTOUCHED else created + int(chance.random() * (UNTIL - created))
        yield created, changed


def spread(count: int) -> dict[str, float]:
    """Answer what is bound in the SQL above when there are so many records."""
    return {"step": _step(count), "load": _loaded(count).start, "load_end": _loaded(count).stop}


def _step(count: int) -> float:
    return (UNTIL - SINCE) / max(count, 1)


def _loaded(count: int) -> range:
    return range(count // 2, count // 2 + min(_LARGEST_LOAD, count // 4))
