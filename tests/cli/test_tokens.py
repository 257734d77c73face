"""`syncline tokens`: the inventory, and giving everything back in one go."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.service import Service, run

TOKEN = {
    "integration": "in_1",
    "name": "Acme",
    "generation": 3,
    "obtained_at": 1_795_000_000_000_000,
    "last_use": {"at": 1_795_000_000_000_000, "to": "sync_records", "seq": 9},
    "scopes": ["api", "full"],
    "excess_scopes": ["full"],
    "refresh_by": None,
    "idle_days_left": None,
}


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service."""
    started = Service()
    yield started
    started.stop()


def status(id_: str, state: str, code: str = "") -> dict[str, Any]:
    """Answer what the commands look at."""
    return {"id": id_, "state": state, "blocked_by": {"code": code} if code else None}


def integrations(service: Service, **states: str) -> None:
    """Let the service have integrations in these states, which stay there."""
    items = [status(id_, state) for id_, state in states.items()]
    service.answers["/api/integrations"] = (200, {"items": items, "next": None})
    for item in items:
        failed = item["state"].endswith("failed")
        service.answers[f"/api/integrations/{item['id']}"] = (200, status(item["id"], item["state"], "x.down" * failed))
        service.answers[f"/api/integrations/{item['id']}/events"] = (200, {})


def test_the_inventory_points_at_what_should_not_be_there(service: Service) -> None:
    """A scope that nobody needs has a mark; what is not known is a dash."""
    service.answers["/api/tokens"] = (200, {"items": [TOKEN], "next": None})
    code, out, _ = run(service.url, "tokens", "list")
    assert code == 0
    assert "api full!" in out
    assert out.splitlines()[-1].split()[-1] == "-"
    service.answers["/api/tokens"] = (200, {"items": [], "next": None})
    assert "no tokens are held" in run(service.url, "tokens", "list")[1]


def test_what_is_closed_already_is_not_asked_again(service: Service) -> None:
    """Neither is what is being revoked now; what failed before is tried again."""
    integrations(service, a="disconnected.closed", b="disconnected.revocation_failed")
    code, out, _ = run(service.url, "tokens", "revoke", "--all", "--yes", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["items"] == [{"id": "b", "state": "disconnected.revocation_failed", "why": "x.down"}]
    assert (told["closed"], told["failed"]) == (0, 1)
    assert "run it again" in told["detail"]
    sent = [(path, body) for method, path, _, body in service.asked if method == "POST"]
    assert sent == [("/api/integrations/b/events", {"type": "revocation.requested"})]


def test_it_asks_before_it_does_anything(service: Service) -> None:
    """A slip of the hand must not end every integration."""
    integrations(service, a="syncing.waiting")
    code, _, err = run(service.url, "tokens", "revoke", "--all", typed="n\n")
    assert code == 1
    assert "Disconnect 1 integrations for good?" in err
    assert "nothing was done" in err
    assert not [asked for asked in service.asked if asked[0] == "POST"]


@pytest.mark.parametrize("arguments", [(), ("in_1", "--all")])
def test_one_or_all_has_to_be_said(service: Service, arguments: tuple[str, ...]) -> None:
    """Neither nothing nor both."""
    code, _, err = run(service.url, "tokens", "revoke", *arguments)
    assert code == 2
    assert "name one integration, or say --all" in err
