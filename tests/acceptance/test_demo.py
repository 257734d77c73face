"""The demo as somebody meets it: it shows what happens, stays on with work left to do by hand, and ends by Ctrl-C."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from syncline.cli.client import Client
from syncline.cli.demo.admin import Admin
from syncline.cli.demo.browser import Browser
from syncline.cli.demo.processes import Simulation
from tests.acceptance.world import Json

LEADS, CONTACTS = 120, 80
SIZE = ("--leads", str(LEADS), "--contacts", str(CONTACTS))
#: Settings of the person's own shell are for their own service; a port of theirs must not be taken.
SHELL = {"SYNCLINE_PORT": "1", "SYNCLINE_LOG_LEVEL": "debug"}
_LONGEST = 60


@asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a demo of a small world; it is killed if it is still there in the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "syncline", "demo", *SIZE, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**SHELL, "COLUMNS": "120"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run(*arguments: str) -> tuple[int | None, str, str]:
    """Run a demo to its end; answers its exit code and what it wrote."""
    async with asyncio.timeout(_LONGEST), demo(*arguments) as process:
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


def check(report: Json) -> None:
    """Hold the one JSON object of the demo against what it promises."""
    assert report["state"] == "syncing.waiting"
    assert {name: (counts["read"], counts["written"]) for name, counts in report["records"].items()} == {
        "Lead": (LEADS, LEADS),
        "Contact": (CONTACTS, CONTACTS),
    }
    moves = report["transitions"]
    assert (moves[0]["type"], moves[0]["to"]) == ("integration.created", "unconfigured")
    assert moves[-1]["to"] == "syncing.waiting"
    assert report["audit"]["proved"]
    assert report["audit"]["rows"] >= len(moves)


async def test_once_it_ends_with_one_line_of_json(tmp_path: Path) -> None:
    """Exit code 0, nothing but the object on standard output, each transition and the bars on standard error."""
    kept = tmp_path / "kept"

    code, output, errors = await run("--once", "--json", "--data", str(kept))

    assert code == 0, errors
    (line,) = output.splitlines()
    report = json.loads(line)
    check(report)
    for move in report["transitions"]:
        assert f"→ {move['to']}   {move['type']}" in errors
    assert re.search(rf"Lead records .* {LEADS}/{LEADS}", errors)
    assert re.search(rf"Contact records .* {CONTACTS}/{CONTACTS}", errors)
    assert (kept / "data" / "syncline.sqlite3").exists()

    code, output, errors = await run("--once", "--json", "--data", str(kept))
    assert (code, "holds a demo already" in json.loads(output)["detail"]) == (1, True), errors


async def test_for_people_it_shows_each_transition_and_the_proof() -> None:
    """Without `--json` all of it is on standard output, in the order in which it happened."""
    code, output, errors = await run("--once")

    assert code == 0, errors
    places = [output.index(f"→ {state}") for state in ("unconfigured", "app_registered", "verified", "syncing.waiting")]
    assert places == sorted(places)
    assert f"Lead: {LEADS} read, {LEADS} written, 0 refused" in output
    assert re.search(r"Audit log: \d+ rows, is proved", output)
    assert output.index("State: syncing.waiting") > places[-1]


async def listen(process: asyncio.subprocess.Process) -> tuple[str, Json]:
    """Wait until a demo has handed over; answers what it says to people and to programs."""
    assert process.stdout is not None
    assert process.stderr is not None
    report = json.loads(await process.stdout.readline())
    text = ""
    while "Or watch a change arrive" not in text:
        line = (await process.stderr.readline()).decode()
        assert line, f"it ended:\n{text}"
        text += line
    return text, report


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_stays_on_with_a_second_integration_to_connect_by_hand(number: signal.Signals) -> None:
    """Addresses and key are told; the second integration is connected with them, and Ctrl-C ends everything."""
    async with asyncio.timeout(_LONGEST), demo("--json") as process:
        text, report = await listen(process)
        check(report)
        told = dict(re.findall(r"^  (\S+(?: \S+)*)  +(\S+)", text, re.MULTILINE))
        url, key = told["Syncline"], told["sign in with"]
        second = re.search(rf"Open {re.escape(url)}/i/(\w+) and sign in", text)
        assert second is not None
        async with aiohttp.ClientSession() as http, http.get(f"{told['make things go wrong']}/") as response:
            assert response.status == 200
        name, _, password = text.partition("Login with Salesforce: ")[2].partition(",")[0].partition(" / ")
        world = Simulation(
            told["simulated Salesforce"].removesuffix("/setup"), told["simulated Marketo"], "", name, password, "", ""
        )
        async with Browser(world.salesforce, url) as browser:
            await browser.submit(await browser.open(f"{url}/sign-in"), "/sign-in", key=key)
            assert "Second integration" in (await browser.open(f"{url}/i/{second[1]}")).text
            client = Client(browser.http, url, key)
            listed = await client.get("/api/integrations")
            assert {item["name"]: item["state"].partition(".")[0] for item in listed["items"]} == {
                "First integration": "syncing",
                "Second integration": "unconfigured",
            }
            found = await Admin(client, browser, world, lambda _status, _rows: None).connect(second[1])
            assert found["state"] == "syncing.waiting"

        process.send_signal(number)
        await process.communicate()

    assert process.returncode == 0
    for address in (url, world.salesforce, world.marketo):
        with pytest.raises(aiohttp.ClientConnectorError):
            async with aiohttp.ClientSession() as http:
                await http.get(address)
