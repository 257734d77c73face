"""Exports: what is in them, that each is itself on the log, and that one which breaks off does not look complete."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from jsonschema_rs import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from syncline.core.audit import GENESIS, chain
from syncline.core.event import Actor, Event
from syncline.core.ocsf import VERSION
from syncline.store import log, search
from syncline.store.log import Filter, LogRow
from syncline.store.search import Found
from syncline.store.search import find as find_rows
from syncline.store.transaction import Transaction
from syncline.web import exports
from syncline.web.tables import COLUMNS
from tests.web.doors import Doors

FORMS = ("ndjson", "csv", "ocsf")
ADDRESS = "198.51.100.77"


async def fill(doors: Doors, count: int) -> None:
    """Add integrations; each is a row, from an address that somebody might want to know."""
    actor = Actor("person", "ak_9", via="bearer", address=ADDRESS)
    for number in range(count):
        event = Event(f"in_{number}", "integration.created", "k", actor, doors.site.now(), {"name": "=1+1"})
        await doors.site.engine.handle(event)


async def service_rows(doors: Doors, type_: str) -> list[dict[str, Any]]:
    """Rows of one type on the service's log, as they were written."""
    found = await doors.store.read(lambda tx: log.rows(tx, wanted=Filter("service", type=type_)))
    return [json.loads(row.content) for row in found]


async def ending(doors: Doors) -> dict[str, Any]:
    """Wait until the log says how the one export has ended."""
    async with asyncio.timeout(10):
        while not (found := await service_rows(doors, "log.exported")):  # noqa: ASYNC110  the log has no event for it
            await asyncio.sleep(0.01)
    return found[0]


def lines(text: str) -> list[dict[str, Any]]:
    """Read lines of JSON; each has to end."""
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


async def test_whole_log_in_each_form_has_the_same_rows(doors: Doors) -> None:
    """What was there when it was asked for, in order, each with what proves it."""
    await fill(doors, 7)
    answers = {form: await doors.ask("GET", f"/api/audit?format={form}", role="auditor") for form in FORMS}
    assert {answer.status for answer in answers.values()} == {200}
    plain, events = lines(answers["ndjson"].text), lines(answers["ocsf"].text)
    table = list(csv.DictReader(io.StringIO(answers["csv"].text)))
    count = len(plain)
    assert [line["position"] for line in plain] == list(range(1, count + 1))
    assert [int(row["position"]) for row in table[:count]] == [line["position"] for line in plain]
    assert [event["unmapped"]["hash"] for event in events[:count]] == [line["hash"] for line in plain]
    assert [row["hash"] for row in table[:count]] == [line["hash"] for line in plain]
    heads: dict[str, bytes] = {}
    for event in events:
        name = event["unmapped"]["integration"]
        heads[name] = chain(heads.get(name, GENESIS), event["raw_data"].encode())
        assert heads[name].hex() == event["unmapped"]["hash"]
    assert answers["ocsf"].headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert 'filename="audit-all.ocsf.ndjson"' in answers["ocsf"].headers["Content-Disposition"]


async def test_real_rows_are_valid_events_of_ocsf(doors: Doors) -> None:
    """Those that the service itself wrote, against the public schema."""
    await doors.create()
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    for event in lines((await doors.ask("GET", "/api/audit?format=ocsf")).text):
        name = schema.lookup_class_name_from_uid(event["class_uid"])
        Draft202012Validator(schema.get_class_schema(class_name=name, profiles=[])).validate(event)


async def test_table_opens_what_is_personal_and_holds_no_formula(doors: Doors) -> None:
    """Whoever may export may read; a spreadsheet runs nothing."""
    await fill(doors, 1)
    text = (await doors.ask("GET", "/api/audit?format=csv&type=integration.created")).text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["actor_address"] == ADDRESS
    assert json.loads(row["data"]) == {"name": "=1+1"}
    assert tuple(row) == COLUMNS
    assert (row["v"], len(row["digest"]), row["key"]) == ("2", 32, "k")
    (event,) = lines((await doors.ask("GET", "/api/audit?format=ocsf&type=integration.created")).text)
    assert event["src_endpoint"] == {"ip": ADDRESS}
    (line,) = lines((await doors.ask("GET", "/api/audit?format=ndjson&type=integration.created")).text)
    assert line["row"]["actor"]["address"].startswith("sealed:")


@pytest.mark.parametrize("form", FORMS)
async def test_export_is_itself_on_the_log(doors: Doors, form: str) -> None:
    """Who, when, from where, which filter and form: before its first byte; and how many rows, when it has ended."""
    await fill(doors, 3)
    answer = await doors.ask("GET", f"/api/audit?format={form}&type=integration.created&after=2", role="auditor")
    assert answer.status == 200
    (started,) = await service_rows(doors, "log.export_started")
    (ended,) = await service_rows(doors, "log.exported")
    (key,) = [key for key in (await doors.ask("GET", "/api/keys")).json["items"] if key["role"] == "auditor"]
    assert started["actor"]["id"] == ended["actor"]["id"] == key["id"]
    assert started["actor"]["address"].startswith("sealed:")
    assert started["data"] == {"format": form, "filter": {"type": "integration.created"}, "after": 2}
    assert ended["data"]["rows"] == 3
    assert ended["data"]["complete"] is True
    assert ended["cause"] == f"seq:{started['seq']}"
    assert started["request"] == ended["request"] != ""
    assert started["disposition"] == ended["disposition"] == "handled"


async def test_same_id_for_two_requests_hides_no_export(doors: Doors) -> None:
    """A client may choose it; each export is one of its own all the same."""
    for _ in range(2):
        answer = await doors.ask("GET", "/api/audit?format=csv", headers={"X-Request-Id": "mine"})
        assert answer.status == 200
    for type_ in ("log.export_started", "log.exported"):
        assert [row["disposition"] for row in await service_rows(doors, type_)] == ["handled", "handled"]


async def test_nothing_is_exported_without_the_right_to(doors: Doors) -> None:
    """And nothing says that it was."""
    for role in ("viewer", "operator"):
        assert (await doors.ask("GET", "/api/audit?format=ocsf", role=role)).status == 403
    assert await service_rows(doors, "log.export_started") == []


@pytest.mark.slow
async def test_export_ends_though_the_log_goes_on(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds what there was when it was asked for; a busy service would never be done otherwise."""
    await fill(doors, 5)
    monkeypatch.setattr(exports, "_MOST_ROWS", 2)
    written = exports._encode

    async def busy(rows: Sequence[LogRow], form: str, privacy: Any) -> bytes:  # noqa: ANN401
        for _ in range(3):
            await doors.site.service_log.note("service.started", {})
        return await written(list(rows), form, privacy)

    monkeypatch.setattr(exports, "_encode", busy)
    found = lines((await doors.ask("GET", "/api/audit?format=ndjson")).text)
    (ended,) = await service_rows(doors, "log.exported")
    assert len(found) == ended["data"]["rows"] == ended["data"]["through"] == found[-1]["position"]


def stop_at_the_second_page(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service begin to stop while an export is under way."""
    monkeypatch.setattr(exports, "_MOST_ROWS", 2)
    pages = 0

    def find(tx: Transaction, **asked: Any) -> Found:  # noqa: ANN401
        nonlocal pages
        pages += 1
        if pages == 2:
            doors.site.stopping.set()
        return find_rows(tx, **asked)

    monkeypatch.setattr(search, "find", find)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
async def test_export_that_breaks_off_does_not_look_complete(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A reader of HTTP raises; and the log says that it was not whole."""
    await fill(doors, 9)
    stop_at_the_second_page(doors, monkeypatch)
    with pytest.raises(aiohttp.ClientError):
        await doors.ask("GET", f"/api/audit?format={form}", role="auditor")
    ended = await ending(doors)
    assert (ended["data"]["complete"], ended["data"]["rows"]) == (False, 4)


async def test_connection_of_a_broken_export_is_reset(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte: no end mark comes, and the end of the connection is no quiet one."""
    await fill(doors, 9)
    stop_at_the_second_page(doors, monkeypatch)
    reader, writer = await asyncio.open_connection("127.0.0.1", doors.client.port)
    key = doors.keys["auditor"]
    writer.write(f"GET /api/audit?format=ndjson HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    received = bytearray()

    async def receive() -> None:
        while part := await reader.read(65536):
            received.extend(part)

    with pytest.raises(ConnectionResetError):
        await receive()
    assert not received.endswith(b"0\r\n\r\n")
    writer.close()


async def test_reader_that_goes_away_is_written_down(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows may have reached it before it left."""
    await fill(doors, 9)
    monkeypatch.setattr(exports, "_MOST_ROWS", 1)
    written, left = exports._encode, asyncio.Event()

    async def slow(rows: list[LogRow], form: str, privacy: Any) -> bytes:  # noqa: ANN401
        await left.wait()
        return await written(rows, form, privacy)

    monkeypatch.setattr(exports, "_encode", slow)
    headers = {"Authorization": f"Bearer {doors.keys['auditor']}"}
    async with doors.client.get("/api/audit?format=ndjson", headers=headers) as response:
        assert response.status == 200
        response.close()
    left.set()
    assert (await ending(doors))["data"]["complete"] is False


async def test_http_that_has_no_end_mark_is_refused(doors: Doors) -> None:
    """An answer in HTTP/1.0 just ends; a proxy that speaks it would pass a broken one on as a whole one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", doors.client.port)
    key = doors.keys["auditor"]
    writer.write(f"GET /api/audit?format=ndjson HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    answer = await reader.read()
    assert b" 422 " in answer.splitlines()[0]
    assert b"export.old_http" in answer
    writer.close()


async def test_large_rows_are_read_in_small_numbers(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by bytes, whatever a row holds."""
    monkeypatch.setattr(exports, "_MOST_ROWS", 4)
    monkeypatch.setattr(exports, "_MOST_BYTES", 20_000)
    actor = Actor("person", "ak_9", via="bearer")
    for number in range(12):
        event = Event(f"in_{number}", "integration.created", "k", actor, doors.site.now(), {"name": "x" * 9000})
        await doors.site.engine.handle(event)
    limits = []

    def find(tx: Transaction, **asked: Any) -> Found:  # noqa: ANN401
        limits.append(asked["limit"])
        return find_rows(tx, **asked)

    monkeypatch.setattr(search, "find", find)
    answer = await doors.ask("GET", "/api/audit?format=ndjson&type=integration.created")
    assert len(lines(answer.text)) == 12
    assert limits[0] == 4
    assert set(limits[1:]) == {2}


async def test_words_that_were_looked_for_are_sealed(doors: Doors, tmp_path: Path) -> None:
    """Somebody's name may be among them."""
    wanted = Filter(text="jane.doe@example.com")
    taking = exports._Taking(wanted, "csv", 0, 1)
    facts = exports._facts(taking)
    assert facts == {"format": "csv", "sent": "jane.doe@example.com"}
    event = Event("service", "log.export_started", "k", Actor("person", "ak_1"), 1, facts)
    sealed = await doors.site.store.write(partial(doors.site.privacy.seal, event=event))
    assert sealed.data["sent"].startswith("sealed:")


@pytest.mark.parametrize("integration", ["%1F", "a%0d%0aX-More:%20yes", "%22", "%E4%B8%AD"])
async def test_a_name_that_no_file_has_ends_no_export(doors: Doors, integration: str) -> None:
    """What is asked for stands in the name of the file; an odd one is answered like any that there is nothing of."""
    answer = await doors.ask("GET", f"/api/audit?format=csv&integration={integration}", role="auditor")
    assert answer.status == 200
    assert "X-More" not in answer.headers
    assert len(answer.text.splitlines()) == 1
