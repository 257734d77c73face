"""The end of the service in the midst of its work, and the beginning of a second one beside it."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.expectations import calls, rows_of
from tests.acceptance.syncs import complete, prepared, start, trouble, until, waiting
from tests.acceptance.world import World

_LONGEST = 10


async def ready(world: World) -> int | None:
    """Answer the status of the readiness probe, None when nobody answers any more."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{world.url}/readyz") as response:
            return response.status
    except aiohttp.ClientError:
        return None


#: Far longer than a stop may take: nothing that hangs comes to its end by itself meanwhile.
PATIENT = {"http_timeout": 60, "lease": 120}


@pytest.mark.parametrize("settings", [PATIENT], indirect=True)
async def test_a_stop_in_mid_sync_is_orderly_and_the_sync_goes_on_after_the_next_start(world: World) -> None:
    """Readiness says 503 at once, an open stream does not hold it, the effect is given back, the exit code is 0."""
    integration = await prepared(world)
    page = await world.browser.open(f"{world.url}/sign-in")
    await world.browser.submit(page, "/sign-in", key=world.key)
    await world.fault(side="marketo", kind="hang", match="leads.sync", times=2)
    await start(world, integration)

    async def writing() -> bool:
        return await calls(world, "marketo", "leads.sync") > 0

    await until(writing, "nobody is sent")
    async with world.browser.http.get(f"{world.url}/i/{integration}/stream") as stream:
        await stream.content.readuntil(b"\r\n\r\n")
        begun = time.monotonic()
        stopping = asyncio.create_task(world.stop())
        seen = set()
        while not stopping.done():
            seen.add(await ready(world))
            await asyncio.sleep(0.02)
        assert await stopping == 0
        assert time.monotonic() - begun < _LONGEST
        assert 503 in seen
        assert await stream.content.read() is not None  # It has ended, in order.

    await world.start()
    shown = await waiting(world, integration, "sync_records")
    assert shown["attempts"] <= 1  # It was given back as if it had never been tried; the next process tries it now.
    await world.mend()
    await world.kill()
    await world.start()
    found = await complete(world, integration)
    assert found["why"]["type"] == "sync.finished"
    assert await trouble(world, integration) == []
    assert [row["disposition"] for row in await rows_of(world, integration, "sync.finished")][:1] == ["transitioned"]


@pytest.mark.parametrize("settings", [PATIENT], indirect=True)
@pytest.mark.parametrize("operation", ["token.code", "token.refresh", "revoke"])
async def test_nothing_that_hangs_holds_a_stop(world: World, operation: str) -> None:
    """A call that cannot be repeated is under way, a stream is open, a request is half sent: under ten seconds."""
    integration = await world.create()
    state = "credentials_saved.ready" if operation == "token.code" else "syncing.waiting"
    await world.reach(integration, state)
    before = await calls(world, "salesforce", operation)
    await world.fault(side="salesforce", kind="hang", match=operation)
    match operation:
        case "token.code":
            await world.login(integration)
        case "token.refresh":
            await world.control("POST", "/tokens/expire", side="salesforce")
            await world.send(integration, "sync.requested")
        case _:
            await world.send(integration, "disconnect.requested")

    async def hanging() -> bool:
        return await calls(world, "salesforce", operation) > before

    await until(hanging, f"{operation} is not called")
    host, port = world.url.removeprefix("http://").split(":")
    _, half = await asyncio.open_connection(host, int(port))
    half.write(b"POST /api/integrations HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n")
    half.write(f"Authorization: Bearer {world.key}\r\nContent-Type: application/json\r\n\r\n{{".encode())
    await half.drain()
    headers = {"Authorization": f"Bearer {world.key}"}
    async with world.browser.http.get(f"{world.url}/i/{integration}/stream", headers=headers) as stream:
        await stream.content.readuntil(b"\r\n\r\n")
        begun = time.monotonic()
        assert await world.stop() == 0
        assert time.monotonic() - begun < _LONGEST
    half.close()

    await world.mend()
    await world.start()
    code, output, _ = await run("audit", "verify", "--data", str(world.data), "--json")
    assert (code, json.loads(output)["proved"]) == (0, True)


async def test_a_stop_while_nothing_runs_is_quick(world: World) -> None:
    """Ctrl-C ends it as SIGTERM does, with exit code 0, well within the time."""
    await world.create()
    begun = time.monotonic()
    os.kill(world.service.pid, signal.SIGINT)
    assert await world.stop() == 0
    assert time.monotonic() - begun < _LONGEST / 2
    await world.start()


async def test_a_second_service_on_the_same_data_is_refused_and_the_first_goes_on(world: World) -> None:
    """It says who holds the data and where that one answers, and changes nothing."""
    arguments = ("serve", "--data", str(world.data), "--port", "0")
    code, output, errors = await run(*arguments)
    assert (code, output) == (1, "")
    assert "store.locked" in errors
    assert f"process {world.service.pid}" in errors
    assert world.url in errors
    assert "Traceback" not in errors

    code, output, _ = await run(*arguments, "--json")
    assert (code, json.loads(output)["code"]) == (1, "store.locked")

    integration = await world.create()
    assert (await world.status(integration))["state"] == "unconfigured"
    assert await ready(world) == 200


async def test_a_port_that_is_taken_is_named(world: World, tmp_path: Path) -> None:
    """The second service has its own data, but not its own port."""
    code, _, errors = await run("serve", "--data", str(tmp_path / "other"), "--port", world.url.rpartition(":")[2])
    assert code == 1
    assert "serve.no_port" in errors
    assert "Traceback" not in errors


async def run(*arguments: str) -> tuple[int, str, str]:
    """Run the command line; answers its exit code and what it wrote to both streams."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "syncline", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, output.decode(), errors.decode()
