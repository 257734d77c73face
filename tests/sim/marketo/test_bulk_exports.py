"""Exports of people: what can be asked for, and the file that comes of it."""

import hashlib
from typing import Any

import pytest

from syncline_sim.marketo import api_users
from syncline_sim.marketo.bulk import extract
from syncline_sim.world import World
from tests.sim.marketo.bulk import LEADS, ask, create, file, finish, moment, span
from tests.sim.marketo.conftest import ApiUser, codes

CREATE = f"{LEADS}/export/create.json"


async def test_life(world: World, user: ApiUser) -> None:
    """A job is created, queued, running and done, and its file is what the status says."""
    await user.upsert({"email": "a@example.com", "firstName": "Zoë"}, {"email": "b@example.com", "company": 'A "B", C'})
    key = await create(user, {"fields": ["email", "firstName", "company"], "filter": {"createdAt": span(world)}})
    assert await file(user, key) == (404, "File not found")
    queued = await ask(user, key, "enqueue")
    assert (queued["status"], queued["format"]) == ("Queued", "CSV")
    assert set(queued) == {"exportId", "format", "status", "createdAt", "queuedAt"}
    running = await ask(user, key, "status")
    assert (running["status"], "startedAt" in running, "fileSize" in running) == ("Processing", True, False)
    done = await ask(user, key, "status")
    status, text = await file(user, key)
    assert status == 200
    assert text == 'email,firstName,company\na@example.com,Zoë,null\nb@example.com,null,"A ""B"", C"\n'
    assert (done["status"], done["numberOfRecords"], done["fileSize"]) == ("Completed", 2, len(text.encode()))
    assert done["fileChecksum"] == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize(("layout", "line"), [("CSV", "Mail,id"), ("TSV", "Mail\tid"), ("ssv", "Mail;id")])
async def test_format(world: World, user: ApiUser, layout: str, line: str) -> None:
    """The three formats, and headers by other names."""
    document = {"fields": ["email", "id"], "format": layout, "columnHeaderNames": {"email": "Mail"}}
    key = await create(user, {**document, "filter": {"createdAt": span(world)}})
    assert (await finish(user, key))["format"] == layout.upper()
    assert (await file(user, key))[1] == f"{line}\n"


async def test_filters(world: World, user: ApiUser) -> None:
    """People are chosen by when they were created or changed, or by a static list."""
    world.advance(-20 * 24 * 3600)
    ids = [result["id"] for result in await user.upsert({"email": "old@example.com"}, {"email": "changed@example.com"})]
    world.advance(20 * 24 * 3600)
    await user.upsert({"email": "changed@example.com", "firstName": "C"}, {"email": "new@example.com"})
    world.db.execute("INSERT INTO marketo_lists VALUES (7, 'Seven', NULL, 1, 'Folder', 0, 0)")
    world.db.execute("INSERT INTO marketo_members VALUES (7, ?, 0)", (ids[0],))
    wanted: list[tuple[dict[str, Any], str]] = [
        ({"createdAt": span(world)}, "new"),
        ({"createdAt": span(world, 31)}, "old changed new"),
        ({"updatedAt": span(world)}, "changed new"),
        ({"staticListId": 7}, "old"),
        ({"staticListName": "Seven"}, "old"),
    ]
    for chosen, names in wanted:
        key = await create(user, {"fields": ["email"], "filter": chosen})
        await finish(user, key)
        lines = (await file(user, key))[1].split()[1:]
        assert [line.removesuffix("@example.com") for line in lines] == names.split()


async def test_refused(world: World, user: ApiUser) -> None:
    """What makes no sense is refused, each with its code."""
    good = span(world)
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"filter": {"createdAt": good}}, "1002"),
        ({"fields": ["email"]}, "1002"),
        ({"fields": ["noSuchField"], "filter": {"createdAt": good}}, "1006"),
        ({"fields": ["email"], "columnHeaderNames": {"id": "Id"}, "filter": {"createdAt": good}}, "1006"),
        ({"fields": ["email"], "format": "XLS", "filter": {"createdAt": good}}, "1001"),
        ({"fields": ["email"], "filter": {"createdAt": good, "updatedAt": good}}, "1003"),
        ({"fields": ["email"], "filter": {"deletedAt": good}}, "1003"),
        ({"fields": ["email"], "filter": {"createdAt": {"startAt": moment(world)}}}, "1002"),
        ({"fields": ["email"], "filter": {"createdAt": {**good, "startAt": "yesterday"}}}, "1001"),
        ({"fields": ["email"], "filter": {"createdAt": span(world, 31.1)}}, "1003"),
        ({"fields": ["email"], "filter": {"staticListId": 99}}, "1013"),
        ({"fields": ["email"], "filter": {"smartListId": 1}}, "1035"),
        ({"fields": [["email"]], "filter": {"createdAt": good}}, "1001"),
        ({"fields": {"email": 1}, "filter": {"createdAt": good}}, "1001"),
        ({"fields": ["email"], "columnHeaderNames": ["Mail"], "filter": {"createdAt": good}}, "1001"),
        ({"fields": ["email"], "filter": ["createdAt"]}, "1001"),
        ({"fields": ["email"], "filter": {"createdAt": "today"}}, "1001"),
        ({"fields": ["email"], "filter": {"createdAt": {"startAt": good["endAt"], "endAt": good["startAt"]}}}, "1003"),
        ({"fields": ["email"], "filter": {"staticListId": {"id": 10**30}}}, "1013"),
        ({"fields": ["email"], "filter": {"staticListId": 10**30}}, "1013"),
    ]
    assert [codes(await user.post(CREATE, document)) for document, _ in refusals] == [[code] for _, code in refusals]
    world.switches["marketo"]["bulk_updated_at"] = False
    assert codes(await user.post(CREATE, {"fields": ["email"], "filter": {"updatedAt": good}})) == ["1035"]


async def test_cancel(world: World, user: ApiUser) -> None:
    """A job that is cancelled is spelled with two l, and is neither done nor cancelled again."""
    key = await create(user, {"fields": ["email"], "filter": {"createdAt": span(world)}})
    await ask(user, key, "enqueue")
    assert (await ask(user, key, "cancel"))["status"] == "Cancelled"
    world.advance(600)
    assert (await ask(user, key, "status"))["status"] == "Cancelled"
    assert codes(await ask(user, key, "cancel")) == ["1003"]
    refused = await ask(user, key, "enqueue")
    assert refused["errors"] == [{"code": "1029", "message": "Job already queued"}]


async def test_range(world: World, user: ApiUser) -> None:
    """A file is read in ranges; what is no range is as good as none."""
    await user.upsert(*({"email": f"p{n}@example.com"} for n in range(20)))
    key = await create(user, {"fields": ["id", "email"], "filter": {"createdAt": span(world)}})
    size = (await finish(user, key))["fileSize"]
    _, text = await file(user, key)
    path = f"{LEADS}/export/{key}/file.json"
    response = await user.client.get(path, headers={**user.headers, "Range": "bytes=5-14"})
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes 5-14/{size}"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert await response.text() == text[5:15]
    assert await file(user, key, Range="bytes=100-") == (206, text[100:])
    assert await file(user, key, Range="bytes=-7") == (206, text[-7:])
    assert await file(user, key, Range=f"bytes=0-{size * 2}") == (206, text)
    assert await file(user, key, Range=f"bytes={size}-") == (416, "")
    assert await file(user, key, Range="lines=1-2") == (200, text)


async def test_parts(world: World, user: ApiUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large export is written part by part, and can not be read before it is whole."""
    monkeypatch.setattr(extract, "_PART", 4)
    await user.upsert(*({"email": f"p{n}@example.com"} for n in range(10)))
    key = await create(user, {"fields": ["email"], "filter": {"createdAt": span(world)}})
    await ask(user, key, "enqueue")
    assert (await ask(user, key, "status"))["status"] == "Processing"
    assert (await file(user, key))[0] == 404
    assert (await ask(user, key, "status"))["status"] == "Processing"
    done = await ask(user, key, "status")
    text = (await file(user, key))[1]
    assert (done["status"], done["numberOfRecords"]) == ("Completed", 10)
    assert text.split() == ["email", *(f"p{n}@example.com" for n in range(10))]
    assert done["fileChecksum"] == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


async def test_streamed(world: World, user: ApiUser) -> None:
    """A file of several megabytes is sent piece by piece, and is whole; so is a large range of it."""
    long = "x" * 250
    await user.upsert(*({"email": f"p{n}@example.com", "title": long, "company": long} for n in range(300)))
    world.db.execute("INSERT INTO marketo_people SELECT NULL, created_at, updated_at, fields FROM marketo_people")
    fields = ["email", *["title", "company"] * 7]
    key = await create(user, {"fields": fields, "filter": {"createdAt": span(world)}})
    done = await finish(user, key)
    assert done["fileSize"] > 2**21
    response = await user.client.get(f"{LEADS}/export/{key}/file.json", headers=user.headers)
    assert response.headers["Content-Length"] == str(done["fileSize"])
    body = await response.read()
    assert done["fileChecksum"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert (await file(user, key, Range="bytes=1000-"))[1].encode() == body[1000:]


async def test_owner(world: World, user: ApiUser) -> None:
    """Nobody else sees a job."""
    key = await create(user, {"fields": ["email"], "filter": {"createdAt": span(world)}})
    await finish(user, key)
    other = api_users.create(world.db)
    query = {"grant_type": "client_credentials", "client_id": other.client_id, "client_secret": other.client_secret}
    token = (await (await user.client.get("/identity/oauth/token", params=query)).json())["access_token"]
    user.headers = {"Authorization": f"Bearer {token}"}
    assert codes(await ask(user, key, "status")) == ["1013"]
    assert (await file(user, key))[0] == 404
    assert (await user.get(f"{LEADS}/export.json"))["result"] == []


async def test_list(world: World, user: ApiUser) -> None:
    """Jobs are listed in pages and by status, however that is written, for seven days."""
    wanted = {"fields": ["email"], "filter": {"createdAt": span(world)}}
    keys = [await create(user, wanted) for _ in range(5)]
    await finish(user, keys[0])
    await ask(user, keys[1], "cancel")
    path, seen = f"{LEADS}/export.json", list[str]()
    page = await user.get(path, {"batchSize": "2"})
    while True:
        seen += [job["exportId"] for job in page["result"]]
        if "nextPageToken" not in page:
            break
        page = await user.get(path, {"batchSize": "2", "nextPageToken": page["nextPageToken"]})
    assert seen == keys

    async def listed(query: str) -> list[str]:
        answer = await (await user.send("GET", f"{path}?{query}")).json()
        return [job["exportId"] for job in answer["result"]]

    assert await listed("status=Completed,Cancelled") == keys[:2]
    assert await listed("status=completed&status=canceled") == keys[:2]
    assert await listed("status=Created") == keys[2:]
    assert codes(await user.get(path, {"status": "Lost"})) == ["1001"]
    world.advance(7 * 24 * 3600 + 60)
    await user.authenticate()
    assert await listed("") == []


@pytest.mark.parametrize("start", ["/bulk", "/rest/../bulk", "//bulk"])
async def test_paths(world: World, user: ApiUser, start: str) -> None:
    """Paths are read as clients write them, with forms in the bodies of GETs."""
    key = await create(user, {"fields": ["email"], "filter": {"createdAt": span(world)}})
    call, form = f"{start}/v1/leads/export/{key}", {"_method": "GET"}
    answer = await (await user.send("POST", f"{call}/enqueue.json", data={"_method": "POST"})).json()
    assert answer["result"][0]["status"] == "Queued"
    answers = [await (await user.send("GET", f"{call}/status.json", data=form)).json() for _ in range(2)]
    assert [answer["result"][0]["status"] for answer in answers] == ["Processing", "Completed"]
    assert await (await user.send("GET", f"{call}/file.json", data=form)).text() == "email\n"


async def test_permission(world: World, user: ApiUser) -> None:
    """Who may not read people may not export them."""
    api_users.grant(world.db, api_users.DEFAULT_CLIENT_ID, ("Read-Only Activity",))
    document = {"fields": ["email"], "filter": {"createdAt": span(world)}}
    assert codes(await user.post(CREATE, document)) == ["603"]
    await create(user, {"filter": {"createdAt": span(world)}}, "activities")
