"""The end of a token as a page's script tag asks for it."""

from typing import Any

import aiohttp
import pytest

from tests.sim.person import Person


async def test_callback(person: Person, app: dict[str, Any], http: aiohttp.ClientSession) -> None:
    """The answer is a call of the named function, also when the token is not known; the status says nothing."""
    token = (await person.grant(app))["access_token"]
    url = person.salesforce / "services/oauth2/revoke"
    expected = ("page.done({});", 'page.done({"error":"invalid_token","error_description":"invalid token"});')
    for text in expected:
        async with http.get(url, params={"token": token, "callback": "page.done"}) as response:
            assert (response.status, response.content_type) == (200, "text/javascript")
            assert await response.text() == text
    assert (await person.get("/services/data/v67.0/limits", token))[0] == 401


@pytest.mark.parametrize("name", ["alert(1)//", "<script>", "1a", "a" * 101])
async def test_no_name(person: Person, http: aiohttp.ClientSession, name: str) -> None:
    """What is no name of a function is not repeated."""
    async with http.get(person.salesforce / "services/oauth2/revoke", params={"callback": name}) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")
