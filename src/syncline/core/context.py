"""What an integration remembers besides its state; like the state, a fold of the log."""

from typing import Literal

import msgspec

Resume = Literal["", "authorized", "verified", "fields_synced", "syncing", "paused"]


#: Where the grant is gone, and a person has to log in again.
_WAITING = "reauthorization_required."
#: What says that there is something to fetch, and where everything is fetched that was there when the run began.
_CHANGES = frozenset({"records.changed", "person.sync_requested"})
_RUNNING = frozenset({"syncing.initial_sync", "syncing.running_cycle"})
_GRANTS = frozenset({"grant.refresh_started", "grant.refresh_failed", "grant.refreshed", "grant.lost"})
#: The events of which something is remembered also where the state stays.
_TELLING = _CHANGES | _GRANTS | {"code.exchanged", "connection.confirmed", "identity.released", "sync.finished"}


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """The memory that guards look at. A new one is made by `after`, nothing else changes it."""

    #: The grant's generation: 0 before the first, one more for each token set that was stored.
    generation: int = 0
    #: Whether a refresh of the current generation was announced and has no result yet.
    refreshing: bool = False
    #: Whether the source was seen to replace the refresh token (None: not seen yet).
    rotates: bool | None = None
    org_id: str = ""
    user_id: str = ""
    #: Whether a person has confirmed that org and user.
    pinned: bool = False
    #: Whether an admin lets another user of the same org authorize, the next time.
    released: bool = False
    #: Where to return to after authorizing again.
    resume: Resume = ""
    initial_sync_done: bool = False
    #: Whether something is said to have changed since the last run began, so that the next one should come soon.
    changed: bool = False
    #: How the first of that came, as its event says; kept until the run for it has ended.
    changed_by: str = ""
    #: The catalogue code of what blocks it, empty when nothing does.
    problem: str = ""
    detail: str = ""


class Heeded(msgspec.Struct, frozen=True, gc=False):
    """All that the memory looks at in an event's data, still as JSON; other data leaves the same memory."""

    org_id: msgspec.Raw = msgspec.Raw()
    user_id: msgspec.Raw = msgspec.Raw()
    rotated: msgspec.Raw = msgspec.Raw()
    path: msgspec.Raw = msgspec.Raw()
    problem: msgspec.Raw = msgspec.Raw()
    detail: msgspec.Raw = msgspec.Raw()


def after(context: Context, event_type: str, data: dict[str, object], *, source: str, target: str) -> Context:
    """Answer the memory after an accepted event that led from `source` to `target` (equal when the state stays)."""
    if source == target and event_type not in _TELLING and not context.resume and "problem" not in data:
        return context  # As nearly every event leaves it.
    change = _change(context, event_type, data, source=source, target=target)
    return msgspec.structs.replace(context, **change) if change else context


def _change(
    context: Context, event_type: str, data: dict[str, object], *, source: str, target: str
) -> dict[str, object]:
    change: dict[str, object] = dict(_grant(context, event_type, data))
    if event_type == "connection.confirmed":
        change["pinned"] = True
    if event_type == "sync.finished":
        change["initial_sync_done"] = True
    if event_type in _CHANGES:
        change["changed"] = True
        change |= {} if context.changed else {"changed_by": _text(data, "path")}
    elif target in _RUNNING and source != target:
        change["changed"] = False
        change |= {} if context.changed else {"changed_by": ""}
    elif event_type == "sync.finished" and not context.changed:
        change["changed_by"] = ""
    if target.startswith(_WAITING) and not source.startswith(_WAITING):
        change["refreshing"] = False
        change["resume"] = "paused" if source == "syncing.paused" else source.partition(".")[0]
    elif context.resume and target and not target.startswith(_WAITING):
        change["resume"] = ""
    if source != target or "problem" in data:
        change["problem"] = _text(data, "problem")
        change["detail"] = _text(data, "detail")
    return change


def _text(data: dict[str, object], name: str) -> str:
    """A sender may put anything into an event's data; a memory that cannot be read back would end the integration."""
    value = data.get(name, "")
    return value if isinstance(value, str) else str(value)


def _grant(context: Context, event_type: str, data: dict[str, object]) -> dict[str, object]:
    match event_type:
        case "code.exchanged":
            change = {"generation": context.generation + 1, "refreshing": False, "rotates": None, "released": False}
            return change | {"org_id": _text(data, "org_id"), "user_id": _text(data, "user_id")}
        case "identity.released":
            return {"released": True}
        case "grant.refresh_started":
            return {"refreshing": True}
        case "grant.refresh_failed" | "grant.lost":
            return {"refreshing": False}
        case "grant.refreshed":
            rotated = bool(data.get("rotated"))
            return {"generation": context.generation + 1, "refreshing": False, "rotates": rotated}
        case _:
            return {}
