"""Reads on in the log and turns its rows into deliveries, for each subscription that has sent what it had.

Law: only committed rows are read, in their order. Where nobody subscribes, nothing is read; for an endpoint that is
slow or away, no more than it takes: the log keeps what comes after.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from syncline.core.announcement import body_of
from syncline.store import deliveries as stored
from syncline.store.deliveries import NewDelivery, Told
from syncline.store.subscriptions import Subscription
from syncline.store.transaction import Store, Transaction

#: Deliveries of one subscription that may wait in all, most of them behind one that was put off.
MOST_WAITING = 10_000
#: Deliveries that are made for a subscription in one go: for one that takes them, and for one that does not, or has
#: not shown it yet. The latter gets no more within the pace (in microseconds), so that it costs the others little.
_PORTION, _SMALL_PORTION = 250, 50
_SECOND = 1_000_000
_PACE = 1 * _SECOND
#: Rows that are looked at in one go; most of them lead to nothing.
_REACH = 2_000
#: How far, and how long (in microseconds), the log may be read without a word of it being written down; after a crash
#: so much is read again.
_MOST_UNWRITTEN, _LONGEST_UNWRITTEN = 20_000, 1_800 * 1_000_000


class _Portion(msgspec.Struct, frozen=True):
    """What a subscription gets: deliveries, and the position up to which that is everything."""

    new: list[NewDelivery]
    scanned: int


class Outbox:
    """Fills the deliveries."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        """Take where the log is."""
        self._store, self._now = store, now
        #: How far was read for a subscription beyond what is written down.
        self._read: dict[str, int] = {}
        #: When each has got something last, and when it was written down how far was read for it.
        self._fed: dict[str, int] = {}
        self._written: dict[str, int] = {}

    async def fill(self, hungry: Sequence[Subscription]) -> tuple[set[str], float | None]:
        """Read on for each; answers which have got something, and after how many seconds there is more to do."""
        groups: defaultdict[int, list[Subscription]] = defaultdict(list)
        again: float | None = None
        for each in hungry:
            if not _takes(each) and self._now() < self._fed.get(each.id, 0) + _PACE:
                again = _PACE / _SECOND
            elif each.waiting < MOST_WAITING:
                groups[max(each.scanned, self._read.get(each.id, 0))].append(each)
        fed: set[str] = set()
        for after, group in sorted(groups.items(), key=lambda item: item[0]):
            most = max(map(_appetite, group))
            through, told = await self._store.read(partial(stored.told, after=after, reach=_REACH, most=most))
            portions = {each.id: _portion(each, told, through) for each in group}
            fed |= await self._keep(group, portions)
            if through > after and any(not portion.new for portion in portions.values()):
                again = 0.0
        self._fed |= dict.fromkeys(fed, self._now())
        return fed, again

    def forget(self, known: Sequence[Subscription]) -> None:
        """Keep in mind only what belongs to subscriptions that there are."""
        ids = {each.id for each in known}
        self._read = {id_: position for id_, position in self._read.items() if id_ in ids}
        self._fed = {id_: moment for id_, moment in self._fed.items() if id_ in ids}
        self._written = {id_: moment for id_, moment in self._written.items() if id_ in ids}

    async def _keep(self, group: Sequence[Subscription], portions: Mapping[str, _Portion]) -> set[str]:
        """Write down what is new, and only now and then that there was nothing."""
        due = [each for each in group if portions[each.id].new or self._is_unwritten(each, portions[each.id].scanned)]
        kept = await self._store.write(partial(self._write, due, portions)) if due else set()
        # What could not be kept is read again.
        self._written |= dict.fromkeys(kept, self._now())
        self._read |= {each.id: portions[each.id].scanned for each in group if each not in due or each.id in kept}
        return {id_ for id_ in kept if portions[id_].new}

    def _is_unwritten(self, of: Subscription, scanned: int) -> bool:
        """Whether it is time to write down how far was read; retention waits for that."""
        age = self._now() - self._written.setdefault(of.id, self._now())
        return scanned - of.scanned > _MOST_UNWRITTEN or (scanned > of.scanned and age > _LONGEST_UNWRITTEN)

    def _write(self, due: Sequence[Subscription], portions: Mapping[str, _Portion], tx: Transaction) -> set[str]:
        now = self._now()
        return {
            each.id
            for each in due
            if stored.add(tx, of=each, scanned=portions[each.id].scanned, new=portions[each.id].new, now=now)
        }


def _takes(of: Subscription) -> bool:
    return of.delivered_at is not None and of.failing_since is None


def _appetite(of: Subscription) -> int:
    return _PORTION if _takes(of) else _SMALL_PORTION


def _portion(of: Subscription, told: Sequence[Told], through: int) -> _Portion:
    """Answer what a subscription wants of what is told, as far as whole rows fit into a portion."""
    most = _appetite(of)
    new: list[NewDelivery] = []
    last = 0
    for each in told:
        if len(new) >= most and each.position != last:
            return _Portion(new, last)
        if of.kept.wants(each.announcement.type, each.announcement.facts.integration):
            number = of.sequence + len(new) + 1
            new.append(NewDelivery(each.announcement, number, body_of(each.announcement, of.id, number)))
        last = each.position
    return _Portion(new, through)
