"""`audit list`, `audit story`, `events list`: what they ask for, in which pages, and what they show."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.service import Service, run

ROW = {
    "position": 7,
    "integration": "in_1",
    "seq": 3,
    "at": 1_795_000_000_000_000,
    "type": "sync.failed",
    "disposition": "transitioned",
    "from": "syncing.running_cycle",
    "to": "syncing.sync_failed",
    "actor": {"kind": "effect", "id": "in_1.2.0"},
    "reason": "",
}
TOLD = ROW | {
    "lasted": 93_784_000_000,
    "led_by": 2,
    "effect": "in_1.2.0",
    "ran": [
        {
            "name": "wait_for_retry",
            "status": "done",
            "attempts": 2,
            "last_error": "wire.timeout: no answer",
            "created_at": 1_795_000_000_000_000,
            "ended_at": 1_795_000_060_000_000,
            "outcome": 4,
            "outcome_type": "timer.retry_due",
        }
    ],
    "changes": [
        {"what": "state", "before": "syncing.running_cycle", "after": "syncing.sync_failed", "parts": [], "more": 0},
        {"what": "document:mapping", "before": "a", "after": "b", "parts": ["Lead", "Contact.Email"], "more": 3},
        {"what": "memory:rotates", "before": None, "after": True, "parts": [], "more": 0},
    ],
}
FILTERS = {
    "type": "sync.failed",
    "disposition": "refused",
    "actor_kind": "person",
    "actor": "ak_1",
    "state": "syncing",
    "from": "syncing.waiting",
    "to": "paused",
    "since": "2026-01-01",
    "until": "2026-02-01",
    "request": "req_1",
    "cause": "seq:2",
    "text": "quota exceeded",
}


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service."""
    started = Service()
    yield started
    started.stop()


def asked(service: Service) -> list[tuple[str, dict[str, str]]]:
    """Answer the paths that were asked for, with their parameters."""
    split = [urlsplit(path) for _, path, _, _ in service.asked]
    return [(part.path, {name: value for name, (value,) in parse_qs(part.query).items()}) for part in split]


@pytest.mark.parametrize(
    ("command", "path", "order"),
    [
        (("audit", "list"), "/api/audit", {}),
        (("audit", "list", "in_1", "--newest"), "/api/integrations/in_1/audit", {"order": "newest"}),
        (("audit", "list", "service"), "/api/audit", {"integration": "service"}),
        (("audit", "story", "in_1"), "/api/integrations/in_1/story", {}),
        (("events", "list", "in_1"), "/api/integrations/in_1/audit", {"order": "newest"}),
    ],
)
def test_every_filter_is_passed_on(
    service: Service, command: tuple[str, ...], path: str, order: dict[str, str]
) -> None:
    """By the names of the API, in one request; and nothing that was not given."""
    service.answers[path] = (200, {"items": [], "next": None})
    options = [text for name, value in FILTERS.items() for text in (f"--{name.replace('_', '-')}", value)]
    code, text, _ = run(service.url, *command, "--limit", "9", *options)
    assert (code, "quota exceeded" in text) == (0, True)
    assert asked(service) == [(path, {"limit": "9", **order, **FILTERS})]


def test_an_export_takes_the_same_filters(service: Service) -> None:
    """What can be listed can be taken away."""
    service.answers["/api/audit"] = (200, b"")
    options = [text for name, value in FILTERS.items() for text in (f"--{name.replace('_', '-')}", value)]
    assert run(service.url, "audit", "export", "service", *options)[0] == 0
    assert asked(service) == [("/api/audit", {"format": "ndjson", "integration": "service", **FILTERS})]


def test_short_pages_are_put_together(service: Service) -> None:
    """A page that is short, even empty, is no end as long as it names a next one."""
    pages = [([ROW], 7), ([], 9), ([ROW | {"seq": 4}], None)]
    service.answers["/api/integrations/in_1/audit"] = (200, None)
    answers = iter(pages)

    def answer() -> tuple[int, object]:
        items, following = next(answers)
        return 200, {"items": items, "next": following}

    service.answering = answer
    code, text, _ = run(service.url, "events", "list", "in_1", "--json")
    assert code == 0
    assert [row["seq"] for row in json.loads(text)["items"]] == [4, 3]
    assert [query.get("after") for _, query in asked(service)] == [None, "7", "9"]
    assert [query["limit"] for _, query in asked(service)] == ["20", "19", "19"]


def test_the_story_tells_what_stands_around_a_row(service: Service) -> None:
    """How long the state had lasted, what led there, what ran and how it went, what changed."""
    service.answers["/api/integrations/in_1/story"] = (200, {"items": [TOLD], "next": None})
    code, text, _ = run(service.url, "audit", "story", "in_1")
    assert code == 0
    first, led, ran, *changes = text.splitlines()
    moved = "syncing.running_cycle → syncing.sync_failed"
    assert first == f"2026-11-18 11:06:40Z  3  sync.failed: transitioned, {moved} after 1 d 2 h, by effect in_1.2.0"
    assert led == "    led here by 2 through in_1.2.0"
    told = "tries: 2, took 1 min, last error: wire.timeout: no answer, led to 4 (timer.retry_due)"
    assert ran == f"    wait_for_retry done, {told}"
    paper = "    document:mapping (Lead, Contact.Email, 3 more): a → b"
    assert changes == [f"    state: {moved}", paper, "    memory:rotates: nothing → true"]


def test_an_empty_list_says_what_to_do(service: Service) -> None:
    """With filters: ask for less. Without: where events come from."""
    service.answers["/api/audit"] = (200, {"items": [], "next": None})
    assert "ask for less" in run(service.url, "audit", "list", "--type", "x")[1]
    assert "syncline status" in run(service.url, "audit", "list")[1]


def test_a_past_moment_is_asked_for_one_integration(service: Service) -> None:
    """As it was then; of all of them nobody can say it."""
    service.answers["/api/integrations/in_1"] = (200, {"id": "in_1", "as_of": 1})
    assert run(service.url, "status", "in_1", "--as-of", "2026-01-31", "--json")[0] == 0
    assert asked(service) == [("/api/integrations/in_1", {"as_of": "2026-01-31"})]
    assert run(service.url, "status", "--as-of", "2026-01-31")[0] == 2
