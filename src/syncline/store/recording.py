"""What the engine hands to the store: an event that is sealed and recorded, all in the transaction of its row."""

from collections.abc import Callable

from syncline.core.event import Event
from syncline.core.rules import Rules
from syncline.store.record import Outcome, record
from syncline.store.transaction import Prepared, Transaction

#: Answers an event with what is personal in it sealed, by keys that the same transaction finds or makes.
Seal = Callable[[Transaction, Event], Event]


def as_it_is(_tx: Transaction, event: Event) -> Event:
    """Seal nothing: for a log that holds nothing personal."""
    return event


class Recording(Prepared[Outcome]):
    """The operation that seals an event and records it."""

    __slots__ = ("_as_of", "_event", "_rules", "_seal", "_sealed")

    def __init__(self, event: Event, rules: Rules, seal: Seal) -> None:
        """Take the event as it came."""
        self._event = self._sealed = event
        self._rules, self._seal = rules, seal
        self._as_of = -1

    def prepare(self, tx: Transaction) -> None:
        """Seal the event: for all of a group in a row it costs half of what it costs before each is written."""
        self._sealed, self._as_of = self._seal(tx, self._event), tx.forgotten

    def __call__(self, tx: Transaction) -> Outcome:
        """Record it; sealed again when the key may be gone by which it was."""
        if self._as_of != tx.forgotten:
            self.prepare(tx)
        return record(tx, self._sealed, rules=self._rules)
