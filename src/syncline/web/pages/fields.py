"""What panels show and send beyond the status: the field preview, the mapping window, and what each panel offers."""

from collections import Counter
from typing import Any

from syncline.web.models import Status
from syncline.web.pages.forms import FaultyFormError, Form

#: The commands that a panel has a form for; the others are listed beside it.
OFFERED: dict[str, frozenset[str]] = {
    "register": frozenset({"app.registered"}),
    "credentials": frozenset({"credentials.saved", "probe.requested"}),
    "login": frozenset({"login.started"}),
    "checks": frozenset({"checks.requested", "login.started"}),
    "confirm": frozenset({"connection.confirmed", "checks.requested", "login.started"}),
    "preview": frozenset({"field_sync.requested", "preview.requested"}),
    "preview_failed": frozenset({"preview.requested"}),
    "field_sync_failed": frozenset({"field_sync.requested", "preview.requested"}),
    "mapping": frozenset({"mapping.saved", "sync.start_requested"}),
    "sync": frozenset({"sync.requested", "pause.requested", "resume.requested"}),
    "revocation": frozenset({"revocation.requested", "erasure.requested"}),
    "old_grant": frozenset({"revocation.requested", "revocation.given_up"}),
}

#: What is said after a command whose effect might not be seen at once.
NOTES: dict[str, str] = {
    "mapping.saved": "The mapping is saved.",
    "account.saved": "The API user is saved.",
    "sync.requested": "The request is recorded.",
    "pause.requested": "The sync is paused.",
    "resume.requested": "The sync goes on.",
    "login.returned": "The login came back. If it was opened in a window of its own, you may close that window.",
}
_SHOWN_FAULTS = 5


def shown(status: Status, key: str, typed: dict[str, str]) -> dict[str, Any]:
    """Answer what the field panels show: the plans by object, and the mapping as it is or as it was typed.

    `key` is the target field that holds the record's id; it is always there and never a choice.
    """
    plans = status.preview["fields"] if status.preview else []
    objects: dict[str, list[dict[str, Any]]] = {}
    for plan in plans:
        objects.setdefault(plan["object"], []).append(plan)
    # Two objects may share a target field, which is then created once.
    counted = Counter(action for action, _ in {(plan["action"], plan["target"] or plan["name"]) for plan in plans})
    stored = _stored(status, key)
    mapped = {
        name: {field: typed.get(f"map.{name}.{field}", to) for field, to in pairs.items()}
        for name, pairs in stored.items()
    }
    return {
        "plans": {"objects": objects, **{action: counted[action] for action in ("create", "exists", "skip")}},
        "mapping": mapped,
        "targets": sorted(_targets(status, key)),
        "key_field": key,
    }


def skipped(status: Status, key: str, form: Form) -> tuple[str, ...]:
    """Answer the fields to leave out: all that would be created and were not ticked.

    A field that has come up since the page was drawn was never ticked, so nothing is created that nobody has seen.
    """
    ticked = form.all("create")
    plans = status.preview["fields"] if status.preview else []
    open_to_choice = [plan for plan in plans if plan["action"] == "create" and plan["target"] != key]
    names = [f"{plan['object']}.{plan['name']}" for plan in open_to_choice]
    return tuple(name for name in names if name not in ticked)


def mapping(status: Status, key: str, form: Form) -> dict[str, dict[str, str]]:
    """Answer the mapping that was typed; raises `FaultyFormError` naming what cannot be."""
    typed: dict[str, dict[str, str]] = {name: {} for name in _stored(status, key)}
    for name, value in form.pairs:
        prefix, _, rest = name.partition(".")
        object_name, _, field = rest.partition(".")
        if prefix == "map" and object_name in typed and value.strip():
            typed[object_name][field] = value.strip()
    faults = [
        fault
        for object_name, pairs in typed.items()
        for fault in _doubtful(status, _targets(status, key), object_name, pairs)
    ]
    if faults:
        raise FaultyFormError({"objects": " ".join(faults[:_SHOWN_FAULTS])})
    return typed


def _doubtful(status: Status, known: set[str], object_name: str, pairs: dict[str, str]) -> list[str]:
    faults = [
        f"{object_name}.{field}: {status.target.title} has no field “{to[:80]}”."
        for field, to in pairs.items()
        if known and to not in known
    ]
    doubled = [to for to, times in Counter(pairs.values()).items() if times > 1 and to in known]
    return faults + [f"{object_name}: two fields go to “{to[:80]}”; only one can." for to in doubled]


def _stored(status: Status, key: str) -> dict[str, dict[str, str]]:
    """Answer the stored mapping with the fields that were left out, which map to nothing."""
    if not status.mapping:
        return {}
    objects: dict[str, dict[str, str]] = {name: dict(pairs) for name, pairs in status.mapping["objects"].items()}
    for plan in status.preview["fields"] if status.preview else []:
        if plan["action"] != "skip" and plan["target"] != key and plan["object"] in objects:
            objects[plan["object"]].setdefault(plan["name"], "")
    return objects


def _targets(status: Status, key: str) -> set[str]:
    """Answer the target fields that are known to exist and can be mapped to."""
    plans = status.preview["fields"] if status.preview else []
    stored = status.mapping["objects"].values() if status.mapping else ()
    refused = set(status.field_sync["refused"]) if status.field_sync else set()
    planned = {plan["target"] for plan in plans if plan["action"] != "skip"}
    return {to for pairs in stored for to in pairs.values()} | (planned - refused - {"", key})
