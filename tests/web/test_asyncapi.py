"""The AsyncAPI document: whole, and true of what the doors take and of what really goes out."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema_rs import ValidationError

from syncline.core import audit
from syncline.core.announcement import KINDS, announcements, body_of
from syncline.core.event import EVENTS
from syncline.store.transaction import Transaction
from tests.web.pages.stage import Stage, build

Document = dict[str, Any]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with the real providers."""
    made = await build(tmp_path)
    yield made
    await made.close()


async def described(stage: Stage) -> Document:
    """Read the document; it is open to everybody, as that of the API."""
    async with stage.client.get("/asyncapi.json") as answer:
        assert answer.status == 200
        document: Document = await answer.json()
        return document


def follow(document: Document, reference: str) -> Any:  # noqa: ANN401  JSON
    """Answer what a reference inside the document names; raises `KeyError`."""
    part: Any = document
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


def references(part: Any) -> Iterator[str]:  # noqa: ANN401
    """List every reference in a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def fits(document: Document, message: str, payload: Any) -> None:  # noqa: ANN401
    """Hold a payload against the schema of a message; raises `ValidationError`."""
    schema = {**document["components"]["messages"][message]["payload"], "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(payload)


async def test_the_document_is_whole(stage: Stage) -> None:
    """Every reference leads somewhere, nothing is described that nothing uses, every schema is one."""
    document = await described(stage)
    assert document["asyncapi"] == "3.0.0"
    assert set(document) == {
        "asyncapi",
        "info",
        "defaultContentType",
        "servers",
        "channels",
        "operations",
        "components",
    }
    used = set(references(document))
    for reference in used:
        follow(document, reference)
    for kind in ("messages", "schemas", "securitySchemes"):
        unused = {name for name in document["components"][kind] if f"#/components/{kind}/{name}" not in used}
        assert unused == set(), kind
    assert {each["channel"]["$ref"].rpartition("/")[2] for each in document["operations"].values()} == set(
        document["channels"]
    )
    assert {each["action"] for each in document["operations"].values()} == {"receive", "send"}
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.validator_for({**schema, "components": document["components"]})


async def test_every_address_is_a_route(stage: Stage) -> None:
    """What is posted to or read is served; only deliveries go to addresses of others."""
    document = await described(stage)
    routes = {resource.canonical for resource in stage.app.router.resources()}
    concrete = {route.replace("{id}", "x").replace("{token}", "y") for route in routes}
    for name, channel in document["channels"].items():
        address = channel["address"]
        if name == "deliveries":
            assert address is None
        else:
            assert address.replace("{id}", "x").replace("{token}", "y") in concrete
            assert {part.strip("{}") for part in address.split("/") if part.startswith("{")} == set(
                channel.get("parameters", {})
            )


async def test_what_goes_out_fits(stage: Stage) -> None:
    """Every delivery and every event of the feed that a whole life leads to."""
    document = await described(stage)
    for state in ("syncing.waiting", "syncing.throttled", "authorized.checks_failed", "disconnected.closed"):
        await stage.reach(state)

    def read(tx: Transaction) -> list[audit.Row]:
        return [audit.decode(content) for (content,) in tx.scan_contents(after=0)]

    seen = set()
    for row in await stage.store.read(read):
        if row.integration != "service":
            for sequence, each in enumerate(announcements(row), 1):
                fits(document, f"delivery.{each.type}", json.loads(body_of(each, "sub_1", sequence)))
                seen.add(each.type)
    assert len(seen) > len(KINDS) / 2
    async with stage.client.get("/api/events?limit=1000", headers=await stage.cookie()) as answer:
        items = (await answer.json())["items"]
    assert {item["type"] for item in items} == seen
    for item in items:
        fits(document, f"feed.{item['type']}", item)


async def test_what_comes_in_fits(stage: Stage) -> None:
    """The types that a hook may send, and no others."""
    document = await described(stage)
    allowed = {name for name, kind in EVENTS.items() if "hook" in kind.senders}
    for name in allowed:
        fits(document, "signedEvent", {"type": name, "timestamp": "2026-11-26T00:00:00Z", "data": {"a": 1}})
    refused: tuple[Document, ...] = ({"type": "code.exchanged"}, {"data": {}}, {"type": min(allowed), "more": 1})
    for wrong in refused:
        with pytest.raises(ValidationError):
            fits(document, "signedEvent", wrong)
    marketo = next(name for name in document["components"]["messages"] if name.startswith("marketo"))
    fits(document, marketo, {"event": "sync", "person": 7, "record": "00Q1", "FirstName": "Ada"})
    with pytest.raises(ValidationError):
        fits(document, marketo, {"person": 7})
