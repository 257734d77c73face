"""The OAuth client: what goes over the wire, what comes back, and the private hooks of Authlib it hangs on."""

import inspect
from collections.abc import AsyncIterator

import aiohttp
import pytest
from authlib.oauth2 import client as authlib_client
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from syncline import oauth
from syncline.oauth import OAuthClient, Refusal, Tokens
from syncline.wire import Wire, WireError
from tests.providers.stub import Stub, stub_server

KEY, SECRET = SecretStr("k3y"), SecretStr("s3cret+/=&%")
PATH = "/token"


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A token endpoint."""
    async with stub_server() as made:
        yield made


@pytest.fixture
async def client() -> AsyncIterator[OAuthClient]:
    """The client under test."""
    async with aiohttp.ClientSession() as http:
        yield OAuthClient(Wire(http, 2), KEY, SECRET)


async def _exchange(client: OAuthClient, stub: Stub) -> Tokens | Refusal:
    return await client.exchange(
        stub.origin + PATH,
        code=SecretStr("c0de"),
        verifier=SecretStr("v" * 43),
        redirect_uri="https://x.example/cb?a=b",
    )


def test_the_hooks_of_authlib_are_still_there() -> None:
    """They are private: when a release renames one, this test says so before a login fails."""
    for name in ("_fetch_token", "_refresh_token", "_http_post"):
        assert name in vars(authlib_client.OAuth2Client)
        parameters = inspect.signature(vars(authlib_client.OAuth2Client)[name]).parameters
        assert {"url", "body", "headers", "auth"} <= set(parameters), name


async def test_a_code_is_exchanged_with_its_verifier(client: OAuthClient, stub: Stub) -> None:
    """RFC 6749 §4.1.3 and RFC 7636 §4.5, the client's secret in the body."""
    stub.on(PATH, (200, {"access_token": "a", "token_type": "Bearer", "extra": "e"}))
    answer = await _exchange(client, stub)
    assert isinstance(answer, Tokens)
    assert answer.document == {"access_token": "a", "token_type": "Bearer", "extra": "e"}
    assert stub.heard[0].form == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "code_verifier": "v" * 43,
        "redirect_uri": "https://x.example/cb?a=b",
        "client_id": "k3y",
        "client_secret": "s3cret+/=&%",
    }
    assert (stub.heard[0].method, stub.heard[0].query) == ("POST", {})
    assert "Authorization" not in stub.heard[0].headers


async def test_a_refresh_sends_the_token_and_no_scope(client: OAuthClient, stub: Stub) -> None:
    """RFC 6749 §6; a refresh without a new refresh token does not invent one."""
    stub.on(PATH, (200, {"access_token": "b"}))
    answer = await client.refresh(stub.origin + PATH, SecretStr("r3fresh"))
    assert isinstance(answer, Tokens)
    assert answer.document == {"access_token": "b"}
    assert stub.heard[0].form == {
        "grant_type": "refresh_token",
        "refresh_token": "r3fresh",
        "client_id": "k3y",
        "client_secret": "s3cret+/=&%",
    }


async def test_a_revocation_is_a_post_of_the_token(client: OAuthClient, stub: Stub) -> None:
    """RFC 7009 §2.1; an empty 200 is success."""
    stub.on("/revoke", (200, b""), (400, {"error": "invalid_token", "error_description": "gone"}))
    assert await client.revoke(stub.origin + "/revoke", SecretStr("t")) is None
    assert await client.revoke(stub.origin + "/revoke", SecretStr("t")) == Refusal(400, "invalid_token", "gone")
    assert stub.heard[0].form["token"] == "t"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b'{"error": "invalid_grant", "error_description": "d"}', Refusal(400, "invalid_grant", "d")),
        (200, b'{"error": "invalid_grant"}', Refusal(200, "invalid_grant", "")),
        (401, b'{"error": null}', Refusal(401, "", "")),
        (502, b"<html>Bad gateway</html>", Refusal(502, "", "")),
        (500, b"[1]", Refusal(500, "", "")),
        (302, b"", Refusal(302, "", "")),
    ],
)
async def test_a_no_is_data(client: OAuthClient, stub: Stub, status: int, body: bytes, expected: Refusal) -> None:
    """Whatever its form."""
    stub.on(PATH, (status, body))
    assert await _exchange(client, stub) == expected
    assert await client.refresh(stub.origin + PATH, SecretStr("r")) == expected


@pytest.mark.case("oauth", 35)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
async def test_a_no_does_not_repeat_what_was_sent(stub: Stub, status: int) -> None:
    """In whatever status it comes, and for each verb."""
    secrets = {name: SecretStr(f"canary/{name}+==") for name in ("secret", "code", "verifier", "token")}

    def echo() -> aiohttp.web.Response:
        heard = stub.heard[-1]
        told = {"error": heard.body.decode(), "error_description": list(heard.form.values())}
        return aiohttp.web.json_response(told, status=status)

    stub.on(PATH, echo)
    async with aiohttp.ClientSession() as http:
        client = OAuthClient(Wire(http, 2), KEY, secrets["secret"])
        refusals = [
            await client.exchange(
                stub.origin + PATH, code=secrets["code"], verifier=secrets["verifier"], redirect_uri="https://x.example"
            ),
            await client.refresh(stub.origin + PATH, secrets["token"]),
            *([await client.revoke(stub.origin + PATH, secrets["token"])] if status != 200 else []),
        ]
    assert len(stub.heard) == len(refusals)
    for refusal in refusals:
        assert isinstance(refusal, Refusal)
        assert "[redacted]" in refusal.error
        assert "[redacted]" in refusal.description
        assert "canary" not in f"{refusal.error} {refusal.description}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"access_token": 7}', b'{"access_token": ""}'])
async def test_a_yes_without_a_token_is_a_lost_reply(client: OAuthClient, stub: Stub, body: bytes) -> None:
    """The server may well have spent what was sent."""
    stub.on(PATH, (200, body))
    with pytest.raises(WireError) as caught:
        await _exchange(client, stub)
    assert caught.value.sent


async def test_each_verb_sends_one_request_only(client: OAuthClient, stub: Stub) -> None:
    """No retry, no redirect, no automatic refresh."""
    stub.on(PATH, lambda: aiohttp.web.Response(status=307, headers={"Location": "/elsewhere"}))
    await _exchange(client, stub)
    await client.refresh(stub.origin + PATH, SecretStr("r"))
    await client.revoke(stub.origin + PATH, SecretStr("r"))
    assert stub.paths() == [PATH] * 3


async def test_nothing_of_one_client_reaches_another(stub: Stub) -> None:
    """Authlib hands out a dictionary of headers that belongs to its module; ours must not write into it."""
    before = dict(authlib_client.DEFAULT_HEADERS)
    stub.on(PATH, (200, {"access_token": "a"}))
    async with aiohttp.ClientSession() as http:
        await _exchange(OAuthClient(Wire(http, 2), KEY, SECRET), stub)
    assert before == authlib_client.DEFAULT_HEADERS


def test_the_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636, appendix B."""
    assert (
        oauth.challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_verifiers_and_states_are_long_and_never_the_same() -> None:
    """43 letters of RFC 7636 §4.1 at least."""
    pairs = {oauth.make_pkce().verifier.get_secret_value() for _ in range(100)}
    states = {oauth.make_state().get_secret_value() for _ in range(100)}
    assert len(pairs) == len(states) == 100
    assert all(len(text) >= 43 and text.replace("-", "").replace("_", "").isalnum() for text in pairs | states)


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", min_size=43, max_size=128))
def test_a_challenge_never_is_the_verifier(verifier: str) -> None:
    """S256, never plain."""
    made = oauth.challenge(verifier)
    assert made != verifier
    assert len(made) == 43
    assert "=" not in made


def test_no_repr_shows_a_secret() -> None:
    """Tokens, verifiers, client secrets."""
    assert "t0ken" not in repr(Tokens({"access_token": "t0ken"}))
    made = oauth.make_pkce()
    assert made.verifier.get_secret_value() not in repr(made)
