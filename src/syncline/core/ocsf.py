"""A row of the log as an event of the Open Cybersecurity Schema Framework, for systems that collect security events.

Written for OCSF 1.8.0 (https://schema.ocsf.io/1.8.0, repository ocsf/ocsf-schema), without profiles. The schema is
closed: what has no place in it goes to `unmapped`. The row itself is there as `raw_data`, with its place in the log and
its hash in `unmapped`, so that the chain can be proved from these events as well.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Any

import msgspec

from syncline.core.audit import Row
from syncline.core.decide import Disposition
from syncline.core.event import ALL_EVENTS, Actor

VERSION = "1.8.0"

#: The classes that are used: identifier, caption, category, its caption, and their activities.
_CLASSES: dict[str, tuple[int, str, int, str, dict[str, int]]] = {
    "api": (6003, "API Activity", 6, "Application Activity", {"Create": 1, "Read": 2, "Update": 3, "Delete": 4}),
    "life": (6002, "Application Lifecycle", 6, "Application Activity", {"Install": 1, "Start": 3, "Stop": 4}),
    "sign_in": (3002, "Authentication", 3, "Identity & Access Management", {"Logon": 1, "Logoff": 2}),
    "entity": (
        3004,
        "Entity Management",
        3,
        "Identity & Access Management",
        {"Create": 1, "Update": 3, "Delete": 4, "Deactivate": 11, "Suspend": 12, "Resume": 13},
    ),
}

#: What an event is there; for class `entity` also what it is done to. All others are `_OTHERS`.
_EVENTS: dict[str, tuple[str, str, str]] = {
    "integration.created": ("entity", "Create", "integration"),
    "credentials.saved": ("entity", "Update", "app credentials"),
    "account.saved": ("entity", "Update", "target account"),
    "mapping.saved": ("entity", "Update", "mapping"),
    "pause.requested": ("entity", "Suspend", "integration"),
    "resume.requested": ("entity", "Resume", "integration"),
    "disconnect.requested": ("entity", "Deactivate", "integration"),
    "erasure.requested": ("entity", "Delete", "secrets"),
    "grant.revoked": ("entity", "Delete", "grant"),
    "old_grant.revoked": ("entity", "Delete", "grant"),
    "data_key.rewrapped": ("entity", "Update", "data key"),
    "link.made": ("entity", "Create", "connect link"),
    "link.revoked": ("entity", "Delete", "connect link"),
    "key.created": ("entity", "Create", "API key"),
    "key.revoked": ("entity", "Delete", "API key"),
    "subscription.made": ("entity", "Create", "subscription"),
    "subscription.changed": ("entity", "Update", "subscription"),
    "subscription.rotated": ("entity", "Update", "subscription"),
    "subscription.disabled": ("entity", "Update", "subscription"),
    "subscription.ended": ("entity", "Delete", "subscription"),
    "master_key.changed": ("entity", "Update", "master key"),
    "configuration.changed": ("entity", "Update", "configuration"),
    "subject.erased": ("entity", "Delete", "personal data"),
    "log.truncated": ("entity", "Delete", "audit log"),
    "checkpoint_key.made": ("entity", "Create", "checkpoint key"),
    "checkpoint_key.rotated": ("entity", "Update", "checkpoint key"),
    "sign_in.succeeded": ("sign_in", "Logon", ""),
    "sign_in.refused": ("sign_in", "Logon", ""),
    "session.ended": ("sign_in", "Logoff", ""),
    "connect_link.refused": ("sign_in", "Logon", ""),
    "link.redeemed": ("sign_in", "Logon", ""),
    "link.left": ("sign_in", "Logoff", ""),
    "service.installed": ("life", "Install", ""),
    "service.started": ("life", "Start", ""),
    "service.stopped": ("life", "Stop", ""),
    "code.exchanged": ("api", "Create", ""),
    "grant.lent": ("api", "Read", ""),
    "secret.lent": ("api", "Read", ""),
    "access.refused": ("api", "Read", ""),
    "log.export_started": ("api", "Read", ""),
    "log.exported": ("api", "Read", ""),
    "probe.requested": ("api", "Read", ""),
    "credentials.accepted": ("api", "Read", ""),
    "credentials.rejected": ("api", "Read", ""),
    "checks.requested": ("api", "Read", ""),
    "checks.passed": ("api", "Read", ""),
    "checks.failed": ("api", "Read", ""),
    "preview.requested": ("api", "Read", ""),
    "preview.ready": ("api", "Read", ""),
    "preview.failed": ("api", "Read", ""),
}
#: Every other event is a call that moves an integration on.
_OTHERS = ("api", "Update", "")

#: Where the identifier of what an event is about stands in its data; without one it is the integration's.
_IDS = ("link", "key", "id", "subject")

#: How the last part of an event's name tells that something did not go well.
_FAILED = ("failed", "refused", "rejected", "denied", "lost", "exhausted", "throttled", "expired", "contradicted")

#: What became of an event: the status there. Its caption is Success or Failure; Other is followed by our own word.
_STATUS: dict[Disposition, int] = {"transitioned": 1, "handled": 1, "refused": 2, "unexpected": 2}
_SUCCESS, _FAILURE, _OTHER = 1, 2, 99
_STATUS_CAPTIONS = {_SUCCESS: "Success", _FAILURE: "Failure"}

_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High"}
#: What somebody should look at though nobody asks; a failure is Medium, what was not let in is Low.
_HIGH = frozenset({"grant.lost", "log.truncated", "checkpoint.contradicted"})

_SHA_256, _USER_OTHER, _PROTOCOL_OTHER = 3, 99, 99
_PEOPLE = {"person": "API key", "link": "Connect link", "source": "Browser that came back"}
_MICROSECONDS = 1000


def ocsf(row: Row, *, position: int, content: bytes, digest: bytes) -> dict[str, Any]:
    """Answer a row as an event of OCSF, ready to be encoded as JSON.

    `row` may be one with its personal data opened; `content` and `digest` are the canonical bytes and the hash that are
    on the log.
    """
    kind, activity, entity = _EVENTS.get(row.type, _OTHERS)
    number, caption, category, category_caption, activities = _CLASSES[kind]
    severity, status = severity_of(row), _status(row)
    return {
        "class_uid": number,
        "class_name": caption,
        "category_uid": category,
        "category_name": category_caption,
        "activity_id": activities[activity],
        "activity_name": activity,
        "type_uid": number * 100 + activities[activity],
        "type_name": f"{caption}: {activity}",
        "time": row.at // _MICROSECONDS,
        "message": _sentence(row),
        "severity_id": severity,
        "severity": _SEVERITIES[severity],
        "status_id": status,
        "status": _STATUS_CAPTIONS.get(status, row.disposition),
        **_reason(row),
        "metadata": _metadata(row, position),
        **_parts(kind, entity, row),
        "raw_data": content.decode(),
        "raw_data_size": len(content),
        "raw_data_hash": {
            "algorithm_id": _SHA_256,
            "algorithm": "SHA-256",
            "value": hashlib.sha256(content).hexdigest(),
        },
        "unmapped": _unmapped(row, position, digest),
    }


def severity_of(row: Row) -> int:
    """Answer how grave a row is: 1 informational, 2 low, 3 medium, 4 high."""
    if row.type in _HIGH and _STATUS.get(row.disposition) == _SUCCESS:
        return 4
    if _has_failed(row.type):
        return 3
    return 2 if _STATUS.get(row.disposition) == _FAILURE else 1


def _status(row: Row) -> int:
    status = _STATUS.get(row.disposition, _OTHER)
    return _FAILURE if status == _SUCCESS and _has_failed(row.type) else status


def _has_failed(type_: str) -> bool:
    return type_.rpartition(".")[2].endswith(_FAILED)


def _sentence(row: Row) -> str:
    kind = ALL_EVENTS.get(row.type)
    # Who the two providers are is not known here.
    title = kind.title.replace("{source}", "the source").replace("{target}", "the target") if kind else row.type
    where = f"{row.origin} → {row.to}" if row.origin != row.to else row.to
    return f"{title}: {row.disposition}, {row.integration} is {where}"


def _reason(row: Row) -> dict[str, str]:
    """Answer the source's own words for an outcome; the code of a failure stands in its data."""
    code = row.refusal or row.bar or row.reason or str(row.data.get("problem") or "")
    return {"status_code": code} if code else {}


def _metadata(row: Row, position: int) -> dict[str, Any]:
    metadata = {
        "version": VERSION,
        "product": {"name": "Syncline", "vendor_name": "Syncline", "version": row.software},
        "uid": f"{row.integration}.{row.seq}",
        "event_code": row.type,
        "log_name": "audit",
        "log_provider": "syncline",
        "log_version": str(row.v),
        "sequence": position,
        "original_time": str(row.at),
    }
    return metadata | {"correlation_uid": row.request} if row.request else metadata


def _parts(kind: str, entity: str, row: Row) -> dict[str, Any]:
    """Answer what differs between the classes; a lifecycle has neither an actor nor an endpoint."""
    if kind == "life":
        return {"app": {"name": "Syncline", "vendor_name": "Syncline", "version": row.software}}
    parts = {"actor": _actor(row.actor), "src_endpoint": _endpoint(row.actor)}
    if kind == "entity":
        about = next((str(row.data[name]) for name in _IDS if isinstance(row.data.get(name), str)), row.integration)
        return parts | {"entity": {"uid": about, "type": entity}}
    if kind == "sign_in":
        protocol = _PEOPLE.get(row.actor.kind, row.actor.kind)
        return parts | {
            "user": _user(row.actor),
            "service": {"name": "Syncline"},
            "auth_protocol_id": _PROTOCOL_OTHER,
            "auth_protocol": protocol,
        }
    api: dict[str, Any] = {"operation": row.type, "service": {"name": "Syncline"}, "version": row.chart}
    if row.request:
        api["request"] = {"uid": row.request}
    if row.disposition not in {"transitioned", "handled"}:
        api["response"] = {"message": row.disposition, **({"error": row.reason} if row.reason else {})}
    return parts | {"api": api, "resources": [{"uid": row.integration, "type": "integration"}]}


def _actor(actor: Actor) -> dict[str, Any]:
    if actor.kind in _PEOPLE:
        return {"user": _user(actor)}
    return {"app_name": f"Syncline {actor.kind}", "app_uid": actor.id}


def _user(actor: Actor) -> dict[str, Any]:
    return {"uid": actor.id, "type_id": _USER_OTHER, "type": _PEOPLE.get(actor.kind, actor.kind)}


def _endpoint(actor: Actor) -> dict[str, str]:
    """Answer where an event came from; an address that is sealed or erased is a name like another."""
    if not actor.address:
        return {"svc_name": "syncline"}
    try:
        return {"ip": str(ipaddress.ip_address(actor.address))}
    except ValueError:
        return {"uid": actor.address}


def _unmapped(row: Row, position: int, digest: bytes) -> Mapping[str, Any]:
    """Answer what proves the row and all of it that has no place of its own; times are microseconds."""
    whole: dict[str, Any] = msgspec.to_builtins(row)
    for told in ("at", "context", "request", "software", "type"):
        whole.pop(told, None)
    return whole | {"position": position, "hash": digest.hex(), "at": row.at}
