"""The OAuth callback: the one answer that is awaited, and every other one, which must change nothing."""

import asyncio
from collections import Counter
from functools import partial

import pytest

from syncline import credentials
from syncline.config import CALLBACK_PATH
from syncline.store import access, effects, secrets
from syncline.web import logins, sessions
from tests.web.arrivals import Before
from tests.web.doors import Doors
from tests.web.keys import open_session


async def test_right_answer_is_taken_and_leads_to_a_clean_address(before: Before) -> None:
    """The code and the verifier are sealed, the cookie is gone, the address has neither code nor state."""
    answer = await before.doors.come_back(state=before.state, code="canary-code")
    assert (answer.status, answer.headers["Location"]) == (303, f"/i/{before.id}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not [cookie.key for cookie in before.doors.client.session.cookie_jar if "login" in cookie.key]
    site = before.doors.site
    opened = await credentials.open_secrets(site.store, site.vault, before.id, "code", "verifier")
    assert opened["code"].get_secret_value() == "canary-code"
    assert len(opened["verifier"].get_secret_value()) == 43
    row = (await before.doors.rows(before.id))[-1].row
    assert (row.type, row.actor.kind, row.actor.via) == ("login.returned", "source", "callback")
    assert "canary-code" not in str(row)
    assert row.effects


async def test_denied_is_taken_and_explained(before: Before) -> None:
    """What the source said is kept, trimmed, and HTML in it stays text."""
    description = "<script>alert(1)</script>" + "x" * 1000
    answer = await before.doors.come_back(state=before.state, error="access_denied", error_description=description)
    assert answer.status == 303
    status = (await before.doors.ask("GET", f"/api/integrations/{before.id}")).json
    assert (status["state"], status["blocked_by"]["code"]) == ("credentials_saved.login_failed", "crm.denied")
    assert len(status["blocked_by"]["detail"]) < 250


@pytest.mark.case("oauth", 1)
async def test_state_missing(before: Before) -> None:
    """Case 1: nobody knows which login is meant, so nothing is on any log."""
    answer = await before.doors.come_back(code="c")
    assert (answer.status, answer.code) == (400, "login.unknown_state")
    await before.untouched()


@pytest.mark.case("oauth", 2)
@pytest.mark.parametrize("state", ["x", "A" * 43, "A" * 42, "é" * 43, "' OR 1=1 --", "A" * 5000])
async def test_state_forged(before: Before, state: str) -> None:
    """Case 2."""
    answer = await before.doors.come_back(state=state, code="c")
    assert (answer.status, answer.code) == (400, "login.unknown_state")
    await before.untouched()


@pytest.mark.case("oauth", 3)
async def test_state_of_another_browser(before: Before) -> None:
    """Case 3: without the cookie, and with one that was made up."""
    jar = before.doors.client.session.cookie_jar
    kept = {cookie.key: cookie.value for cookie in jar}
    jar.clear()
    await before.refused(await before.doors.come_back(state=before.state, code="c"), "login.other_browser")
    name = logins.cookie_name(logins.hash_of(before.state))
    before.seq += 1
    cookie = {"Cookie": f"{name}={kept[name][:-1]}x"}
    answer = await before.doors.ask("GET", f"{CALLBACK_PATH}?state={before.state}&code=c", role=None, headers=cookie)
    await before.refused(answer, "login.other_browser")


@pytest.mark.case("oauth", 4)
async def test_state_replayed(before: Before) -> None:
    """Case 4: a second arrival is refused and on the log, also by a browser that kept the cookie."""
    jar = before.doors.client.session.cookie_jar
    kept = "; ".join(f"{cookie.key}={cookie.value}" for cookie in jar)
    await before.still_works()
    taken = await before.doors.read(before.id)
    for headers in ({"Cookie": kept}, {}):
        answer = await before.doors.ask(
            "GET", f"{CALLBACK_PATH}?state={before.state}&code=other", role=None, headers=headers
        )
        assert (answer.status, answer.code) == (400, "login.used")
        now = await before.doors.read(before.id)
        assert now.state == taken.state
        assert (await before.doors.rows(before.id))[-1].row.disposition == "refused"
    listed = await before.doors.store.read(partial(effects.effects, integration=before.id))
    assert [effect.name for effect in listed].count("exchange_code") == 1


@pytest.mark.case("oauth", 5)
async def test_same_callback_many_times_at_once(before: Before) -> None:
    """Case 5: one exchange, and whoever lost the race is not told a lie."""
    answers = await asyncio.gather(*(before.doors.come_back(state=before.state, code="c") for _ in range(50)))
    assert Counter(answer.status for answer in answers)[303] >= 1
    assert {answer.code for answer in answers if answer.status != 303} <= {"login.used", "login.other_browser"}
    listed = await before.doors.store.read(partial(effects.effects, integration=before.id, limit=200))
    assert [effect.name for effect in listed].count("exchange_code") == 1


@pytest.mark.case("oauth", 6)
async def test_state_expired(before: Before) -> None:
    """Case 6: over ten minutes."""
    before.doors.clock.ahead = 601 * 1_000_000
    await before.refused(await before.doors.come_back(state=before.state, code="c"), "login.expired")


@pytest.mark.case("oauth", 8)
async def test_key_that_started_the_login_was_revoked(before: Before) -> None:
    """Case 8: who may no longer command cannot finish a login either."""
    made = (await before.doors.ask("POST", "/api/keys", body={"name": "n", "role": "operator"})).json
    headers = {"Authorization": f"Bearer {made['key']}"}
    answer = await before.doors.ask(
        "POST",
        f"/api/integrations/{before.id}/events",
        role=None,
        body={"type": "login.started"},
        headers=headers,
    )
    state = answer.json["authorize_url"].partition("state=")[2].partition("&")[0]
    before.seq += 1
    await before.doors.ask("DELETE", f"/api/keys/{made['id']}")
    await before.refused(await before.doors.come_back(state=state, code="c"), "login.starter_left", status=403)


@pytest.mark.case("oauth", 8)
async def test_person_who_started_the_login_has_signed_out(before: Before) -> None:
    """Case 8: the session that started it has to be alive."""
    site = before.doors.site
    key = next(key for key in await site.store.read(access.keys) if key.role == "operator")
    value = await open_session(site.store, key, site.now())
    cookie = {"Cookie": f"{sessions.COOKIE}={value}", "Sec-Fetch-Site": "same-origin"}
    answer = await before.doors.ask(
        "POST",
        f"/api/integrations/{before.id}/events",
        role=None,
        body={"type": "login.started"},
        headers=cookie,
    )
    state = answer.json["authorize_url"].partition("state=")[2].partition("&")[0]
    before.seq += 1
    assert (await before.doors.ask("POST", "/sign-out", role=None, headers=cookie)).status == 303
    await before.refused(await before.doors.come_back(state=state, code="c"), "login.starter_left", status=403)


@pytest.mark.case("oauth", 9)
@pytest.mark.parametrize("name", ["code", "error", "error_description", "iss"])
async def test_doubled_parameter(before: Before, name: str) -> None:
    """Case 9."""
    answer = await before.doors.come_back(raw=f"state={before.state}&{name}=a&{name}=b")
    await before.refused(answer, "login.malformed")
    before.seq += 1
    await before.still_works()


@pytest.mark.case("oauth", 9)
async def test_doubled_state(before: Before) -> None:
    """Case 9: with two states nobody knows which login is meant."""
    answer = await before.doors.come_back(raw=f"state={before.state}&state={before.state}&code=c")
    assert answer.code == "login.unknown_state"
    await before.untouched()


@pytest.mark.case("oauth", 10)
async def test_code_and_error_together(before: Before) -> None:
    """Case 10."""
    answer = await before.doors.come_back(state=before.state, code="c", error="access_denied")
    await before.refused(answer, "login.malformed")


@pytest.mark.case("oauth", 10)
@pytest.mark.parametrize("parameters", [{}, {"code": ""}, {"error": ""}])
async def test_neither_code_nor_error(before: Before, parameters: dict[str, str]) -> None:
    """Case 10, the other way."""
    await before.refused(await before.doors.come_back(state=before.state, **parameters), "login.malformed")


@pytest.mark.case("oauth", 11)
async def test_foreign_denial(before: Before) -> None:
    """Case 11: an error without the browser's cookie changes nothing."""
    before.doors.client.session.cookie_jar.clear()
    answer = await before.doors.come_back(state=before.state, error="access_denied")
    await before.refused(answer, "login.other_browser")
    assert (await before.doors.come_back(error="access_denied")).code == "login.unknown_state"


@pytest.mark.case("oauth", 12)
@pytest.mark.case("oauth", 27)
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_get_arrives(before: Before, method: str) -> None:
    """Cases 12 and 27."""
    answer = await before.doors.come_back(method, state=before.state, code="c")
    assert answer.status == 405
    await before.untouched()
    await before.still_works()


@pytest.mark.case("oauth", 12)
@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose"])
async def test_prefetch_does_not_arrive(before: Before, header: str) -> None:
    """Case 12: a look ahead consumes nothing, even with the cookie."""
    path = f"{CALLBACK_PATH}?state={before.state}&code=c"
    answer = await before.doors.ask("GET", path, role=None, headers={header: "prefetch;prerender"})
    assert answer.status == 503
    await before.untouched()
    await before.still_works()


@pytest.mark.case("oauth", 48)
async def test_callback_in_a_state_that_awaits_none(before: Before) -> None:
    """Cases 13 and 48: the integration was disconnected meanwhile."""
    await before.doors.command(before.id, "disconnect.requested")
    answer = await before.doors.come_back(state=before.state, code="c")
    assert (answer.status, answer.code) == (409, "login.not_awaited")
    row = (await before.doors.rows(before.id))[-1].row
    assert (row.disposition, row.to) == ("unexpected", "disconnected.revoking")
    stored = await before.doors.store.read(partial(secrets.sealed, integration=before.id))
    assert "code" not in stored


@pytest.mark.case("oauth", 14)
async def test_two_logins_in_one_browser(before: Before) -> None:
    """Case 14: for two integrations, in any order."""
    other = await before.doors.at_login()
    state = await before.doors.start_login(other)
    await before.still_works()
    assert (await before.doors.come_back(state=state, code="d")).headers["Location"] == f"/i/{other}"


@pytest.mark.case("oauth", 14)
async def test_two_logins_for_one_integration(before: Before) -> None:
    """Case 14: the older one may be finished as well as the newer."""
    await before.doors.start_login(before.id)
    assert (await before.doors.come_back(state=before.state, code="c")).status == 303


@pytest.mark.case("oauth", 20)
async def test_headers_cannot_move_the_redirect(doors: Doors) -> None:
    """Case 20: the redirect URI comes from the configuration."""
    id_ = await doors.at_login()
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    answer = await doors.ask("POST", f"/api/integrations/{id_}/events", body={"type": "login.started"}, headers=evil)
    assert "evil" not in answer.json["authorize_url"]
    assert "redirect_uri=https%3A%2F%2Fsync.example.com%2F" in answer.json["authorize_url"]


@pytest.mark.case("oauth", 28)
@pytest.mark.parametrize("code", ["%00", "a%0d%0aSet-Cookie:x", "%ff%fe", "c" * 4000])
async def test_code_that_is_no_plain_value(before: Before, code: str) -> None:
    """Case 28: NUL, line ends, bad UTF-8, and more than a code can have."""
    answer = await before.doors.come_back(raw=f"state={before.state}&code={code}")
    await before.refused(answer, "login.malformed")


@pytest.mark.case("oauth", 28)
async def test_query_of_64_kilobytes(before: Before) -> None:
    """Case 28: the server does not even read it."""
    answer = await before.doors.come_back(raw=f"state={before.state}&code={'c' * 65536}")
    assert answer.status == 400
    await before.untouched()


async def test_browser_gets_a_page(before: Before) -> None:
    """A refusal is a page for a person, with the remedy."""
    answer = await before.doors.ask("GET", f"{CALLBACK_PATH}?code=c", role=None, headers={"Accept": "text/html"})
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Start the login again" in answer.text
