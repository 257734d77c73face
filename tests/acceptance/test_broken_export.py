"""An export that the service cannot end does not look complete, whatever ended the service."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.long_log import fill
from tests.acceptance.processes import Fork

#: More than what any buffer on the way holds, so that the export waits for its reader.
COUNT = 60_000


@pytest.mark.timeout(180)
@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_export_is_broken_off_by_the_end_of_the_service(tmp_path: Path, end: str) -> None:
    """A stop in order and a kill -9, with a reader that is in the middle of it."""
    data, log = tmp_path / "data", tmp_path / "service.log"
    await asyncio.to_thread(fill, data, COUNT)
    arguments = ("syncline", "serve", "--json", "--data", str(data), "--port", "0")
    program = await asyncio.to_thread(Fork, *arguments, log=log)
    key = {"Authorization": f"Bearer {program.facts['admin_key']}"}
    async with aiohttp.ClientSession(headers=key) as http:
        async with http.get(f"{program.facts['address']}/api/audit?format=ndjson") as response:
            assert response.status == 200
            received = len(await response.content.read(1000))
            ending = asyncio.create_task(asyncio.to_thread(program.stop if end == "stop" else program.kill))
            await asyncio.sleep(0.2)  # Whatever the reader has not taken by then cannot be on its way any more.

            async def read_on() -> int:
                return sum([len(part) async for part in response.content.iter_any()])

            with pytest.raises(aiohttp.ClientError):
                received += await read_on()
            assert await ending == (0 if end == "stop" else -9), program.tail()
        assert received < COUNT * 500
        program = await asyncio.to_thread(Fork, *arguments, log=log)
        address = f"{program.facts['address']}/api/audit?integration=service&type="
        async with http.get(f"{address}log.export_started") as response:
            assert len((await response.json())["items"]) == 1
        async with http.get(f"{address}log.exported") as response:
            told = [item["data"]["complete"] for item in (await response.json())["items"]]
        assert told == ([False] if end == "stop" else [])
        assert await asyncio.to_thread(program.stop) == 0
