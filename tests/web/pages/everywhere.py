"""An integration in some state, and everybody who may knock at its doors; each knock has to leave exactly one row."""

import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

import syncline
from syncline import credentials
from syncline.config import CALLBACK_PATH
from syncline.core.audit import Row
from syncline.core.decide import Snapshot, decide
from syncline.core.event import SERVICE, Actor, Event
from syncline.effects.perform import perform
from syncline.effects.tools import Tools
from syncline.effects.work import Work
from syncline.errors import NotFoundError
from syncline.store import log
from syncline.store.access import keys as _keys
from syncline.store.effects import find
from syncline.store.integrations import Integration, integration
from syncline.store.secrets import sealed
from syncline.store.transaction import Transaction
from syncline.web import guests, logins, shown_once
from syncline.web.access import Who
from tests.web.doors import signed
from tests.web.keys import make_key
from tests.web.pages import journey
from tests.web.pages.journey import PLANTED
from tests.web.pages.stage import Stage

LOCAL = "127.0.0.1"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Knock:
    """What somebody does, and what the one row of it has to say."""

    type: str
    kind: str
    via: str
    request: str
    do: Callable[[], Awaitable[object]]
    data: dict[str, Any] = field(default_factory=dict)
    address: str = LOCAL
    #: The door itself refuses it.
    refused: bool = False
    state_seq: int | None = None


@dataclass
class Place:
    """A state, and an integration in it; another one as soon as something has changed the last."""

    stage: Stage
    state: str
    key: str = ""
    key_id: str = ""
    viewer: str = ""
    cookie: dict[str, str] = field(default_factory=dict)
    now: Integration | None = None
    guest: dict[str, str] = field(default_factory=dict)
    count: int = 0
    seen: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        """The integration."""
        assert self.now is not None
        return self.now.id

    async def prepare(self) -> None:
        """Make keys, and use each once: that a key has come from an address is a row of its own."""
        site = self.stage.site
        admin, self.key = await site.store.write(partial(make_key, name="admin", role="admin", now=site.now()))
        self.key_id = admin.id
        self.viewer = await self.stage.key("viewer")
        self.cookie = await self.stage.cookie()
        for key in (self.key, self.viewer):
            await self.ask("GET", "/api/integrations", {"Authorization": f"Bearer {key}"})

    async def stand(self) -> Integration:
        """Answer an integration that is in the state."""
        if self.now is not None:
            again = await self.read()
            if (again.state, again.state_seq, again.context) == (self.now.state, self.now.state_seq, self.now.context):
                self.now = again
                return again
        self.count += 1
        id_ = await self.stage.reach(self.state, id_=f"in_{self.count:04d}")
        self.now, self.guest = await self.stage.store.read(partial(integration, id=id_)), {}
        return self.now

    async def read(self) -> Integration:
        """Answer the integration as it is."""
        return await self.stage.store.read(partial(integration, id=self.id))

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], *, request: str = "", data: bytes | None = None
    ) -> Mapping[str, str]:
        """Send a request; answers the cookies that were set."""
        sent = {**headers, **({"X-Request-Id": request} if request else {})}
        client = self.stage.client
        async with client.request(method, path, headers=sent, data=data, allow_redirects=False) as response:
            await response.read()
            assert response.status < 500, (path, response.status)
            assert response.headers.get("X-Request-Id", request) == request or not request
            return {name: morsel.value for name, morsel in response.cookies.items()}

    async def rows(self, chain: str, after: int) -> list[Row]:
        """Answer the rows of a chain behind one of them, with what is sealed in them opened."""
        found = await self.stage.store.read(partial(log.rows, wanted=log.Filter(chain), limit=100_000))
        return await self.stage.site.privacy.reveal([entry.row for entry in found if entry.row.seq > after])

    async def see(self, make: Callable[["Place"], Awaitable[Knock]]) -> None:
        """Let somebody knock, and look for the one row of it."""
        before = await self.stand()
        knock = await make(self)
        before = self.now = await self.read()  # Making ready may have left rows, as a link has.
        service = len(await self.rows(SERVICE, 0))
        await knock.do()
        new = [row for row in await self.rows(self.id, before.seq) if not self._is_opening(row)]
        assert [row.type for row in new] == [knock.type], (self.state, knock, new)
        assert len(await self.rows(SERVICE, 0)) == service, (self.state, knock)
        self._compare(knock, new[0], before)
        self.seen.add(knock.type)

    def _is_opening(self, row: Row) -> bool:
        """Whether a row says that a hook's secret was opened: once for each integration."""
        return row.type == "secret.lent" and (row.actor.kind, row.actor.id) == ("service", "hooks")

    def _compare(self, knock: Knock, row: Row, before: Integration) -> None:
        where = (self.state, knock.type, row)
        assert row.disposition == self._meant(knock, before), where
        actor = row.actor
        assert (actor.kind, actor.via, actor.address) == (knock.kind, knock.via, knock.address), where
        assert row.request == knock.request, where
        assert (row.origin, row.v) == (self.state, 2), where
        assert (row.chart, row.software) == (self.stage.site.engine.rules.chart_name, syncline.__version__), where

    def _meant(self, knock: Knock, before: Integration) -> str:
        if knock.refused:
            return "refused"
        snapshot = Snapshot(before.id, before.state, before.seq, before.state_seq, before.context)
        actor = Actor(knock.kind, "x")  # type: ignore[arg-type]
        event = Event(before.id, knock.type, "k", actor, 0, knock.data, state_seq=knock.state_seq)
        return decide(self.stage.site.engine.rules.chart, snapshot, event).disposition


def fresh() -> str:
    """Make an id of a request, as a client brings it."""
    return f"walk-{secrets.token_hex(8)}"


async def command(place: Place, type_: str, fields: dict[str, Any], *, looks_on: bool = False) -> Knock:
    """A command by the API, by an admin or by somebody who may only look."""
    id_ = fresh()
    headers = {"Authorization": f"Bearer {place.viewer if looks_on else place.key}", "Content-Type": "application/json"}
    body = json.dumps({"type": type_, **fields}).encode()
    do = partial(place.ask, "POST", f"/api/integrations/{place.id}/events", headers, request=id_, data=body)
    return Knock(type_, "person", "bearer", id_, do, fields, refused=looks_on)


async def form(place: Place, type_: str, fields: dict[str, str]) -> Knock:
    """The form of a page, in a browser that has signed in."""
    id_, path = fresh(), f"/i/{place.id}" + ("/login" if type_ == "login.started" else "")
    body = urlencode({"event": type_, "key": fresh(), **fields}).encode()
    do = partial(place.ask, "POST", path, {**FORM, **place.cookie}, request=id_, data=body)
    return Knock(type_, "person", "session", id_, do, dict(fields))


async def guest_form(place: Place, type_: str, fields: dict[str, str], *, allowed: bool) -> Knock:
    """The same form, in a browser that has redeemed a connect link."""
    if not place.guest:
        redeemed = await redemption(place)
        cookies = await redeemed.do()
        assert isinstance(cookies, dict)
        place.guest = {"Cookie": f"{guests.COOKIE}={cookies[guests.COOKIE]}"}
    knock = await form(place, type_, fields)
    assert isinstance(knock.do, partial)
    method, path, _ = knock.do.args
    knock.do = partial(place.ask, method, path, {**FORM, **place.guest}, **knock.do.keywords)
    knock.kind, knock.via, knock.refused = "link", "link", not allowed
    return knock


async def redemption(place: Place) -> Knock:
    """A connect link, redeemed."""
    proof, text = shown_once.make("cl")
    site, link = place.stage.site, f"cl_{proof.id}"

    def add(tx: Transaction) -> None:
        now = site.now()
        of = {"id": link, "integration": place.id, "hash": proof.hash, "made_by": place.key_id}
        tx.add_link(**of, now=now, expires_at=now + 3600 * 1_000_000)

    await site.store.write(add)
    id_ = fresh()
    return Knock(
        "link.redeemed", "link", "link", id_, partial(place.ask, "POST", f"/connect/{text}", FORM, request=id_)
    )


async def hook(place: Place, type_: str, *, right: bool = True, allowed: bool = True) -> Knock:
    """A signed event; `right` is its signature, `allowed` its type."""
    name = f"msg_{secrets.token_hex(8)}"
    body = json.dumps({"type": type_, "timestamp": "2026-11-24T09:00:00Z", "data": {}}).encode()
    headers = signed(
        PLANTED[credentials.HOOK_SECRET] if right else "whsec_d3Jvbmc=", name, body, stamp=int(time.time())
    )
    do = partial(place.ask, "POST", f"/hooks/{place.id}/events", headers, data=body)
    good = right and allowed
    return Knock(type_ if good else "hook.refused", "hook", "signature" if right else "", name, do, refused=not good)


async def callback(place: Place, type_: str) -> Knock:
    """A login that comes back, with a code or with an error."""
    site = place.stage.site
    safe = await credentials.open_safe(site.store, site.vault, place.id)
    (admin,) = [key for key in await site.store.read(_keys) if key.id == place.key_id]
    stored = await site.store.read(partial(sealed, integration=place.id))
    key = stored.get(credentials.CONSUMER_KEY)
    login = logins.start(site, safe, Who(admin, "bearer"), key.seq if key else 0)
    await site.store.write(partial(_add_attempt, place=place, login=login))
    answer = {"code": "c"} if type_ == "login.returned" else {"error": "access_denied"}
    path = f"{CALLBACK_PATH}?{urlencode({'state': login.state, **answer})}"
    id_, (name, value) = fresh(), login.cookie
    do = partial(place.ask, "GET", path, {"Cookie": f"{name}={value}"}, request=id_)
    return Knock(type_, "source", "callback", id_, do)


async def result(place: Place, type_: str) -> Knock:
    """What an effect came to."""
    assert place.now is not None
    work = await _work(place, "run_checks")
    said = journey.data(type_, place.now.context)
    try:
        safe = await credentials.open_safe(place.stage.store, place.stage.site.vault, place.id)
    except NotFoundError:
        brought: tuple[Any, ...] = ()
    else:
        brought = journey.brings(type_, place.now.context, safe)
    do = partial(work.finish, type_, said, *brought)
    seq = place.now.state_seq
    return Knock(type_, "effect", "", work.effect.request, do, said, address="", state_seq=seq)


async def timer(place: Place, effect: str, type_: str) -> Knock:
    """A timer that goes off: a story of its own."""
    assert place.now is not None
    work = await _work(place, effect)
    do, seq = partial(perform, work), place.now.state_seq
    return Knock(type_, "timer", "schedule", work.effect.id, do, address="", state_seq=seq)


async def _work(place: Place, name: str) -> Work:
    """Claim an effect of the state, as the worker would."""
    assert place.now is not None
    site, now = place.stage.site, place.now
    id_, lease, request = f"{place.id}.{secrets.token_hex(6)}", secrets.token_hex(4), fresh()

    def add(tx: Transaction) -> None:
        at = site.now()
        of = {"integration": place.id, "name": name, "seq": now.seq, "state_seq": now.state_seq, "request": request}
        tx.add_effect(id=id_, due_at=at, created_at=at, **of)
        tx.take_effect(id=id_, now=at, lease=lease, lease_until=at + 60_000_000)

    await site.store.write(add)
    tools = Tools(
        site.engine.handle, site.store, site.vault, site.providers, site.settings, site.redirect_uri, site.now
    )
    return Work(tools, await site.store.read(partial(find, effect=id_)), lease)


def _add_attempt(tx: Transaction, *, place: Place, login: logins.Login) -> None:
    attempt = login.attempt
    tx.add_login_attempt(
        state_hash=attempt.state_hash,
        integration=place.id,
        browser_hash=attempt.browser_hash,
        verifier=attempt.verifier.blob,
        key_id=attempt.verifier.key_id,
        fingerprint=attempt.verifier.fingerprint,
        created_at=place.stage.site.now(),
        expires_at=attempt.expires_at,
    )
