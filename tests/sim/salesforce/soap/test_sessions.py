"""Sessions in SOAP headers: who is in, what is told, and how it ends."""

from collections.abc import Callable

import pytest

from syncline_sim.salesforce import orgs
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api
from tests.sim.salesforce.soap.conftest import Soap, plain


@pytest.mark.parametrize("kind", ["u", "c"])
async def test_who_is_in(world: World, call: Soap, kind: str) -> None:
    """Both services tell who the session's user is, and what time it is."""
    (info,) = await call("<getUserInfo/>", kind=kind)
    user = orgs.find_user(world.db, USERNAME)
    assert (info["userId"], info["userName"], info["organizationId"]) == (user.id, USERNAME, user.org_id)
    (time,) = await call("<getServerTimestamp/>", kind=kind)
    assert time["timestamp"].endswith("Z")


async def test_limit_is_told(world: World, call: Soap, api: Api) -> None:
    """Calls count, together with those of the data API, and each answer says how many there were."""
    world.switches["salesforce"]["api_limit"] = 3
    await api.get("/sobjects")
    _, envelope = await call.send("<getServerTimestamp/>")
    told = plain(envelope)["Header"]["LimitInfoHeader"]["limitInfo"]
    assert told == {"current": "2", "limit": "3", "type": "API REQUESTS"}
    await call("<getServerTimestamp/>")
    found = await call.fault("<getServerTimestamp/>")
    assert (found["faultcode"], found["of"]) == ("sf:REQUEST_LIMIT_EXCEEDED", "UnexpectedErrorFault")


async def test_logout(call: Soap, api: Api) -> None:
    """A session that has ended is over for every door; another one of the same user is not."""
    assert await call("<logout/>") == []
    found = await call.fault("<getUserInfo/>")
    message = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session key: "
    assert found["faultcode"] == "sf:INVALID_SESSION_ID"
    assert found["faultstring"] == f"INVALID_SESSION_ID: {message}{call.session}"
    assert (found["of"], found["exceptionCode"]) == ("UnexpectedErrorFault", "INVALID_SESSION_ID")
    headers = {"Authorization": f"Bearer {call.session}"}
    assert await api.refusal("GET", "/limits", headers=headers) == (401, "INVALID_SESSION_ID")
    await api.get("/limits")


async def test_refused(world: World, call_as: Callable[..., Soap]) -> None:
    """Without a session, without the scope `api` or without API Enabled nothing is answered."""
    nobody = call_as()
    nobody.session = ""
    assert (await nobody.fault("<getUserInfo/>"))["exceptionCode"] == "INVALID_SESSION_ID"
    limited = call_as(USERNAME, "id")
    assert (await limited.fault("<query><queryString>x</queryString></query>"))["exceptionCode"] == "INVALID_SESSION_ID"
    user = call_as()
    orgs.change_user(world, USERNAME, permissions=[])
    found = await user.fault("<getUserInfo/>")
    assert found["faultstring"] == "API_DISABLED_FOR_ORG: API is not enabled for this Organization or Partner"


async def test_too_large(call: Soap) -> None:
    """A body that is larger than the door takes is a fault and no page of the web server."""
    found = await call.fault(f"<query><queryString>{'x' * 2**18}</queryString></query>")
    assert found["exceptionCode"] == "EXCEEDED_MAX_SIZE_REQUEST"


@pytest.mark.parametrize("name", ["create", "update", "upsert", "describeGlobal", "getDeleted", "search"])
async def test_not_covered(call: Soap, name: str) -> None:
    """What is not covered is not in the service, whoever asks."""
    found = await call.fault(f"<{name}/>")
    assert found["faultcode"] == "soapenv:Client"
    assert found["faultstring"].startswith("No operation available for request {urn:partner.soap.sforce.com}")
