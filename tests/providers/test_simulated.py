"""Both sides against the simulated world over HTTP: it was written from the same facts by other hands."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from yarl import URL

from syncline.errors import GrantLostError, RejectedError, ThrottledError, UnreachableError
from syncline.oauth import challenge
from syncline.providers.port import Account, App, Grant, Position, Providers
from syncline_sim.app import Plan, Simulation
from syncline_sim.world import World
from tests.providers.stub import providers_for
from tests.sim.conftest import ControlDoor
from tests.sim.person import CALLBACK, VERIFIER, Person

#: More than two pages of leads.
LEADS = 4500
_FEW = 5


@dataclass(slots=True)
class Renewing:
    """A session that refreshes as the effects do, without their care."""

    providers: Providers
    app: App
    grant: Grant
    refreshes: int = 0

    @property
    def instance_url(self) -> str:
        """From the grant."""
        return self.grant.instance_url

    async def access_token(self) -> SecretStr:
        """From the grant."""
        return self.grant.access_token

    async def renew(self, dead: SecretStr) -> SecretStr:
        """Spend the refresh token."""
        assert dead == self.grant.access_token
        self.refreshes += 1
        fresh = await self.providers.source.refresh(self.app, self.refresh_token)
        self.grant = replace(fresh, refresh_token=fresh.refresh_token or self.refresh_token)
        return self.grant.access_token

    @property
    def refresh_token(self) -> SecretStr:
        """From the grant."""
        assert self.grant.refresh_token is not None
        return self.grant.refresh_token


@dataclass(frozen=True, slots=True)
class Scene:
    """A running world and what a test does things with."""

    simulation: Simulation
    providers: Providers
    control: ControlDoor
    person: Person
    app: App

    @property
    def account(self) -> Account:
        """The API user that every instance starts with."""
        client = self.simulation.address()["marketo_client"]
        return Account(
            self.simulation.world.urls["marketo"],
            SecretStr(client["client_id"]),
            SecretStr(client["client_secret"]),
        )

    async def switch(self, side: str, **values: Any) -> None:  # noqa: ANN401  whatever the switch holds
        """Set something about a side."""
        await self.control("POST /switches", {"side": side, **values})

    async def log_in(self) -> Renewing:
        """Walk through the pages to a grant."""
        url = self.providers.source.authorize_url(self.app, state="st4te", challenge=challenge(VERIFIER))
        await self.person._go("GET", URL(url, encoded=True))
        await self.person.log_in()
        page = await self.person.send(decision="allow")
        assert page.query["state"] == "st4te"
        code, verifier = SecretStr(page.query["code"]), SecretStr(VERIFIER)
        grant = await self.providers.source.exchange(self.app, code=code, verifier=verifier)
        return Renewing(self.providers, self.app, grant)


@pytest.fixture
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """A world with few leads, or as many as a test asks for by `parametrize`."""
    world = World(seed=1)
    simulation = Simulation(world, Plan(leads=getattr(request, "param", _FEW), contacts=5))
    await simulation.start()
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        aiohttp.ClientSession(cookie_jar=jar) as http,
        providers_for(world.urls["salesforce"], world.urls["marketo"], http_timeout=2, target_rate=90) as providers,
    ):
        control = ControlDoor(http, world.urls["control"])
        made = await control("POST /apps", {"callback_url": CALLBACK, "scopes": ["api", "refresh_token", "id"]})
        key, secret = SecretStr(made["consumer_key"]), SecretStr(made["consumer_secret"])
        app = App(world.urls["salesforce"], key, secret, CALLBACK)
        yield Scene(simulation, providers, control, Person(simulation, http), app)
    await simulation.stop()
    world.close()


async def test_key_and_secret_are_told_apart_before_anybody_logs_in(scene: Scene) -> None:
    """By a probe."""
    await scene.providers.source.probe(scene.app)
    for wrong, code in (
        (replace(scene.app, consumer_key=SecretStr("wrong")), "salesforce.wrong_key"),
        (replace(scene.app, consumer_secret=SecretStr("wrong")), "salesforce.wrong_secret"),
    ):
        with pytest.raises(RejectedError) as caught:
            await scene.providers.source.probe(wrong)
        assert caught.value.code == code


async def test_from_the_login_to_the_checks(scene: Scene) -> None:
    """All of them pass in a fresh world, on both sides."""
    session = await scene.log_in()
    identity = await scene.providers.source.identify(session, session.grant.identity_url)
    assert (identity.org_id, identity.user_id) == (session.grant.org_id, session.grant.user_id)
    assert (identity.username, identity.org_name) == ("sync@acme.example", "Acme Robotics")
    checks = await scene.providers.source.check(session, identity) + await scene.providers.target.check(scene.account)
    assert {check.id: check.seen for check in checks if check.verdict != "passed"} == {}


async def test_a_code_works_once(scene: Scene) -> None:
    """And the second use says so."""
    await scene.log_in()
    page = scene.person.at
    with pytest.raises(RejectedError):
        await scene.providers.source.exchange(
            scene.app, code=SecretStr(page.query["code"]), verifier=SecretStr(VERIFIER)
        )


async def test_an_expired_session_is_renewed_and_the_token_rotates(scene: Scene) -> None:
    """As often as it takes."""
    session = await scene.log_in()
    first = session.refresh_token
    for number in (1, 2):
        await scene.control("POST /tokens/expire", {"side": "salesforce"})
        assert await scene.providers.source.describe(session, "Contact")
        assert session.refreshes == number
    assert session.refresh_token != first


async def test_a_revoked_grant_is_lost(scene: Scene) -> None:
    """By us or by an admin; revoking twice is no failure."""
    session = await scene.log_in()
    await scene.providers.source.revoke(scene.app, session.refresh_token)
    await scene.providers.source.revoke(scene.app, session.refresh_token)
    with pytest.raises(GrantLostError) as caught:
        await scene.providers.source.describe(session, "Lead")
    assert caught.value.code == "salesforce.grant_lost"


async def test_a_closed_api_and_a_used_up_one_are_told_apart(scene: Scene) -> None:
    """One is for an admin, the other passes."""
    session = await scene.log_in()
    await scene.switch("salesforce", api_disabled=True)
    with pytest.raises(RejectedError) as caught:
        await scene.providers.source.describe(session, "Lead")
    assert caught.value.code == "salesforce.api_disabled"
    await scene.switch("salesforce", api_disabled=False, api_limit_reached=True)
    with pytest.raises(ThrottledError):
        await scene.providers.source.describe(session, "Lead")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["status", "garbage", "reset", "truncate", "flood", "hang"])
async def test_a_lost_answer_to_a_refresh_is_told_from_a_refusal(scene: Scene, kind: str) -> None:
    """The token may be spent, and is not sent a second time."""
    session = await scene.log_in()
    fault = {"side": "salesforce", "kind": kind, "match": "/services/oauth2/token", "after": True}
    await scene.control("POST /faults", fault | ({"status": 500} if kind == "status" else {}))
    with pytest.raises(UnreachableError) as caught:
        await scene.providers.source.refresh(scene.app, session.refresh_token)
    assert caught.value.reply_lost


@pytest.mark.parametrize("scene", [LEADS], indirect=True)
async def test_all_leads_are_read_in_order_and_go_into_marketo(scene: Scene) -> None:
    """Over pages, through created fields, twice without a double; and reading goes on in the middle."""
    source, target, session = scene.providers.source, scene.providers.target, await scene.log_in()
    fields = await source.describe(session, "Lead")
    created = [
        replace(field, name=target.field_name(field))
        for field in fields
        if field.name not in target.standard_fields and field.name != source.id_field and not target.unfit(field)
    ]
    results = await target.create_fields(scene.account, [target.key_field, *created])
    assert {result.status for result in results} == {"created"}
    known = {field.name for field in await target.fields(scene.account)}
    assert {field.name for field in created} <= known
    assert set(target.standard_fields.values()) <= known

    mapping = {field.name: target.standard_fields.get(field.name, target.field_name(field)) for field in fields}
    mapping[source.id_field] = target.key_field.name
    now = await source.now(session)
    records: list[Mapping[str, Any]] = []
    async for page in source.pages(session, "Lead", list(mapping), after=Position(), since="", until=now):
        assert page.total == LEADS
        people = [{mapping[k]: v for k, v in record.items() if mapping[k] in known} for record in page.records]
        for status in ("created", "updated"):
            rows = await target.upsert(scene.account, people[: target.batch_size])
            assert {row.status for row in rows} == {status}, rows
        records += page.records
    keys = [(record["SystemModstamp"], record["Id"]) for record in records]
    assert len(set(keys)) == LEADS
    assert keys == sorted(keys)
    assert (await scene.control("GET /marketo/digest"))["count"] == 3 * target.batch_size

    middle = Position(*keys[1234])
    rest = [
        record["Id"]
        async for page in source.pages(session, "Lead", [], after=middle, since=keys[0][0], until=now)
        for record in page.records
    ]
    assert rest == [key for _, key in keys[1235:]]


@pytest.mark.parametrize("code", ["601", "602"])
async def test_a_dead_marketo_token_is_replaced(scene: Scene, code: str) -> None:
    """Without anybody noticing."""
    await scene.providers.target.fields(scene.account)
    await scene.control("POST /faults", {"side": "marketo", "kind": "error", "code": code, "match": "/rest"})
    assert await scene.providers.target.fields(scene.account)


@pytest.mark.parametrize("code", ["502", "604", "606", "608", "611", "615", "713"])
async def test_what_passes_in_marketo_may_be_tried_again(scene: Scene, code: str) -> None:
    """And then works."""
    await scene.control("POST /faults", {"side": "marketo", "kind": "error", "code": code, "match": "/rest"})
    with pytest.raises(UnreachableError):
        await scene.providers.target.fields(scene.account)
    assert await scene.providers.target.fields(scene.account)


async def test_a_closed_company_does_not_cost_the_person(scene: Scene) -> None:
    """The instance refuses company fields row by row."""
    await scene.providers.target.create_fields(scene.account, [scene.providers.target.key_field])
    await scene.switch("marketo", company_fields_closed=True)
    row = {"sfdcId": "00QHs0000000001MAA", "company": "Acme", "lastName": "Doe"}
    assert [r.status for r in await scene.providers.target.upsert(scene.account, [row])] == ["created"]


async def test_a_native_crm_sync_is_seen(scene: Scene) -> None:
    """Before anything is written."""
    await scene.switch("marketo", native_crm=True)
    failed = [check for check in await scene.providers.target.check(scene.account) if check.verdict == "failed"]
    assert [(check.id, check.problem) for check in failed] == [("marketo.native_crm", "marketo.native_crm")]
