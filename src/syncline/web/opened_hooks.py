"""Which secrets of hooks have been opened, so that each opening is said once."""

from collections import OrderedDict

from syncline.store.hooks import Door

#: The secrets of a door: field and fingerprint of each.
Shown = tuple[tuple[str, str], ...]

_MOST = 8192


class OpenedHooks:
    """Which secrets of which doors this process has opened; at most 8,192 doors are remembered."""

    def __init__(self) -> None:
        """Start with none."""
        self._doors: OrderedDict[tuple[str, Door], Shown] = OrderedDict()

    def is_new(self, integration: str, door: Door, shown: Shown) -> bool:
        """Whether these are others than were opened last; remembers that they are open now."""
        if self._doors.get((integration, door)) == shown:
            return False
        self._doors[integration, door] = shown
        self._doors.move_to_end((integration, door))
        if len(self._doors) > _MOST:
            self._doors.popitem(last=False)
        return True

    def forget(self, integration: str, door: Door) -> None:
        """Take back what could not be written down."""
        self._doors.pop((integration, door), None)
