"""Calls to the REST API: one token per account, kept until it dies, replaced once, and never in an address."""

import asyncio

import pytest

from syncline.errors import ProviderError, RejectedError, ThrottledError, UnreachableError
from syncline.providers.port import Providers
from tests.providers.marketo.instance import DESCRIBE, TOKEN, account_at, fault, fine, token
from tests.providers.stub import Stub, providers_for


async def test_the_token_is_fetched_once_and_sent_in_the_header(providers: Providers, stub: Stub) -> None:
    """The secret in a form, nothing in an address."""
    stub.on(TOKEN, token("t1:int"))
    stub.on(DESCRIBE, fine())
    account = account_at(stub.origin)
    await asyncio.gather(*(providers.target.fields(account) for _ in range(5)))
    assert stub.paths().count(TOKEN) == 1
    assert stub.heard[0].form == {
        "grant_type": "client_credentials",
        "client_id": "cl1ent",
        "client_secret": "s3cret",
    }
    assert {call.headers["Authorization"] for call in stub.heard[1:]} == {"Bearer t1:int"}
    assert all("t1" not in str(call.query) and "s3cret" not in str(call.query) for call in stub.heard)


@pytest.mark.parametrize("code", ["601", "602"])
async def test_a_dead_token_is_replaced_once(providers: Providers, stub: Stub, code: str) -> None:
    """And the call made again."""
    stub.on(TOKEN, token("t1"), token("t2"))
    stub.on(DESCRIBE, fault(code), fine())
    assert await providers.target.fields(account_at(stub.origin)) == []
    assert [call.headers.get("Authorization") for call in stub.heard] == [None, "Bearer t1", None, "Bearer t2"]


async def test_a_token_that_is_refused_twice_is_an_outage(providers: Providers, stub: Stub) -> None:
    """Not an endless loop."""
    stub.on(TOKEN, token())
    stub.on(DESCRIBE, fault("601"))
    with pytest.raises(UnreachableError):
        await providers.target.fields(account_at(stub.origin))
    assert stub.paths().count(DESCRIBE) == 2


async def test_many_calls_with_one_dead_token_fetch_one_new_one(providers: Providers, stub: Stub) -> None:
    """Whoever comes late takes what the first has fetched."""
    stub.on(TOKEN, token("t1"), token("t2"), token("t3"))
    stub.on(DESCRIBE, *[fault("602")] * 3, fine())
    account = account_at(stub.origin)
    await asyncio.gather(*(providers.target.fields(account) for _ in range(3)))
    assert stub.paths().count(TOKEN) == 2


async def test_a_token_that_has_run_out_is_not_sent(providers: Providers, stub: Stub) -> None:
    """Its life is what is left of it, not an hour."""
    stub.on(TOKEN, token("t1", expires_in=0), token("t2"))
    stub.on(DESCRIBE, fine())
    account = account_at(stub.origin)
    await providers.target.fields(account)
    await providers.target.fields(account)
    assert [call.headers["Authorization"] for call in stub.heard if call.path == DESCRIBE] == ["Bearer t1", "Bearer t2"]


async def test_a_new_secret_does_not_ride_on_the_old_ones_token(providers: Providers, stub: Stub) -> None:
    """Or a wrong secret would look right."""
    stub.on(TOKEN, token("t1"), (401, {"error": "invalid_client"}))
    stub.on(DESCRIBE, fine())
    await providers.target.fields(account_at(stub.origin))
    with pytest.raises(RejectedError) as caught:
        await providers.target.fields(account_at(stub.origin, "0ther"))
    assert caught.value.code == "marketo.wrong_credentials"
    assert "0ther" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, b""), RejectedError),
        ((400, {"error": "unauthorized"}), RejectedError),
        ((500, b""), UnreachableError),
        ((200, b"<html>"), UnreachableError),
        ((200, {"access_token": "a"}), UnreachableError),
        ((200, {"access_token": None, "expires_in": 3}), UnreachableError),
        ((302, b""), UnreachableError),
    ],
)
async def test_what_the_identity_endpoint_may_say(
    providers: Providers, stub: Stub, answer: tuple[int, object], kind: type[ProviderError]
) -> None:
    """Wrong credentials, or an outage."""
    stub.on(TOKEN, answer)
    with pytest.raises(kind):
        await providers.target.fields(account_at(stub.origin))


async def test_the_daily_quota_throttles(providers: Providers, stub: Stub) -> None:
    """Until midnight at the latest."""
    stub.on(TOKEN, token())
    stub.on(DESCRIBE, fault("607", "Daily quota reached"))
    with pytest.raises(ThrottledError) as caught:
        await providers.target.fields(account_at(stub.origin))
    assert 0 < (caught.value.retry_after or 0) <= 86_400


async def test_calls_keep_to_the_configured_concurrency(stub: Stub) -> None:
    """Over all accounts of an instance."""
    stub.on(TOKEN, token())
    stub.on(DESCRIBE, fine())
    async with providers_for(stub.origin, target_concurrency=1, target_rate=1000) as providers:
        api = providers.target._api  # type: ignore[attr-defined]
        first, second = account_at(stub.origin), account_at(stub.origin, "0ther")
        assert api._pace(first) is api._pace(second)
        await asyncio.gather(*(providers.target.fields(account) for account in (first, second) * 3))
    assert stub.paths().count(DESCRIBE) == 6
