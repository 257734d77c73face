"""A change event as the JSON that a CometD client gets, with what its user may see.

Its form is that of events which people have published; `nulledFields` and `diffFields` are in the other API only.
"""

import base64
import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import objects
from syncline_sim.salesforce.visibility import fields_by_name

if TYPE_CHECKING:
    from syncline_sim.salesforce.orgs import User

#: Numbers of commits are large in life, and those of a database.
_FIRST_COMMIT = 10_000_000_000
_MILLISECONDS = 1000
_NAME_PARTS = ("Salutation", "FirstName", "LastName")
_ADDRESS_PARTS = ("Street", "City", "State", "PostalCode", "Country")


def message(event: sqlite3.Row, user: "User") -> dict[str, Any]:
    """Answer the data of a message."""
    spec = objects.find(event["entity"])
    seen = fields_by_name(user, spec)
    values = {name: value for name, value in json.loads(event["fields"]).items() if name.lower() in seen}
    body: dict[str, Any] = {}
    for name, value in values.items():
        compound, part = _whole(spec.name).get(name, ("", name))
        (body.setdefault(compound, {}) if compound else body)[part] = _written(spec.by_name[name.lower()].type, value)
    return {
        "schema": _schema(spec.name),
        "payload": {**body, "ChangeEventHeader": _header(event, list(values))},
        "event": {"replayId": event["number"]},
    }


def _written(kind: str, value: Any) -> Any:  # noqa: ANN401 - whatever the column holds, and JSON has for it
    if value is None:
        return None
    if kind == "datetime":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return bool(value) if kind == "boolean" else value


def _header(event: sqlite3.Row, changed: list[str]) -> dict[str, Any]:
    places = _whole(event["entity"])
    paths = (places.get(name, ("", name)) for name in changed)
    return {
        "commitNumber": _FIRST_COMMIT + event["in_transaction"],
        "commitUser": event["user_id"],
        "sequenceNumber": event["sequence"],
        "entityName": event["entity"],
        "changeType": event["kind"],
        "changedFields": [".".join(filter(None, path)) for path in paths] if event["kind"] == "UPDATE" else [],
        "changeOrigin": event["origin"],
        "transactionKey": _key(event["org_id"], event["in_transaction"]),
        "commitTimestamp": event["moment"] * _MILLISECONDS,
        "recordIds": json.loads(event["record_ids"]),
    }


@cache
def _whole(name: str) -> dict[str, tuple[str, str]]:
    """Answer the fields that stand inside others, with where: `MailingCity` is `City` of `MailingAddress`."""
    spec = objects.find(name)
    found: dict[str, tuple[str, str]] = {}
    if "lastname" in spec.by_name:
        found |= {part: ("Name", part) for part in _NAME_PARTS}
    for field in spec.fields:
        if field.type == "address":
            prefix = field.name.removesuffix("Address")
            found |= {prefix + part: (field.name, part) for part in _ADDRESS_PARTS}
    return found


@cache
def _schema(name: str) -> str:
    names = ",".join(f"{field.name}:{field.type}" for field in objects.find(name).fields)
    return base64.urlsafe_b64encode(hashlib.sha256(names.encode()).digest()[:16]).decode().rstrip("=")


def _key(org_id: str, transaction: int) -> str:
    digest = hashlib.sha256(f"{org_id}:{transaction}".encode()).hexdigest()
    return f"000{digest[:5]}-{digest[5:9]}-{digest[9:13]}-{digest[13:17]}-{digest[17:29]}"
