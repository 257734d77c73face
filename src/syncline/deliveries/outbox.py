"""Reads on in the log and turns its rows into deliveries, for every subscription that has room for more.

Law: only committed rows are read, in their order. Where nobody subscribes, nothing is read.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from syncline.core.announcement import Announcement, body_of
from syncline.store import deliveries as stored
from syncline.store.deliveries import NewDelivery
from syncline.store.subscriptions import Subscription
from syncline.store.transaction import Store, Transaction

#: Deliveries of one subscription that may wait; the log keeps what comes after them.
MOST_WAITING = 10_000
#: Rows that are read in one go; most of them lead to nothing.
_PIECE = 2_000
#: How far the log may be read without a word of it being written down; after a crash so much is read again.
_UNWRITTEN = 20_000


class Outbox:
    """Fills the deliveries."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        """Take where the log is."""
        self._store, self._now = store, now
        #: How far was read for a subscription beyond what is written down.
        self._read: dict[str, int] = {}

    async def fill(self, subscriptions: Sequence[Subscription]) -> tuple[set[str], bool]:
        """Read on for each; answers which subscriptions have something new, and whether there is more to read."""
        groups: defaultdict[int, list[Subscription]] = defaultdict(list)
        for each in subscriptions:
            if each.kept.enabled and each.waiting < MOST_WAITING:
                groups[max(each.scanned, self._read.get(each.id, 0))].append(each)
        self._read = {each.id: self._read[each.id] for each in subscriptions if each.id in self._read}
        fed: set[str] = set()
        more = False
        for after, group in sorted(groups.items(), key=lambda item: item[0]):
            through, told = await self._store.read(partial(stored.announced, after=after, most=_PIECE))
            new = {each.id: _deliveries(each, told) for each in group}
            fed |= await self._keep(group, new, through)
            more |= through - after == _PIECE
        return fed, more

    async def _keep(
        self, group: Sequence[Subscription], new: Mapping[str, list[NewDelivery]], through: int
    ) -> set[str]:
        """Write down what is new, and only now and then that there was nothing."""
        told = [each for each in group if new[each.id] or through - each.scanned > _UNWRITTEN]
        if told:
            kept = await self._store.write(partial(self._write, told, new, through))
        else:
            kept = set()
        # What could not be kept is read again.
        self._read |= {each.id: through for each in group if each not in told or each.id in kept}
        return {id_ for id_ in kept if new[id_]}

    def _write(
        self, told: Sequence[Subscription], new: Mapping[str, list[NewDelivery]], through: int, tx: Transaction
    ) -> set[str]:
        now = self._now()
        return {each.id for each in told if stored.add(tx, of=each, scanned=through, new=new[each.id], now=now)}


def _deliveries(of: Subscription, told: Sequence[Announcement]) -> list[NewDelivery]:
    wanted = [each for each in told if of.kept.wants(each.type, each.facts.integration)]
    return [
        NewDelivery(each, number, body_of(each, of.id, number)) for number, each in enumerate(wanted, of.sequence + 1)
    ]
