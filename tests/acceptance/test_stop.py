"""The end of the service in the midst of its work, and the beginning of a second one beside it."""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

import aiohttp

from tests.acceptance.expectations import calls, rows_of
from tests.acceptance.syncs import complete, prepared, start, trouble, until
from tests.acceptance.world import World

_LONGEST = 10


async def ready(world: World) -> int | None:
    """Answer the status of the readiness probe, None when nobody answers any more."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{world.url}/readyz") as response:
            return response.status
    except aiohttp.ClientError:
        return None


async def test_a_stop_in_mid_sync_is_orderly_and_the_sync_goes_on_after_the_next_start(world: World) -> None:
    """Readiness says 503 at once, an open stream does not hold it, the effect is given back, the exit code is 0."""
    integration = await prepared(world)
    page = await world.browser.open(f"{world.url}/sign-in")
    await world.browser.submit(page, "/sign-in", key=world.key)
    # Neither side would come to its end by itself within the time that a stop may take.
    await world.fault(side="marketo", kind="slow", match="leads.sync", seconds=30)
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

    await world.mend()
    await world.start()
    found = await complete(world, integration)
    assert found["why"]["type"] == "sync.finished"
    assert await trouble(world, integration) == []
    assert [row["disposition"] for row in await rows_of(world, integration, "sync.finished")][:1] == ["transitioned"]


async def test_a_stop_while_nothing_runs_is_quick(world: World) -> None:
    """Ctrl-C ends it as SIGTERM does, with exit code 0, well within the time."""
    await world.create()
    begun = time.monotonic()
    world.service._process.send_signal(signal.SIGINT)
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
