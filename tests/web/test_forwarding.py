"""How the log is doing on its way to other systems: who may see it, and that it shows in the metrics."""

from pathlib import Path

import pytest

from syncline.config import Settings
from tests.web.doors import NEW, Doors, open_doors

SECRET = "canary-in-a-path"


@pytest.fixture
def forwarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Answer settings that forward the log to two places, neither of which is there."""
    places = f"https://siem.example.com/{SECRET}?k={SECRET}#format=ocsf&name=siem syslog+tls://log.example.com"
    monkeypatch.setenv("SYNCLINE_AUDIT_FORWARD", places)
    return Settings(data=tmp_path)


async def test_nothing_is_forwarded_unless_it_is_asked_for(doors: Doors) -> None:
    """An empty list, and series without a value."""
    answer = await doors.ask("GET", "/api/audit/forwarding", role="auditor")
    assert (answer.status, answer.json) == (200, {"items": []})
    assert "syncline_forwarding_waiting_rows{" not in (await doors.ask("GET", "/metrics", role=None)).text


async def test_standing_is_told_to_who_may_export(forwarded: Settings, tmp_path: Path) -> None:
    """Neither path nor query is told to anybody, for some receivers have their secret there."""
    async with open_doors(tmp_path, forwarded) as doors:
        answer = await doors.ask("GET", "/api/audit/forwarding", role="auditor")
        assert answer.status == 200, answer.text
        first, second = answer.json["items"]
        assert (first["name"], first["kind"], first["format"], first["reveal"]) == ("siem", "https", "ocsf", False)
        assert (second["name"], second["kind"], second["format"]) == (
            "syslog+tls://log.example.com",
            "syslog+tls",
            "rows",
        )
        assert (first["acknowledged"], first["acknowledged_at"], first["trouble"]) == (0, None, None)
        assert first["waiting_rows"] > 0
        metrics = (await doors.ask("GET", "/metrics", role=None)).text
        assert f'syncline_forwarding_waiting_rows{{destination="siem"}} {first["waiting_rows"]}.0' in metrics
        assert 'syncline_forwarding_failures_total{destination="siem"} 0.0' in metrics
        assert SECRET not in answer.text + metrics
        for role in ("viewer", "operator"):
            assert (await doors.ask("GET", "/api/audit/forwarding", role=role)).status == 403


async def test_key_for_some_integrations_does_not_see_it(forwarded: Settings, tmp_path: Path) -> None:
    """What is forwarded is the whole log."""
    async with open_doors(tmp_path, forwarded) as doors:
        made = (await doors.ask("POST", "/api/integrations", body=NEW)).json
        body = {"name": "one", "role": "auditor", "integrations": [made["id"]]}
        key = (await doors.ask("POST", "/api/keys", body=body)).json["key"]
        headers = {"Authorization": f"Bearer {key}"}
        answer = await doors.ask("GET", "/api/audit/forwarding", role=None, headers=headers)
        assert (answer.status, answer.code) == (403, "access.forbidden")


async def test_page_says_the_same(forwarded: Settings, tmp_path: Path) -> None:
    """Each place, and no more of its address than its name."""
    async with open_doors(tmp_path, forwarded) as doors:
        answer = await doors.ask("GET", "/audit/forwarding", role="auditor", headers={"Accept": "text/html"})
        assert answer.status == 200
        assert all(text in answer.text for text in ("siem", "syslog+tls://log.example.com", "nothing yet", "OCSF"))
        assert SECRET not in answer.text
        assert (await doors.ask("GET", "/audit/forwarding", role="viewer")).status == 403


async def test_page_with_nothing_to_show_says_the_next_step(doors: Doors) -> None:
    """And the log's own page leads there."""
    answer = await doors.ask("GET", "/audit/forwarding", headers={"Accept": "text/html"})
    assert "--audit-forward" in answer.text
    assert 'href="/audit/forwarding"' in (await doors.ask("GET", "/audit", headers={"Accept": "text/html"})).text
