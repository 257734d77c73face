"""What every effect is given to work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from syncline.config import Settings
from syncline.core.event import Event
from syncline.providers.port import Providers
from syncline.store.record import Outcome
from syncline.store.transaction import Store
from syncline.vault import Vault


@dataclass(frozen=True, slots=True)
class Tools:
    """The one door for events, and everything that may be read or called on the way to one."""

    handle: Callable[[Event], Awaitable[Outcome]]
    store: Store
    vault: Vault
    providers: Providers
    settings: Settings
    redirect_uri: str
    #: Our clock, in microseconds since the epoch.
    now: Callable[[], int]
