"""How the log is doing on its way to other systems, as the API, the command line and the page show it."""

from syncline.errors import ForbiddenError
from syncline.forwarding import State
from syncline.web.access import Who
from syncline.web.models import Model
from syncline.web.site import Site


class ForwardingTrouble(Model):
    """What stands in the way now; times are microseconds since the epoch."""

    #: A code of the error catalogue.
    code: str
    detail: str
    since: int
    attempts: int
    again_at: int


class DestinationView(Model):
    """A place that the log is forwarded to; times are microseconds since the epoch."""

    name: str
    kind: str
    #: `rows` or `ocsf`.
    format: str
    #: Whether personal data is sent in the clear.
    reveal: bool
    #: The position up to which it has every row, and since when; null when it has none.
    acknowledged: int
    acknowledged_at: int | None
    #: Rows that it has not, and how old the oldest of them is.
    waiting_rows: int
    lag_seconds: float
    #: Since the start of the service: rows delivered, repetitions too, and deliveries that failed.
    delivered: int
    failures: int
    #: Null while all goes well.
    trouble: ForwardingTrouble | None


class Destinations(Model):
    """All places that the log is forwarded to, in the order of the settings."""

    items: tuple[DestinationView, ...]


async def destinations(site: Site, who: Who) -> Destinations:
    """Answer how each is doing; raises `ForbiddenError` for a key that is not for all integrations."""
    if not sees_forwarding(who):
        raise ForbiddenError("access.forbidden", "the whole log is forwarded, and this key is for some integrations")
    return Destinations(items=tuple(_view(state) for state in await site.forwarding.states()))


def sees_forwarding(who: Who) -> bool:
    """Whether they may see how the log is doing on its way."""
    return who.may("export") and not who.key.integrations


def _view(state: State) -> DestinationView:
    destination, standing, trouble = state.destination, state.standing, state.trouble
    return DestinationView(
        name=destination.name,
        kind=destination.scheme,
        format=destination.form,
        reveal=destination.reveal,
        acknowledged=standing.acknowledged,
        acknowledged_at=standing.acknowledged_at,
        waiting_rows=standing.waiting,
        lag_seconds=round(state.lag, 3),
        delivered=state.delivered,
        failures=state.failures,
        trouble=None
        if trouble is None
        else ForwardingTrouble(
            code=trouble.code,
            detail=trouble.text,
            since=trouble.since,
            attempts=trouble.attempts,
            again_at=trouble.again_at,
        ),
    )
