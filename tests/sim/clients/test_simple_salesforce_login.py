"""simple-salesforce, unmodified, logs in by itself: its built-in hosts are reached by the proxy and the CA alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceResourceNotFound

from syncline_sim.app import Simulation
from syncline_sim.salesforce import grants, orgs, passwords
from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Person
from tests.sim.secured import PRODUCTION, SANDBOX, go_by_environment, secured, signer

USER, SANDBOX_USER, PASSWORD = "sync@acme.example", "sync@globex.example", "correct-horse-1"
LogIn = Callable[..., Awaitable[Salesforce]]


@pytest.fixture
async def simulation(tmp_path: Path) -> AsyncIterator[Simulation]:
    """A world with HTTPS and the proxy."""
    async with secured(tmp_path) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """What the client would make for itself; this one is closed at the end."""
    with requests.Session() as made:
        yield made


@pytest.fixture
def log_in(simulation: Simulation, session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> LogIn:
    """The client, in an environment that leads to the world."""
    go_by_environment(simulation, monkeypatch)

    async def client(**options: Any) -> Salesforce:  # noqa: ANN401 - the client's own
        return await asyncio.to_thread(Salesforce, session=session, **options)

    return client


@pytest.fixture
def token(simulation: Simulation) -> Callable[[str], str]:
    """The security token of a user."""
    world = simulation.world
    return lambda username: passwords.security_token(world, orgs.find_user(world.db, username))


@pytest.fixture
def password_login(token: Callable[[str], str]) -> dict[str, str]:
    """What the sync user logs in with."""
    return {"username": USER, "password": PASSWORD, "security_token": token(USER)}


async def lead_count(client: Salesforce) -> int:
    """Query, and answer how many records came."""
    found = await asyncio.to_thread(client.query, "SELECT Id FROM Lead")
    return len(found["records"])


async def refused(log_in: LogIn, **options: Any) -> tuple[str, str]:  # noqa: ANN401 - the client's own
    """Log in, and answer code and message of the client's exception."""
    with pytest.raises(SalesforceAuthenticationFailed) as caught:
        await log_in(**options)
    return str(caught.value.code), str(caught.value.auth_message)


async def test_password_and_token(log_in: LogIn, password_login: dict[str, str]) -> None:
    """The login names the org's own host, and data is read from there."""
    client = await log_in(**password_login)
    assert client.sf_instance == PRODUCTION
    assert await lead_count(client) == 5


async def test_sandbox(log_in: LogIn, token: Callable[[str], str]) -> None:
    """A sandbox has a login host of its own, and each host lets in its own users only."""
    sandbox = {"username": SANDBOX_USER, "password": PASSWORD, "security_token": token(SANDBOX_USER)}
    assert (await log_in(**sandbox, domain="test")).sf_instance == SANDBOX
    assert (await log_in(**sandbox, domain=SANDBOX.removesuffix(".salesforce.com"))).sf_instance == SANDBOX
    production = {"username": USER, "password": PASSWORD, "security_token": token(USER)}
    for options in (sandbox, {**sandbox, "domain": "acme-robotics.my"}, {**production, "domain": "test"}):
        assert (await refused(log_in, **options))[0] == "INVALID_LOGIN"


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"security_token": "wrong"}, {"username": "nobody@acme.example"}]
)
async def test_wrong_password(log_in: LogIn, password_login: dict[str, str], wrong: dict[str, str]) -> None:
    """What is wrong is not told."""
    message = "Invalid username, password, security token; or user locked out."
    assert await refused(log_in, **{**password_login, **wrong}) == ("INVALID_LOGIN", message)


async def test_trusted_network(simulation: Simulation, control: ControlDoor, log_in: LogIn) -> None:
    """Without a token the password is enough in a trusted network only, for the org that is named."""
    org = orgs.all_orgs(simulation.world)[0].id
    plain = {"username": USER, "password": PASSWORD, "organizationId": org[:15]}
    assert (await refused(log_in, **plain))[0] == "LOGIN_MUST_USE_SECURITY_TOKEN"
    await control("POST /switches", {"side": "salesforce", "trusted_network": True})
    assert await lead_count(await log_in(**plain)) == 5
    assert (await refused(log_in, **{**plain, "organizationId": "00D000000000000"}))[0] == "INVALID_LOGIN"


@pytest.mark.parametrize(
    ("switches", "version", "code", "words"),
    [
        ({"soap_login": False}, "59.0", "INVALID_OPERATION", "is disabled by default in this org"),
        ({}, "65.0", "INVALID_OPERATION", "is not available in the API version specified (65.0)"),
        ({}, "30.0", "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"),
        ({}, "99.0", "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"),
        ({"api_disabled": True}, "59.0", "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
        ({"ip_blocked": True}, "59.0", "LOGIN_DURING_RESTRICTED_DOMAIN", "from this IP address"),
        ({"login_rate_limit": 0}, "59.0", "LOGIN_RATE_EXCEEDED", "login rate exceeded"),
    ],
)
async def test_org_says_no(
    control: ControlDoor,
    log_in: LogIn,
    password_login: dict[str, str],
    switches: dict[str, Any],
    version: str,
    code: str,
    words: str,
) -> None:
    """The right password does not help against what the org or the version forbids."""
    await control("POST /switches", {"side": "salesforce", **switches})
    found, message = await refused(log_in, **password_login, version=version)
    assert found == code
    assert words in message


async def test_lockout(control: ControlDoor, log_in: LogIn, password_login: dict[str, str]) -> None:
    """Too many wrong passwords lock the user for a while, whatever is given then."""
    for _ in range(5):
        await refused(log_in, **{**password_login, "password": "wrong"})
    assert (await refused(log_in, **password_login))[0] == "INVALID_LOGIN"
    await control("POST /clock", {"advance": 900})
    assert await lead_count(await log_in(**password_login)) == 5


async def test_login_rate(control: ControlDoor, log_in: LogIn, password_login: dict[str, str]) -> None:
    """One login more than the hour may have is refused, until the hour is over."""
    await control("POST /switches", {"side": "salesforce", "login_rate_limit": 1})
    await log_in(**password_login)
    assert (await refused(log_in, **password_login))[0] == "LOGIN_RATE_EXCEEDED"
    await control("POST /clock", {"advance": 3600})
    await log_in(**password_login)


async def test_expired_session(control: ControlDoor, log_in: LogIn, password_login: dict[str, str]) -> None:
    """A session that ends is renewed by the client without a word to its caller."""
    client = await log_in(**password_login)
    first = client.session_id
    assert (await control("POST /tokens/expire", {}))["expired"] == 1
    assert await lead_count(client) == 5
    assert client.session_id != first
    assert (await control("GET /calls"))["salesforce"]["operations"]["soap"] == 2


async def test_assertion_of_an_approved_user(person: Person, control: ControlDoor, log_in: LogIn) -> None:
    """An app with a certificate logs in as a user who has approved it once, and not before."""
    key, certificate = signer()
    app = await control("POST /apps", {"callback_url": CALLBACK, "certificate": certificate})
    options = {"username": USER, "consumer_key": app["consumer_key"], "privatekey": key}
    with pytest.warns(UserWarning, match="you may need to authorize this"):
        assert await refused(log_in, **options) == ("invalid_grant", "user hasn't approved this consumer")
    await person.grant(app)
    client = await log_in(**options)
    assert client.sf_instance == PRODUCTION
    assert await lead_count(client) == 5


async def test_assertion_of_a_chosen_user(control: ControlDoor, log_in: LogIn) -> None:
    """Where an admin approves, the chosen users need not, and others are refused."""
    key, certificate = signer()
    settings = {"certificate": certificate, "admin_approval": True, "approved_users": [USER]}
    app = await control("POST /apps", settings)
    options = {"consumer_key": app["consumer_key"], "privatekey": key}
    assert await lead_count(await log_in(**options, username=USER)) == 5
    answer = await refused(log_in, **options, username="dana@acme.example")
    assert answer == ("invalid_app_access", "user is not admin approved to access this app")


@pytest.mark.parametrize(
    ("change", "late", "error", "description"),
    [
        ({"consumer_key": "nobody"}, 0, "invalid_client_id", "client identifier invalid"),
        (
            {"instance_url": PRODUCTION.removesuffix(".salesforce.com"), "domain": "test"},
            0,
            "invalid_grant",
            "Audience",
        ),
        ({}, 181, "invalid_grant", "expired authorization code"),
    ],
)
async def test_wrong_assertion(
    control: ControlDoor, log_in: LogIn, change: dict[str, str], late: int, error: str, description: str
) -> None:
    """Each mistake in an assertion has its pair."""
    key, certificate = signer()
    settings = {"certificate": certificate, "admin_approval": True, "approved_users": [USER]}
    app = await control("POST /apps", settings)
    await control("POST /clock", {"advance": late})
    options = {"username": USER, "consumer_key": app["consumer_key"], "privatekey": key, **change}
    found, text = await refused(log_in, **options)
    assert (found, text[: len(description)]) == (error, description)


async def test_assertion_without_certificate(control: ControlDoor, log_in: LogIn) -> None:
    """An app that has left no certificate cannot sign."""
    app = await control("POST /apps", {"admin_approval": True, "approved_users": [USER]})
    options = {"username": USER, "consumer_key": app["consumer_key"], "privatekey": signer()[0]}
    assert await refused(log_in, **options) == ("invalid_grant", "invalid assertion")


async def test_client_credentials(control: ControlDoor, log_in: LogIn) -> None:
    """The app itself logs in at the org's own host once somebody is named as whom it runs."""
    app = await control("POST /apps", {})
    options = {"domain": PRODUCTION.removesuffix(".salesforce.com"), "consumer_key": app["consumer_key"]}
    right = {**options, "consumer_secret": app["consumer_secret"]}
    assert await refused(log_in, **right) == ("invalid_grant", "no client credentials user enabled")
    await control(f"PATCH /apps/{app['consumer_key']}", {"client_credentials_user": USER})
    client = await log_in(**right)
    assert (client.sf_instance, await lead_count(client)) == (PRODUCTION, 5)
    wrong = await refused(log_in, **options, consumer_secret="wrong")
    assert wrong == ("invalid_client", "invalid client credentials")


async def test_password_at_the_token_endpoint(
    control: ControlDoor, log_in: LogIn, password_login: dict[str, str]
) -> None:
    """With key and secret of an app the password goes to the token endpoint, its security token behind it."""
    app = await control("POST /apps", {})
    whole = PASSWORD + password_login["security_token"]
    options = {"username": USER, "consumer_key": app["consumer_key"], "consumer_secret": app["consumer_secret"]}
    client = await log_in(**options, password=whole)
    assert (client.sf_instance, await lead_count(client)) == (PRODUCTION, 5)
    failure = ("invalid_grant", "authentication failure")
    assert await refused(log_in, **options, password=PASSWORD) == failure
    await control("POST /switches", {"side": "salesforce", "password_flow": False})
    assert await refused(log_in, **options, password=whole) == failure


async def test_session_id(simulation: Simulation, session: requests.Session, password_login: dict[str, str]) -> None:
    """A session id is good at the HTTPS door itself for a client that trusts the CA, and for no other client."""
    world, address = simulation.world, simulation.address()
    session.trust_env = False
    user = passwords.admit_program(world, USER, PASSWORD + password_login["security_token"], "127.0.0.1")
    session_id = grants.open_session(world, "", user, frozenset({"full"})).access_token
    options = {"instance_url": address["salesforce_https"], "session_id": session_id, "session": session}
    client = Salesforce(**options)
    with pytest.raises(requests.exceptions.SSLError):
        await lead_count(client)
    session.verify = address["ca"]
    assert await lead_count(client) == 5
    by_host = Salesforce(
        **{**options, "instance_url": None}, instance=address["salesforce_https"].removeprefix("https://")
    )
    assert await lead_count(by_host) == 5


async def test_versions(log_in: LogIn, password_login: dict[str, str]) -> None:
    """Each version that is listed answers; one that is not is the vendor's 404."""
    for version in ("31.0", "59.0", "64.0"):
        assert await lead_count(await log_in(**password_login, version=version)) == 5
    client = await log_in(**password_login)
    base = f"https://{client.sf_instance}/services/data/"
    listed = [each["version"] for each in (await asyncio.to_thread(client.session.get, base)).json()]
    assert listed == [f"{number}.0" for number in range(31, 68)]
    client.base_url = f"{base}v68.0/"
    with pytest.raises(SalesforceResourceNotFound) as caught:
        await lead_count(client)
    content: Any = caught.value.content  # Its type says bytes, wrongly.
    assert content == [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
