"""Plant secrets, use everything, then look for them where they must not be: database, logs, pages, exports, output."""

import base64
import contextlib
import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import aiohttp
import pytest

from syncline.key_ring import KEY_FILE
from tests.acceptance.expectations import approach, decide
from tests.acceptance.leaks import leaks, verifiers
from tests.acceptance.processes import Fork, Running
from tests.acceptance.search import FILES, LINK, STREAM, Search, filled, routes
from tests.acceptance.world import World

#: An address of this machine that nobody listens at.
_NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Running]:
    """Start a simulated world that keeps its database in a file, where its own secrets can be read."""
    size = ("--seed", str(secrets.randbelow(2**31)), "--leads", "30", "--contacts", "20")
    data = ("--data", str(tmp_path / "simulated.sqlite3"))
    program = Fork("syncline_sim", "--json", *size, *data, log=tmp_path / "simulation.log")
    yield program
    program.stop()


def back_up(database: Path, to: Path) -> bytes:
    """Copy the database as the manual says, while the service runs; answers the bytes of the copy."""
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        db.execute("VACUUM INTO ?", (str(to),))
    return to.read_bytes()


def said_of_people(database: Path) -> tuple[set[str], list[str]]:
    """Answer what the service knows of people by name or address, and the rows of its log, where none of it may be."""
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        rows = [row.decode() for (row,) in db.execute("SELECT content FROM audit")]
        identities = [json.loads(body) for (body,) in db.execute("SELECT body FROM documents WHERE name = 'identity'")]
    known = {identity[name] for identity in identities for name in ("username", "display_name", "email")}
    return known | {'"address":"127.'}, rows


@pytest.mark.case("oauth", 24)
@pytest.mark.case("oauth", 35)
@pytest.mark.case("oauth", 40)
@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_no_secret_is_ever_seen_again(recorder: Running, tmp_path: Path) -> None:
    """The whole set-up at the most talkative, with every failure that could echo a secret; then search everything."""
    settings: dict[str, str | float] = {"log_level": "debug", "failure_wait": 0.2, "cycle_interval": 60}
    settings |= {"checkpoint_rows": 1, "allow_destinations": _NOWHERE}
    async with World(recorder, tmp_path, settings) as world:
        search = Search(world, tmp_path / "simulated.sqlite3")
        search.plant(admin_key=world.key)
        integration, hook = await _born(search)
        await search.visit_by_link(integration)
        await _authorized(search, integration)
        await _synced(search, integration)
        await _knocked(search, integration, hook)
        await _seen(search, integration)
        search.learn()
        search.places["keys rotate"] = (await world.command("keys", "rotate", "--json"))[1].encode()
        search.places["tokens list"] = (await world.command("tokens", "list"))[1].encode()
        search.places["a backup"] = back_up(world.data / "syncline.sqlite3", tmp_path / "backup.sqlite3")
        await world.kill()
        people, rows = said_of_people(world.data / "syncline.sqlite3")
        for file in [*world.data.iterdir(), world.folder / "service.log", world.folder / "commands.log"]:
            search.places[file.name] = file.read_bytes()
        masters = search.places.pop(KEY_FILE).split()[1::2]  # The one place where they may be.
        search.plant(**{f"master_key {number}": master.decode() for number, master in enumerate(masters)})
        log = search.places["service.log"].decode()
        await world.start()

    assert '"level": "debug"' in log  # Otherwise it was not talkative at all.
    assert {"syncline.sqlite3", "syncline.sqlite3-wal"} <= set(search.places)
    assert search.places["syncline.sqlite3-wal"]
    assert b"event.unexpected" in search.places["commands.log"]
    assert len(search.secrets) > 20
    assert len(masters) == 2
    for master in masters:
        assert not [place for place, content in search.places.items() if base64.b64decode(master) in content]
    assert leaks(search.secrets, search.places) == []
    assert len(people) > 2
    assert [(text, row) for text in people for row in rows if text in row] == []
    assert verifiers(search.challenges, search.places) == []
    # The refusals that repeat secrets were met, and are shown.
    for when in ("the secret was repeated", "the code was repeated", "a token was repeated", "the grant was lost"):
        assert b"[redacted]" in search.places[f"/i/{integration} for a browser when {when}"], when


async def _born(search: Search) -> tuple[str, dict[str, str]]:
    """Make an integration with an account of its own, another key, and a browser that is signed in."""
    world = search.world
    account = await world.control("POST", "/marketo/api-users")
    search.plant(marketo_client_secret=account["client_secret"], marketo_client_id=account["client_id"])
    target = {"url": world.marketo, "client_id": account["client_id"], "client_secret": account["client_secret"]}
    body = {"name": "Canary", "source": {"login_host": world.salesforce}, "target": target}
    created = await world.api("POST", "/api/integrations", body)
    search.plant(hook_secret=created["hook"]["secret"].removeprefix("whsec_"))
    made = await world.api("POST", "/api/keys", {"name": "Another", "role": "operator"})
    search.plant(other_key=made["key"])
    page = await world.browser.open(f"{world.url}/sign-in")
    await world.browser.submit(page, "/sign-in", key=world.key)
    (session,) = [c.value for c in world.browser.http.cookie_jar if c.key == "__Host-syncline"]
    search.plant(session=session)
    # Refused as a whole, and nobody is told what was in it.
    status, answer = await world.call("POST", "/api/integrations", {**body, "target": {**target, "client_secret": [1]}})
    search.places["a refused creation"] = json.dumps([status, answer]).encode()
    return created["id"], created["hook"]


async def _authorized(search: Search, integration: str) -> None:
    """Go on to the confirmation, past a wrong secret, a denial, and refusals that repeat what was sent."""
    world = search.world
    await world.reach(integration, "app_registered.awaiting_credentials")
    key, secret = await world.register_app(integration, rotation=True)
    wrong = secrets.token_hex(32)
    search.plant(consumer_secret=secret, consumer_key=key, wrong_secret=wrong)
    echo = f"no: {secret} {quote(secret)} {wrong}"
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=wrong)
    await world.wait_for(integration, "app_registered.credentials_rejected")
    await search.look("the secret was wrong", f"/i/{integration}", f"/api/integrations/{integration}")
    await world.fault(side="salesforce", kind="error", match="token", code="invalid_client", message=echo[:150])
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)
    await world.wait_for(integration, "app_registered.credentials_rejected")
    await search.look("the secret was repeated", f"/i/{integration}", f"/api/integrations/{integration}")
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)
    await world.wait_for(integration, "credentials_saved.ready")

    await world.visit(await search.start_login(integration), decision="deny")
    await world.wait_for(integration, "credentials_saved.login_failed")
    await search.look("the login was denied", f"/i/{integration}")

    await world.new_browser()
    page = await world.browser.open(f"{world.url}/sign-in")
    await world.browser.submit(page, "/sign-in", key=world.key)
    callback = await decide(await approach(world, await search.start_login(integration), world.browser), world.browser)
    code = parse_qs(urlsplit(callback).query)["code"][0]
    await world.fault(
        side="salesforce", kind="error", match="token", code="invalid_grant", message=f"{code} {quote(code)} is no code"
    )
    await world.browser.open(callback)
    await world.wait_for(integration, "credentials_saved.login_failed")
    await search.look("the code was repeated", f"/i/{integration}")
    await world.visit(await search.start_login(integration))
    await world.wait_for(integration, "authorized.awaiting_confirmation")


async def _synced(search: Search, integration: str) -> None:
    """Go on to the sync, past refusals that repeat tokens, a refresh, and the loss of the grant."""
    world = search.world
    await world.reach(integration, "fields_synced.mapping_open")
    token = search.simulated_secrets("salesforce_access_tokens", "token")[-1]
    await world.fault(
        side="salesforce", kind="error", match="query", code="INVALID_FIELD", status=400, message=f"no: {token}"
    )
    theirs = search.simulated_secrets("marketo_tokens", "token")[-1]
    await world.fault(side="marketo", kind="error", match="leads.sync", code="1099", message=f"no: {theirs}")
    await world.send(integration, "sync.start_requested")
    await world.wait_for(integration, "syncing.sync_failed")
    await search.look("a token was repeated", f"/i/{integration}", f"/api/integrations/{integration}")
    await world.wait_for(integration, "syncing.waiting")

    await world.control("POST", "/tokens/expire", side="salesforce")
    await world.send(integration, "sync.requested")
    await world.wait_for(integration, "syncing.waiting")
    refresh = search.simulated_secrets("salesforce_refresh_tokens", "token")[-1]
    await world.fault(
        side="salesforce", kind="error", match="token.refresh", code="invalid_grant", message=f"{refresh} is revoked"
    )
    await world.control("POST", "/tokens/expire", side="salesforce")
    await world.send(integration, "sync.requested")
    await world.wait_for(integration, "reauthorization_required")
    await search.look("the grant was lost", f"/i/{integration}", f"/api/integrations/{integration}")
    await world.visit(await search.start_login(integration))
    await world.wait_for(integration, "syncing.waiting")


async def _knocked(search: Search, integration: str, hook: dict[str, str]) -> None:
    """Come with keys, cookies, signatures and states that open nothing: they may be somebody's elsewhere."""
    world = search.world
    stray = {name: secrets.token_urlsafe(32) for name in ("key", "cookie", "signature", "code", "state", "field")}
    search.plant(**{f"stray {name}": value for name, value in stray.items()})
    path = f"/api/integrations/{integration}"
    async with aiohttp.ClientSession() as stranger:
        for method, url, headers, body in (
            ("GET", path, {"Authorization": f"Bearer {stray['key']}"}, None),
            ("GET", f"/i/{integration}", {"Cookie": f"__Host-syncline={stray['cookie']}"}, None),
            ("GET", f"/salesforce/getSfdcOAuthTokensRedirect?code={stray['code']}&state={stray['state']}", {}, None),
            ("POST", "/sign-in", {"Content-Type": "application/x-www-form-urlencoded"}, f"key={stray['key']}"),
            ("POST", urlsplit(hook["url"]).path, {"webhook-signature": f"v1,{stray['signature']}"}, "{}"),
        ):
            async with stranger.request(method, world.url + url, headers=headers, data=body) as response:
                told = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
                search.places[f"{method} {url.partition('?')[0]} by a stranger"] = told.encode() + await response.read()
    status, answer = await world.call(
        "POST", f"{path}/events", {"type": "account.saved", "client_secret": stray["field"]}
    )
    search.places["a refused command"] = json.dumps([status, answer]).encode()
    status, answer = await world.call("POST", f"{path}/events", {"type": stray["field"], stray["field"]: 1})
    search.places["an unknown command"] = json.dumps([status, answer]).encode().replace(stray["field"].encode(), b"")


async def _subscribed(search: Search) -> str:
    """Subscribe an address whose path is a secret, and that nobody answers at; answers the subscription's id."""
    path = secrets.token_urlsafe(32)
    search.plant(subscription_path=path)
    made = await search.world.api("POST", "/api/subscriptions", {"url": f"{_NOWHERE}/{path}", "name": "Nobody"})
    search.plant(subscription_secret=made["secret"].removeprefix("whsec_"))
    changed = await search.world.api("POST", f"/api/subscriptions/{made['id']}/secret", {})
    search.plant(second_subscription_secret=changed["secret"].removeprefix("whsec_"))
    return str(made["id"])


async def _seen(search: Search, integration: str) -> None:
    """Visit every page, take every export, and ask the command line for everything."""
    world = search.world
    subscription = await _subscribed(search)
    for template in routes():
        if template == STREAM:
            await search.follow(integration)
        elif template not in {FILES, LINK}:
            await search.look("all is well", *filled(template, integration, subscription))
    for style in ("ndjson", "csv", "ocsf", "json"):
        await search.look(
            "exported", f"/api/audit?format={style}", f"/api/integrations/{integration}/audit?format={style}"
        )
    for arguments in (
        ("status",),
        ("status", integration),
        ("events", "list", integration),
        ("audit", "list", integration),
        ("audit", "export", integration),
        ("audit", "verify"),
        ("keys", "list"),
        ("links", "list", integration),
    ):
        for flags in ((), ("--json",)) if arguments[:2] != ("audit", "export") else ((),):
            code, output = await world.command(*arguments, *flags)
            assert code == 0, (arguments, output)
            search.places[" ".join((*arguments, *flags))] = output.encode()
    # A refusal is told on standard error, and repeats nothing of what was sent.
    sent = secrets.token_urlsafe(32)
    search.plant(field_on_the_command_line=sent)
    for command, *data in (("resume.requested",), ("account.saved", "--data", f"client_secret={sent}")):
        code, output = await world.command("events", "send", integration, command, *data, "--json")
        assert code == 1, output
        search.places[f"events send {command}"] = output.encode()


# -- does the search bite?


@pytest.mark.parametrize(
    "write",
    [
        lambda secret: secret.encode(),
        lambda secret: json.dumps({"detail": f"no {secret} here"}).encode(),
        lambda secret: urlencode({"code": secret}).encode(),
        lambda secret: quote(secret).encode(),
        lambda secret: secret.encode().hex().encode(),
        lambda secret: secret.encode().hex().upper().encode(),
        lambda secret: secret.encode("utf-16-le"),
        *(lambda secret, n=n: base64.b64encode(b"x" * n + secret.encode() + b"after") for n in range(6)),
        *(lambda secret, n=n: base64.urlsafe_b64encode(b"x" * n + secret.encode()) for n in range(6)),
    ],
)
def test_a_planted_secret_is_found_in_every_form(tmp_path: Path, write: Callable[[str], bytes]) -> None:
    """Whoever writes a secret down, in whatever form and wherever in a file, is found out."""
    place = tmp_path / "scratch"
    for _ in range(20):
        secret = f'ca/na+ry "é" {secrets.token_urlsafe(24)}'
        noise = secrets.token_bytes(512)
        place.write_bytes(noise)
        assert leaks({"it": secret}, {"scratch": place.read_bytes()}) == []
        place.write_bytes(noise + b" " + write(secret) + b" " + noise)
        assert leaks({"it": secret}, {"scratch": place.read_bytes()})


def test_a_planted_verifier_is_found_by_its_challenge(tmp_path: Path) -> None:
    """Nobody but the service ever knows it, so it is recognized by what it hashes to."""
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    place = tmp_path / "scratch"
    place.write_bytes(secrets.token_bytes(64) + b"verifier=" + verifier.encode() + b"abc\x00")
    assert verifiers({"login": challenge}, {"scratch": place.read_bytes()}) == ["the verifier of login in scratch"]
    place.write_bytes(secrets.token_urlsafe(64).encode())
    assert verifiers({"login": challenge}, {"scratch": place.read_bytes()}) == []
