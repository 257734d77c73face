"""When seeded records were created and last changed: a stretch of the past, with many that share one second."""

import random
from collections.abc import Iterator

SINCE = 1_609_459_200  #: 2021-01-01
UNTIL = 1_767_225_600  #: 2026-01-01
#: A bulk load gives more records the same stamp than fit into one page of a query.
_LARGEST_LOAD = 2500
_TOGETHER = 0.3
_UNTOUCHED = 0.6


def stamps(chance: random.Random, count: int) -> Iterator[tuple[int, int]]:
    """Answer (created, changed) for so many records, in whole seconds since the epoch; created never falls."""
    load = min(_LARGEST_LOAD, count // 4)
    loaded = range(count // 2, count // 2 + load)
    step = (UNTIL - SINCE) / max(count, 1)
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
