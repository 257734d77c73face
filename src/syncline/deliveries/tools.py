"""What every lane is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from syncline.core.subscription import KeptSubscription
from syncline.deliveries.opening import Opened
from syncline.destinations import Destinations
from syncline.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Tools:
    """Where deliveries lie, what opens secrets, what calls; how to ask for more, and to switch a subscription off."""

    store: Store
    destinations: Destinations
    now: Callable[[], int]
    look_again: Callable[[], None]
    open: Callable[[KeptSubscription], Awaitable[Opened]]
    switch_off: Callable[[KeptSubscription], Awaitable[None]]
