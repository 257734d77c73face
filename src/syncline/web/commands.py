"""Commands of people: their secrets sealed, their addresses checked, made into events and handed to the engine."""

from dataclasses import dataclass

from syncline.store.record import Outcome
from syncline.web.access import Who
from syncline.web.asked import Command, NewIntegration
from syncline.web.site import Site


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a command."""

    outcome: Outcome
    #: For a login that was started now: where the browser goes, and the cookie (name, value) that it has to keep.
    authorize_url: str | None = None
    cookie: tuple[str, str] | None = None
    #: For a new integration: the secret of its hook, this once.
    hook_secret: str | None = None


async def send(site: Site, who: Who, integration: str, command: Command, *, key: str = "", request: str = "") -> Sent:
    """Send a command to an integration; raises `InputError`, `NotFoundError`, `ForbiddenError`, `ConflictError`.

    `key` is the caller's Idempotency-Key, `request` the id of the request. What the chart refuses or does not expect
    now is a `ConflictError` with the outcome in its facts.
    """
    raise NotImplementedError


async def create(site: Site, who: Who, asked: NewIntegration, *, key: str = "", request: str = "") -> Sent:
    """Make an integration; raises as `send`."""
    raise NotImplementedError
