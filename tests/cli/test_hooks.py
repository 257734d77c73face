"""`syncline hooks`: what the commands send and show."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.service import Service, run

NOW = 1_795_000_000_000_000
ITEM: dict[str, Any] = {
    "id": "kept-17",
    "at": NOW,
    "door": "events",
    "integration": "in_1",
    "verdict": "bad_signature",
    "problem": "hook.bad_signature",
    "detail": "",
    "type": "",
    "disposition": "",
    "seq": 0,
    "name": "m1",
    "address": "192.0.2.7",
    "request": "",
    "media_type": "",
    "size": 0,
    "digest": "",
    "times": 40,
    "replayable": False,
    "replayed_at": None,
    "replayed_as": "",
}


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service."""
    started = Service()
    yield started
    started.stop()


def test_what_came_is_listed(service: Service) -> None:
    """With its verdict, how many it stands for, and what it was; JSON for programs; a next step when there is none."""
    replayed = {**ITEM, "id": "kept-18", "times": 1, "replayed_at": NOW, "replayed_as": "duplicate"}
    service.answers["/api/inbox"] = (200, {"items": [ITEM, replayed], "next": None})
    code, out, _ = run(service.url, "hooks", "list", "--verdict", "bad_signature", "--integration", "in_1")
    assert code == 0
    assert "bad signature (40 times)" in out
    assert "hook.bad_signature" in out
    assert ": duplicate" in out
    assert len(json.loads(run(service.url, "hooks", "list", "--json")[1])["items"]) == 2
    assert len(json.loads(run(service.url, "hooks", "list", "--limit", "1", "--json")[1])["items"]) == 1
    service.answers["/api/inbox"] = (200, {"items": [], "next": None})
    assert "syncline hooks show ID" in run(service.url, "hooks", "list")[1]


def test_a_request_is_replayed(service: Service) -> None:
    """It says whether anything was done."""
    old = {"seq": 5, "disposition": "handled", "from": "a", "to": "a", "reason": "", "repeated": True}
    new = {**old, "seq": 6, "disposition": "transitioned", "to": "b", "repeated": False}
    service.answers["/api/inbox/kept-17/replay"] = (200, {"outcomes": [old, new]})
    code, out, _ = run(service.url, "hooks", "replay", "kept-17")
    assert code == 0
    assert "recorded before, in row 5" in out
    assert "transitioned, in row 6: a → b" in out
    assert service.asked[-1][:2] == ("POST", "/api/inbox/kept-17/replay")


def test_the_secrets_of_hooks_are_shown_by_fingerprint(service: Service) -> None:
    """And a door that nobody has opened is closed."""
    seen = {"fingerprint": "f00d", "at": NOW, "until": 0}
    events = {"name": "events", "url": "https://s/hooks/in_1/events", "header": "", "secrets": [seen]}
    closed = {"name": "marketo", "url": "https://s/hooks/in_1/marketo/…", "header": "X", "secrets": []}
    service.answers["/api/integrations/in_1/hooks"] = (200, {"items": [events, closed]})
    code, out, _ = run(service.url, "hooks", "show", "in_1")
    assert code == 0
    assert "f00d" in out
    assert "closed" in out


def test_a_secret_is_rotated_and_shown_once(service: Service) -> None:
    """The overlap goes along; address, header and the steps over there stand on lines of their own."""
    made = {
        "name": "marketo",
        "url": "https://s/hooks/in_1/marketo/secret-path",
        "secret": "secret-header",
        "header": "X-Syncline-Secret",
        "former_until": NOW,
        "guide": [["New Webhook", "Make one.", [["URL", "https://s/hooks/in_1/marketo/secret-path"]]]],
    }
    service.answers["/api/integrations/in_1/hooks/marketo/rotation"] = (201, made)
    code, out, _ = run(service.url, "hooks", "rotate", "in_1", "--door", "marketo", "--overlap", "0")
    assert code == 0
    lines = [line.strip() for line in out.splitlines()]
    assert made["url"] in lines
    assert "X-Syncline-Secret: secret-header" in lines
    assert "New Webhook: Make one." in lines
    assert service.asked[-1][3] == {"overlap_hours": 0}
    assert run(service.url, "hooks", "rotate", "in_1", "--overlap", "169")[0] == 2
