"""`syncline subscriptions`: what the commands send and show."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.service import Service, run

PATH = "/api/subscriptions"
AT = 1_795_000_000_000_000
ONE: dict[str, Any] = {
    "id": "sub_1",
    "name": "pager",
    "integration": "",
    "types": ["sync.failed"],
    "origin": "https://hooks.example.com",
    "enabled": True,
    "reason": "",
    "keys": [{"fingerprint": "abc", "until": 0}, {"fingerprint": "def", "until": AT}],
    "waiting": 3,
    "failing_since": None,
    "delivered_at": AT,
}
TRIED = {
    "answered": False,
    "status": 500,
    "problem": "destination.refused",
    "detail": "answered 500",
    "milliseconds": 7,
}


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service."""
    started = Service()
    yield started
    started.stop()


def test_subscription_is_made_and_its_secret_shown_once(service: Service) -> None:
    """Types come with commas; what the test said is told, and what to do when it failed."""
    service.answers[PATH] = (201, {**ONE, "enabled": False, "secret": "whsec_c2VjcmV0", "test": TRIED})
    create = ("subscriptions", "create", "pager", "https://hooks.example.com/x")
    code, out, _ = run(service.url, *create, "--types", "sync.failed,quota.reached")
    assert code == 0
    assert "whsec_c2VjcmV0" in [line.strip() for line in out.splitlines()]
    assert "is off: the address answered 500 (destination.refused)" in out
    assert "subscriptions test sub_1" in out
    sent = {"name": "pager", "url": "https://hooks.example.com/x", "integration": ""}
    assert service.asked[0][3] == sent | {"types": ["sync.failed", "quota.reached"]}
    assert json.loads(run(service.url, *create, "--json")[1])["secret"] == "whsec_c2VjcmV0"


def test_list_says_how_each_is_doing_or_the_next_step(service: Service) -> None:
    """An empty list names the command that fills it."""
    off = {**ONE, "enabled": False, "reason": "destination.gone", "delivered_at": None, "types": []}
    service.answers[PATH] = (200, {"items": [ONE, off, {**ONE, "failing_since": AT}]})
    lines = run(service.url, "subscriptions", "list")[1].splitlines()
    assert "all: sync.failed" in lines[1]
    assert "off, destination.gone" in lines[2]
    assert "all: everything" in lines[2]
    assert "fails since" in lines[3]
    service.answers[PATH] = (200, {"items": []})
    assert "subscriptions create" in run(service.url, "subscriptions", "list")[1]
    assert json.loads(run(service.url, "subscriptions", "list", "--json")[1]) == {"items": []}


def test_show_names_the_secrets_by_fingerprint(service: Service) -> None:
    """And when the former one ends."""
    service.answers[f"{PATH}/sub_1"] = (200, {**ONE, "enabled": False, "reason": "destination.gone"})
    out = run(service.url, "subscriptions", "show", "sub_1")[1]
    assert "signed with abc\n" in out
    assert "signed with def, until 2026-" in out
    assert "it was switched off: destination.gone" in out


def test_change_sends_only_what_is_changed(service: Service) -> None:
    """Off and on; `all` takes a filter away."""
    service.answers[f"{PATH}/sub_1"] = (200, {**ONE, "test": None})
    change = ("subscriptions", "change", "sub_1")
    assert run(service.url, *change, "--off")[0] == 0
    assert "sub_1 is on" in run(service.url, *change, "--on", "--types", "all")[1]
    run(service.url, *change, "--address", "https://a.example", "--name", "b")
    assert [(asked[0], asked[3]) for asked in service.asked] == [
        ("PATCH", {"enabled": False}),
        ("PATCH", {"enabled": True, "types": []}),
        ("PATCH", {"name": "b", "url": "https://a.example"}),
    ]


def test_test_that_is_not_answered_ends_with_1(service: Service) -> None:
    """For scripts."""
    service.answers[f"{PATH}/sub_1/test"] = (200, {**ONE, "enabled": False, "test": TRIED})
    code, out, _ = run(service.url, "subscriptions", "test", "sub_1")
    assert (code, "answered 500" in out) == (1, True)
    service.answers[f"{PATH}/sub_1/test"] = (200, {**ONE, "test": {**TRIED, "answered": True}})
    assert run(service.url, "subscriptions", "test", "sub_1")[0] == 0


def test_secret_is_changed_and_the_subscription_ended(service: Service) -> None:
    """The new secret on a line of its own."""
    service.answers[f"{PATH}/sub_1/secret"] = (201, {**ONE, "secret": "whsec_bmV3"})
    out = run(service.url, "subscriptions", "rotate", "sub_1", "--overlap", "2")[1]
    assert "whsec_bmV3" in [line.strip() for line in out.splitlines()]
    assert "signs, too, until" in out
    assert service.asked[0][3] == {"overlap_hours": 2}
    service.answers[f"{PATH}/sub_1"] = (204, b"")
    assert "has ended" in run(service.url, "subscriptions", "end", "sub_1")[1]
    assert json.loads(run(service.url, "subscriptions", "end", "sub_1", "--json")[1])["ended"] is True


def test_deliveries_are_listed_and_replayed(service: Service) -> None:
    """With how the last try was answered; without numbers the dead go out again."""
    item = {"sequence": 7, "type": "sync.failed", "integration": "in_1", "seq": 42, "status": "dead"}
    tries = [{"at": AT, "status": 500, "problem": "destination.refused", "milliseconds": 9}]
    service.answers[f"{PATH}/sub_1/deliveries"] = (200, {"items": [{**item, "tries": tries}], "next": None})
    out = run(service.url, "subscriptions", "deliveries", "sub_1", "--status", "dead")[1]
    assert "500 after 9 ms" in out
    assert "status=dead" in service.asked[0][1]
    service.answers[f"{PATH}/sub_1/deliveries"] = (200, {"items": [], "next": None})
    assert "nothing was sent" in run(service.url, "subscriptions", "deliveries", "sub_1")[1]
    service.answers[f"{PATH}/sub_1/replay"] = (200, {"sequences": [7, 8]})
    assert "2 go out again" in run(service.url, "subscriptions", "replay", "sub_1", "7", "8")[1]
    run(service.url, "subscriptions", "replay", "sub_1")
    assert [asked[3] for asked in service.asked[-2:]] == [{"sequences": [7, 8]}, {"sequences": []}]
