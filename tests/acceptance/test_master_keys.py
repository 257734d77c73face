"""The master key is changed under a service that syncs, also when that is killed in the middle."""

import asyncio
import json
import time

from syncline.key_ring import KEY_FILE
from tests.acceptance.world import World

OTHERS = 60
_TWO_KEYS = 2


async def rotated(world: World) -> dict[str, int]:
    """Wait until nothing is wrapped by an old key and nothing runs; answers what each key wraps."""
    deadline = time.monotonic() + 20
    while (now := await world.api("GET", "/api/master-keys"))["rotating"] or now["left"]:
        assert time.monotonic() < deadline, now
        await asyncio.sleep(0.05)
    return {each["id"]: each["data_keys"] + each["subject_keys"] for each in now["items"]}


async def test_a_rotation_disturbs_no_sync_and_the_old_key_is_not_needed_after_it(world: World) -> None:
    """By the command line; then the old line goes out of the file, and the next start and the next cycle are fine."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    code, output = await world.command("keys", "rotate", "--json")
    assert code == 0
    told = json.loads(output)
    old, new = (each["id"] for each in told["items"])
    assert (told["current"], told["left"], told["rotating"]) == (new, 0, False)
    rows = [row for row in await world.log(integration) if row["type"] == "data_key.rewrapped"]
    assert [(row["disposition"], row["data"]["from"], row["data"]["to"]) for row in rows] == [("handled", old, new)]

    await world.stop()
    file = world.data / KEY_FILE
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if not line.startswith(old)))
    await world.start()
    before = len([row for row in await world.log(integration) if row["type"] == "sync.finished"])
    await world.send(integration, "sync.requested")
    deadline = time.monotonic() + 20
    while len([row for row in await world.log(integration) if row["type"] == "sync.finished"]) == before:
        assert time.monotonic() < deadline, "no cycle came to its end"
        await asyncio.sleep(0.05)
    assert (await world.command("audit", "verify"))[0] == 0


async def test_a_rotation_that_was_killed_is_finished_by_the_next_start(world: World) -> None:
    """Whatever was wrapped by then; no data key is lost, and no further master key is made."""
    made = await asyncio.gather(*(world.create(f"Number {number}") for number in range(OTHERS)))
    asked = asyncio.create_task(world.call("POST", "/api/master-keys/rotation"))
    deadline = time.monotonic() + 20
    while len((world.data / KEY_FILE).read_text().splitlines()) < _TWO_KEYS:
        assert time.monotonic() < deadline, "no key was made"
        await asyncio.sleep(0.001)
    await world.kill()
    await asyncio.gather(asked, return_exceptions=True)
    await world.start()
    wrapped = await rotated(world)
    # The service has a data key as well, and whoever has sent something has one in the log.
    assert wrapped.popitem()[1] > OTHERS + 1
    assert list(wrapped.values()) == [0]
    assert (await world.command("audit", "verify"))[0] == 0
    # Its secrets open: what is saved is sealed and probed with them.
    assert (await world.reach(made[0], "credentials_saved.ready"))["blocked_by"] is None
