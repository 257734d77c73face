"""Webhooks as an admin defines them, and the campaign that calls each (page "Webhooks")."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as dataclass_fields
from typing import Any

import msgspec

from syncline_sim.marketo import fields as person_fields
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.webhooks import mappings, tokens

CREATED, CHANGED = "created", "changed"
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_RESPONSES = ("JSON", "XML")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook; `mappings` are the SOAP names of fields by the paths of what is answered."""

    name: str
    url: str
    method: str = "POST"
    template: str = ""
    encoding: str = tokens.JSON
    response_type: str = "JSON"
    headers: Mapping[str, str] = field(default_factory=dict)
    mappings: Mapping[str, str] = field(default_factory=dict)
    triggers: tuple[str, ...] = (CREATED,)
    fields: tuple[str, ...] = ()  #: of which a change is a trigger, by their REST names; none: of any
    once: bool = False  #: each person runs through the campaign once only
    batch: bool = False  #: the campaign is no trigger campaign, where no webhook can be called (1000)
    active: bool = True
    id: int = 0

    def fires(self, trigger: str) -> bool:
        """Whether the campaign runs by itself when that happens to a person."""
        return self.active and not self.batch and trigger in self.triggers


def define(db: sqlite3.Connection, wanted: Mapping[str, Any]) -> Webhook:
    """Define a webhook; raises `ValueError`."""
    webhook = _judged(db, _read(wanted))
    query = "INSERT INTO marketo_webhooks (active, document) VALUES (?, ?)"
    number = db.execute(query, (webhook.active, _encode(asdict(webhook)))).lastrowid
    return replace(webhook, id=number or 0)


def change(db: sqlite3.Connection, number: int, wanted: Mapping[str, Any]) -> Webhook:
    """Change a webhook; raises `KeyError` and `ValueError`."""
    webhook = _judged(db, _read({**asdict(find(db, number)), **wanted, "id": number}))
    query = "UPDATE marketo_webhooks SET active = ?, document = ? WHERE id = ?"
    db.execute(query, (webhook.active, _encode(asdict(webhook)), number))
    return webhook


def find(db: sqlite3.Connection, number: int) -> Webhook:
    """Answer a webhook; raises `KeyError`."""
    row = db.execute("SELECT * FROM marketo_webhooks WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise KeyError(f"webhook {number}")
    return _stored(row)


def every(db: sqlite3.Connection) -> list[Webhook]:
    """Answer all webhooks, oldest first."""
    return [_stored(row) for row in db.execute("SELECT * FROM marketo_webhooks ORDER BY id")]


def active(db: sqlite3.Connection) -> list[Webhook]:
    """Answer the webhooks whose campaign is switched on."""
    return [_stored(row) for row in db.execute("SELECT * FROM marketo_webhooks WHERE active ORDER BY id")]


def by_soap_name(known: Mapping[str, PersonField]) -> dict[str, PersonField]:
    """Answer the fields by their SOAP names; that of a custom one is the same as its REST name."""
    named = ((one.name if one.custom else one.soap_name, one) for one in known.values())
    return {name: one for name, one in named if name}


def _read(wanted: Mapping[str, Any]) -> Webhook:
    unknown = set(wanted) - {each.name for each in dataclass_fields(Webhook)}
    if unknown:
        raise ValueError(f"a webhook has no {min(unknown)}")
    try:
        return msgspec.convert(wanted, Webhook, strict=True)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _stored(row: sqlite3.Row) -> Webhook:
    return replace(msgspec.json.decode(row["document"], type=Webhook), id=row["id"])


def _judged(db: sqlite3.Connection, webhook: Webhook) -> Webhook:
    """Answer a webhook that can be called; raises `ValueError`."""
    choices = (
        ("method", [webhook.method], _METHODS),
        ("encoding", [webhook.encoding], tokens.ENCODINGS),
        ("response_type", [webhook.response_type], _RESPONSES),
        ("each of triggers", webhook.triggers, (CREATED, CHANGED)),
    )
    for name, chosen, allowed in choices:
        if not set(chosen) <= set(allowed):
            raise ValueError(f"{name} is one of {', '.join(allowed)}")
    if not webhook.url.startswith(("http://", "https://")):
        raise ValueError("url is an address that begins with http:// or https://")
    if webhook.method == "GET" and webhook.template:
        raise ValueError("a GET has no template")
    _check_fields(webhook, person_fields.load(db))
    return webhook


def _check_fields(webhook: Webhook, known: Mapping[str, PersonField]) -> None:
    for name in webhook.fields:
        if name not in known:
            raise ValueError(f"there is no field {name}")
    for text in (webhook.url, webhook.template, *webhook.headers.values()):
        tokens.check(text, known)
    writable = {name for name, one in by_soap_name(known).items() if not one.read_only}
    for path, name in webhook.mappings.items():
        mappings.check(path)
        if name not in writable:
            raise ValueError(f"no field that can be written has the SOAP name {name}")
