"""simple_salesforce, unmodified: what the edition of an org, its settings and its permissions let a client do."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.login import SalesforceLogin

from syncline_sim.app import Simulation
from syncline_sim.salesforce import apps, grants, orgs, passwords, permission_sets
from tests.sim.clients.test_simple_salesforce import Client, PlainHttp

USER, OTHER = "sync@acme.example", "dana@acme.example"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """What the client sends with."""
    with requests.Session() as made:
        made.mount("https://", PlainHttp())
        yield made


@pytest.fixture
def client(simulation: Simulation, session: requests.Session) -> Client:
    """The client, with a session id of the sync user."""
    return Client(simulation, session)


@pytest.fixture
def org(simulation: Simulation) -> str:
    """The id of the main org."""
    return orgs.all_orgs(simulation.world)[0].id


async def records(client: Client, soql: str) -> list[dict[str, Any]]:
    """Answer all records that a query finds."""
    found: list[dict[str, Any]] = (await client(lambda sf: sf.query_all(soql)))["records"]
    return found


async def test_editions(simulation: Simulation, client: Client, org: str) -> None:
    """Professional Edition is closed until the API is bought; a developer's org has fewer calls a day."""
    world = simulation.world
    orgs.change_org(world, org, edition="professional")
    closed = await client.refused(SalesforceRefusedRequest, lambda sf: sf.describe())
    assert closed == (403, "API_DISABLED_FOR_ORG")
    orgs.change_org(world, org, api_add_on=True)
    (found,) = await records(client, "SELECT OrganizationType FROM Organization")
    assert found["OrganizationType"] == "Professional Edition"
    orgs.change_org(world, org, edition="developer")
    assert (await client(lambda sf: sf.limits()))["DailyApiRequests"] == {"Max": 15_000, "Remaining": 14_998}
    assert client.blocking.api_usage["api-usage"] == (2, 15_000)
    world.switches["salesforce"]["long_calls_elsewhere"] = 5
    spent = await client.refused(SalesforceRefusedRequest, lambda sf: sf.limits())
    assert spent == (403, "REQUEST_LIMIT_EXCEEDED")


async def test_permissions_as_records(simulation: Simulation, client: Client) -> None:
    """Profiles and permission sets say what users may do, and who has them."""
    permission_sets.put(simulation.world, name="Bulk", permissions=["BulkApiHardDelete"], users=[OTHER])
    held = "SELECT PermissionSet.Label, PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment"
    found = await records(client, f"{held} WHERE Assignee.Username = '{OTHER}' ORDER BY PermissionSet.Label")
    assert [(each["PermissionSet"]["Label"], each["PermissionSet"]["IsOwnedByProfile"]) for each in found] == [
        ("Bulk", False),
        ("Standard User", True),
    ]
    (found_set,) = await records(client, "SELECT Id FROM PermissionSet WHERE PermissionsBulkApiHardDelete = true")
    bulk = await client(lambda sf: sf.PermissionSet.get(found_set["Id"]))
    assert (bulk["Name"], bulk["PermissionsApiEnabled"], bulk["ProfileId"]) == ("Bulk", False, None)
    may = "SELECT Profile.Name, Profile.PermissionsApiEnabled FROM User"
    (user,) = await records(client, f"{may} WHERE Username = '{USER}'")
    assert (user["Profile"]["Name"], user["Profile"]["PermissionsApiEnabled"]) == ("Integration", True)
    assert orgs.find_user(simulation.world.db, OTHER).may("BulkApiHardDelete")
    assert await client.refused(
        SalesforceGeneralError, lambda sf: sf.PermissionSetAssignment.create({"AssigneeId": "x"})
    ) == (405, "METHOD_NOT_ALLOWED")


async def test_object_permissions(simulation: Simulation, client: Client) -> None:
    """What a user may do with records of an object stands among the object permissions of the profile."""
    orgs.change_user(simulation.world, USER, hidden={"Lead": ["*"]}, read_only={"Contact": ["*"]})
    soql = "SELECT SobjectType, PermissionsRead, PermissionsEdit FROM ObjectPermissions"
    found = await records(client, f"{soql} WHERE Parent.Profile.Name = 'Integration'")
    assert {each["SobjectType"]: (each["PermissionsRead"], each["PermissionsEdit"]) for each in found} == {
        "Account": (True, True),
        "Contact": (True, False),
        "Lead": (False, False),
    }
    gone = await client.refused(SalesforceResourceNotFound, lambda sf: sf.Lead.describe())
    assert gone == (404, "NOT_FOUND")


async def test_frozen_and_deactivated(simulation: Simulation, client: Client, session: requests.Session) -> None:
    """Who is frozen is shown as such and cannot log in again; who is deactivated has lost the session."""
    world = simulation.world
    user = orgs.change_user(world, USER, frozen=True)
    (shown,) = await records(client, "SELECT User.Username FROM UserLogin WHERE IsFrozen = true")
    assert shown["User"]["Username"] == USER
    token = passwords.security_token(world, user)
    host = world.urls["salesforce"].removeprefix("http://")
    domain = f"{host}/services/Soap/u/59.0?x="

    def log_in(_: object) -> Any:  # noqa: ANN401 - as the client answers
        return SalesforceLogin(USER, user.password, token, domain=domain, sf_version="59.0", session=session)

    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        await client(log_in)
    orgs.change_user(world, USER, frozen=False)
    session_id, _ = await client(log_in)
    assert session_id.startswith("00D")
    orgs.change_user(world, USER, active=False)
    lost = await client.refused(SalesforceExpiredSession, lambda sf: sf.describe())
    assert lost == (401, "INVALID_SESSION_ID")


async def test_limit_of_an_app(simulation: Simulation, client: Client, org: str) -> None:
    """An app may have fewer calls than its org, which the client reads beside those of the org."""
    world = simulation.world
    settings = apps.Settings(daily_calls=2)
    app = apps.register(world, org, "Mine", USER, settings)
    user = orgs.find_user(world.db, USER)
    client.blocking.headers["Authorization"] = (
        f"Bearer {grants.open_session(world, app.consumer_key, user, frozenset({'api'})).access_token}"
    )
    for used in (1, 2):
        await client(lambda sf: sf.limits())
        assert client.blocking.api_usage["per-app-api-usage"] == (used, 2, "Mine")
    spent = await client.refused(SalesforceRefusedRequest, lambda sf: sf.limits())
    assert spent == (403, "REQUEST_LIMIT_EXCEEDED")
    world.advance(3600)
    apps.change(world, app, daily_calls=3)
    assert (await client(lambda sf: sf.limits()))["DailyApiRequests"]["Remaining"] == 99_997


async def test_storage(simulation: Simulation, client: Client) -> None:
    """Storage is a limit that only who manages users is told of."""
    assert "DataStorageMB" not in await client(lambda sf: sf.limits())
    permission_sets.put(simulation.world, name="Admin", permissions=["ManageUsers"], users=[USER])
    assert (await client(lambda sf: sf.limits()))["DataStorageMB"]["Max"] == 10_240
