"""HTTPS with a CA of this run, and the proxy: they lead to this world, and nowhere else."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp
import pytest
from marketorestpython.client import MarketoClient  # type: ignore[import-untyped]

from syncline_sim.app import Plan, Simulation
from syncline_sim.cli import main
from syncline_sim.marketo import api_users
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person
from tests.sim.secured import PRODUCTION, go_by_environment, secured, trust

VERSIONS = "https://login.salesforce.com/services/data"


@pytest.fixture
async def simulation(tmp_path: Path) -> AsyncIterator[Simulation]:
    """A world with HTTPS and the proxy."""
    async with secured(tmp_path) as running:
        yield running


async def connect(simulation: Simulation, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, str]:
    """Send this to the proxy and answer the connection with the first line of its answer."""
    port = int(simulation.address()["proxy"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    return reader, writer, head.decode().partition("\r\n")[0]


@pytest.mark.parametrize(
    "host",
    [
        "login.salesforce.com",
        "test.salesforce.com",
        PRODUCTION,
        "acme--dev.sandbox.my.salesforce.com",
        "123-abc-456.mktorest.com",
        "LOGIN.salesforce.com",
    ],
)
async def test_certificate_has_the_vendors_names(simulation: Simulation, host: str) -> None:
    """Through the proxy each name shows a certificate that is good for it."""
    reader, writer, answer = await connect(simulation, f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer == "HTTP/1.1 200 Connection established"
    await writer.start_tls(trust(simulation), server_hostname=host)
    writer.write(b"GET /services/data HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await reader.read(9)) == b"HTTP/1.1 "
    writer.close()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("CONNECT www.example.com:443 HTTP/1.1", 403),
        ("CONNECT salesforce.com:443 HTTP/1.1", 403),
        ("CONNECT login.salesforce.com.example.com:443 HTTP/1.1", 403),
        ("CONNECT evil-login.salesforce.com:443 HTTP/1.1", 403),
        ("CONNECT a.b.mktorest.com:443 HTTP/1.1", 403),
        ("CONNECT login.salesforce.com:80 HTTP/1.1", 403),
        ("CONNECT login.salesforce.com HTTP/1.1", 403),
        ("CONNECT 127.0.0.1:443 HTTP/1.1", 403),
        ("CONNECT [::1]:443 HTTP/1.1", 403),
        ("GET http://login.salesforce.com/ HTTP/1.1", 405),
        ("hello", 400),
        ("CONNECT " + "x" * 20_000 + " HTTP/1.1", 431),
    ],
)
async def test_proxy_refuses(simulation: Simulation, request_line: str, status: int) -> None:
    """Any other host, port, method or noise is refused, and the connection ends."""
    reader, writer, answer = await connect(simulation, f"{request_line}\r\n\r\n".encode())
    assert int(answer.split()[1]) == status
    assert await reader.read() != b""
    writer.close()


async def test_proxy_outlives_rude_clients(simulation: Simulation, http: aiohttp.ClientSession) -> None:
    """Who goes away in the middle of a request or of a tunnel harms nobody else."""
    _, half, _ = await connect(simulation, b"CONNECT login.salesforce.com:443 HTTP/1.1\r\n\r\n")
    half.transport.abort()
    port = int(simulation.address()["proxy"].rpartition(":")[2])
    _, silent = await asyncio.open_connection("127.0.0.1", port)
    silent.write(b"CONN")
    silent.close()
    options: dict[str, Any] = {"proxy": simulation.address()["proxy"], "ssl": trust(simulation)}
    async with http.get(VERSIONS, **options) as response:
        assert response.status == 200


async def test_fault_is_seen_through_the_proxy(
    simulation: Simulation, control: ControlDoor, http: aiohttp.ClientSession
) -> None:
    """A connection that is reset at the door is reset at the client, not ended, and the next one is well."""
    await control("POST /faults", {"side": "salesforce", "kind": "reset"})
    reader, writer, _ = await connect(simulation, b"CONNECT login.salesforce.com:443 HTTP/1.1\r\n\r\n")
    await writer.start_tls(trust(simulation), server_hostname="login.salesforce.com")
    writer.write(b"GET /services/data HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    options: dict[str, Any] = {"proxy": simulation.address()["proxy"], "ssl": trust(simulation)}
    async with http.get(VERSIONS, **options) as response:
        assert response.status == 200


async def test_stop_ends_tunnels(tmp_path: Path) -> None:
    """A world that ends does not wait for tunnels in which nothing happens."""
    async with asyncio.timeout(5):
        async with secured(tmp_path) as running:
            reader, writer, _ = await connect(running, b"CONNECT login.salesforce.com:443 HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_one_world_behind_both_doors(simulation: Simulation, person: Person, app: dict[str, Any]) -> None:
    """A token from one door is good at the other; addresses in answers are those of the door that was asked."""
    tokens = await person.grant(app)
    urls, trusted = simulation.world.urls, trust(simulation)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    for name in ("salesforce", "salesforce_https"):
        async with person.http.get(f"{urls[name]}/services/oauth2/userinfo", headers=headers, ssl=trusted) as response:
            found = await response.json()
        assert found["sub"].startswith(f"{urls[name]}/id/00D")
        assert found["urls"]["rest"] == f"{urls[name]}/services/data/v{{version}}/"
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": app["consumer_key"],
        "client_secret": app["consumer_secret"],
    }
    options: dict[str, Any] = {"proxy": simulation.address()["proxy"], "ssl": trusted}
    async with person.http.post("https://login.salesforce.com/services/oauth2/token", data=form, **options) as response:
        renewed = await response.json()
    assert renewed["instance_url"] == f"https://{PRODUCTION}"
    assert renewed["id"].startswith("https://login.salesforce.com/id/00D")


async def test_own_address_of_an_org(simulation: Simulation, control: ControlDoor, http: aiohttp.ClientSession) -> None:
    """An org that was given an address keeps it, whichever door is asked."""
    org = await control("POST /orgs", {"name": "Far", "instance_url": "https://far.example"})
    await control("POST /users", {"org_id": org["id"], "username": "far@far.example"})
    app = await control("POST /apps", {"org_id": org["id"], "client_credentials_user": "far@far.example"})
    form = {"grant_type": "client_credentials"}
    form |= {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
    url = f"{simulation.world.urls['salesforce_https']}/services/oauth2/token"
    async with http.post(url, data=form, ssl=trust(simulation)) as response:
        assert (await response.json())["instance_url"] == "https://far.example"


async def test_marketo_client(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """marketorestpython, unmodified, finds its built-in host by the proxy and trusts it by the CA."""
    go_by_environment(simulation, monkeypatch)
    client = MarketoClient("123-ABC-456", api_users.DEFAULT_CLIENT_ID, api_users.DEFAULT_CLIENT_SECRET)
    fields = await asyncio.to_thread(client.execute, method="describe")
    assert "email" in {field["rest"]["name"] for field in fields}


async def test_nobody_else_is_trusted(simulation: Simulation, tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """The CA's certificate alone is written, each run has another, and who trusts one does not trust the other."""
    address = simulation.address()
    assert address["ca"] == str(tmp_path / "ca.pem")
    assert _texts(tmp_path) == {"ca.pem": "-----BEGIN CERTIFICATE-----"}
    strict = trust(simulation)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    async with http.get(address["salesforce_https"] + "/services/data", ssl=strict) as response:
        assert response.status == 200
    async with secured(tmp_path / "other") as other:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(address["salesforce_https"], ssl=trust(other))


async def test_every_interface(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """A world that listens everywhere names itself as it is told to, and its proxy still finds it."""
    world = World(seed=1)
    plan = Plan(host="0.0.0.0", public_host="localhost", leads=1, contacts=1, tls_dir=str(tmp_path))  # noqa: S104
    running = Simulation(world, plan)
    await running.start()
    try:
        address = running.address()
        assert address["salesforce_https"].startswith("https://localhost:")
        for url, proxy in ((address["marketo_https"], None), (VERSIONS, address["proxy"])):
            async with http.get(url, proxy=proxy, ssl=trust(running)) as response:
                assert response.status in (200, 404)
    finally:
        await running.stop()
        world.close()


def _texts(folder: Path) -> dict[str, str]:
    """Answer the name of each file with its first line."""
    return {path.name: path.read_text().partition("\n")[0] for path in folder.iterdir()}


def test_ports_need_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """A port for HTTPS or the proxy alone is refused in a sentence, not passed over."""
    for flag in ("--proxy-port", "--salesforce-tls-port", "--marketo-tls-port"):
        with pytest.raises(SystemExit):
            main([flag, "9443"])
        assert "need --tls-dir" in capsys.readouterr().err


def test_help_shows_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    """The help says how HTTPS and the proxy are had."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f in shown for f in ("--tls-dir", "--proxy-port", "--salesforce-tls-port", "--marketo-tls-port"))


def test_proxy_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port that somebody has is told in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["--tls-dir", str(tmp_path), "--proxy-port", port, "--leads", "1", "--contacts", "1"]) == 1
    assert "syncline-sim: " in capsys.readouterr().err


#: What somebody would write who has never heard of a simulator.
_SCRIPT = """
from simple_salesforce import Salesforce
import sys
with_token = dict(zip(("username", "password", "security_token"), sys.argv[1:]))
print(Salesforce(**with_token).query("SELECT count() FROM Lead")["totalSize"])
"""


@pytest.mark.slow
def test_as_programs(tmp_path: Path) -> None:
    """The standalone program and an unmodified script meet by two variables of the environment alone."""
    sizes = ["--leads", "20", "--contacts", "20"]
    command = [sys.executable, "-W", "error", "-m", "syncline_sim", *sizes, "--json", "--tls-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            ready = json.loads(program.stdout.readline())
            known = {"salesforce", "marketo", "control", "user", "marketo_client"}
            assert set(ready) == known | {"salesforce_https", "marketo_https", "proxy", "ca"}
            plain = {
                name: value for name, value in os.environ.items() if name.lower() not in ("no_proxy", "https_proxy")
            }
            environment = {**plain, "HTTPS_PROXY": ready["proxy"], "REQUESTS_CA_BUNDLE": ready["ca"]}
            login = [ready["user"]["username"], ready["user"]["password"], _security_token(ready["control"])]
            script = [sys.executable, "-c", _SCRIPT, *login]
            done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert (done.stdout.strip(), done.returncode) == ("20", 0), done.stderr
        finally:
            program.terminate()
        assert program.wait(timeout=5) == 0


def _security_token(control: str) -> str:
    with urlopen(f"{control}/world", timeout=10) as response:
        found: str = json.load(response)["users"][0]["security_token"]
    return found
