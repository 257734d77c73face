"""The identity endpoint: who gets a token, for how long, and who does not."""

import pytest

from syncline_sim.world import World
from tests.sim.marketo.conftest import CREDENTIALS, ApiUser, codes

TOKEN = "/identity/oauth/token"


async def test_token_lifetime(world: World, user: ApiUser) -> None:
    """A token stays the same until it has expired."""
    first = await (await user.client.post(TOKEN, data=CREDENTIALS)).json()
    world.advance(3000)
    later = await (await user.client.get(TOKEN, params=CREDENTIALS)).json()
    assert later["access_token"] == first["access_token"]
    assert 0 < later["expires_in"] <= 599
    world.advance(600)
    fresh = await (await user.client.get(TOKEN, params=CREDENTIALS)).json()
    assert fresh["access_token"] != first["access_token"]
    assert fresh["token_type"] == "bearer"
    assert fresh["scope"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"client_id": "nobody"}, "unauthorized", "nobody"),
        ({"client_secret": "wrong"}, "invalid_client", "Bad client credentials"),
    ],
)
async def test_wrong_credentials(user: ApiUser, change: dict[str, str], error: str, words: str) -> None:
    """Wrong credentials are told apart."""
    response = await user.client.get(TOKEN, params={**CREDENTIALS, **change})
    document = await response.json()
    assert response.status == 401
    assert document["error"] == error
    assert words in document["error_description"]


async def test_grant_type(user: ApiUser) -> None:
    """Only client credentials are a way in."""
    response = await user.client.get(TOKEN, params={**CREDENTIALS, "grant_type": "password"})
    assert response.status == 400


async def test_tokens_of_calls(world: World, user: ApiUser) -> None:
    """No token is 603, as it has been since 2022, an unknown one 601, an expired one 602."""
    good, path = user.headers, "/rest/v1/leads/describe.json"
    user.headers = {}
    assert codes(await user.get(path)) == ["603"]
    user.headers = {"Authorization": "Bearer nonsense"}
    assert codes(await user.get(path)) == ["601"]
    user.headers = good
    world.advance(3600)
    assert codes(await user.get(path)) == ["602"]
    await user.authenticate()
    assert (await user.get(path))["success"]
