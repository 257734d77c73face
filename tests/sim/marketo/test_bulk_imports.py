"""Imports of people: the file that is sent, what becomes of its rows, and the files that tell of them."""

import io
import json

import pytest

from syncline_sim.marketo import people
from syncline_sim.marketo.bulk import load as loading
from syncline_sim.world import World
from tests.sim.marketo.bulk import LEADS, load, send, sheet, upload
from tests.sim.marketo.conftest import ApiUser, codes


async def known(user: ApiUser, email: str) -> list[dict[str, object]]:
    """Answer who has an address."""
    query = {"filterType": "email", "filterValues": email, "fields": "id,email,firstName,lastName,leadScore"}
    found: list[dict[str, object]] = (await user.get("/rest/v1/leads.json", query))["result"]
    return found


async def test_life(world: World, user: ApiUser) -> None:
    """A file is queued, imported and done; who is there already is changed."""
    (before,) = await user.upsert({"email": "a@example.com", "firstName": "Old", "lastName": "Stays"})
    answer = await send(user, '\ufeffemail,firstName\nA@example.com,Zoë\nb@example.com,"B, the\nsecond"\n\n')
    (queued,) = answer["result"]
    assert queued == {"batchId": 1, "importId": "1", "status": "Queued"}
    path = f"{LEADS}/batch/1.json"
    assert (await user.get(path))["result"][0]["status"] == "Importing"
    assert (await user.get(path))["result"] == [
        {
            "batchId": 1,
            "importId": "1",
            "status": "Complete",
            "numOfLeadsProcessed": 2,
            "numOfRowsFailed": 0,
            "numOfRowsWithWarning": 0,
            "message": "Import succeeded, 2 records imported (2 members)",
        }
    ]
    (first,) = await known(user, "a@example.com")
    assert first == {**first, "id": before["id"], "firstName": "Zoë", "lastName": "Stays"}
    assert [person["firstName"] for person in await known(user, "b@example.com")] == ["B, the\nsecond"]
    assert [(await sheet(user, 1, name))[0] for name in ("failures", "warnings")] == [404, 404]


@pytest.mark.parametrize(("layout", "mark"), [("csv", ","), ("tsv", "\t"), ("SSV", ";")])
async def test_format(world: World, user: ApiUser, layout: str, mark: str) -> None:
    """The three formats are read, and the file of failures has the same."""
    content = f"email{mark}leadScore\na@example.com{mark}5\nb@example.com{mark}many\n{mark}7\n"
    job = await load(user, content, f"format={layout}")
    assert (job["numOfLeadsProcessed"], job["numOfRowsFailed"]) == (1, 2)
    assert job["message"] == "Import completed with errors, 1 records imported (1 members), 2 failed"
    assert await sheet(user, job["batchId"], "failures") == (
        200,
        [
            f"email{mark}leadScore{mark}Import Failure Reason",
            f"b@example.com{mark}many{mark}Invalid data type in field Lead Score",
            f"{mark}7{mark}Value for lookup field 'email' not found",
        ],
    )


async def test_warnings(user: ApiUser) -> None:
    """An address that is none is taken, with a warning."""
    job = await load(user, "email,firstName\nnot an address,A\nb@example.com,B\n")
    assert job["message"] == "Import succeeded, 2 records imported (2 members), 1 warning."
    assert (job["numOfRowsFailed"], job["numOfRowsWithWarning"]) == (0, 1)
    lines = ["email,firstName,Import Warning Reason", "not an address,A,Invalid email address"]
    assert await sheet(user, job["batchId"], "warnings") == (200, lines)


async def test_by_id(world: World, user: ApiUser) -> None:
    """Who is looked up by id can only be changed."""
    (person,) = await user.upsert({"email": "a@example.com"})
    job = await load(user, f"id,firstName\n{person['id']},Changed\n99,Nobody\n", "format=csv&lookupField=id")
    assert (job["numOfLeadsProcessed"], job["numOfRowsFailed"]) == (1, 1)
    assert [found["firstName"] for found in await known(user, "a@example.com")] == ["Changed"]
    assert people.count(world.db) == 1


async def test_list(world: World, user: ApiUser) -> None:
    """Who is imported can be put on a list, which takes one import at a time."""
    world.db.execute("INSERT INTO marketo_lists VALUES (7, 'Seven', NULL, 1, 'Folder', 0, 0)")
    assert codes(await send(user, "email\na@example.com\n", "listId=8")) == ["1013"]
    assert (await send(user, "email\na@example.com\n", "listId=7"))["success"]
    assert codes(await send(user, "email\nb@example.com\n", "listId=7")) == ["1019"]
    for _ in range(2):
        await user.get(f"{LEADS}/batch/1.json")
    members = await user.get("/rest/v1/lists/7/leads.json", {"fields": "email"})
    assert members["result"] == [{"id": 1, "email": "a@example.com"}]
    assert (await load(user, "email\nb@example.com\n", "listId=7"))["status"] == "Complete"


async def test_told(world: World, user: ApiUser) -> None:
    """What an import does is told as activities that say that it was one."""
    await load(user, "email,firstName\na@example.com,A\n")
    (row,) = world.db.execute("SELECT kind, attributes FROM marketo_activities").fetchall()
    assert (row["kind"], json.loads(row["attributes"])["Source Type"]) == (12, "List import")


async def test_header(world: World, user: ApiUser) -> None:
    """A column that is no field fails the import, and nothing is written."""
    job = await load(user, "email,noSuchField\na@example.com,1\n")
    assert (job["status"], job["message"]) == ("Failed", "Field 'noSuchField' not found")
    assert people.count(world.db) == 0


async def test_parts(world: World, user: ApiUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is read part by part: the counts grow, and no row is lost or read twice."""
    monkeypatch.setattr(loading, "_PART", 4)
    rows = [f"p{n}@example.com,{'many' if n % 5 == 0 else n}" for n in range(10)]
    await send(user, "\n".join(["email,leadScore", *rows]))
    path = f"{LEADS}/batch/1.json"
    jobs = [(await user.get(path))["result"][0] for _ in range(4)]
    assert [job["status"] for job in jobs] == ["Importing", "Importing", "Importing", "Complete"]
    assert [(job["numOfLeadsProcessed"], job["numOfRowsFailed"]) for job in jobs] == [(0, 0), (3, 1), (6, 2), (8, 2)]
    assert [line.split(",")[0] for line in (await sheet(user, 1, "failures"))[1]] == [
        *("email", "p0@example.com", "p5@example.com")
    ]
    assert people.count(world.db) == 8


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("email,lastName\na@example.com,one\u2028two\n", ["one\u2028two"]),
        ("email,lastName\r\na@example.com,one\r\n", ["one"]),
        ("email,lastName\ra@example.com,one\r", ["one"]),
        ('email,lastName\na@example.com,"' + "\n" * 200_000, []),
        ("\ufeff", []),
    ],
)
async def test_untidy(user: ApiUser, content: str, names: list[str]) -> None:
    """Lines end in any way, and what is no table hurts nobody but itself."""
    job = await load(user, content)
    assert [person["lastName"] for person in await known(user, "a@example.com")] == names
    assert (job["status"], job["numOfLeadsProcessed"]) == ("Complete" if len(content) > 1 else "Failed", len(names))
    assert (await load(user, "email\nb@example.com\n"))["numOfLeadsProcessed"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("format=xls", "1001"),
        ("format=csv&lookupField=noSuchField", "1006"),
        ("format=csv&lookupField=firstName", "1011"),
        ("format=csv&partitionName=Elsewhere", "1008"),
    ],
)
async def test_refused(user: ApiUser, query: str, code: str) -> None:
    """What makes no sense is refused at once."""
    assert codes(await send(user, "email\na@example.com\n", query)) == [code]


async def test_form(world: World, user: ApiUser) -> None:
    """A file is sent as a form, whose other parts are as good as parameters; anything else is no upload."""
    assert codes(await user.post(f"{LEADS}.json", {"input": []})) == ["612"]
    answer = await (await user.send("POST", f"{LEADS}.json", data={"file": "email\n"})).json()
    assert codes(answer) == ["612"]
    headers = {**user.headers, "Content-Type": "multipart/form-data; boundary=x"}
    broken = await user.client.post(f"{LEADS}.json", data=b"--x\r\n\r\nnothing\r\n--x--", headers=headers)
    assert codes(await broken.json()) == ["613"]
    assert codes(await send(user, "\n")) == ["1003"]
    assert codes(await send(user, "email\n", "", format="xls")) == ["1001"]
    assert (await send(user, "id;firstName\n", "", format="ssv", lookupField="id"))["success"]


@pytest.mark.slow
async def test_size(user: ApiUser) -> None:
    """A file of more than 10 MB is HTTP 413; a large one is read, though another call may have no more than 1 MB."""
    row = f"a@example.com,{'x' * 200}\n"
    sizes = [
        (await upload(user, "email,firstName\n" + row * (size * 2**20 // len(row)), "")).status for size in (11, 2)
    ]
    assert sizes == [413, 200]
    big = io.BytesIO(b'{"input": ["%s"]}' % (b"x" * 2**20))
    assert (await user.send("POST", "/rest/v1/leads.json", data=big)).status == 413


async def test_kept(world: World, user: ApiUser) -> None:
    """An import can be asked for during seven days."""
    job = await load(user, "email\nnot an address\n")
    world.advance(7 * 24 * 3600 + 60)
    await user.authenticate()
    assert codes(await user.get(f"{LEADS}/batch/{job['batchId']}.json")) == ["1013"]
    assert (await sheet(user, job["batchId"], "warnings"))[0] == 404
    assert world.db.execute("SELECT count(*) FROM marketo_bulk_files").fetchone()[0] == 0
