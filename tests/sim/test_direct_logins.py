"""Logins at the token endpoint without a browser, where clients hide the wire."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from syncline_sim.app import Simulation
from syncline_sim.salesforce import orgs, passwords
from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, Person
from tests.sim.secured import PRODUCTION, secured, signer, trust

USER = "sync@acme.example"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
INVALID = {"error": "invalid_grant", "error_description": "invalid assertion"}
Ask = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
async def simulation(tmp_path: Path) -> AsyncIterator[Simulation]:
    """A world with HTTPS and the proxy."""
    async with secured(tmp_path) as running:
        yield running


@pytest.fixture
async def app(control: ControlDoor) -> dict[str, Any]:
    """An app that may do all of it."""
    settings = {"certificate": signer()[1], "client_credentials_user": USER, "admin_approval": True}
    return await control("POST /apps", {**settings, "approved_users": [USER]})


@pytest.fixture
def ask(simulation: Simulation, person: Person) -> Ask:
    """Call the token endpoint at a host of the vendor's."""

    async def post(host: str = PRODUCTION, **form: str) -> tuple[int, dict[str, Any]]:
        url, proxy = f"https://{host}/services/oauth2/token", simulation.address()["proxy"]
        async with person.http.post(url, data=form, proxy=proxy, ssl=trust(simulation)) as response:
            return response.status, await response.json()

    return post


@pytest.fixture
def sign(simulation: Simulation, app: dict[str, Any]) -> Callable[..., str]:
    """Make an assertion of the app, with other claims where they are given."""

    def make(algorithm: str = "RS256", key: str = "", **claims: object) -> str:
        expires = int(simulation.world.now()) + 180
        right = {"iss": app["consumer_key"], "sub": USER, "aud": "https://login.salesforce.com", "exp": expires}
        return jwt.encode({**right, **claims}, key or signer()[0], algorithm=algorithm)

    return make


async def test_assertion_reply(ask: Ask, sign: Callable[..., str], person: Person) -> None:
    """Without a secret the reply has no signature; there is no refresh token either."""
    status, found = await ask(grant_type=ASSERTION, assertion=sign())
    assert (status, set(found)) == (200, {"access_token", "scope", "instance_url", "id", "token_type"})
    assert found["instance_url"] == f"https://{PRODUCTION}"
    assert (await person.get("/services/data/v59.0/limits", found["access_token"]))[0] == 200


@pytest.mark.parametrize("aud", ["https://login.salesforce.com/", f"https://{PRODUCTION}"])
async def test_right_audiences(ask: Ask, sign: Callable[..., str], aud: str) -> None:
    """The login host and the org's own host are both meant."""
    assert (await ask("login.salesforce.com", grant_type=ASSERTION, assertion=sign(aud=aud)))[0] == 200


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"aud": "https://test.salesforce.com"}, "Audience validation failed"),
        ({"aud": "https://login.salesforce.com.example"}, "Audience validation failed"),
        ({"exp": 1}, "expired authorization code"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"sub": "nobody@acme.example"}, "user hasn't approved this consumer"),
        ({"sub": "sync@globex.example"}, "user hasn't approved this consumer"),
    ],
)
async def test_wrong_claims(ask: Ask, sign: Callable[..., str], claims: dict[str, Any], description: str) -> None:
    """What an assertion claims is judged although its signature is right."""
    refused = {"error": "invalid_grant", "error_description": description}
    assert await ask("login.salesforce.com", grant_type=ASSERTION, assertion=sign(**claims)) == (400, refused)


def part(text: bytes) -> str:
    """Answer a text as it stands in an assertion."""
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


async def test_forged_assertions(ask: Ask, sign: Callable[..., str]) -> None:
    """Another algorithm, no signature, a changed claim and noise are all no assertion."""
    right = sign()
    header, claims, signature = right.split(".")
    other = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed = part(json.dumps({**other, "sub": "dana@acme.example"}).encode())
    unsigned = part(json.dumps({"alg": "none"}).encode())
    key = serialization.load_pem_private_key(signer()[0].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    lie = key.sign(f"{unsigned}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    forged = (
        sign("HS256", "k" * 32),
        f"{unsigned}.{claims}.",
        f"{unsigned}.{claims}.{signature}",
        f"{unsigned}.{claims}.{part(lie)}",
        f"{header}.{changed}.{signature}",
        f"{header}.{claims}.{signature[:-4]}",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        "\u00e9.a.b",
        "..",
        "",
    )
    for assertion in forged:
        assert await ask(grant_type=ASSERTION, assertion=assertion) == (400, INVALID), assertion
    assert (await ask(grant_type=ASSERTION, assertion=right))[0] == 200


async def test_approvals_that_count(control: ControlDoor, ask: Ask, sign: Callable[..., str], person: Person) -> None:
    """Only an approval with a refresh token lets an assertion in, with the scopes of that approval, until it ends."""
    settings = {"admin_approval": False, "callback_urls": [CALLBACK]}
    app = await control(f"PATCH /apps/{jwt.decode(sign(), options={'verify_signature': False})['iss']}", settings)
    await person.grant(app, scope="api id")
    refused = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
    assert await ask(grant_type=ASSERTION, assertion=sign()) == (400, refused)
    await person.grant(app, scope="api refresh_token", prompt="consent")
    status, found = await ask(grant_type=ASSERTION, assertion=sign())
    assert (status, found["scope"]) == (200, "api refresh_token")
    await control("POST /tokens/revoke", {"username": USER})
    assert await ask(grant_type=ASSERTION, assertion=sign()) == (400, refused)
    assert (await person.get("/services/data/v59.0/limits", found["access_token"]))[0] == 401


async def test_session_is_no_approval(control: ControlDoor, ask: Ask, app: dict[str, Any], person: Person) -> None:
    """A login without a browser does not spare its user the approval page, nor use up one of the five approvals."""
    await control(f"PATCH /apps/{app['consumer_key']}", {"admin_approval": False, "callback_urls": [CALLBACK]})
    form = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    _, found = await ask(grant_type="client_credentials", **form)
    await person.authorize(app, scope="api id")
    await person.log_in()
    assert person.at.url.path == "/approve"
    await control("POST /switches", {"side": "salesforce", "max_approvals": 1})
    for _ in range(2):
        await person.grant(app, scope="api id", prompt="consent")
    assert (await person.get("/services/data/v59.0/limits", found["access_token"]))[0] == 200
    sessions = [grant["session"] for grant in (await control("GET /grants"))["grants"] if not grant["revoked"]]
    assert sessions == [1, 0]


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
async def test_credentials_need_the_orgs_host(ask: Ask, app: dict[str, Any], host: str) -> None:
    """An app logs in as itself at its org's own host; another org's host is no better than the login hosts."""
    form = {"grant_type": "client_credentials"}
    form |= {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    refused = {"error": "invalid_grant", "error_description": "request not supported on this domain"}
    assert await ask(host, **form) == (400, refused)
    assert await ask("globex-sandbox--sim.sandbox.my.salesforce.com", **form) == (400, refused)
    status, found = await ask(PRODUCTION, **form)
    assert (status, found["scope"]) == (200, "api id")
    assert set(found) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}


async def test_credentials_need_their_user(control: ControlDoor, ask: Ask, app: dict[str, Any]) -> None:
    """The user as whom the app runs has to be active, and of the app's own org."""
    form = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    refused = {"error": "invalid_grant", "error_description": "no client credentials user enabled"}
    await control(f"PATCH /users/{USER}", {"active": False})
    assert await ask(grant_type="client_credentials", **form) == (400, refused)
    await control(f"PATCH /apps/{app['consumer_key']}", {"client_credentials_user": "sync@globex.example"})
    assert await ask(grant_type="client_credentials", **form) == (400, refused)


async def test_password_of_whom(simulation: Simulation, control: ControlDoor, ask: Ask, app: dict[str, Any]) -> None:
    """A right password helps neither a user whom the policy leaves out, nor one of another org, nor at a wrong host."""

    def form(username: str) -> dict[str, str]:
        world = simulation.world
        token = passwords.security_token(world, orgs.find_user(world.db, username))
        login = {"username": username, "password": orgs.DEFAULT_PASSWORD + token, "grant_type": "password"}
        return {**login, "client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}

    assert (await ask("login.salesforce.com", **form(USER)))[0] == 200
    assert (await ask("test.salesforce.com", **form(USER)))[1]["error_description"] == "authentication failure"
    assert (await ask(**form("dana@acme.example")))[1]["error"] == "invalid_app_access"
    await control(f"PATCH /apps/{app['consumer_key']}", {"distribution": "local"})
    found = await ask("test.salesforce.com", **form("sync@globex.example"))
    assert found[1]["error"] == "OAUTH_AUTHORIZATION_BLOCKED"


async def test_login_rate(control: ControlDoor, ask: Ask, sign: Callable[..., str], app: dict[str, Any]) -> None:
    """All logins of a user in an hour count together."""
    await control("POST /switches", {"side": "salesforce", "login_rate_limit": 1})
    form = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    assert (await ask(grant_type="client_credentials", **form))[0] == 200
    refused = {"error": "rate_limit_exceeded", "error_description": "logins exceeded"}
    assert await ask(grant_type="client_credentials", **form) == (400, refused)
    assert await ask(grant_type=ASSERTION, assertion=sign()) == (400, refused)
    await control("POST /clock", {"advance": 3600})
    assert (await ask(grant_type=ASSERTION, assertion=sign()))[0] == 200


PROOF = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def test_signature_instead_of_secret(ask: Ask, sign: Callable[..., str], app: dict[str, Any]) -> None:
    """An app proves itself by signing for the token endpoint; what is not its own, or too old, does not count."""
    right = {"sub": app["consumer_key"], "aud": f"https://{PRODUCTION}/services/oauth2/token"}
    form = {"grant_type": "client_credentials", "client_assertion_type": PROOF}
    status, found = await ask(**form, client_assertion=sign(**right))
    assert (status, found["token_type"]) == (200, "Bearer")
    refused = {"error": "invalid_client", "error_description": "invalid client credentials"}
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.PKCS8
    key = stranger.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
    for wrong in (sign(**right, exp=1), sign(**{**right, "aud": "https://example.com"}), sign(key=key, **right)):
        assert await ask(**form, client_assertion=wrong) == (400, refused)
