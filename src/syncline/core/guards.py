"""The guards that the chart names: pure questions about the memory and the event."""

from collections.abc import Callable

from syncline.core.context import Context
from syncline.core.event import Event

Guard = Callable[[Context, Event], bool]


def initial_sync_done(context: Context, _event: Event) -> bool:
    """Whether the first full sync has ended once."""
    return context.initial_sync_done


def changes_waiting(context: Context, _event: Event) -> bool:
    """Whether something is said to have changed since the last run began."""
    return context.changed


def confirms_seen_identity(context: Context, event: Event) -> bool:
    """Whether the person confirms the org and the user that are connected now, not those of a page of the past."""
    seen = (event.data.get("org_id"), event.data.get("user_id"))
    return bool(context.org_id) and seen == (context.org_id, context.user_id)


def matches_pinned_identity(context: Context, event: Event) -> bool:
    """Whether a new grant belongs to the org that was confirmed, and to its user unless an admin released that."""
    same_user = context.released or event.data.get("user_id") == context.user_id
    return event.data.get("org_id") == context.org_id and same_user


def names_current_grant(context: Context, event: Event) -> bool:
    """Whether the event speaks of the grant's current generation."""
    return context.generation > 0 and event.data.get("generation") == context.generation


def refresh_in_flight(context: Context, _event: Event) -> bool:
    """Whether a refresh was announced and has no result yet."""
    return context.refreshing


def resumes_authorized(context: Context, _event: Event) -> bool:
    """Whether authorizing again leads back to the checks."""
    return context.resume == "authorized"


def resumes_verified(context: Context, _event: Event) -> bool:
    """Whether authorizing again leads back to the fields."""
    return context.resume == "verified"


def resumes_fields_synced(context: Context, _event: Event) -> bool:
    """Whether authorizing again leads back to the mapping window."""
    return context.resume == "fields_synced"


def resumes_syncing(context: Context, _event: Event) -> bool:
    """Whether authorizing again leads back to the running sync."""
    return context.resume == "syncing"


def resumes_paused(context: Context, _event: Event) -> bool:
    """Whether authorizing again leads back to the paused sync."""
    return context.resume == "paused"


GUARDS: dict[str, Guard] = {
    guard.__name__: guard
    for guard in (
        changes_waiting,
        confirms_seen_identity,
        initial_sync_done,
        matches_pinned_identity,
        names_current_grant,
        refresh_in_flight,
        resumes_authorized,
        resumes_verified,
        resumes_fields_synced,
        resumes_syncing,
        resumes_paused,
    )
}
