"""Rows as events of OCSF: every type of event, whoever sent it and whatever became of it, against the public schema."""

import base64
import json
from functools import cache
from typing import Any, get_args

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from syncline.core import ocsf as mapping
from syncline.core.audit import GENESIS, Row, chain, decode, encode
from syncline.core.context import Context
from syncline.core.decide import Disposition
from syncline.core.event import ALL_EVENTS, Actor, ActorKind
from syncline.core.ocsf import VERSION, ocsf, severity_of

AT = 1_795_000_000_123_456
ADDRESSES = (
    "",
    "203.0.113.7",
    "2001:db8::1",
    "sealed:sk_1:" + base64.urlsafe_b64encode(b"c" * 40).decode(),
    "(erased)",
)


@cache
def published() -> dict[str, Any]:
    """The schema as it is published, with everything that one class refers to."""
    schema: dict[str, Any] = get_ocsf_schema(version=VERSION)
    return schema


@cache
def validator(number: int) -> Draft202012Validator:
    """What judges events of a class; it is closed, so an attribute that does not exist is an error."""
    schema = OcsfJsonSchemaEmbedded(published())
    document = schema.get_class_schema(class_name=schema.lookup_class_name_from_uid(number), profiles=[])
    assert document["additionalProperties"] is False
    return Draft202012Validator(document)


def row(type_: str, disposition: Disposition = "transitioned", actor: Actor | None = None, **more: Any) -> Row:  # noqa: ANN401
    """A row of the log with something in every field."""
    filled: dict[str, Any] = {
        "data": {"problem": "x.y", "link": "cl_1"},
        "brought": ("connect_link:cl_1",),
        "effects": ("in_1.7.0",),
        "state_seq": 3,
        "context": Context(),
        "reason": "guard: idle",
        "cause": "seq:6",
        "request": "req_1",
        "repeats": 2,
        "v": 2,
        "digest": "0011",
        "belongs": 3,
        "refusal": "",
        "bar": "",
    }
    who = actor or Actor("person", "ak_1", via="bearer", address="203.0.113.7")
    return Row("in_1", 7, AT, type_, "k", disposition, "a", "b", who, "integration@1#0", "0.9", **(filled | more))


def mapped(made: Row, position: int = 11) -> dict[str, Any]:
    """The event of a row, through JSON as a receiver gets it."""
    content = encode(made)
    event = ocsf(made, position=position, content=content, digest=chain(GENESIS, content))
    document: dict[str, Any] = json.loads(msgspec.json.encode(event))
    return document


def faults(event: dict[str, Any]) -> list[str]:
    """What the public schema says against an event."""
    return [
        f"{list(fault.instance_path)}: {fault.message}" for fault in validator(event["class_uid"]).iter_errors(event)
    ]


NAMES = sorted(ALL_EVENTS.keys() | mapping._EVENTS.keys())


@pytest.mark.parametrize("type_", NAMES)
def test_every_event_is_valid_whoever_sent_it_and_whatever_became_of_it(type_: str) -> None:
    """Also those that carry nothing: a schema is broken by what is missing as well as by what is too much."""
    for kind in get_args(ActorKind):
        for number, disposition in enumerate(get_args(Disposition)):
            actor = Actor(kind, "ak_1", via="bearer", address=ADDRESSES[number % len(ADDRESSES)])
            assert faults(mapped(row(type_, disposition, actor))) == []
    bare = Row("in_1", 1, AT, type_, "k", "handled", "a", "a", Actor("timer", ""), "integration@1#0", "0.9")
    assert faults(mapped(bare)) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"class_uid": 6003, "severity_id": 17},
        {"time": "yesterday"},
        {"src_endpoint": {}},
        {"actor": {}},
        {"api": {"request": {"uid": "req_1"}}},
        {"metadata": {"version": VERSION}},
        {"state": "verified"},
    ],
)
def test_the_judge_sees_what_is_wrong(broken: dict[str, Any]) -> None:
    """An event that the schema does not allow is found, so that a test above means something."""
    assert faults(mapped(row("sync.requested")) | broken)


@pytest.mark.parametrize("type_", NAMES)
def test_captions_are_those_of_the_schema(type_: str) -> None:
    """Names stand beside the numbers, and say the same."""
    event = mapped(row(type_))
    found = next(each for each in published()["classes"].values() if each.get("uid") == event["class_uid"])
    attributes = found["attributes"]
    assert (event["class_name"], event["category_name"]) == (found["caption"], found["category_name"])
    for name, number in (("activity_name", "activity_id"), ("severity", "severity_id"), ("status", "status_id")):
        assert event[name] == attributes[number]["enum"][str(event[number])]["caption"]
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["type_name"] == attributes["type_uid"]["enum"][str(event["type_uid"])]["caption"]


def test_an_event_says_who_did_what_from_where_and_how_it_ended() -> None:
    """A command of a person, and nothing of it twice."""
    event = mapped(row("sync.requested", data={"since": "today"}))
    assert (event["class_uid"], event["activity_name"], event["status"]) == (6003, "Update", "Success")
    assert event["time"] == AT // 1000
    assert event["metadata"]["uid"] == "in_1.7"
    assert event["metadata"]["correlation_uid"] == event["api"]["request"]["uid"] == "req_1"
    assert event["metadata"]["product"] == {"name": "Syncline", "vendor_name": "Syncline", "version": "0.9"}
    assert event["metadata"]["sequence"] == 11
    assert event["actor"]["user"]["uid"] == "ak_1"
    assert event["src_endpoint"] == {"ip": "203.0.113.7"}
    assert event["api"]["operation"] == "sync.requested"
    assert event["resources"] == [{"uid": "in_1", "type": "integration"}]
    left = event["unmapped"]
    assert (left["from"], left["to"], left["cause"], left["data"]) == ("a", "b", "seq:6", {"since": "today"})
    assert left["chart"] == "integration@1#0"


@pytest.mark.parametrize(
    ("type_", "disposition", "status", "severity"),
    [
        ("sync.requested", "transitioned", "Success", "Informational"),
        ("sync.requested", "refused", "Failure", "Low"),
        ("sync.requested", "duplicate", "duplicate", "Informational"),
        ("timer.cycle_due", "stale", "stale", "Informational"),
        ("checks.failed", "transitioned", "Failure", "Medium"),
        ("sign_in.refused", "handled", "Failure", "Medium"),
        ("grant.refresh_failed", "handled", "Failure", "Medium"),
        ("grant.lost", "transitioned", "Failure", "High"),
        ("grant.lost", "duplicate", "duplicate", "Medium"),
        ("log.truncated", "handled", "Success", "High"),
        ("access.refused", "refused", "Failure", "Medium"),
    ],
)
def test_an_outcome_is_told_as_one(type_: str, disposition: Disposition, status: str, severity: str) -> None:
    """That an event was recorded does not make a success of what it tells."""
    made = row(type_, disposition)
    event = mapped(made)
    assert (event["status"], event["severity"], event["severity_id"]) == (status, severity, severity_of(made))


@pytest.mark.parametrize(
    ("type_", "number", "activity", "about"),
    [
        ("integration.created", 3004, "Create", "integration"),
        ("link.revoked", 3004, "Delete", "connect link"),
        ("key.created", 3004, "Create", "API key"),
        ("pause.requested", 3004, "Suspend", "integration"),
        ("sign_in.refused", 3002, "Logon", None),
        ("session.ended", 3002, "Logoff", None),
        ("service.started", 6002, "Start", None),
        ("log.exported", 6003, "Read", None),
        ("grant.lent", 6003, "Read", None),
        ("sync.finished", 6003, "Update", None),
    ],
)
def test_events_go_to_the_class_that_is_made_for_them(
    type_: str, number: int, activity: str, about: str | None
) -> None:
    """One or two of each class."""
    event = mapped(row(type_))
    assert (event["class_uid"], event["activity_name"]) == (number, activity)
    assert (event.get("entity") or {}).get("type") == about


def test_the_chain_can_be_proved_from_the_events() -> None:
    """What was hashed is in it as it is, though what is shown beside it has been opened."""
    sealed = row("sync.requested", actor=Actor("person", "ak_1", address=ADDRESSES[3]))
    content = encode(sealed)
    opened = msgspec.structs.replace(sealed, actor=Actor("person", "ak_1", address="203.0.113.7"))
    event = ocsf(opened, position=11, content=content, digest=chain(GENESIS, content))
    assert event["src_endpoint"] == {"ip": "203.0.113.7"}
    read = event["raw_data"].encode()
    assert decode(read) == sealed
    assert chain(GENESIS, read).hex() == event["unmapped"]["hash"]
    assert (event["unmapped"]["seq"], event["unmapped"]["position"]) == (7, 11)
