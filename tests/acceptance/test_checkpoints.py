"""Checkpoints of a real service: over kills, to a file, an address and standard output, and against tampering."""

import asyncio
import json
import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from syncline.data_folder import DATABASE
from tests.acceptance.world import World

KILLS = 8


class Outside:
    """A machine elsewhere that takes checkpoints, and is now and then not there."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.away = False
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not outside.away:
                    outside.notes.append(json.loads(body)["checkpoint"])
                self.send_response(503 if outside.away else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/checkpoints"

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    """Start the other machine."""
    started = Outside()
    yield started
    started.stop()


def stored(world: World) -> list[str]:
    """The checkpoints of the database, the oldest first."""
    with closing(sqlite3.connect(f"file:{world.data / DATABASE}?mode=ro", uri=True)) as connection:
        return [note for (note,) in connection.execute("SELECT note FROM checkpoints ORDER BY number")]


def filed(file: Path) -> list[str]:
    """The checkpoints of a file, without the lines that a kill has cut off."""
    notes = []
    for line in file.read_bytes().splitlines():
        try:
            notes.append(json.loads(line)["checkpoint"])
        except ValueError:
            continue
    return notes


async def verified(world: World, *arguments: str) -> tuple[int, dict[str, object]]:
    """Prove the log; answers the exit code and what was found."""
    code, output = await world.command("audit", "verify", "--json", *arguments)
    return code, json.loads(output)


@pytest.mark.timeout(300)
async def test_kills_lose_no_checkpoint_on_its_way_outside(world: World, outside: Outside, tmp_path: Path) -> None:
    """Kill -9 again and again while rows come in and the address is away half of the time; then all is there."""
    file = tmp_path / "elsewhere.ndjson"
    await world.stop()
    before = len(stored(world)) - 1  # A place that is new begins with the newest.
    await world.start(checkpoint_interval=0.1, checkpoint_rows=3, checkpoint_file=str(file), checkpoint_url=outside.url)
    integration = await world.create()
    moments = random.Random(5)  # noqa: S311  the same moments each time
    for number in range(KILLS):
        outside.away = bool(number % 2)
        for _ in range(8):
            await world.call("POST", f"/api/integrations/{integration}/events", {"type": "app.registered"})
        await asyncio.sleep(moments.uniform(0, 0.3))
        await world.kill()
        await world.start()
    outside.away = False
    async with asyncio.timeout(30):
        while set(outside.notes) != set(stored(world)[before:]):  # noqa: ASYNC110  it becomes true in another process
            await asyncio.sleep(0.05)
    key = (await world.api("GET", "/api/audit/checkpoint-keys"))["items"][-1]["key"]
    assert await world.stop() == 0
    signed = stored(world)[before:]
    assert len(signed) > KILLS
    for notes in (filed(file), outside.notes):
        got = list(dict.fromkeys(notes))
        assert got == signed[: len(got)]
        assert len(got) >= len(signed) - 1  # The last is given a moment at the stop, and comes after the next start.
    code, report = await verified(world, "--checkpoints", str(file), "--key", key)
    assert code == 0, report
    assert report["checkpoints"]["covered"] == report["rows"]  # type: ignore[index]  # The stop has signed for the last.
    await world.start()


async def test_a_row_is_shown_to_somebody_far_away(world: World, tmp_path: Path) -> None:
    """Proved here, checked there, with nothing but the file and the key."""
    integration = await world.create()
    await world.send(integration, "app.registered")
    await world.stop()
    await world.start()  # The stop has signed.
    code, text = await world.command("audit", "keys", "--json")
    key = json.loads(text)["items"][-1]["key"]
    file = tmp_path / "row.json"
    code, text = await world.command("audit", "prove", integration, "2", "--output", str(file))
    assert code == 0, text
    away = tmp_path / "away"
    away.mkdir()
    shutil.copy(file, away / "row.json")
    assert await world.stop() == 0
    code, text = await world.command("audit", "check-proof", str(away / "row.json"), "--key", key)
    assert code == 0
    assert f"proved: {integration}, seq 2 (app.registered)" in text
    content = (away / "row.json").read_text(encoding="utf-8")
    (away / "row.json").write_text(content.replace("app.registered", "app.forgotten!"), encoding="utf-8")
    code, text = await world.command("audit", "check-proof", str(away / "row.json"), "--key", key)
    assert code == 1
    await world.start()


async def test_an_older_copy_that_is_served_again_says_so(world: World, tmp_path: Path) -> None:
    """The file outside knows of rows that the copy lacks: nothing is signed until somebody says what was done."""
    file = tmp_path / "elsewhere.ndjson"
    await world.stop()
    await world.start(checkpoint_interval=0.1, checkpoint_file=str(file))
    integration = await world.create()
    await world.stop()
    copy = tmp_path / "copy"
    shutil.copy(world.data / DATABASE, copy)
    await world.start()
    for _ in range(10):
        await world.call("POST", f"/api/integrations/{integration}/events", {"type": "app.registered"})
    await world.stop()
    newest = len(filed(file))
    for path in world.data.glob(f"{DATABASE}*"):
        path.unlink()
    shutil.copy(copy, world.data / DATABASE)

    await world.start()
    async with asyncio.timeout(20):
        while not (ready := await world.api("GET", "/readyz")).get("attention"):  # noqa: ASYNC110  as above
            await asyncio.sleep(0.05)
    assert "a checkpoint says" in ready["attention"][0]
    assert "log_contradicts_checkpoint" in (world.folder / "service.log").read_text(encoding="utf-8")
    await world.create("Another")  # Everything else goes on.
    assert (await world.command("audit", "rotate-key"))[0] == 1
    assert len(filed(file)) == newest
    code, text = await world.command("audit", "rotate-key", "--after-restore")
    assert code == 0, text
    assert not (await world.api("GET", "/readyz")).get("attention")
    assert await world.stop() == 0
    assert (await verified(world))[0] == 0
    code, report = await verified(world, "--checkpoints", str(file))
    assert code == 1
    assert [fault["source"] for fault in report["checkpoints"]["faults"]] == ["outside"]  # type: ignore[index]
    await world.start()


@pytest.mark.parametrize("settings", [{"checkpoint_stdout": "true", "checkpoint_interval": 0.1}], indirect=True)
async def test_standard_output_says_first_where_the_service_is(world: World) -> None:
    """The first line is that of `serve`; a checkpoint each follows."""
    line = await asyncio.to_thread(world.service.hear)
    assert json.loads(line)["checkpoint"] == stored(world)[0]
