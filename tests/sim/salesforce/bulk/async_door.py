"""Bulk API 1.0 over the wire."""

from io import BytesIO
from xml.etree.ElementTree import Element

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from defusedxml.ElementTree import fromstring

BASE = "/services/async/61.0/job"
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
JSON, XML, CSV = "application/json", "application/xml", "text/csv"
Body = str | bytes | BytesIO | None


class AsyncDoor:
    """Calls Bulk API 1.0 as one user."""

    def __init__(self, client: TestClient[web.Request, web.Application], token: str) -> None:
        self.client = client
        self.token = token

    async def send(self, method: str, path: str, body: Body = None, kind: str = "", **headers: str) -> ClientResponse:
        """Call a path below `job`; a header is named with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"X-SFDC-Session": self.token} | ({"Content-Type": kind} if kind else {})
        skipped = () if kind else ("Content-Type",)
        return await self.client.request(method, BASE + path, data=body, headers=named, skip_auto_headers=skipped)

    async def xml(self, method: str, path: str, body: Body = None, kind: str = XML, **headers: str) -> Element:
        """Answer the document of a call that is answered in XML."""
        response = await self.send(method, path, body, kind, **headers)
        assert response.headers["Content-Type"] == XML, await response.text()
        root: Element = fromstring(await response.text())
        return root

    async def job(self, operation: str = "query", subject: str = "Lead", **order: str) -> str:
        """Create a job in XML and answer its id; its headers are named with a capital."""
        headers = {name: order.pop(name) for name in list(order) if name[0].isupper()}
        settings = {"operation": operation, "object": subject, "contentType": "CSV", **order}
        body = "".join(f"<{name}>{value}</{name}>" for name, value in settings.items())
        found = await self.xml("POST", "", f'<jobInfo xmlns="{NAMESPACE}">{body}</jobInfo>', **headers)
        return text(found, "id")

    async def batch(self, job: str, body: Body, kind: str = CSV) -> str:
        """Add a batch whose job is not in JSON and answer its id."""
        return text(await self.xml("POST", f"/{job}/batch", body, kind), "id")

    async def state(self, job: str, batch: str) -> tuple[str, str]:
        """Answer state and message of a batch."""
        found = await self.xml("GET", f"/{job}/batch/{batch}")
        return text(found, "state"), found.findtext(f"{{{NAMESPACE}}}stateMessage", "")

    async def states(self, job: str) -> list[tuple[str, int]]:
        """Answer the states of all batches with how many records they have processed."""
        found = await self.xml("GET", f"/{job}/batch")
        return [(text(each, "state"), int(text(each, "numberRecordsProcessed"))) for each in found]

    async def run(self, job: str, body: Body, kind: str = CSV) -> str:
        """Add a batch, which is done at once, and answer its results, of a query those of its one result."""
        batch = await self.batch(job, body, kind)
        assert await self.state(job, batch) == ("Completed", "")
        path = f"/{job}/batch/{batch}/result"
        found = await (await self.send("GET", path)).text()
        if "result-list" not in found:
            return found
        (result,) = (each.text for each in fromstring(found))
        return await (await self.send("GET", f"{path}/{result}")).text()

    async def refusal(self, method: str, path: str, body: Body = None, kind: str = XML) -> str:
        """Answer the code of a call that is refused."""
        response = await self.send(method, path, body, kind)
        assert response.status == 400
        return text(fromstring(await response.text()), "exceptionCode")


def text(element: Element, name: str) -> str:
    """Answer the text of a child that is there."""
    child = element.find(f"{{{NAMESPACE}}}{name}")
    assert child is not None, name
    return child.text or ""
