"""The AsyncAPI 3 document: every message that comes in or goes out by itself, described from the types that read it.

Source: AsyncAPI 3.0.0 (asyncapi.com/docs/reference/specification/v3.0.0). Actions are told from our side: we `receive`
what is posted to a door, and `send` deliveries and the feed.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from pydantic.json_schema import models_json_schema

import syncline
from syncline.core.announcement import KINDS, TEST, Message
from syncline.core.event import EVENTS
from syncline.providers.notices import NoticeDoor
from syncline.web.feed import FeedEvent
from syncline.web.hook_secrets import sides
from syncline.web.hooks import Signed
from syncline.web.site import SITE, Site

_SCHEMAS = "#/components/schemas/{name}"
_STANDARD_HEADERS = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "maxLength": 256, "description": "The same however often it is sent."},
        "webhook-timestamp": {"type": "string", "pattern": "^[0-9]{1,12}$", "description": "Seconds since the epoch."},
        "webhook-signature": {"type": "string", "description": "`v1,` and base64; several with spaces between them."},
    },
}


def add_routes(app: web.Application) -> None:
    """Add the document."""
    app.router.add_get("/asyncapi.json", describe)


async def describe(request: web.Request) -> web.StreamResponse:
    """Answer the AsyncAPI document."""
    return web.json_response(document(request.app[SITE]))


def document(site: Site) -> dict[str, Any]:
    """Write the document for where this service is."""
    doors = tuple(sides(site).values())
    address = urlsplit(site.public_url)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Syncline",
            "version": syncline.__version__,
            "license": {"name": "Apache-2.0"},
            "description": "What others tell Syncline, and what Syncline tells others. Commands are in /openapi.json.",
        },
        "defaultContentType": "application/json",
        "servers": {"syncline": {"host": address.netloc, "protocol": address.scheme}},
        "channels": _channels(doors),
        "operations": _operations(doors),
        "components": {
            "messages": _messages(doors),
            "schemas": _schemas(doors),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "address": {
                    "type": "userPassword",
                    "description": "The address is a secret, at some doors a header too.",
                },
                "signature": {"type": "userPassword", "description": "A signature over the body (Standard Webhooks)."},
            },
        },
    }


def _channels(doors: Iterable[NoticeDoor]) -> dict[str, Any]:
    server = [{"$ref": "#/servers/syncline"}]
    channels: dict[str, Any] = {
        "signedEvents": {
            "address": "/hooks/{id}/events",
            "title": "Signed events from any program",
            "servers": server,
            "parameters": {"id": {"description": "The integration."}},
            "messages": _named(["signedEvent"]),
        },
        "deliveries": {
            "address": None,
            "title": "Deliveries to the address of a subscription",
            "messages": _named(_delivered()),
        },
        "feed": {
            "address": "/api/events",
            "title": "The event feed: pages, or a stream of server-sent events",
            "servers": server,
            "messages": _named(map(_fed, KINDS)),
        },
    }
    for door in doors:
        channels[_door(door)] = {
            "address": f"/hooks/{{id}}/{door.name}/{{token}}",
            "title": f"What {door.name.title()} tells",
            "servers": server,
            "parameters": {
                "id": {"description": "The integration."},
                "token": {"description": "The address's secret."},
            },
            "messages": _named([_door(door)]),
        }
    return channels


def _operations(doors: Iterable[NoticeDoor]) -> dict[str, Any]:
    inward = {"signedEvents": "signature", **{_door(door): "address" for door in doors}}
    operations: dict[str, Any] = {
        f"receive{name[0].upper()}{name[1:]}": _operation("receive", name, proof) for name, proof in inward.items()
    }
    operations["sendDelivery"] = _operation("send", "deliveries", "signature")
    operations["sendFeed"] = _operation("send", "feed", "key")
    return operations


def _operation(action: str, channel: str, proof: str) -> dict[str, Any]:
    security = [{"$ref": f"#/components/securitySchemes/{proof}"}]
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "security": security}


def _messages(doors: Iterable[NoticeDoor]) -> dict[str, Any]:
    messages: dict[str, Any] = {
        "signedEvent": _message("signedEvent", "Something that a program asks for", "SignedEvent", headers=True),
        _delivery(TEST): _message(TEST, "A call that tries an address", "Test", headers=True),
    }
    for name, kind in KINDS.items():
        messages[_delivery(name)] = _message(name, kind.title, "Message", headers=True)
        messages[_fed(name)] = _message(name, kind.title, "FeedEvent")
    for door in doors:
        headers = {"type": "object", "properties": {door.header: {"type": "string"}}, "required": [door.header]}
        messages[_door(door)] = {
            "name": _door(door),
            "contentType": door.media_types[0],
            "payload": {"$ref": _SCHEMAS.format(name=_door(door))},
            **({"headers": headers} if door.header else {}),
        }
    return messages


def _message(name: str, title: str, schema: str, *, headers: bool = False) -> dict[str, Any]:
    head = {"headers": {"$ref": _SCHEMAS.format(name="StandardWebhooks")}} if headers else {}
    return {"name": name, "title": title, "payload": {"$ref": _SCHEMAS.format(name=schema)}, **head}


def _schemas(doors: Iterable[NoticeDoor]) -> dict[str, Any]:
    (signed, message), structs = msgspec.json.schema_components((Signed, Message), ref_template=_SCHEMAS)
    _, models = models_json_schema([(FeedEvent, "serialization")], ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = {**models["$defs"], **structs}
    allowed = sorted(name for name, kind in EVENTS.items() if "hook" in kind.senders)
    schemas["SignedEvent"] = _narrowed(schemas.pop(_last(signed)), "type", allowed)
    schemas["Message"] = _narrowed(schemas.pop(_last(message)), "type", list(KINDS))
    schemas["Test"] = {
        "type": "object",
        "required": ["type", "timestamp", "subscription"],
        "properties": {"type": {"const": TEST}, "timestamp": {"type": "string"}, "subscription": {"type": "string"}},
    }
    schemas["StandardWebhooks"] = _STANDARD_HEADERS
    for door in doors:
        schemas[_door(door)] = dict(door.shape)
    return schemas


def _narrowed(schema: Mapping[str, Any], field: str, values: list[str]) -> dict[str, Any]:
    properties = schema["properties"]
    return {**schema, "properties": {**properties, field: {**properties[field], "enum": values}}}


def _named(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _delivered() -> list[str]:
    return [_delivery(TEST), *map(_delivery, KINDS)]


def _delivery(name: str) -> str:
    return f"delivery.{name}"


def _fed(name: str) -> str:
    return f"feed.{name}"


def _door(door: NoticeDoor) -> str:
    return f"{door.name}Notices"


def _last(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
