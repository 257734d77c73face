"""Answers that belong elsewhere: to another integration, another login host, other credentials, another state."""

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from syncline.config import CALLBACK_PATH
from syncline.core.brought import SpentAttempt
from syncline.core.event import Actor, Event
from syncline.store import effects
from syncline.store.transaction import Transaction
from syncline.web import logins
from tests.core.chart_file import chart
from tests.web.arrivals import Before, awaiting_login
from tests.web.doors import CREDENTIALS, Doors

HOST, OTHER_HOST = "https://login.crm.example", "https://test.crm.example"
AWAITING = {"credentials_saved.awaiting_login", "reauthorization_required.awaiting_login"}
FAILED = {"credentials_saved.login_failed", "reauthorization_required.login_failed"}


async def save_again(before: Before, **fields: str) -> str:
    """Save credentials anew, and await a login with them; answers its state."""
    body = {**CREDENTIALS, **fields}
    assert (await before.doors.ask("POST", f"/api/integrations/{before.id}/events", body=body)).status == 200
    assert (await before.doors.push(before.id, "credentials.accepted")).accepted
    state = await before.doors.start_login(before.id)
    before.seq = (await before.doors.read(before.id)).seq
    return state


@pytest.mark.case("oauth", 7)
async def test_a_state_moves_its_own_integration_and_no_other(before: Before) -> None:
    """Also when both logins are open in the same browser."""
    other = await awaiting_login(before.doors)
    assert (await before.doors.come_back(state=other.state, code="c")).headers["Location"] == f"/i/{other.id}"
    await before.untouched()
    await before.still_works()


@pytest.mark.case("oauth", 7)
async def test_a_cookie_of_another_integration_opens_nothing(before: Before) -> None:
    """The name a browser gives it does not make it the right one."""
    other = await awaiting_login(before.doors)
    jar = {cookie.key: cookie.value for cookie in before.doors.client.session.cookie_jar}
    before.doors.client.session.cookie_jar.clear()
    name, wrong = (logins.cookie_name(logins.hash_of(state)) for state in (before.state, other.state))
    answer = await before.doors.ask(
        "GET",
        f"{CALLBACK_PATH}?state={before.state}&code=c",
        role=None,
        headers={"Cookie": f"{name}={jar[wrong]}"},
    )
    await before.refused(answer, "login.other_browser")
    await other.untouched()


@pytest.mark.case("oauth", 7)
async def test_an_attempt_is_not_spent_for_another_integration(before: Before) -> None:
    """The database asks too, should the door ever be mistaken."""
    other = await awaiting_login(before.doors)
    actor, brings = Actor("source", "x", via="callback"), (SpentAttempt(logins.hash_of(other.state)),)
    event = Event(before.id, "login.returned", "k", actor, before.doors.clock(), brings=brings)
    assert (await before.doors.site.engine.handle(event)).disposition == "refused"
    await before.untouched(rows=1)
    await other.still_works()


@pytest.mark.case("oauth", 15)
@pytest.mark.parametrize(
    "issuer",
    [
        "https://evil.example",
        OTHER_HOST,
        "",
        HOST + "/",
        HOST.upper(),
        "http://login.crm.example",
        HOST + ".evil.example",
    ],
)
@pytest.mark.parametrize("kind", ["code", "error"])
async def test_an_issuer_other_than_the_host_that_was_asked(before: Before, issuer: str, kind: str) -> None:
    """Compared letter by letter (RFC 9207 §2.4), for codes and for errors; another known host is no better."""
    answer = await before.doors.come_back(state=before.state, iss=issuer, **{kind: "access_denied"})
    await before.refused(answer, "login.other_issuer")
    before.seq += 1
    assert (await before.doors.come_back(state=before.state, iss=HOST, code="c")).status == 303


@pytest.mark.case("oauth", 15)
@pytest.mark.parametrize("kind", ["code", "error"])
async def test_no_issuer_where_one_was_promised(doors: Doors, kind: str) -> None:
    """The login host's own description has said that it names itself, so who does not is somebody else."""
    id_ = await doors.at_login(names_issuer=True)
    state = await doors.start_login(id_)
    before = Before(doors, id_, state, (await doors.read(id_)).seq)
    for issuer in ({}, {"iss": ""}, {"iss": OTHER_HOST}):
        answer = await doors.come_back(state=state, **issuer, **{kind: "access_denied"})
        await before.refused(answer, "login.other_issuer")
        before.seq += 1
    assert (await doors.come_back(state=state, iss=HOST, code="c")).status == 303


@pytest.mark.case("oauth", 16)
@pytest.mark.parametrize("issuer", [{}, {"iss": HOST}, {"iss": OTHER_HOST}])
@pytest.mark.parametrize("kind", ["code", "error"])
async def test_an_answer_of_the_former_login_host(before: Before, issuer: dict[str, str], kind: str) -> None:
    """A login that was started at one host is not ended by a code that is then sent to another one."""
    fresh = await save_again(before, login_host=OTHER_HOST)
    answer = await before.doors.come_back(state=before.state, **{kind: "access_denied"}, **issuer)
    await before.refused(answer, "login.outdated")
    assert (await before.doors.come_back(state=fresh, code="c", iss=OTHER_HOST)).status == 303


@pytest.mark.case("oauth", 16)
async def test_an_answer_to_the_former_app(before: Before) -> None:
    """At the same host: the code of one app is not sent with the secret of another."""
    await save_again(before)
    await before.refused(await before.doors.come_back(state=before.state, code="c"), "login.outdated")


@pytest.mark.case("oauth", 16)
async def test_an_answer_of_the_former_host_names_the_present_one(before: Before) -> None:
    """An issuer can be made up; what the browser keeps of the login's start cannot."""
    state = await save_again(before, login_host=OTHER_HOST)
    name = logins.cookie_name(logins.hash_of(before.state))
    jar = {cookie.key: cookie.value for cookie in before.doors.client.session.cookie_jar}
    fresh = jar[logins.cookie_name(logins.hash_of(state))]
    path = f"{CALLBACK_PATH}?state={before.state}&code=c&iss={OTHER_HOST}"
    mended = f"{jar[name].rpartition('.')[0]}.{fresh.rpartition('.')[2]}"
    before.doors.client.session.cookie_jar.clear()
    answer = await before.doors.ask("GET", path, role=None, headers={"Cookie": f"{name}={mended}"})
    await before.refused(answer, "login.other_browser")


@pytest.mark.slow
@pytest.mark.case("oauth", 13)
@pytest.mark.parametrize("kind", ["code", "error"])
@pytest.mark.parametrize("state", sorted(set(chart().leaves) - AWAITING - FAILED))
async def test_a_callback_in_a_state_that_awaits_none(before: Before, state: str, kind: str) -> None:
    """In every one of the chart, with everything else in order: on the log as unexpected, and nothing changes."""

    def move(tx: Transaction) -> None:
        seq = before.seq
        tx.move(
            integration=before.id,
            old_seq=seq,
            seq=seq,
            head=tx.find_snapshot(integration=before.id)[5],
            state=state,
            state_seq=seq,
            since=1,
            context='{"resume":"syncing"}',
            chart="test",
        )
        tx.forget()

    await before.doors.store.write(move)
    listed = await before.doors.store.read(partial(effects.effects, integration=before.id))
    answer = await before.doors.come_back(state=before.state, **{kind: "access_denied"})
    assert (answer.status, answer.code) == (409, "login.not_awaited")
    now = await before.doors.read(before.id)
    assert (now.state, now.seq) == (state, before.seq + 1)
    row = (await before.doors.rows(before.id))[-1].row
    assert (row.disposition, row.origin, row.to, row.effects) == ("unexpected", state, state, ())
    assert await before.doors.store.read(partial(effects.effects, integration=before.id)) == listed


def parameters(url: str) -> dict[str, str]:
    """Answer the parameters of an authorization address, each of which is there once."""
    found = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert {len(values) for values in found.values()} == {1}
    return {name: values[0] for name, values in found.items()}


@pytest.mark.case("oauth", 18)
async def test_no_two_logins_share_a_verifier_or_a_state(before: Before) -> None:
    """Each has its own, also when many are started at once."""
    answers = await asyncio.gather(*(before.doors.command(before.id, "login.started") for _ in range(50)))
    sent = [parameters(answer.json["authorize_url"]) for answer in answers]
    assert len({each["code_challenge"] for each in sent}) == len({each["state"] for each in sent}) == 50


@pytest.mark.case("oauth", 18)
async def test_a_verifier_goes_with_its_attempt(before: Before) -> None:
    """What has come back once leaves nothing in the attempt that could be used again, not even sealed."""
    await before.doors.start_login(before.id)
    await before.still_works()
    with closing(sqlite3.connect(before.doors.store.path)) as database:
        left = dict(database.execute("SELECT state_hash, length(verifier) FROM login_attempts").fetchall())
    assert left.pop(logins.hash_of(before.state)) == 0
    assert all(left.values()), "the other login still has its own"
    assert len(left) == 1
