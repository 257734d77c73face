"""What is told of a row: known states, numbers and codes only, and the same each time."""

from typing import Any

import msgspec
import pytest

from syncline.core.announcement import KINDS, Message, announcements, body_of
from syncline.core.audit import Row
from syncline.core.context import Context
from syncline.core.event import Actor
from tests.core.chart_file import chart


def row(type_: str, origin: str, to: str, *, disposition: Any = "transitioned", **data: object) -> Row:  # noqa: ANN401  one of the words
    """Make a row of the log."""
    context = Context(problem="a.b", detail="canary detail")
    actor = Actor("person", "canary-actor", address="192.0.2.7")
    return Row("in_1", 7, 10**15, type_, "canary-key", disposition, origin, to, actor, "c", "s", data, context=context)


@pytest.mark.parametrize(
    ("type_", "origin", "to", "told"),
    [
        ("integration.created", "", "unconfigured", []),
        ("checks.passed", "authorized.checking", "authorized.awaiting_confirmation", ["checks.passed"]),
        ("checks.failed", "authorized.checking", "authorized.checks_failed", ["checks.failed"]),
        ("effect.exhausted", "authorized.checking", "authorized.checks_failed", ["checks.failed"]),
        ("grant.lost", "syncing.waiting", "reauthorization_required.awaiting_person", ["reauthorization.required"]),
        (
            "credentials.saved",
            "reauthorization_required.login_failed",
            "reauthorization_required.probing_credentials",
            [],
        ),
        (
            "code.exchanged",
            "reauthorization_required.exchanging_code",
            "syncing.running_cycle",
            ["reauthorization.done"],
        ),
        ("disconnect.requested", "reauthorization_required.login_failed", "disconnected.revoking", []),
        ("field_sync.finished", "verified.syncing_fields", "fields_synced.mapping_open", ["fields.synced"]),
        ("field_sync.failed", "verified.syncing_fields", "verified.field_sync_failed", ["fields.failed"]),
        ("sync.finished", "syncing.running_cycle", "syncing.waiting", ["sync.finished"]),
        ("sync.failed", "syncing.running_cycle", "syncing.sync_failed", ["sync.failed"]),
        ("sync.throttled", "syncing.running_cycle", "syncing.throttled", ["quota.reached"]),
        ("timer.quota_due", "syncing.throttled", "syncing.running_cycle", ["quota.passed"]),
        ("pause.requested", "syncing.throttled", "syncing.paused", []),
        ("grant.revoked", "disconnected.revoking", "disconnected.closed", ["integration.disconnected"]),
    ],
)
def test_what_is_told_of_a_transition(type_: str, origin: str, to: str, told: list[str]) -> None:
    """That the state has changed, and what that means; every state that is spoken of is one of the chart."""
    assert {origin, to} - {""} <= {state for state, _ in chart().rules} | set(chart().finals)
    assert [each.type for each in announcements(row(type_, origin, to))] == ["integration.state_changed", *told]


@pytest.mark.parametrize("disposition", ["handled", "refused", "unexpected", "duplicate", "stale"])
def test_nothing_is_told_of_what_led_nowhere(disposition: str) -> None:
    """Also of a refused row that names another state."""
    assert (
        announcements(row("checks.failed", "authorized.checking", "authorized.checks_failed", disposition=disposition))
        == ()
    )


def test_no_text_and_nobody_s_name_goes_out() -> None:
    """Whatever an event holds: numbers of a run pass, everything else stays."""
    said = row(
        "sync.finished",
        "syncing.running_cycle",
        "syncing.waiting",
        run=3,
        detail="canary",
        username="canary",
        objects={"Lead": {"read": 5, "last": "canary"}, "Contact": "canary"},
        retry_after="canary",
    )
    bodies = [body_of(each, "sub_1", number) for number, each in enumerate(announcements(said), 1)]
    assert b"canary" not in b"".join(bodies)
    assert b"192.0.2.7" not in b"".join(bodies)
    last = msgspec.json.decode(bodies[-1], type=Message)
    assert (last.data.run, last.data.objects) == (3, {"Lead": {"read": 5}})
    assert (last.sequence, last.subscription, last.timestamp) == (2, "sub_1", "2001-09-09T01:46:40.000000Z")


def test_the_same_row_says_the_same() -> None:
    """A delivery that is made again after a crash has the same body."""
    said = row("sync.failed", "syncing.running_cycle", "syncing.sync_failed")
    assert [body_of(each, "s", 1) for each in announcements(said)] == [
        body_of(each, "s", 1) for each in announcements(said)
    ]


def test_every_type_is_told_of_some_row() -> None:
    """A filter for something that never happens would be a promise."""
    rows = [
        row("checks.passed", "authorized.checking", "authorized.awaiting_confirmation"),
        row("checks.failed", "authorized.checking", "authorized.checks_failed"),
        row("grant.lost", "syncing.waiting", "reauthorization_required.awaiting_person"),
        row("code.exchanged", "reauthorization_required.exchanging_code", "syncing.paused"),
        row("field_sync.finished", "verified.syncing_fields", "fields_synced.mapping_open"),
        row("field_sync.failed", "verified.syncing_fields", "verified.field_sync_failed"),
        row("sync.finished", "syncing.running_cycle", "syncing.waiting"),
        row("sync.failed", "syncing.running_cycle", "syncing.sync_failed"),
        row("sync.throttled", "syncing.running_cycle", "syncing.throttled"),
        row("timer.quota_due", "syncing.throttled", "syncing.initial_sync"),
        row("grant.revoked", "disconnected.revoking", "disconnected.closed"),
    ]
    assert {each.type for said in rows for each in announcements(said)} == set(KINDS)
