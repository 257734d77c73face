"""Editions, the list of limits and what counts down, over the data API."""

from collections.abc import Callable

import pytest

from syncline_sim.salesforce import editions, orgs, permission_sets
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api, ask

CLOSED = (403, "API_DISABLED_FOR_ORG")
SPENT = (403, "REQUEST_LIMIT_EXCEEDED")


def main_org(world: World) -> str:
    """Answer the id of the main org."""
    return orgs.all_orgs(world)[0].id


@pytest.mark.parametrize(
    ("edition", "calls"),
    [
        ("team", None),
        ("professional", None),
        ("professional-api", 100_000 + 20 * 1000),
        ("enterprise", 100_000 + 20 * 1000),
        ("unlimited", 100_000 + 20 * 5000),
        ("Performance Edition", 100_000 + 20 * 5000),
        ("developer", 15_000),
    ],
)
async def test_editions(world: World, api: Api, edition: str, calls: int | None) -> None:
    """An edition has the API or not, and so many calls a day for itself and for each licence."""
    orgs.change_org(world, main_org(world), edition=edition, licences=20)
    (found,) = ask(world, "SELECT OrganizationType FROM Organization")
    assert found["OrganizationType"] == editions.find(edition).name
    if calls is None:
        assert await api.refusal("GET", "/limits") == CLOSED
    else:
        response = await api.send("GET", "/limits")
        assert response.headers["Sforce-Limit-Info"] == f"api-usage=1/{calls}"
        assert (await response.json())["DailyApiRequests"] == {"Max": calls, "Remaining": calls - 1}


async def test_organization(world: World) -> None:
    """The record of the org says what it is: edition, sandbox, instance, and when its trial is over."""
    soql = "SELECT IsSandbox, InstanceName, TrialExpirationDate FROM Organization"
    (found,) = ask(world, soql)
    assert (found["IsSandbox"], found["InstanceName"], found["TrialExpirationDate"]) == (False, "NA101", None)
    change = {"is_sandbox": True, "trial_ends": 1_798_761_600}
    orgs.change_org(world, main_org(world), **change)
    (found,) = ask(world, soql)
    expires = "2027-01-01T00:00:00.000+0000"
    assert (found["IsSandbox"], found["InstanceName"], found["TrialExpirationDate"]) == (True, "CS101", expires)
    orgs.change_org(world, main_org(world), instance_name="EU42")
    assert ask(world, soql, "WHERE InstanceName = 'EU42'")


def test_wrong_editions(world: World) -> None:
    """An edition that there is not, a setting that there is not, and a sandbox of what has none are refused."""
    for wrong in ({"edition": "golden"}, {"colour": "red"}, {"trusted_ranges": ["here"]}):
        with pytest.raises(ValueError, match=r"there is no edition|an org has no|does not appear"):
            orgs.change_org(world, main_org(world), **wrong)
    with pytest.raises(ValueError, match="has no sandboxes"):
        orgs.create_org(world, "Box", edition="developer", is_sandbox=True)


async def test_limits(world: World, door: Callable[..., Api]) -> None:
    """Everybody is told of calls, jobs and events; of storage only who may manage users."""
    api = door()
    told = await api.get("/limits")
    assert all(0 <= each["Remaining"] <= each["Max"] for each in told.values())
    for name in ("DailyBulkApiBatches", "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB", "SingleEmail"):
        assert told[name]["Max"]
    assert "DataStorageMB" not in told
    permission_sets.put(world, name="Admin", permissions=["ManageUsers"], users=[USERNAME])
    orgs.change_org(world, main_org(world), edition="developer")
    told = await api.get("/limits")
    assert (told["DataStorageMB"]["Max"], told["FileStorageMB"]["Max"]) == (5, 20)


@pytest.mark.parametrize(("edition", "most"), [("enterprise", 25), ("developer", 5)])
async def test_long_calls(world: World, api: Api, edition: str, most: int) -> None:
    """When others have as many long calls running as there may be, no call is let in."""
    orgs.change_org(world, main_org(world), edition=edition)
    world.switches["salesforce"]["long_calls_elsewhere"] = most - 1
    assert (await api.get("/limits"))["DailyApiRequests"]
    world.switches["salesforce"]["long_calls_elsewhere"] = most
    response = await api.send("GET", "/limits")
    (found,) = await response.json()
    assert (response.status, found["errorCode"]) == SPENT
    assert found["message"] == "ConcurrentPerOrgLongTxn Limit exceeded."
    assert "Retry-After" not in response.headers


async def test_a_day_of_calls(world: World, api: Api) -> None:
    """The last call of a day is answered, the next is not; after 24 hours there are as many again."""
    orgs.change_org(world, main_org(world), edition="developer")
    world.switches["salesforce"]["api_calls_elsewhere"] = 14_998
    assert (await api.get("/limits"))["DailyApiRequests"]["Remaining"] == 1
    assert (await api.get("/limits"))["DailyApiRequests"]["Remaining"] == 0
    assert await api.refusal("GET", "/limits") == SPENT
    world.advance(25 * 3600)
    world.db.execute("UPDATE salesforce_access_tokens SET expires_at = expires_at + 100000")
    world.switches["salesforce"]["api_calls_elsewhere"] = 0
    assert (await api.get("/limits"))["DailyApiRequests"]["Remaining"] == 14_999
