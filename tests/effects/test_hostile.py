"""Code exchange and refresh against a hostile authorization server, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from syncline.config import Settings
from syncline.core.brought import Document
from syncline.core.documents import SETTINGS, SettingsDocument
from syncline.core.event import Actor
from syncline.credentials import (
    ACCESS_TOKEN,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    REFRESH_TOKEN,
    VERIFIER,
    open_safe,
    open_secrets,
)
from syncline.effects.session import open_session
from syncline.effects.work import Errand
from syncline.errors import GrantLostError
from syncline.providers import connect
from syncline.providers.port import Providers
from syncline.store.transaction import Transaction
from tests.effects.world import ID, World, build
from tests.hostile import ACCESS, GIGABYTE, MISBEHAVIOURS, REFRESH, Hostile, hostile_server

#: Generated in numbers: right, and too many for the quick lane.
pytestmark = pytest.mark.slow

EXCHANGING, FAILED = "credentials_saved.exchanging_code", "credentials_saved.login_failed"
LOST = "reauthorization_required.awaiting_person"
SECRET = "canary/consumer+secret=="
PLANTED = (SECRET, "the-code", "the-verifier", ACCESS, REFRESH)
EFFECT = Actor("effect", "in_1.0.0")

#: What an exchange comes to: the problem that is shown, or '' where the login succeeds.
EXCHANGED = {
    **dict.fromkeys(MISBEHAVIOURS, "login.reply_lost"),
    "names a strange instance": "salesforce.hostile_instance",
    "names a strange instance behind a name": "salesforce.hostile_instance",
    "names an instance without encryption": "salesforce.hostile_instance",
    "names no instance": "salesforce.hostile_instance",
    "names a strange identity service": "salesforce.hostile_instance",
    "does not sign": "salesforce.bad_signature",
    "signs something else": "salesforce.bad_signature",
    "gives a token of another type": "salesforce.wrong_token_type",
    "gives no refresh token": "salesforce.no_refresh_token",
    "gives fewer scopes": "salesforce.missing_scope",
    "gives more scopes": "",
    "echoes the request in its scopes": "",
    "answers for another org": "",  # Nobody has confirmed one yet: a person will see which it is.
    "answers for another user": "",
    "says that the token has expired": "salesforce.grant_lost",
    "echoes the request": "salesforce.unknown_refusal",
    "echoes the request with 200": "salesforce.unknown_refusal",
    "echoes the request with 500": "salesforce.unknown_refusal",
}
#: The same of a refresh, where nothing is needed but another access token of the same org and user.
REFRESHED = {name: code.replace("login.reply_lost", "grant.reply_lost") for name, code in EXCHANGED.items()} | {
    "gives no refresh token": "",
    "answers for another org": "identity.wrong_org",
    "answers for another user": "identity.wrong_user",
}


@pytest.fixture
async def server() -> AsyncIterator[Hostile]:
    """The hostile server, and another one that it leads to."""
    async with hostile_server() as thief, hostile_server() as server:
        server.thief = thief.origin
        yield server
        assert thief.connections == 0, "somebody went where the hostile server had pointed"


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """How long an answer is waited for, in seconds: short only where none comes, since a busy machine stands still."""
    called = getattr(request.node, "callspec", None)
    return 1 if called and called.params.get("misbehaviour") == "hangs" else 20


@pytest.fixture
async def world(tmp_path: Path, server: Hostile, patience: float) -> AsyncIterator[World]:
    """A world whose source is the real one, at the hostile server, with a code that is about to be exchanged."""
    made = await build(tmp_path)
    made.configure(http_timeout=patience)
    async with aiohttp.ClientSession() as http:
        real = connect(http, Settings(allow_hosts=(server.origin,), http_timeout=patience))
        made.tools = replace(made.tools, providers=Providers(real.source, made.target))
        await made.create()
        await made.say("app.registered")
        safe = await open_safe(made.store, made.vault, ID)
        key, secret = safe.seal(CONSUMER_KEY, SecretStr("key")), safe.seal(CONSUMER_SECRET, SecretStr(SECRET))
        settings = Document(SETTINGS, SettingsDocument(server.origin, "https://target.example"))
        await made.say("credentials.saved", key, secret, settings)
        await made.run()
        await made.login()
        yield made
    await made.close()


async def told(world: World) -> str:
    """Answer all that the log, the effects and the documents say."""
    rows = [str(row) for row in await world.log()]
    effects = [str(effect) for effect in await world.effects()]
    return "\n".join([*rows, *effects, json.dumps(await world.documents())])


async def keep_silent(world: World, server: Hostile) -> None:
    """Hold that no secret is in what can be read, and that no token was sent as a bearer's."""
    text = await told(world)
    assert [secret for secret in PLANTED if secret in text] == []
    assert not [call for call in server.heard if b"bearer" in call.raw.lower()]


def test_every_misbehaviour_has_its_expectation() -> None:
    """A new one without a word about what it comes to would be no test."""
    assert set(EXCHANGED) == set(REFRESHED) == set(MISBEHAVIOURS)


@pytest.mark.case("oauth", 29)
@pytest.mark.case("oauth", 31)
@pytest.mark.case("oauth", 33)
@pytest.mark.case("oauth", 34)
@pytest.mark.case("oauth", 35)
@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
async def test_an_exchange_with_a_hostile_server(world: World, server: Hostile, misbehaviour: str) -> None:
    """Each ends in its own named failure, with one request, no token kept, and nothing said to anybody."""
    server.misbehaviour = misbehaviour
    assert await world.state() == EXCHANGING
    await world.run()
    now, code = await world.now(), EXCHANGED[misbehaviour]
    assert (now.state, now.context.problem) == (FAILED if code else "authorized.checking", code)
    assert ("access_token" in await world.secrets()) == (not code)
    assert not {"code", "verifier"} & await world.secrets()
    assert len(server.token_requests()) == 1
    assert server.flooded < GIGABYTE // 64
    await keep_silent(world, server)


@pytest.mark.case("oauth", 29)
@pytest.mark.case("oauth", 30)
@pytest.mark.case("oauth", 31)
@pytest.mark.case("oauth", 33)
@pytest.mark.case("oauth", 34)
@pytest.mark.case("oauth", 35)
@pytest.mark.case("oauth", 38)
@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS)
async def test_a_refresh_with_a_hostile_server(world: World, server: Hostile, misbehaviour: str) -> None:
    """The grant is given up with its reason, once and for all: what may be spent is not sent again."""
    await world.run()
    server.misbehaviour = misbehaviour
    session = await open_session(world.tools, Errand(ID, EFFECT, "x"))
    dead, code = await session.access_token(), REFRESHED[misbehaviour]
    if code:
        with pytest.raises(GrantLostError):
            await session.renew(dead)
        with pytest.raises(GrantLostError):
            await session.renew(dead)
        assert (await world.state(), (await world.now()).context.problem) == (LOST, code)
        assert (await world.last()).disposition in {"transitioned", "unexpected"}
    else:
        assert await session.renew(dead) != dead
        assert (await world.log("grant.refreshed"))[-1].disposition == "handled"
    assert len(server.token_requests("refresh_token")) == 1
    assert server.flooded < GIGABYTE // 64
    await keep_silent(world, server)


@pytest.mark.case("oauth", 30)
@pytest.mark.parametrize("whose", ["org", "user"])
async def test_tokens_of_somebody_else_are_given_back(world: World, server: Hostile, whose: str) -> None:
    """A refresh that is answered for another org or user: both tokens are revoked and none is kept."""
    await world.run()
    kept = await open_secrets(world.store, world.vault, ID, ACCESS_TOKEN, REFRESH_TOKEN)
    server.misbehaviour = f"answers for another {whose}"
    session = await open_session(world.tools, Errand(ID, EFFECT, "x"))
    with pytest.raises(GrantLostError):
        await session.renew(await session.access_token())
    revoked = [call.form["token"] for call in server.heard if call.path.endswith("/revoke")]
    assert revoked == [REFRESH, f"{ACCESS}-2"]
    assert await open_secrets(world.store, world.vault, ID, ACCESS_TOKEN, REFRESH_TOKEN) == kept
    assert (await world.now()).context.generation == 1


@pytest.mark.case("oauth", 34)
async def test_scopes_that_nobody_asked_for_are_shown(world: World, server: Hostile) -> None:
    """More than needed is no reason to refuse, and no secret either."""
    server.misbehaviour = "gives more scopes"
    await world.run()
    assert (await world.documents())["grant"]["scopes"] == ["full", "web", "api", "refresh_token", "id"]


@pytest.mark.case("oauth", 18)
async def test_a_code_without_its_verifier_is_not_sent(world: World, server: Hostile) -> None:
    """Without the proof the code is of no use, and whoever gets it could use it."""

    def erase(tx: Transaction) -> None:
        tx.erase_secret(integration=ID, field=VERIFIER)

    await world.store.write(erase)
    await world.run()
    assert (await world.now()).context.problem == "login.reply_lost"
    assert server.token_requests() == []


@pytest.mark.case("oauth", 18)
async def test_a_code_goes_with_the_verifier_of_its_own_login(world: World, server: Hostile) -> None:
    """Sent once, as it was sealed, and erased with the code."""
    await world.run()
    (call,) = server.token_requests()
    assert (call.form["code"], call.form["code_verifier"]) == ("the-code", "the-verifier")
    assert not {"code", "verifier"} & await world.secrets()


@pytest.mark.case("oauth", 39)
async def test_an_old_token_is_never_sent_once_a_rotation_has_committed(world: World, server: Hostile) -> None:
    """Twenty sessions with the oldest tokens, ten rotations: each refresh token is sent once, in its turn."""
    server.rotating = True
    await world.run()
    sessions = [await open_session(world.tools, Errand(ID, Actor("effect", f"in_1.0.{n}"), "x")) for n in range(20)]
    for turn in range(1, 11):
        dead = SecretStr(f"{ACCESS}-{turn}")
        fresh = await asyncio.gather(*(session.renew(dead) for session in sessions))
        assert {token.get_secret_value() for token in fresh} == {f"{ACCESS}-{turn + 1}"}
    sent = [call.form["refresh_token"] for call in server.token_requests("refresh_token")]
    assert sent == [f"{REFRESH}-{turn}" for turn in range(1, 11)]
