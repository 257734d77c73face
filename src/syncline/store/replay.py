"""The log decided again, row by row, each under the chart of its time."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from syncline.core import audit
from syncline.core.chart import Chart
from syncline.core.context import Context
from syncline.core.decide import Snapshot
from syncline.core.replay import Owner, Play, begin, replay
from syncline.store.transaction import Transaction
from syncline.store.truncations import bases, let_go

_ROWS_PER_STEP = 5_000


class Difference(msgspec.Struct, frozen=True):
    """The first row of a log that would be decided otherwise."""

    integration: str
    seq: int
    what: str


class Replayed(msgspec.Struct, frozen=True):
    """What was decided again and what came out."""

    rows: int
    #: Rows that do not hold all that decided (format 1), or repeat one that was let go.
    passed_over: int
    differences: tuple[Difference, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every decision came out as it was recorded."""
        return not self.differences


def replay_log(
    tx: Transaction,
    *,
    charts: Mapping[str, Chart],
    integration: str = "",
    progress: Callable[[int], None] | None = None,
) -> Replayed:
    """Decide the whole log again, or that of one integration; `progress` hears how many rows were decided."""
    gone = let_go(tx)

    def owner(integration: str, key: str) -> tuple[int, str] | None:
        found = tx.find_owner(integration=integration, key=key)
        return None if found is None else (found[0], found[1].hex())

    cursor = tx.scan_contents_of(integration=integration, after=gone) if integration else tx.scan_contents(after=gone)
    plays = {
        base.integration: Play(
            Snapshot(
                base.integration,
                base.state,
                base.seq,
                base.state_seq,
                msgspec.json.decode(base.context, type=Context),
            ),
            gone=base.seq,
        )
        for base in bases(tx, integration=integration)
    }
    return replay_rows((content for (content,) in cursor), charts, owner, progress=progress, plays=plays)


def replay_rows(
    contents: Iterable[bytes],
    charts: Mapping[str, Chart],
    owner: Owner,
    *,
    progress: Callable[[int], None] | None = None,
    plays: dict[str, Play] | None = None,
) -> Replayed:
    """Decide rows again by their bytes; `plays` are the integrations whose first rows are not among them."""
    plays, count, passed_over = plays or {}, 0, 0
    for content in contents:
        row = audit.decode(content)
        play = plays.get(row.integration)
        if play is None:
            play = plays[row.integration] = begin(row.integration)
        passed_over += not replay(play, row, charts, owner)
        count += 1
        if progress is not None and count % _ROWS_PER_STEP == 0:
            progress(count)
    found = [Difference(name, play.at_seq, play.difference) for name, play in plays.items() if play.difference]
    return Replayed(count, passed_over, tuple(sorted(found, key=lambda one: (one.integration, one.seq))))
