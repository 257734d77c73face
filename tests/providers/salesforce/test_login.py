"""The login against a token endpoint that answers whatever may come."""

import socket
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from pydantic import SecretStr

from syncline.errors import (
    GrantLostError,
    InputError,
    ProviderError,
    RejectedError,
    ThrottledError,
    UnreachableError,
)
from syncline.providers.port import Grant, Providers
from tests.providers.salesforce.org import ORG, REDIRECT, TOKEN, USER, app_at, refusal, token_reply
from tests.providers.stub import Stub, providers_for

CODE, VERIFIER, REFRESH = SecretStr("c0de"), SecretStr("v" * 43), SecretStr("r3fresh")


async def _exchange(providers: Providers, stub: Stub) -> Grant:
    return await providers.source.exchange(app_at(stub.origin), code=CODE, verifier=VERIFIER)


async def _refresh(providers: Providers, stub: Stub) -> Grant:
    return await providers.source.refresh(app_at(stub.origin), REFRESH)


async def test_the_browser_is_sent_with_state_challenge_and_least_scopes(providers: Providers, stub: Stub) -> None:
    """And with the redirect URI byte for byte."""
    url = urlsplit(providers.source.authorize_url(app_at(stub.origin), state="st4te&=", challenge="ch4llenge"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{stub.origin}/services/oauth2/authorize"
    assert dict(parse_qsl(url.query)) == {
        "response_type": "code",
        "client_id": "k3y",
        "redirect_uri": REDIRECT,
        "scope": "api refresh_token id",
        "state": "st4te&=",
        "code_challenge": "ch4llenge",
        "code_challenge_method": "S256",
        "prompt": "login",
    }


async def test_no_url_is_made_for_a_host_that_is_not_allowed(providers: Providers) -> None:
    """Also when it got past the form."""
    with pytest.raises(InputError):
        providers.source.authorize_url(app_at("https://evil.example"), state="s", challenge="c")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal("invalid_client_id", "client identifier invalid"), "salesforce.wrong_key"),
        (refusal("invalid_client", "invalid client credentials"), "salesforce.wrong_secret"),
        (refusal("redirect_uri_mismatch"), "salesforce.redirect_mismatch"),
        (refusal("OAUTH_APP_BLOCKED"), "salesforce.app_blocked"),
        (refusal("brand_new", "words"), "salesforce.unknown_refusal"),
    ],
)
async def test_a_probe_says_what_is_wrong(providers: Providers, stub: Stub, answer: object, code: str) -> None:
    """Before anybody logs in."""
    stub.on(TOKEN, (400, answer))
    with pytest.raises(RejectedError) as caught:
        await providers.source.probe(app_at(stub.origin))
    assert caught.value.code == code


async def test_a_probe_is_content_when_only_the_code_is_refused(providers: Providers, stub: Stub) -> None:
    """Salesforce looks at the client first."""
    stub.on(TOKEN, (400, refusal("invalid_grant", "invalid authorization code")))
    await providers.source.probe(app_at(stub.origin))
    assert stub.heard[0].form["redirect_uri"] == REDIRECT


@pytest.mark.case("oauth", 15)
@pytest.mark.parametrize(
    ("status", "document", "promised"),
    [
        (200, {"issuer": "x", "authorization_response_iss_parameter_supported": True}, True),
        (200, {"issuer": "x", "authorization_response_iss_parameter_supported": False}, False),
        (200, {"issuer": "x", "authorization_response_iss_parameter_supported": "true"}, False),
        (200, {"issuer": "x"}, False),
        (200, [], False),
        (404, b"", False),
    ],
)
async def test_a_probe_answers_whether_logins_name_their_issuer(
    providers: Providers, stub: Stub, status: int, document: object, *, promised: bool
) -> None:
    """As the login host's own description says (RFC 9207 §3)."""
    stub.on(TOKEN, (400, refusal("invalid_grant", "invalid authorization code")))
    stub.on("/.well-known/openid-configuration", (status, document))
    assert await providers.source.probe(app_at(stub.origin)) is promised
    assert stub.heard[-1].query == {}


@pytest.mark.case("oauth", 15)
@pytest.mark.parametrize(("status", "document"), [(503, b""), (500, b"<html>"), (429, b""), (200, b"<html>")])
async def test_a_promise_that_cannot_be_read_is_asked_for_again(
    providers: Providers, stub: Stub, status: int, document: object
) -> None:
    """Nobody makes a promise away by an outage."""
    stub.on(TOKEN, (400, refusal("invalid_grant", "invalid authorization code")))
    stub.on("/.well-known/openid-configuration", (status, document))
    with pytest.raises(UnreachableError):
        await providers.source.probe(app_at(stub.origin))


async def test_a_code_becomes_a_grant(providers: Providers, stub: Stub) -> None:
    """With org and user from the signed part."""
    stub.on(TOKEN, (200, token_reply(stub.origin)))
    grant = await _exchange(providers, stub)
    assert grant.access_token.get_secret_value() == "00DHs0000000001!acc3ss"
    assert grant.refresh_token == REFRESH
    assert (grant.org_id, grant.user_id) == (ORG, USER)
    assert (grant.instance_url, grant.identity_url) == (stub.origin, f"{stub.origin}/id/{ORG}/{USER}")
    assert (grant.issued_at, grant.scopes) == (1795509639961000, ("refresh_token", "api", "id"))


@pytest.mark.case("oauth", 29)
@pytest.mark.case("oauth", 34)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"signature": "AAAA"}, "salesforce.bad_signature"),
        ({"signature": None}, "salesforce.bad_signature"),
        ({"id": "https://login.salesforce.com/id/00D/005"}, "salesforce.bad_signature"),
        ({"issued_at": "now"}, "salesforce.bad_signature"),
        ({"instance_url": "https://evil.example"}, "salesforce.hostile_instance"),
        ({"instance_url": None}, "salesforce.hostile_instance"),
        ({"id": f"https://evil.example/id/{ORG}/{USER}"}, "salesforce.hostile_instance"),
        ({"refresh_token": None}, "salesforce.no_refresh_token"),
        ({"scope": "id refresh_token"}, "salesforce.missing_scope"),
        ({"scope": "id api"}, "salesforce.missing_scope"),
        ({"token_type": "mac"}, "salesforce.wrong_token_type"),
        ({"token_type": "DPoP"}, "salesforce.wrong_token_type"),
        ({"token_type": ""}, "salesforce.wrong_token_type"),
        ({"token_type": ["Bearer"]}, "salesforce.wrong_token_type"),
    ],
)
async def test_a_grant_of_no_use_is_refused(
    providers: Providers, stub: Stub, change: dict[str, str | list[str] | None], code: str
) -> None:
    """Each with its own reason, and without the token in it."""
    stub.on(TOKEN, (200, token_reply(stub.origin, **change)))
    with pytest.raises(RejectedError) as caught:
        await _exchange(providers, stub)
    assert caught.value.code == code
    assert "acc3ss" not in str(caught.value)


@pytest.mark.parametrize("type_", ["bearer", "BEARER", None])
async def test_a_bearer_token_is_one_in_any_letters(providers: Providers, stub: Stub, type_: str | None) -> None:
    """RFC 6749 §5.1; older replies of Salesforce do not name the type."""
    stub.on(TOKEN, (200, token_reply(stub.origin, token_type=type_)))
    assert (await _exchange(providers, stub)).refresh_token == REFRESH


async def test_a_refresh_answers_the_rotated_token_or_none(providers: Providers, stub: Stub) -> None:
    """Who keeps tokens has to know which."""
    stub.on(
        TOKEN, (200, token_reply(stub.origin, refresh_token="n3w")), (200, token_reply(stub.origin, refresh_token=None))
    )
    rotated, kept = await _refresh(providers, stub), await _refresh(providers, stub)
    assert rotated.refresh_token == SecretStr("n3w")
    assert kept.refresh_token is None


@pytest.mark.parametrize(
    ("status", "answer", "kind", "code"),
    [
        (400, refusal("invalid_grant", "expired access/refresh token"), GrantLostError, "salesforce.grant_lost"),
        (400, refusal("invalid_grant", "token validity expired"), GrantLostError, "salesforce.grant_lost"),
        (400, refusal("invalid_grant", "authentication failure"), GrantLostError, "salesforce.grant_lost"),
        (400, refusal("inactive_user", "user is inactive"), GrantLostError, "salesforce.inactive_user"),
        (400, refusal("invalid_client", "invalid client credentials"), GrantLostError, "salesforce.wrong_secret"),
        (400, refusal("OAUTH_APP_BLOCKED"), GrantLostError, "salesforce.app_blocked"),
        (400, refusal("invalid_grant", "expired authorization code"), UnreachableError, "salesforce.refresh_collision"),
        (400, refusal("invalid_grant", "IP restricted"), UnreachableError, "salesforce.ip_restricted"),
        (400, refusal("rate_limit_exceeded"), ThrottledError, "salesforce.login_rate_exceeded"),
        (503, refusal("service_unavailable"), UnreachableError, "salesforce.unreachable"),
        (429, b"slow down", UnreachableError, "salesforce.unreachable"),
    ],
)
async def test_a_refused_refresh_spent_nothing_and_says_why(
    providers: Providers, stub: Stub, status: int, answer: object, kind: type[ProviderError], code: str
) -> None:
    """Dead for good, or to be tried again."""
    stub.on(TOKEN, (status, answer))
    with pytest.raises(kind) as caught:
        await _refresh(providers, stub)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert not getattr(caught.value, "reply_lost", False)


@pytest.mark.parametrize(
    ("status", "answer"), [(200, b"<html>"), (200, b"{}"), (500, b""), (502, b"<html>"), (302, b""), (404, b"")]
)
async def test_an_answer_that_says_nothing_may_have_spent_the_token(
    providers: Providers, stub: Stub, status: int, answer: bytes
) -> None:
    """For a code as for a refresh token."""
    stub.on(TOKEN, (status, answer))
    for verb in (_exchange, _refresh):
        with pytest.raises(UnreachableError) as caught:
            await verb(providers, stub)
        assert (caught.value.code, caught.value.reply_lost) == ("salesforce.unreachable", True)


@pytest.mark.case("oauth", 31)
async def test_a_redirect_from_the_token_endpoint_gets_no_secret(providers: Providers, stub: Stub) -> None:
    """It is not followed."""
    stub.on(TOKEN, lambda: aiohttp.web.Response(status=307, headers={"Location": f"{stub.origin}/thief"}))
    with pytest.raises(UnreachableError):
        await _exchange(providers, stub)
    assert stub.paths() == [TOKEN]


async def test_retry_after_is_handed_on(providers: Providers, stub: Stub) -> None:
    """In seconds."""
    stub.on(TOKEN, lambda: aiohttp.web.Response(status=503, headers={"Retry-After": "7"}))
    with pytest.raises(UnreachableError) as caught:
        await _refresh(providers, stub)
    assert caught.value.retry_after == 7


async def test_a_server_that_is_not_there_has_spent_nothing() -> None:
    """Law 7: the intent can be taken back."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{free.getsockname()[1]}"
        async with providers_for(origin) as providers:
            with pytest.raises(UnreachableError) as caught:
                await providers.source.refresh(app_at(origin), REFRESH)
    assert not caught.value.reply_lost


@pytest.mark.parametrize(
    "answer", [(200, b""), (400, refusal("invalid_token")), (400, refusal("unsupported_token_type"))]
)
async def test_a_dead_token_counts_as_revoked(providers: Providers, stub: Stub, answer: tuple[int, object]) -> None:
    """Disconnecting ends."""
    stub.on("/services/oauth2/revoke", answer)
    await providers.source.revoke(app_at(stub.origin), REFRESH)
    assert stub.heard[0].form["token"] == "r3fresh"


async def test_a_revocation_that_failed_says_so(providers: Providers, stub: Stub) -> None:
    """Or a live token would be believed dead."""
    stub.on("/services/oauth2/revoke", (500, b""), (400, refusal("invalid_client")))
    with pytest.raises(UnreachableError):
        await providers.source.revoke(app_at(stub.origin), REFRESH)
    with pytest.raises(RejectedError):
        await providers.source.revoke(app_at(stub.origin), REFRESH)
