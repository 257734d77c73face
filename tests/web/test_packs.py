"""The auditor's pack over HTTP: for whom, what the log says of it, and that one which breaks off is none."""

import asyncio
import json
import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from syncline.errors import UnavailableError
from syncline.pack import Pack
from syncline.store.log import Filter
from syncline.store.log import rows as read_rows
from tests.verifying import run
from tests.web.doors import NEW, Doors
from tests.web.keys import make_key


async def fetch(doors: Doors, query: str = "", key: str = "") -> tuple[int, bytes]:
    """Ask for a pack; answers the status and the bytes."""
    who = {"Authorization": f"Bearer {key or doors.keys['auditor']}"}
    async with doors.client.get(f"/api/audit/pack{query}", headers=who) as response:
        return response.status, await response.read()


async def told(doors: Doors, type_: str) -> list[dict[str, Any]]:
    """What the service's log says of exports."""
    found = await doors.store.read(partial(read_rows, wanted=Filter("service", type=type_)))
    return [json.loads(row.content) for row in found]


async def test_a_pack_proves_and_is_itself_on_the_log(doors: Doors, tmp_path: Path) -> None:
    """Up to the row that says that it was asked for; signed for just before."""
    assert (await doors.ask("POST", "/api/integrations", body=NEW)).status == 201
    await doors.site.checkpoints.open()
    status, body = await fetch(doors)
    assert status == 200
    path = tmp_path / "pack.zip"
    path.write_bytes(body)
    answer = run(path, "--key", (await doors.site.checkpoints._keys.known())[0].key)
    assert answer.code == 0, answer.text
    assert "after the last good checkpoint" not in answer.text
    (begun,), (ended,) = await told(doors, "log.export_started"), await told(doors, "log.exported")
    assert begun["data"] == {"format": "pack"}
    rows = zipfile.ZipFile(path).read("rows.ndjson").splitlines()
    assert json.loads(rows[-1])["row"]["type"] == "log.export_started"
    assert ended["data"] == {"format": "pack", "rows": len(rows), "through": len(rows), "complete": True}
    assert ended["request"] == begun["request"]


async def test_who_may_have_one(doors: Doors) -> None:
    """Those who may take the log away; one integration by its id; that it was opened is on the log."""
    created = (await doors.ask("POST", "/api/integrations", body=NEW)).json["id"]
    for role in ("viewer", "operator"):
        answer = await doors.ask("GET", "/api/audit/pack", role=role)
        assert (answer.status, answer.code) == (403, "access.forbidden")
    assert (await fetch(doors, "?integration=in_nothing"))[0] == 404
    status, body = await fetch(doors, f"?integration={created}&reveal=true")
    assert status == 200
    with zipfile.ZipFile(BytesIO(body)) as opened:
        assert "127.0.0.1" in json.loads(opened.read("personal.json")).values()
        assert [head["id"] for head in json.loads(opened.read("heads.json"))["chains"]] == [created]
    (begun,) = await told(doors, "log.export_started")
    assert begun["data"] == {"format": "pack", "integration": created, "revealed": True}
    assert (await fetch(doors, "?integration=service"))[0] == 200


async def test_a_key_for_some_integrations(doors: Doors) -> None:
    """Gets these, and of others and of the service nothing."""
    mine, other = [(await doors.ask("POST", "/api/integrations", body=NEW)).json["id"] for _ in range(2)]

    _, key = await doors.store.write(
        partial(make_key, name="some", role="auditor", now=doors.site.now(), integrations=(mine,))
    )
    for asked in ("service", other):
        assert (await fetch(doors, f"?integration={asked}", key))[0] == 404
    status, body = await fetch(doors, "", key)
    assert status == 200
    with zipfile.ZipFile(BytesIO(body)) as opened:
        assert {head["id"] for head in json.loads(opened.read("heads.json"))["chains"]} == {mine}
        assert other.encode() not in opened.read("rows.ndjson")


async def test_one_that_breaks_off(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is reset, what came is no zip, and the log says that it was not complete."""

    async def break_off(_: object) -> Any:  # noqa: ANN401
        yield b"PK"
        raise UnavailableError("store.unavailable", "rows were let go")

    monkeypatch.setattr(Pack, "pieces", break_off)
    with pytest.raises(aiohttp.ClientError):
        await fetch(doors)
    async with doors.client.get("/livez") as response:
        assert response.status == 200
    async with asyncio.timeout(10):
        while not (found := await told(doors, "log.exported")):  # noqa: ASYNC110  the log has no event for it
            await asyncio.sleep(0.01)
    assert found[0]["data"]["complete"] is False
