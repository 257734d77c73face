"""Outbound messages as an admin defines them, with the simple rule by which they fire."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from yarl import URL

from syncline_sim.salesforce import ids, objects, orgs
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.orgs import User

if TYPE_CHECKING:
    from syncline_sim.world import World

CREATED, CREATED_OR_CHANGED = "created", "created or changed"
_PREFIX = "04k"
_INSERT = """
INSERT INTO salesforce_outbound_messages
    (org_id, name, object, fields, endpoint, send_session, send_as, fires, active, keep_failed)
VALUES (:org_id, :name, :object, :fields, :endpoint, :send_session, :send_as, :fires, :active, :keep_failed)
"""
_UPDATE = """
UPDATE salesforce_outbound_messages
SET name = :name, fields = :fields, endpoint = :endpoint, send_session = :send_session, send_as = :send_as,
    fires = :fires, active = :active, keep_failed = :keep_failed
WHERE number = :number
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One definition; `send_as` is the id of the user, who decides what is seen and whose session is sent."""

    object: str
    endpoint: str
    fields: tuple[str, ...] = ("Id",)
    name: str = ""
    org_id: str = ""
    send_as: str = ""
    send_session: bool = False
    fires: str = CREATED_OR_CHANGED
    active: bool = True
    keep_failed: bool = True  #: what could not be delivered goes to the list of failed ones
    number: int = 0

    @property
    def id(self) -> str:
        """Its id, which it is sent with as ActionId."""
        return ids.make(_PREFIX, self.number)

    @property
    def spec(self) -> ObjectSpec:
        """The object whose records it tells of."""
        return objects.find(self.object)

    def view(self) -> dict[str, Any]:
        """Answer the definition as the control door shows it."""
        shown = asdict(self)
        shown.pop("number")
        return {"id": self.id, **shown}


def define(world: "World", **wanted: Any) -> Message:  # noqa: ANN401 - what a JSON object holds
    """Define a message, in the main org and sent as its first user unless others are named; raises `ValueError`."""
    message = _judged(world, Message(**{**wanted, "fields": _listed(wanted.get("fields", ("Id",)))}))
    number = world.db.execute(_INSERT, _row(message)).lastrowid
    return replace(message, number=number or 0)


def change(world: "World", message_id: str, **wanted: Any) -> Message:  # noqa: ANN401 - as above
    """Change a definition, but not its object and org; raises `KeyError` and `ValueError`."""
    message = find(world.db, message_id)
    for fixed in ("object", "org_id", "number"):
        if fixed in wanted:
            raise ValueError(f"{fixed} can not be changed")
    if "fields" in wanted:
        wanted["fields"] = _listed(wanted["fields"])
    changed = _judged(world, replace(message, **wanted))
    world.db.execute(_UPDATE, _row(changed))
    return changed


def find(db: sqlite3.Connection, message_id: str) -> Message:
    """Answer the definition with this id; raises `KeyError`."""
    found = numbered(db, ids.number(message_id))
    if found is None or found.id != ids.full(message_id):
        raise KeyError(message_id)
    return found


def numbered(db: sqlite3.Connection, number: int) -> Message | None:
    """Answer the definition with this number."""
    row = db.execute("SELECT * FROM salesforce_outbound_messages WHERE number = ?", (number,)).fetchone()
    return _message(row) if row else None


def every(db: sqlite3.Connection) -> list[Message]:
    """Answer all definitions, oldest first."""
    return [_message(row) for row in db.execute("SELECT * FROM salesforce_outbound_messages ORDER BY number")]


def sender(world: "World", message: Message) -> User:
    """Answer the user as whom a message is sent."""
    return orgs.find_user(world.db, message.send_as)


def _listed(fields: Iterable[str]) -> tuple[str, ...]:
    return (fields,) if isinstance(fields, str) else tuple(fields)


def _judged(world: "World", message: Message) -> Message:
    """Answer a definition with everything in it that was not said; raises `ValueError`."""
    org_id = message.org_id or orgs.all_orgs(world)[0].id
    users = [user for user in orgs.all_users(world.db) if user.org_id == org_id]
    found = [user.id for user in users if message.send_as in ("", user.id, user.username)]
    if not found:
        raise ValueError(f"{org_id} has no user {message.send_as}")
    address = URL(message.endpoint)
    if address.scheme not in ("http", "https") or not address.host:
        raise ValueError("endpoint is an address that begins with http:// or https://")
    if message.fires not in (CREATED, CREATED_OR_CHANGED):
        raise ValueError(f"fires is {CREATED} or {CREATED_OR_CHANGED}")
    spec = objects.find(message.object)
    if not spec.stored:
        raise ValueError(f"records of {spec.name} are not written here")
    return replace(message, org_id=org_id, send_as=found[0], object=spec.name, fields=_fields(spec, message.fields))


def _fields(spec: ObjectSpec, names: Iterable[str]) -> tuple[str, ...]:
    """Answer the names as the object writes them: the id first, the others by their names, as in life."""
    found = set()
    for name in names:
        field = spec.by_name.get(name.lower())
        if field is None or field.type == "address":
            raise ValueError(f"{spec.name} has no field {name} that can be sent")
        found.add(field.name)
    return ("Id", *sorted(found - {"Id"}))


def _row(message: Message) -> dict[str, Any]:
    return {**asdict(message), "fields": json.dumps(message.fields)}


def _message(row: sqlite3.Row) -> Message:
    values = dict(row)
    truths = {name: bool(values[name]) for name in ("send_session", "active", "keep_failed")}
    return Message(**{**values, **truths, "fields": tuple(json.loads(values["fields"]))})
