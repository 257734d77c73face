"""The calls of a destination for audiences (segmentio/action-destinations, Marketo static lists), as it writes them."""

import json
from typing import Any

from syncline_sim.app import Simulation
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from tests.sim.raw_calls import say

#: A boundary that begins and ends with the hyphens which mark boundaries.
BOUNDARY = "--SEGMENT-DATA--"
PART = 'Content-Disposition: form-data; name="file"; filename="leads.csv"\r\nContent-Type: text/csv'
CSV = "email,firstName\na@example.com,A\nb@example.com,B"


async def test_audience(simulation: Simulation) -> None:
    """A list is made in a folder that is named by its number, filled by a file, and emptied by ids."""
    origin = simulation.world.urls["marketo"]
    form = f"client_id={DEFAULT_CLIENT_ID}&client_secret={DEFAULT_CLIENT_SECRET}&grant_type=client_credentials"
    kind = "Content-Type: application/x-www-form-urlencoded;charset=UTF-8"
    token = json.loads((await say(origin, f"POST /identity/oauth/token HTTP/1.1\n{kind}", form.encode())).body)
    bearer = f"authorization: Bearer {token['access_token']}"

    async def call(line: str, kind: str = "application/json", body: bytes = b"") -> dict[str, Any]:
        answer = await say(origin, f"{line} HTTP/1.1\n{bearer}\nContent-Type: {kind}", body)
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.body)
        assert found["success"], found
        return found

    missing = await call("GET /rest/asset/v1/folder/byName.json?name=Not%20there")
    assert "result" not in missing  # By this it knows that there is no such folder.
    folder = await call("GET /rest/asset/v1/folder/byName.json?name=Group%20Lists")
    place = folder["result"][0]["id"]
    made = await call(f"POST /rest/asset/v1/staticLists.json?folder={place}&name=Audience%201")
    number = made["result"][0]["id"]
    assert "result" not in await call(f"GET /rest/asset/v1/staticList/{number + 1}.json")
    body = f"--{BOUNDARY}\r\n{PART}\r\n\r\n{CSV}\r\n--{BOUNDARY}--\r\n"
    path = f"/bulk/v1/leads.json?format=csv&listId={number}&lookupField=email"
    batch = await call(f"POST {path}", f"multipart/form-data; boundary={BOUNDARY}", body.encode())
    assert set(batch["result"][0]) >= {"batchId", "importId", "status"}
    states = [await call(f"GET /bulk/v1/leads/batch/{batch['result'][0]['batchId']}.json") for _ in range(3)]
    assert (states[-1]["result"][0]["status"], states[-1]["result"][0]["numOfLeadsProcessed"]) == ("Complete", 2)
    found = await call("GET /rest/v1/leads.json?filterType=email&filterValues=a%40example.com%2Cb%40example.com")
    ids = ",".join(str(person["id"]) for person in found["result"])
    gone = await call(f"DELETE /rest/v1/lists/{number}/leads.json?id={ids}")
    assert [one["status"] for one in gone["result"]] == ["removed", "removed"]
