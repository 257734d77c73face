"""Problem documents: a status for each class, a page for browsers, nothing of the inside for anybody."""

import pytest

from syncline.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RejectedError,
    SynclineError,
    UnavailableError,
    UnreachableError,
)
from syncline.store.sqlite import SQLiteStore
from syncline.web.problems import describe, status_of
from tests.web.doors import Doors


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("request.invalid"), 422),
        (InputError("request.malformed"), 400),
        (InputError("request.too_large"), 413),
        (InputError("request.media_type"), 415),
        (NotFoundError("integration.unknown"), 404),
        (ForbiddenError("access.forbidden"), 403),
        (ForbiddenError("access.unauthenticated"), 401),
        (ForbiddenError("access.rate_limited"), 429),
        (ConflictError("event.unexpected"), 409),
        (ConflictError("key.reused"), 422),
        (UnavailableError("store.unavailable"), 503),
        (UnreachableError("crm.unreachable"), 502),
        (RejectedError("crm.denied"), 502),
        (ConfigurationError("vault.key_missing"), 500),
        (SynclineError("service.unexpected"), 500),
    ],
)
def test_status_of_a_class(error: SynclineError, status: int) -> None:
    """The code decides where it is known, else the class."""
    assert status_of(error) == status


async def test_facts_never_replace_what_the_catalogue_says(doors: Doors) -> None:
    """A fact named `status` is dropped, others are kept."""
    error = InputError("request.invalid", "x", facts={"status": 200, "field": "name"})
    document = describe(doors.site, error, request="req_1").model_dump()
    assert (document["status"], document["field"], document["request"]) == (422, "name", "req_1")
    assert document["type"] == "https://sync.example.com/help/errors/request.invalid"


async def test_code_without_an_entry_is_a_fault_of_ours(doors: Doors) -> None:
    """It is answered all the same."""
    assert describe(doors.site, InputError("no.such")).code == "service.unexpected"


async def test_unexpected_error_shows_nothing(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a stack nor the exception's text."""

    async def fail(_self: object, _operation: object) -> None:
        raise RuntimeError("canary")

    path = "/api/integrations/in_x"
    with monkeypatch.context() as patch:
        patch.setattr(SQLiteStore, "read", fail)
        problem = await doors.ask("GET", path, role=None, headers={"Cookie": "__Host-syncline=x"})
    assert (problem.status, problem.code) == (500, "service.unexpected")
    assert problem.json["request"].startswith("req_")
    assert "canary" not in problem.text
    assert "Traceback" not in problem.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "request.unknown_path"),
        ("PATCH", "/api/integrations", 405, "request.method"),
        ("GET", "/problems/no.such", 404, "request.unknown_path"),
    ],
)
async def test_what_the_router_refuses(doors: Doors, method: str, path: str, status: int, code: str) -> None:
    """It is a problem document like any other."""
    answer = await doors.ask(method, path)
    assert (answer.status, answer.code) == (status, code)
    if status == 405:
        assert "POST" in answer.headers["Allow"]


async def test_browser_gets_a_page(doors: Doors) -> None:
    """By `Accept`, but never from the API."""
    html = {"Accept": "text/html,*/*"}
    page = await doors.ask("GET", "/nowhere", headers=html)
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.status == 404
    assert (await doors.ask("GET", "/api/nowhere", headers=html)).code == "request.unknown_path"


async def test_code_is_explained(doors: Doors) -> None:
    """Our own codes and the providers'."""
    for code in ("store.unavailable", "crm.denied"):
        answer = await doors.ask("GET", f"/problems/{code}", role=None)
        assert answer.json["code"] == code
        assert answer.json["remedy"]
