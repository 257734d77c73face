"""Those who call in: with the secrets that the API shows once, and the bodies that the two sides send."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from syncline.core.event import EVENTS
from tests.web.doors import Answer, Doors

ORG, OTHER_ORG = "00DHs0000000001MAA", "00DHs0000000002MAA"
LEAD = "00QHs0000000001MAA"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SESSION = "canary-session-id"
HOOK_BODY = b'{"type":"sync.requested","timestamp":"2026-11-24T09:00:00Z","data":{"why":"canary"}}'

HOOKED = {name for name, kind in EVENTS.items() if "hook" in kind.senders}


def notification(number: int, *, record: str = LEAD, kind: str = "sf:Lead") -> str:
    """Write one notification of an Outbound Message."""
    fields = f"<sf:Id>{record}</sf:Id><sf:Email>canary@person.example</sf:Email>" if record else ""
    return (
        f"<Notification><Id>{name(number)}</Id>"
        f'<sObject xsi:type="{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{fields}</sObject>'
        "</Notification>"
    )


def name(number: int) -> str:
    """Answer the id of a notification, in 18 letters."""
    return f"04lHs{number:010d}IAA"


def message(notifications: Sequence[str], *, org: str = ORG) -> bytes:
    """Write an Outbound Message."""
    head = f"<OrganizationId>{org}</OrganizationId><ActionId>04kHs0000000001</ActionId><SessionId>{SESSION}</SessionId>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">{head}'
        f"{''.join(notifications)}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


class Hook:
    """The hook of an integration that can be asked for a sync."""

    def __init__(self, doors: Doors, created: dict[str, Any]) -> None:
        """Take what the API said when the integration was made."""
        self.doors = doors
        self.id = created["id"]
        self.secret = created["hook"]["secret"]
        self.path = f"/hooks/{self.id}/events"

    async def send(self, headers: dict[str, str], body: bytes = HOOK_BODY) -> Answer:
        """Send a body as it is."""
        return await self.doors.ask("POST", self.path, role=None, headers=headers, data=body)

    async def rows(self) -> list[str]:
        """Answer the dispositions of all that a hook has sent."""
        rows = await self.doors.rows(self.id)
        return [found.row.disposition for found in rows if found.row.type in HOOKED]

    async def refused(self, answer: Answer, code: str, status: int) -> None:
        """Assert that a request was refused and left nothing."""
        assert (answer.status, answer.code) == (status, code), answer.text
        assert await self.rows() == []


@dataclass
class Caller:
    """One side's calls to one integration."""

    doors: Doors
    id: str
    path: str
    secret: str

    async def send(self, body: bytes, media_type: str, path: str = "", **headers: str) -> Answer:
        """Send a body as it is; `headers` have underscores for hyphens."""
        sent = {"Content-Type": media_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.doors.ask("POST", path or self.path, role=None, headers=sent, data=body)

    async def tell(self, *notifications: str, org: str = ORG) -> Answer:
        """Send an Outbound Message."""
        return await self.send(message(notifications, org=org), "text/xml; charset=utf-8")

    async def call(self, body: bytes, media_type: str = "application/json") -> Answer:
        """Send a webhook with its header."""
        return await self.send(body, media_type, X_Syncline_Secret=self.secret)

    async def rows(self, *types: str) -> list[tuple[str, str, str]]:
        """Answer (type, key, disposition) of the rows of some types, all that this door sends without any."""
        wanted = types or ("records.changed", "person.sync_requested", "person.reported")
        found = [entry.row for entry in await self.doors.rows(self.id)]
        return [(row.type, row.key, row.disposition) for row in found if row.type in wanted]


async def rotate(doors: Doors, id_: str, door: str, hours: float = 24) -> dict[str, Any]:
    """Make another secret; answers what the API said."""
    path = f"/api/integrations/{id_}/hooks/{door}/rotation"
    answer = await doors.ask("POST", path, body={"overlap_hours": hours})
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


async def caller(doors: Doors, door: str, *, org: str = ORG) -> Caller:
    """Make an integration that syncs, connected to an org, with one of the sides' doors open."""
    id_ = await syncing(doors, org=org)
    made = await rotate(doors, id_, door)
    return Caller(doors, id_, urlsplit(made["url"]).path, made["secret"])


async def syncing(doors: Doors, *, org: str = ORG) -> str:
    """Make an integration whose sync waits for the next cycle."""
    id_ = await doors.at_login()
    await doors.come_back(state=await doors.start_login(id_), code="c")
    await doors.push(id_, "code.exchanged", org_id=org, user_id="005Hs0000000001IAA", generation=1)
    await doors.push(id_, "checks.passed")
    answer = await doors.command(id_, "connection.confirmed", org_id=org, user_id="005Hs0000000001IAA")
    assert answer.status == 200, answer.text
    for event in ("preview.ready", "field_sync.finished", "sync.finished"):
        await doors.push(id_, event)
        following = {"preview.ready": "field_sync.requested", "field_sync.finished": "sync.start_requested"}.get(event)
        if following:
            answer = await doors.command(id_, following)
            assert answer.status == 200, answer.text
    assert (await doors.read(id_)).state == "syncing.waiting"
    return id_


async def inbox(doors: Doors, **query: str) -> list[dict[str, Any]]:
    """Answer the newest page of the inbox."""
    answer = await doors.ask("GET", f"/api/inbox?{urlencode(query)}")
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.json["items"]
    return items
