"""Calls to the data API: a dead token is renewed once, and each refusal has its meaning."""

from datetime import datetime

import pytest
from aiohttp import web

from syncline.errors import GrantLostError, ProviderError, RejectedError, ThrottledError, UnreachableError
from syncline.providers.port import Identity, Providers
from tests.providers.salesforce.org import DATA, ORG, USER, fault
from tests.providers.stub import FixedSession, Stub

DESCRIBE = f"{DATA}/sobjects/Lead/describe"
IDENTITY = f"/id/{ORG}/{USER}"
DEAD = (401, fault("INVALID_SESSION_ID", "Session expired or invalid"))
FIELDS = {
    "queryable": True,
    "fields": [
        {"name": "Id", "label": "Record ID", "type": "id", "length": 18, "updateable": False, "custom": False},
        {"name": "SystemModstamp", "label": "Changed", "type": "datetime", "length": 0},
        {"name": "Score__c", "label": "Score", "type": "double", "length": 0, "updateable": True, "custom": True},
        {"name": "MailingAddress", "label": "Address", "type": "address"},
        {"name": "Invented", "label": "Of a later release", "type": "hologram"},
    ],
}


async def test_a_dead_token_is_renewed_once(providers: Providers, stub: Stub) -> None:
    """And the call made again with the new one."""
    session = FixedSession(stub.origin, "second")
    stub.on(DESCRIBE, DEAD, (200, FIELDS))
    fields = await providers.source.describe(session, "Lead")
    assert session.renewed == ["live"]
    assert [call.headers["Authorization"] for call in stub.heard] == ["Bearer live", "Bearer second"]
    assert [(f.name, f.type, f.length, f.custom, f.writable) for f in fields] == [
        ("Id", "string", 18, False, False),
        ("SystemModstamp", "datetime", None, False, False),
        ("Score__c", "float", None, True, True),
    ]


async def test_a_token_that_is_refused_twice_is_an_outage(providers: Providers, stub: Stub) -> None:
    """Not an endless loop of renewals, and no verdict on the grant."""
    session = FixedSession(stub.origin, "second", "third")
    stub.on(DESCRIBE, DEAD)
    with pytest.raises(UnreachableError):
        await providers.source.describe(session, "Lead")
    assert session.renewed == ["live"]


async def test_a_lost_grant_passes_through(providers: Providers, stub: Stub) -> None:
    """The session knows best."""
    stub.on(DESCRIBE, DEAD)
    with pytest.raises(GrantLostError):
        await providers.source.describe(FixedSession(stub.origin), "Lead")


@pytest.mark.parametrize(
    ("status", "answer", "kind", "code"),
    [
        (403, fault("API_DISABLED_FOR_ORG"), RejectedError, "salesforce.api_disabled"),
        (403, fault("REQUEST_LIMIT_EXCEEDED"), ThrottledError, "salesforce.limit_reached"),
        (404, fault("NOT_FOUND"), RejectedError, "salesforce.missing_permission"),
        (400, fault("INVALID_FIELD"), RejectedError, "salesforce.missing_permission"),
        (400, fault("NEW_IN_2031"), RejectedError, "salesforce.unknown_refusal"),
        (403, fault("NEW_IN_2031"), RejectedError, "salesforce.missing_permission"),
        (
            401,
            fault("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
            RejectedError,
            "salesforce.session_refused",
        ),
        (500, fault("UNKNOWN_EXCEPTION"), UnreachableError, "salesforce.unreachable"),
        (503, b"<html>maintenance</html>", UnreachableError, "salesforce.unreachable"),
        (429, b"", UnreachableError, "salesforce.unreachable"),
        (404, b"<html>not here</html>", UnreachableError, "salesforce.unreachable"),
        (200, b"<html>a login page</html>", UnreachableError, "salesforce.unreachable"),
        (302, b"", UnreachableError, "salesforce.unreachable"),
    ],
)
async def test_each_refusal_has_its_meaning(
    providers: Providers, stub: Stub, status: int, answer: object, kind: type[ProviderError], code: str
) -> None:
    """And none of these asks for another token."""
    session = FixedSession(stub.origin, "second")
    stub.on(DESCRIBE, (status, answer))
    with pytest.raises(kind) as caught:
        await providers.source.describe(session, "Lead")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert session.renewed == []
    assert "live" not in str(caught.value)


@pytest.mark.case("oauth", 29)
async def test_no_token_goes_to_a_strange_instance(providers: Providers, stub: Stub) -> None:
    """Also when it is already stored."""
    with pytest.raises(RejectedError) as caught:
        await providers.source.describe(FixedSession("https://evil.example"), "Lead")
    assert caught.value.code == "salesforce.hostile_instance"


async def test_an_identity_has_user_and_org(providers: Providers, stub: Stub) -> None:
    """In 18 characters, and after a renewal that the identity service asks for in its own way."""
    person = {"organization_id": ORG[:15], "user_id": USER[:15], "username": "u", "display_name": "d", "email": "e"}
    stub.on(IDENTITY, (403, b"Bad_OAuth_Token"), (200, person))
    org = {"Name": "Acme", "OrganizationType": "Enterprise Edition", "IsSandbox": True}
    stub.on(f"{DATA}/query", (200, {"done": True, "totalSize": 1, "records": [org]}))
    session = FixedSession(stub.origin, "second")
    # The login host would answer with a redirect to the instance.
    identity = await providers.source.identify(session, "https://login.salesforce.com" + IDENTITY)
    assert identity == Identity(ORG, "Acme", "Enterprise Edition", True, USER, "u", "d", "e")  # noqa: FBT003  the whole row
    assert session.renewed == ["live"]


async def test_an_identity_is_told_even_when_the_api_is_closed(providers: Providers, stub: Stub) -> None:
    """The person should see where they are before they read what is wrong."""
    stub.on(IDENTITY, (200, {"organization_id": ORG, "user_id": USER, "username": "u"}))
    stub.on(f"{DATA}/query", (403, fault("API_DISABLED_FOR_ORG")))
    identity = await providers.source.identify(FixedSession(stub.origin), stub.origin + IDENTITY)
    assert (identity.org_id, identity.username, identity.org_name) == (ORG, "u", "")


async def test_the_clock_is_the_servers(providers: Providers, stub: Stub) -> None:
    """In the form of a stamp."""
    date = {"Date": "Tue, 24 Nov 2026 08:00:00 GMT"}
    stub.on("/services/data", lambda: web.json_response([{"version": "66.0"}], headers=date))
    stamp = await providers.source.now(FixedSession(stub.origin))
    assert stamp == "2026-11-24T08:00:00.000Z"
    assert datetime.fromisoformat(providers.source.earlier(stamp, 90)) == datetime.fromisoformat("2026-11-24T07:58:30Z")
    assert providers.source.earlier("", 90) == ""
    assert "Authorization" not in stub.heard[0].headers
