"""The callback at its edges: odd letters, odd visitors, odd headers, and a starter who has lost the role."""

from collections.abc import Iterable

import aiohttp
import msgspec
import pytest

from syncline.config import CALLBACK_PATH
from syncline.store.access import ApiKey, Role, keys
from syncline.store.transaction import Transaction
from syncline.web import logins
from tests.web.arrivals import Before

#: Generated in numbers: right, and too many for the quick lane.
pytestmark = pytest.mark.slow

#: NUL, the end of a line, bytes that are no UTF-8, an overlong slash, half of a surrogate pair, a letter that is not
#: ASCII, and 64 kB.
ODD = ["%00", "a%00b", "a%0d%0aSet-Cookie:%20x=y", "%ff%fe", "%c0%af", "%ed%a0%80", "%c3%a9", "x" * 65536]


@pytest.mark.case("oauth", 8)
@pytest.mark.parametrize("role", ["viewer", "auditor"])
async def test_starter_has_lost_the_role(before: Before, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    """What counts is what they may do when the login comes back, not when it left."""

    def demoted(tx: Transaction) -> Iterable[ApiKey]:
        return [msgspec.structs.replace(key, role=role) for key in keys(tx)]

    with monkeypatch.context() as patch:
        patch.setattr(logins, "keys", demoted)
        answer = await before.doors.come_back(state=before.state, code="c")
    await before.refused(answer, "login.starter_left", status=403)
    before.seq += 1
    await before.still_works()


@pytest.mark.case("oauth", 12)
@pytest.mark.parametrize("agent", ["Slackbot-LinkExpanding 1.0", "Mozilla/5.0 (compatible; SafeLinks)"])
async def test_link_preview_consumes_nothing(before: Before, agent: str) -> None:
    """A messenger or a mail filter that opens the address has no cookie of the browser; the person still gets in."""
    url = before.doors.client.make_url(f"{CALLBACK_PATH}?state={before.state}&code=c")
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as bot,
        bot.get(url, headers={"User-Agent": agent}, allow_redirects=False) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json(content_type=None))["code"] == "login.other_browser"
    await before.untouched(rows=1)
    await before.still_works()


@pytest.mark.case("oauth", 28)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:24])
@pytest.mark.parametrize("name", ["state", "code", "error", "iss"])
async def test_odd_letters(before: Before, name: str, odd: str) -> None:
    """In every parameter that has to be plain: refused by name, or not even read; the right answer still gets in."""
    rest = {"state": "code=c", "code": f"state={before.state}", "error": f"state={before.state}"}
    answer = await before.doors.come_back(raw=f"{name}={odd}&{rest.get(name, f'state={before.state}&code=c')}")
    assert answer.status == 400
    assert odd not in answer.text
    if len(odd) > 1000:
        await before.untouched()
    elif name == "state":
        assert answer.code == "login.unknown_state"
        await before.untouched()
    else:
        await before.refused(answer, "login.malformed")
        before.seq += 1
    await before.still_works()


@pytest.mark.case("oauth", 28)
@pytest.mark.parametrize("odd", ODD[:-1])
async def test_odd_letters_in_a_description(before: Before, odd: str) -> None:
    """These are words for a person: they are taken, without what cannot be printed."""
    answer = await before.doors.come_back(raw=f"state={before.state}&error=access_denied&error_description=why{odd}")
    assert answer.status == 303
    shown = (await before.doors.ask("GET", f"/api/integrations/{before.id}")).json["blocked_by"]["detail"]
    assert "why" in shown
    assert shown.isprintable()


@pytest.mark.case("oauth", 20)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81"},
        {"Forwarded": 'host=evil.example;proto=http;for="[2001:db8::1]"'},
        {"X-Forwarded-Prefix": "/evil.example", "X-Original-URL": "/evil.example", "X-Rewrite-URL": "/evil.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_headers_move_no_address(before: Before, headers: dict[str, str]) -> None:
    """Neither where the source sends the browser back to, nor where that leads on, nor what is shown to be copied."""
    path = f"/api/integrations/{before.id}"
    plain = (await before.doors.ask("GET", path)).json["source"]["redirect_uri"]
    assert (await before.doors.ask("GET", path, headers=headers)).json["source"]["redirect_uri"] == plain
    sent = await before.doors.ask("POST", f"{path}/events", body={"type": "login.started"}, headers=headers)
    assert "evil" not in sent.text
    assert "redirect_uri=https%3A%2F%2Fsync.example.com%2F" in sent.json["authorize_url"]
    back = await before.doors.ask("GET", f"{CALLBACK_PATH}?state={before.state}&code=c", role=None, headers=headers)
    assert (back.status, back.headers["Location"]) == (303, f"/i/{before.id}")
