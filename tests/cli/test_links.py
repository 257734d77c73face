"""`syncline links`: what the commands send and show."""

import json
from collections.abc import Iterator

import pytest

from tests.cli.service import Service, run

PATH = "/api/integrations/in_1/connect-links"
LINK = {
    "id": "cl_1",
    "standing": "in_use",
    "made_by": "k1",
    "created_at": 1_795_000_000_000_000,
    "expires_at": 1_795_000_000_000_000,
    "redeemed_at": 1_795_000_000_000_000,
    "redeemed_from": "192.0.2.7",
}


@pytest.fixture
def service() -> Iterator[Service]:
    """Start a service."""
    started = Service()
    yield started
    started.stop()


def test_a_link_is_made_and_shown_once(service: Service) -> None:
    """The hours go along; the address stands on a line of its own."""
    url = "https://sync.example/connect/cl_1_secret_check"
    service.answers[PATH] = (201, {**LINK, "url": url})
    code, out, _ = run(service.url, "links", "create", "in_1", "--hours", "5")
    assert code == 0
    assert url in [line.strip() for line in out.splitlines()]
    assert (service.asked[0][0], service.asked[0][3]) == ("POST", {"hours": 5})
    assert json.loads(run(service.url, "links", "create", "in_1", "--json")[1])["url"] == url
    assert service.asked[1][3] == {"hours": 72}
    assert run(service.url, "links", "create", "in_1", "--hours", "337")[0] == 2


def test_links_are_listed_and_revoked(service: Service) -> None:
    """With how they stand and where they were redeemed."""
    service.answers[PATH] = (200, {"items": [LINK, {**LINK, "redeemed_at": None, "redeemed_from": ""}]})
    code, out, _ = run(service.url, "links", "list", "in_1")
    assert code == 0
    assert "in use" in out
    assert "192.0.2.7" in out
    assert out.splitlines()[-1].split()[-1] == "-"
    assert len(json.loads(run(service.url, "links", "list", "in_1", "--json")[1])["items"]) == 2
    service.answers[f"{PATH}/cl_1"] = (204, b"")
    assert "is revoked" in run(service.url, "links", "revoke", "in_1", "cl_1")[1]
    assert service.asked[-1][:2] == ("DELETE", f"{PATH}/cl_1")
    assert json.loads(run(service.url, "links", "revoke", "in_1", "cl_1", "--json")[1])["revoked"] is True
