"""Liveness, readiness, counters, and the headers of every answer."""

import re

import pytest

from syncline.store.sqlite import SQLiteStore
from tests.web.doors import Doors

PATHS = ["/livez", "/readyz", "/metrics", "/openapi.json", "/sign-in", "/nowhere", "/api/integrations", "/"]


async def test_ready_until_it_stops(doors: Doors) -> None:
    """Alive all the time, ready until it is told to stop."""
    assert (await doors.ask("GET", "/readyz", role=None)).json == {"status": "ready"}
    doors.site.stopping.set()
    answer = await doors.ask("GET", "/readyz", role=None)
    assert (answer.status, answer.code) == (503, "service.stopping")
    assert (await doors.ask("GET", "/livez", role=None)).status == 200


async def test_not_ready_without_the_store(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer."""

    async def fail(_self: object, _operation: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(SQLiteStore, "read", fail)
    answer = await doors.ask("GET", "/readyz", role=None)
    assert (answer.status, answer.code) == (503, "store.unavailable")


async def test_counters_have_closed_labels(doors: Doors) -> None:
    """Routes by template, events by type and disposition; never an id."""
    id_ = await doors.at_login()
    await doors.start_login(id_)
    await doors.ask("GET", f"/api/integrations/{id_}")
    text = (await doors.ask("GET", "/metrics", role=None)).text
    assert 'syncline_events_total{disposition="transitioned",type="login.started"} 1.0' in text
    assert 'syncline_requests_total{route="/api/integrations/{id}",status="2xx"} 1.0' in text
    assert 'syncline_effects{effect="expire_login",status="pending"} 1.0' in text
    assert id_ not in text


@pytest.mark.parametrize("path", PATHS)
async def test_headers_of_every_answer(doors: Doors, path: str) -> None:
    """No frame, no foreign script, no referrer, no guessing of types, no cache."""
    headers = (await doors.ask("GET", path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"unsafe-inline|unsafe-eval|\*", policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert headers["Cache-Control"] == "no-store"
