"""The whole service against login hosts that are hostile, and against servers that cannot prove who they are."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.acceptance.certificates import Authority
from tests.acceptance.expectations import blocked, rows_of
from tests.acceptance.leaks import leaks
from tests.acceptance.processes import Running
from tests.acceptance.world import World
from tests.effects.test_hostile import EXCHANGED
from tests.hostile import ACCESS, CODE, GIGABYTE, REFRESH, Hostile, hostile_server

FAILED = "credentials_saved.login_failed"
SECRET = "canary/consumer+secret=="
QUICK: dict[str, str | float] = {"http_timeout": 1, "effect_attempts": 2, "log_level": "debug"}
_MEBIBYTE = 2**20


class HostileWorld(World):
    """A world whose login hosts are the test's own."""

    hosts: tuple[str, ...] = ()

    @property
    def salesforce(self) -> str:
        """The first of them."""
        return self.hosts[0]

    @property
    def allowed(self) -> tuple[str, ...]:
        """All of them, and the target."""
        return *self.hosts, self.marketo

    async def save_credentials(self, host: str) -> str:
        """Take a new integration at one of the hosts as far as saved credentials; answers its id."""
        account = {"url": self.marketo, **self.sim["marketo_client"]}
        body = {"name": "Acme", "source": {"login_host": host}, "target": account}
        integration = str((await self.api("POST", "/api/integrations", body))["id"])
        await self.send(integration, "app.registered")
        await self.send(integration, "credentials.saved", consumer_key="key", consumer_secret=SECRET)
        return integration

    async def log_in(self, integration: str) -> None:
        """Start a login and come back from it, as the login host leads a browser."""
        await self.wait_for(integration, "credentials_saved.ready")
        url = (await self.send(integration, "login.started"))["authorize_url"]
        asked = parse_qs(urlsplit(url).query)
        back = urlencode({"state": asked["state"][0], "code": CODE})
        page = await self.browser.open(f"{asked['redirect_uri'][0]}?{back}")
        assert page.url == f"{self.url}/i/{integration}"


@pytest.fixture
async def servers() -> AsyncIterator[tuple[Hostile, Hostile]]:
    """The hostile login host, and another server that it leads to."""
    async with hostile_server() as server, hostile_server() as thief:
        server.thief = thief.origin
        yield server, thief


@pytest.fixture
async def hostile_world(
    simulation: Running, tmp_path: Path, servers: tuple[Hostile, Hostile]
) -> AsyncIterator[HostileWorld]:
    """A service with the hostile login host; the simulated world lends the target's address."""
    made = HostileWorld(simulation, tmp_path, QUICK)
    made.hosts = (servers[0].origin,)
    async with made as begun:
        yield begun


def peak(world: World) -> int:
    """Answer how much memory the service has had at most, in bytes."""
    text = Path(f"/proc/{world.service.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.case("oauth", 29)
@pytest.mark.case("oauth", 31)
@pytest.mark.case("oauth", 33)
@pytest.mark.case("oauth", 34)
@pytest.mark.case("oauth", 35)
async def test_no_misbehaviour_of_the_token_endpoint_gets_further_than_a_failed_login(
    hostile_world: HostileWorld, servers: tuple[Hostile, Hostile]
) -> None:
    """Each is named on the page and on the log; no secret goes elsewhere or is to be found anywhere afterwards."""
    (server, thief), world = servers, hostile_world
    behaviours = {name: code for name, code in EXCHANGED.items() if code}
    before = 0
    for number, (behaviour, code) in enumerate(behaviours.items(), 1):
        integration = await world.save_credentials(server.origin)
        server.misbehaviour = behaviour
        before = before or peak(world)
        await world.log_in(integration)
        found = await blocked(world, integration, FAILED, code, by="code.refused", remedy="")
        assert not {item["field"] for item in found["secrets"]} & {"code", "verifier", "access_token", "refresh_token"}
        assert len(server.token_requests()) == number, f"{behaviour}: a code was sent more than once"
        assert [row["disposition"] for row in await rows_of(world, integration, "code.refused")] == ["transitioned"]
    assert peak(world) - before < 64 * _MEBIBYTE
    assert 0 < server.flooded < GIGABYTE // 64
    assert thief.connections == 0
    assert not [call for call in server.heard if b"bearer" in call.raw.lower()]
    assert await world.stop() == 0
    files = [path for path in world.folder.rglob("*") if path.is_file() and path.name != "master.key"]
    places = {str(path.relative_to(world.folder)): path.read_bytes() for path in files}
    assert {"service.log"} < set(places)
    assert leaks({"secret": SECRET, "code": CODE, "access": ACCESS, "refresh": REFRESH}, places) == []


@pytest.mark.case("oauth", 32)
async def test_a_server_that_cannot_prove_who_it_is_hears_nothing(
    simulation: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired, self-signed, another host's: neither a secret nor a token is sent. The right certificate is good."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    here = "127.0.0.1"
    bad = {
        "expired": authority.certify(here, ends=timedelta(days=-1)),
        "self-signed": authority.certify(here, self_signed=True),
        "another host's": authority.certify("login.example"),
    }
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(hostile_server(authority.certify(here)))
        strange = {name: await stack.enter_async_context(hostile_server(tls)) for name, tls in bad.items()}
        world = HostileWorld(simulation, tmp_path, QUICK)
        world.hosts = (good.origin, *(server.origin for server in strange.values()))
        await stack.enter_async_context(world)

        for server in strange.values():
            integration = await world.save_credentials(server.origin)
            found = await blocked(
                world,
                integration,
                "app_registered.probe_failed",
                "salesforce.unreachable",
                by="effect.exhausted",
                remedy="try again",
            )
            assert "Certificate" in found["blocked_by"]["detail"]
        for server in strange.values():  # Named by a login host that is all right: it would be sent the access token.
            good.misbehaviour, good.thief = "names a strange instance", server.origin
            integration = await world.save_credentials(good.origin)
            await world.log_in(integration)
            found = await world.wait_for(integration, "authorized.checks_failed")
            assert "Certificate" in found["blocked_by"]["detail"]
        assert [name for name, server in strange.items() if server.connections] == []
        assert len(good.token_requests()) == len(strange)
