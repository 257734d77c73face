"""What the tests of bulk jobs share: exports that are asked for and files that are sent."""

import io
import time
from typing import Any

import aiohttp

from syncline_sim.world import World
from tests.sim.marketo.conftest import ApiUser

LEADS = "/bulk/v1/leads"


def moment(world: World, days: float = 0) -> str:
    """Answer a moment of the world, some days from its now, as clients write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(world.now() + days * 24 * 3600))


def span(world: World, days: float = 1) -> dict[str, str]:
    """Answer a range around now that is some days long."""
    return {"startAt": moment(world, 0.5 - days), "endAt": moment(world, 0.5)}


async def create(user: ApiUser, document: dict[str, Any], kind: str = "leads") -> str:
    """Create an export and answer its id."""
    answer = await user.post(f"/bulk/v1/{kind}/export/create.json", document)
    assert answer["success"], answer
    (job,) = answer["result"]
    assert job["status"] == "Created"
    key: str = job["exportId"]
    return key


async def ask(user: ApiUser, key: str, what: str, kind: str = "leads") -> dict[str, Any]:
    """Call a job: enqueue, cancel or status; answer it, or the refusal."""
    path = f"/bulk/v1/{kind}/export/{key}/{what}.json"
    answer = await (user.get(path) if what == "status" else user.post(path, {}))
    found: dict[str, Any] = answer["result"][0] if answer["success"] else answer
    return found


async def finish(user: ApiUser, key: str, kind: str = "leads") -> dict[str, Any]:
    """Enqueue an export, look at it until it is over, and answer it."""
    await ask(user, key, "enqueue", kind)
    for _ in range(10):
        job = await ask(user, key, "status", kind)
        if job["status"] not in ("Queued", "Processing"):
            return job
    raise AssertionError("it is never over")


async def file(user: ApiUser, key: str, kind: str = "leads", **headers: str) -> tuple[int, str]:
    """Answer the status and the text of a file."""
    response = await user.client.get(f"/bulk/v1/{kind}/export/{key}/file.json", headers={**user.headers, **headers})
    return response.status, await response.text()


async def send(user: ApiUser, content: str, query: str = "format=csv", **parts: str) -> dict[str, Any]:
    """Send a file to import and answer the answer."""
    response = await upload(user, content, query, **parts)
    found: dict[str, Any] = await response.json()
    return found


async def upload(user: ApiUser, content: str, query: str, **parts: str) -> aiohttp.ClientResponse:
    """Send a file to import and answer the response."""
    form = aiohttp.FormData(parts)
    form.add_field("file", io.BytesIO(content.encode()), filename="leads.csv")
    return await user.send("POST", f"{LEADS}.json?{query}", data=form)


async def load(user: ApiUser, content: str, query: str = "format=csv") -> dict[str, Any]:
    """Import a file, look at it until it is over, and answer the import."""
    answer = await send(user, content, query)
    assert answer["success"], answer
    for _ in range(10):
        (job,) = (await user.get(f"{LEADS}/batch/{answer['result'][0]['batchId']}.json"))["result"]
        if job["status"] not in ("Queued", "Importing"):
            return dict(job)
    raise AssertionError("it is never over")


async def sheet(user: ApiUser, batch: int, name: str) -> tuple[int, list[str]]:
    """Answer the status and the lines of the file of failures or warnings."""
    response = await user.client.get(f"{LEADS}/batch/{batch}/{name}.json", headers=user.headers)
    return response.status, (await response.text()).splitlines()
