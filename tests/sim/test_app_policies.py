"""What an admin allows an app and its users, as a client meets it: at the login, with its tokens, with each call."""

import json
from typing import Any

import pytest

from syncline_sim.app import Simulation
from syncline_sim.salesforce import orgs
from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Person

QUERY = "/services/data/v67.0/query?q=SELECT+Id+FROM+Organization"
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
IP = ("invalid_grant", "IP restricted or invalid login hours")
DEAD = ("invalid_grant", "expired access/refresh token")


def pair(answer: tuple[int, dict[str, Any]]) -> tuple[str, str]:
    """Answer the two words of a refusal."""
    status, document = answer
    assert status == 400, document
    return document["error"], document["error_description"]


async def refusal(person: Person, token: str) -> tuple[int, str, str]:
    """Answer how the data API refuses a token."""
    status, text = await person.get(QUERY, token)
    (found,) = json.loads(text)
    return status, found["errorCode"], found["message"]


class Admin:
    """Sets what an admin sets."""

    def __init__(self, control: ControlDoor, app: dict[str, Any], org_id: str) -> None:
        self._control = control
        self._app = f"/apps/{app['consumer_key']}"
        self._org = f"/orgs/{org_id}"

    async def app(self, **settings: Any) -> None:  # noqa: ANN401 - any setting
        """Change settings of the app."""
        await self._control(f"PATCH {self._app}", settings)

    async def org(self, **settings: Any) -> None:  # noqa: ANN401 - any setting
        """Change settings of the org."""
        await self._control(f"PATCH {self._org}", settings)

    async def call_from(self, address: str) -> None:
        """Let all calls come from an address."""
        await self._control("POST /switches", {"side": "salesforce", "client_address": address})

    async def wait(self, seconds: int) -> None:
        """Let time pass."""
        await self._control("POST /clock", {"advance": seconds})


@pytest.fixture
def admin(control: ControlDoor, app: dict[str, Any], simulation: Simulation) -> Admin:
    """The admin of the main org and of the app."""
    return Admin(control, app, orgs.all_orgs(simulation.world)[0].id)


async def test_login_ranges(person: Person, app: dict[str, Any], admin: Admin) -> None:
    """Outside the ranges of the profile nobody is let in: not to log in, not with a code, not to refresh."""
    await admin.call_from(HERE)
    await admin.org(login_ranges={"Integration": ["198.51.100.0/24"]})
    tokens = await person.grant(app)
    await person.connect(app)
    await admin.call_from(ELSEWHERE)
    assert pair(await person.exchange(app)) == IP
    assert pair(await person.refresh(app, tokens["refresh_token"])) == IP
    await person.authorize(app)
    assert (person.at.query["error"], person.at.query["error_description"]) == IP
    assert (await person.get(QUERY, tokens["access_token"]))[0] == 200
    await admin.org(ip_every_request=True)
    assert await refusal(person, tokens["access_token"]) == (
        *(401, "INVALID_SESSION_ID"),
        "Session expired or invalid",
    )
    await admin.call_from(HERE)
    assert (await person.get(QUERY, tokens["access_token"]))[0] == 200
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200


@pytest.mark.parametrize(
    ("settings", "may"),
    [
        ({"ip_relaxation": "enforce"}, (False, False)),
        ({"ip_relaxation": "relax_refresh"}, (False, True)),
        ({"ip_relaxation": "relax_trusted", "trusted_ranges": ["192.0.2.1-192.0.2.9"]}, (False, False)),
        ({"ip_relaxation": "relax_trusted", "trusted_ranges": ["203.0.113.1-203.0.113.9"]}, (True, True)),
        ({"ip_relaxation": "relax_trusted"}, (True, True)),
        ({"ip_relaxation": "relax"}, (True, True)),
    ],
)
async def test_relaxation(
    person: Person, app: dict[str, Any], admin: Admin, settings: dict[str, Any], may: tuple[bool, bool]
) -> None:
    """An app may be let off the ranges of profiles: for refreshes, from its own ranges, or wholly."""
    tokens = await person.grant(app)
    await admin.org(login_ranges={"Integration": [HERE]})
    await admin.app(**settings)
    await admin.call_from(ELSEWHERE)
    await person.authorize(app)
    refreshed = (await person.refresh(app, tokens["refresh_token"]))[0] == 200
    assert ("code" in person.at.query, refreshed) == may


async def test_trusted_ranges(person: Person, app: dict[str, Any], admin: Admin) -> None:
    """From the trusted ranges of the org an unknown browser is asked for no code."""
    await admin.org(trusted_ranges=["198.51.100.0/24"])
    await admin.call_from(HERE)
    await person.authorize(app)
    await person.send(username="sync@acme.example", password="correct-horse-1")
    assert person.at.url.path == "/approve"


async def test_ranges_for_refreshes(person: Person, app: dict[str, Any], admin: Admin, control: ControlDoor) -> None:
    """The list of the app closes code and refresh token to everybody else, and has its own limits."""
    await admin.app(refresh_ranges=["198.51.100.0/25"], ip_relaxation="relax")
    await person.connect(app)
    assert pair(await person.exchange(app)) == IP
    await admin.call_from(HERE)
    await person.connect(app)
    status, tokens = await person.exchange(app)
    assert status == 200
    await admin.call_from(ELSEWHERE)
    assert pair(await person.refresh(app, tokens["refresh_token"])) == IP
    assert (await person.get(QUERY, tokens["access_token"]))[0] == 200
    patch = f"PATCH /apps/{app['consumer_key']}"
    for wrong in (["10.0.0.0/23"], [f"10.0.0.{number}" for number in range(129)], ["10.0.0.9-10.0.0.1"], ["here"]):
        await control(patch, {"refresh_ranges": wrong}, status=400)


async def test_refresh_policies(person: Person, app: dict[str, Any], admin: Admin) -> None:
    """A refresh token dies at once, after a time, or when nobody has used it for a time."""
    tokens = await person.grant(app)
    await admin.app(refresh_at_once=True)
    assert pair(await person.refresh(app, tokens["refresh_token"])) == DEAD
    await admin.app(refresh_at_once=False, refresh_idle_lifetime=3600, rotation=False)
    for _ in range(3):
        await admin.wait(3599)
        assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200
    await admin.app(refresh_idle_lifetime=0, refresh_lifetime=3 * 3600)
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200
    await admin.wait(10)
    assert pair(await person.refresh(app, tokens["refresh_token"])) == ("invalid_grant", "token validity expired")


async def test_session_timeout(person: Person, app: dict[str, Any], admin: Admin) -> None:
    """An app may have shorter sessions than its org."""
    await admin.app(session_timeout=900)
    token = (await person.grant(app))["access_token"]
    await admin.wait(899)
    assert (await person.get(QUERY, token))[0] == 200
    await admin.wait(1)
    assert await refusal(person, token) == (401, "INVALID_SESSION_ID", "Session expired or invalid")


async def test_five_approvals(person: Person, app: dict[str, Any]) -> None:
    """The sixth approval of a user ends the oldest one with all that lives on it, and no other."""
    first = await person.grant(app)
    rest = [await person.grant(app, prompt="consent") for _ in range(4)]
    assert (await person.get(QUERY, first["access_token"]))[0] == 200
    rest.append(await person.grant(app, prompt="consent"))
    assert pair(await person.refresh(app, first["refresh_token"])) == DEAD
    assert (await refusal(person, first["access_token"]))[0] == 401
    assert [(await person.refresh(app, tokens["refresh_token"]))[0] for tokens in rest] == [200] * 5


async def test_admin_approval_later(person: Person, app: dict[str, Any], admin: Admin) -> None:
    """Once an admin has to approve, a refresh is refused to those who are not among the approved."""
    tokens = await person.grant(app)
    await admin.app(admin_approval=True, approved_users=["dana@acme.example"])
    text = "user is not admin approved to access this app"
    assert pair(await person.refresh(app, tokens["refresh_token"])) == ("invalid_app_access", text)
    await person.authorize(app)
    assert person.at.query["error"] == "OAUTH_APP_ACCESS_DENIED"
    await admin.app(approved_users=["sync@acme.example"])
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200


async def test_installation(person: Person, app: dict[str, Any], admin: Admin, control: ControlDoor) -> None:
    """An app that is not installed is refused by its sort, unless the user may approve such; old approvals live on."""
    tokens = await person.grant(app)
    org = person.simulation.world.db.execute("SELECT id FROM salesforce_orgs").fetchone()["id"]
    await admin.app(uninstalled_in=[org])
    await person.authorize(app)
    assert person.at.query["error"] == "OAUTH_EC_APP_NOT_FOUND"
    await admin.app(kind="connected")
    await person.authorize(app)
    assert "OAUTH_APPROVAL_ERROR_GENERIC" in person.at.text
    assert person.at.url.origin() == person.salesforce
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200
    users = {"users": ["sync@acme.example"]}
    await control("POST /permission-sets", {"name": "X", "permissions": ["ApproveUninstalledConnectedApps"], **users})
    await person.authorize(app)
    assert "code" in person.at.query


async def test_access_control(person: Person, app: dict[str, Any], admin: Admin, control: ControlDoor) -> None:
    """An org may let only apps that its admin has approved call the API, and lets users off who may use any client."""
    token = (await person.grant(app))["access_token"]
    await admin.org(api_access_control=True)
    text = "This session is not valid for use with the REST API"
    assert await refusal(person, token) == (401, "INVALID_SESSION_ID", text)
    await admin.app(admin_approval=True, approved_users=["sync@acme.example"])
    assert (await person.get(QUERY, token))[0] == 200
    await admin.app(admin_approval=False)
    users = {"users": ["sync@acme.example"]}
    await control("POST /permission-sets", {"name": "Any", "permissions": ["UseAnyApiClient"], **users})
    assert (await person.get(QUERY, token))[0] == 200
    await admin.app(blocked=True)
    assert (await refusal(person, token))[0] == 401
    assert pair(await person.refresh(app, "any"))[0] == "OAUTH_APP_BLOCKED"


async def test_users(person: Person, app: dict[str, Any], admin: Admin, control: ControlDoor) -> None:
    """Who is frozen cannot log in or refresh, who is deactivated has no session either, and both can come back."""
    tokens = await person.grant(app)
    patch = "PATCH /users/sync@acme.example"
    await control(patch, {"frozen": True})
    assert pair(await person.refresh(app, tokens["refresh_token"])) == ("invalid_grant", "authentication failure")
    assert (await person.get(QUERY, tokens["access_token"]))[0] == 200
    await person.open("/secur/logout.jsp")
    await person.authorize(app)
    await person.log_in()
    assert "check your username and password" in person.at.text
    await control(patch, {"frozen": False, "active": False})
    assert pair(await person.refresh(app, tokens["refresh_token"])) == ("inactive_user", "user is inactive")
    assert (await refusal(person, tokens["access_token"]))[:2] == (401, "INVALID_SESSION_ID")
    assert await person.get("/services/oauth2/userinfo", tokens["access_token"]) == (403, "Bad_OAuth_Token")
    await control(patch, {"active": True})
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200


async def test_closed_orgs(person: Person, app: dict[str, Any], admin: Admin) -> None:
    """An org closes when its trial is over or when it is locked: no token, no call."""
    tokens = await person.grant(app)
    await admin.org(trial_ends=int(person.simulation.world.now()) + 60)
    assert (await person.get(QUERY, tokens["access_token"]))[0] == 200
    await admin.wait(61)
    assert (await refusal(person, tokens["access_token"]))[:2] == (403, "TRIAL_EXPIRED")
    assert pair(await person.refresh(app, tokens["refresh_token"]))[0] == "inactive_org"
    await admin.org(trial_ends=0, locked=True)
    assert (await refusal(person, tokens["access_token"]))[:2] == (403, "ORG_LOCKED")
    await person.authorize(app)
    assert person.at.query["error"] == "inactive_org"


async def test_staged_keys(person: Person, app: dict[str, Any], control: ControlDoor) -> None:
    """A second key and secret work beside the first, then alone, and what the app was given lives on."""
    tokens = await person.grant(app)
    staged = await control(f"POST /apps/{app['consumer_key']}/staged")
    second = {"consumer_key": staged["staged_key"], "consumer_secret": staged["staged_secret"]}
    status, tokens = await person.refresh(second, tokens["refresh_token"])
    assert status == 200
    status, tokens = await person.refresh(app, tokens["refresh_token"])
    assert status == 200
    mixed = {**second, "consumer_secret": app["consumer_secret"]}
    assert pair(await person.refresh(mixed, tokens["refresh_token"]))[0] == "invalid_client"
    await control(f"POST /apps/{app['consumer_key']}/staged/apply")
    assert pair(await person.refresh(app, tokens["refresh_token"]))[0] == "invalid_client_id"
    assert (await person.refresh(second, tokens["refresh_token"]))[0] == 200
    assert (await person.get(QUERY, tokens["access_token"]))[0] == 200
    await person.connect(second)
    assert str(person.at.url).startswith(CALLBACK)
    assert (await person.exchange(second))[0] == 200
    await control(f"POST /apps/{second['consumer_key']}/staged/apply", status=400)


@pytest.mark.parametrize("closed", [False, True])
async def test_the_vendors_own_names(person: Person, admin: Admin, *, closed: bool) -> None:
    """An org may let nobody log in at the names that belong to no org; at its own it does."""
    await admin.org(my_domain_only=closed)
    form = {"username": "sync@acme.example", "password": "correct-horse-1"}
    headers = {"Host": "login.salesforce.com"}
    async with person.http.post(
        person.salesforce / "login", data=form, headers=headers, allow_redirects=False
    ) as found:
        assert (found.status, "check your username" in await found.text()) == ((200, True) if closed else (302, False))
    await person.open("/login")
    await person.send(**form)
    assert person.at.url.path == "/verify"
