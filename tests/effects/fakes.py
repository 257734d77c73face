"""Two providers that implement the ports and do what a test tells them to."""

# ruff: noqa: ARG002, D102  the methods are those of the ports, which say what each is and takes

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic import SecretStr

from syncline.errors import GrantLostError, InputError
from syncline.providers.marketo.notifications import CampaignWebhooks
from syncline.providers.notices import NoticeDoor
from syncline.providers.port import (
    Account,
    App,
    Check,
    Field,
    FieldResult,
    Grant,
    Identity,
    Instruction,
    Page,
    Position,
    RowResult,
    Session,
)
from syncline.providers.salesforce.notifications import OutboundMessages
from tests.effects.changes import FakeChanges

ORG, USER = "00D000000000001", "005000000000001"
Trap = Callable[[], Awaitable[object]]


class Misbehaving:
    """Counts calls, and does what a test wants before each."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._traps: dict[str, list[Exception | Trap]] = {}

    def fail(self, call: str, *errors: Exception | Trap) -> None:
        """Let the next calls of a name raise, or run, these, one each."""
        self._traps.setdefault(call, []).extend(errors)

    def count(self, call: str) -> int:
        """How often a call was made."""
        return self.calls.count(call)

    async def reached(self, call: str, times: int = 1) -> bool:
        """Whether a call was made so often."""
        return self.count(call) >= times

    async def _pass(self, call: str) -> None:
        self.calls.append(call)
        await asyncio.sleep(0)
        traps = self._traps.get(call)
        if traps:
            trap = traps.pop(0)
            if isinstance(trap, Exception):
                raise trap
            await trap()


class FakeSource(Misbehaving):
    """A CRM with single-use or lasting refresh tokens, whose records a test may touch at any time."""

    title = "Source"
    problems: Mapping[str, Any] = {}
    objects: tuple[str, ...] = ("Lead", "Contact")
    id_field = "Id"
    stamp_field = "Stamp"
    scopes: tuple[str, ...] = ("api",)
    login_hosts: tuple[tuple[str, str, str], ...] = ()
    notices: NoticeDoor = OutboundMessages(objects)

    def __init__(self) -> None:
        super().__init__()
        self.changes = FakeChanges()
        self.rotating = False
        self.names_issuer = False
        self.serial = 0
        self.org, self.user = ORG, USER
        self.live_access: set[str] = set()
        self.live_refresh: set[str] = set()
        self.revoked: list[str] = []
        self.records: dict[str, list[dict[str, Any]]] = {"Lead": [], "Contact": []}
        self.clock = "2026-01-01T00:10:00"
        self.page_size = 10
        self.checks: list[Check] = [Check("source.fine", "passed", "It is fine.")]
        self.described = {
            name: [
                Field(name, "Id", "Record ID", "string"),
                Field(name, "FirstName", "First Name", "string"),
                Field(name, "Score__c", "Score", "integer", custom=True),
            ]
            for name in self.objects
        }

    def app_guide(self, redirect_uri: str) -> Mapping[str, tuple[Instruction, ...]]:
        return {}

    def login_host(self, text: str) -> str:
        raise InputError("test.unused")

    def authorize_url(self, app: App, *, state: str, challenge: str) -> str:
        return ""

    def refusal(self, error: str, description: str) -> str:
        return error

    async def probe(self, app: App) -> bool:
        await self._pass("probe")
        return self.names_issuer

    async def exchange(self, app: App, *, code: SecretStr, verifier: SecretStr) -> Grant:
        assert (code.get_secret_value(), verifier.get_secret_value()) == ("the-code", "the-verifier")
        await self._pass("exchange")
        return self.issue()

    def issue(self, *, rotate: bool = True) -> Grant:
        """Answer a new grant; the tokens name their number."""
        self.serial += 1
        access, refresh = f"access-{self.serial}", f"refresh-{self.serial}"
        self.live_access.add(access)
        if rotate:
            self.live_refresh.add(refresh)
        return Grant(
            SecretStr(access),
            SecretStr(refresh) if rotate else None,
            "https://instance.example",
            "https://instance.example/id",
            ("api", "refresh_token"),
            0,
            self.org,
            self.user,
        )

    async def refresh(self, app: App, refresh_token: SecretStr) -> Grant:
        token = refresh_token.get_secret_value()
        if token not in self.live_refresh:
            self.calls.append("refresh")
            raise GrantLostError("source.token_dead", "the refresh token is dead")
        if self.rotating:
            self.live_refresh.remove(token)
        await self._pass("refresh")
        return self.issue(rotate=self.rotating)

    async def revoke(self, app: App, token: SecretStr) -> None:
        await self._pass("revoke")
        self.revoked.append(token.get_secret_value())

    async def identify(self, session: Session, identity_url: str) -> Identity:
        await self._call(session, "identify")
        return Identity(
            org_id=self.org,
            org_name="Acme",
            edition="Enterprise",
            sandbox=False,
            user_id=self.user,
            username="ada@acme.example",
            display_name="Ada",
            email="ada@acme.example",
        )

    async def check(self, session: Session, identity: Identity) -> list[Check]:
        await self._call(session, "check")
        return self.checks

    async def describe(self, session: Session, object_name: str) -> list[Field]:
        await self._call(session, "describe")
        return self.described[object_name]

    async def now(self, session: Session) -> str:
        await self._call(session, "now")
        return self.clock

    async def pages(
        self, session: Session, object_name: str, fields: Sequence[str], *, after: Position, since: str, until: str
    ) -> AsyncIterator[Page]:
        place = after
        while True:
            await self._call(session, f"page:{object_name}")
            matching = sorted(
                (r for r in self.records[object_name] if since <= r["Stamp"] <= until),
                key=lambda r: (r["Stamp"], r["Id"]),
            )
            rest = [r for r in matching if (r["Stamp"], r["Id"]) > (place.stamp, place.id)][: self.page_size]
            if not rest:
                return
            place = Position(rest[-1]["Stamp"], rest[-1]["Id"])
            yield Page([dict(r) for r in rest], place, len(matching))

    async def named(self, session: Session, object_name: str, fields: Sequence[str], ids: Sequence[str]) -> Page:
        await self._call(session, f"named:{object_name}")
        found = [dict(record) for record in self.records[object_name] if record["Id"] in ids]
        return Page(found, Position(), len(found))

    def earlier(self, stamp: str, seconds: int) -> str:
        if not stamp:
            return ""
        day, _, clock = stamp.partition("T")
        hours, minutes, rest = (int(part) for part in clock.split(":"))
        total = max(hours * 3600 + minutes * 60 + rest - seconds, 0)
        return f"{day}T{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}"

    async def _call(self, session: Session, name: str) -> None:
        """An API call as a real client makes it: a dead token is renewed once."""
        token = await session.access_token()
        if token.get_secret_value() not in self.live_access:
            token = await session.renew(token)
            assert token.get_secret_value() in self.live_access
        await self._pass(name)


class FakeTarget(Misbehaving):
    """A marketing system that keeps people by the key field, and knows every upsert it was ever sent."""

    title = "Target"
    notices: NoticeDoor = CampaignWebhooks()
    problems: Mapping[str, Any] = {}
    key_field = Field("", "sourceId", "Source ID", "string", custom=True)
    batch_size = 3
    field_limit = 100
    standard_fields: Mapping[str, str] = {"FirstName": "firstName"}

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, dict[str, Any]] = {}
        self.upserts: list[tuple[str, ...]] = []
        self.refusing: set[str] = set()
        self.busy: set[str] = set()
        self.most_at_once = 0
        self._at_once = 0
        self.checks: list[Check] = [Check("target.fine", "passed", "It is fine.")]
        self.there = [Field("", "firstName", "First Name", "string")]
        self.refused_fields: set[str] = set()

    def account_url(self, text: str) -> str:
        raise InputError("test.unused")

    def account_guide(self) -> tuple[Instruction, ...]:
        return ()

    async def check(self, account: Account) -> list[Check]:
        await self._pass("check")
        return self.checks

    async def fields(self, account: Account) -> list[Field]:
        await self._pass("fields")
        return list(self.there)

    def field_name(self, source_field: Field) -> str:
        return source_field.name.removesuffix("__c").lower()

    def unfit(self, source_field: Field) -> str:
        return "it cannot be made" if source_field.name.startswith("Unfit") else ""

    async def create_fields(self, account: Account, fields: Sequence[Field]) -> list[FieldResult]:
        await self._pass("create_fields")
        return [self._create(field) for field in fields]

    def _create(self, field: Field) -> FieldResult:
        if field.name in self.refused_fields:
            return FieldResult(field.name, "refused", "not this one")
        if any(there.name == field.name for there in self.there):
            return FieldResult(field.name, "existed")
        self.there.append(field)
        return FieldResult(field.name, "created")

    async def upsert(self, account: Account, people: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        assert 0 < len(people) <= self.batch_size
        ids = tuple(person["sourceId"] for person in people)
        assert not self.busy & set(ids), "two upserts of one person at the same time make two of them"
        self.busy |= set(ids)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._pass("upsert")
            self.upserts.append(ids)
            return [self._keep(person) for person in people]
        finally:
            self._at_once -= 1
            self.busy -= set(ids)

    def _keep(self, person: Mapping[str, Any]) -> RowResult:
        id_ = person["sourceId"]
        if id_ in self.refusing:
            return RowResult("skipped", reason="1003: not this one")
        known = id_ in self.people
        self.people[id_] = dict(person)
        return RowResult("updated" if known else "created", id_)

    def times(self, id_: str) -> int:
        """How often a person was sent."""
        return sum(ids.count(id_) for ids in self.upserts)
