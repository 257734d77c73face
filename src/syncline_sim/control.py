"""The control door: everything about the world that a test sets or looks at, as JSON over HTTP.

Law: nothing of this is met by the product; it is the hand that turns the world, not a part of it.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from syncline_sim import hand, mailbox, openapi, sent_page, switching
from syncline_sim.calls import Calls
from syncline_sim.control_calls import CALLS, ROOMS, curl
from syncline_sim.control_pages import PAGES, ControlPages
from syncline_sim.faults.faults import Faults
from syncline_sim.marketo import api_users, fields, people
from syncline_sim.marketo.bulk import queue
from syncline_sim.pages import show
from syncline_sim.salesforce import apps, grants, orgs, passwords
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.world import SIDES

if TYPE_CHECKING:
    from syncline_sim.population import Population
    from syncline_sim.world import World

_Answer = Callable[[web.Request, dict[str, Any]], Any]


class Control:
    """The control door of one world."""

    def __init__(
        self, world: "World", calls: Calls, faults: Faults, population: "Population", *, leads: int, contacts: int
    ) -> None:
        self._world = world
        self._calls = calls
        self._faults = faults
        self._population = population
        self._size = {"leads": leads, "contacts": contacts}

    def app(self) -> web.Application:
        """Answer the door as a web application."""
        app = web.Application(middlewares=(_refuse, self._population.guard("control")))
        app.router.add_get("/", self._index)
        sent_page.add_routes(app, self._world)
        ControlPages(self._world, self._calls, self._faults, self._pass).add_routes(app)
        for call, answer in self._answers().items():
            method, path = call.split()
            app.router.add_route(method, path, _door(call, answer))
        return app

    def _answers(self) -> dict[str, _Answer]:
        world, faults, calls = self._world, self._faults, self._calls
        return {
            "GET /openapi.json": lambda _, __: openapi.document(world.urls["control"]),
            "GET /world": lambda _, __: self._describe(),
            "POST /clock": lambda _, body: self._pass(body["advance"]),
            "POST /reset": lambda _, body: self._reset(**body),
            "GET /faults": lambda _, __: {"faults": faults.view()},
            "POST /faults": lambda _, body: faults.add(body).view(),
            "DELETE /faults": lambda request, _: faults.clear(request.query.get("side", "")),
            "DELETE /faults/{id}": lambda request, _: faults.remove(_number(request)),
            "GET /schedules": lambda _, __: {"schedules": faults.schedules()},
            "POST /schedules": lambda _, body: faults.schedule(body).view(),
            "GET /schedules/{id}": lambda request, _: faults.ahead(
                _number(request), int(request.query.get("first", 0)), int(request.query.get("count", 100))
            ),
            "PATCH /schedules/{id}": lambda request, body: faults.switch(_number(request), body).view(),
            "DELETE /schedules/{id}": lambda request, _: faults.unschedule(_number(request)),
            "GET /switches": lambda _, __: world.switches,
            "POST /switches": lambda _, body: switching.switch(world, body),
            "GET /mailbox": lambda request, _: self._mail(request.query),
            "GET /apps": lambda _, __: {"apps": [asdict(app) for app in apps.every(world.db)]},
            "POST /apps": lambda _, body: self._register(**body),
            "PATCH /apps/{key}": lambda request, body: self._change_app(request.match_info["key"], body),
            "POST /orgs": lambda _, body: asdict(orgs.create_org(world, **body)),
            "POST /users": lambda _, body: _user(orgs.create_user(world, **body)),
            "PATCH /users/{username}": lambda request, body: _user(
                orgs.change_user(world, request.match_info["username"], **body)
            ),
            "GET /grants": lambda _, __: {"grants": grants.every(world)},
            "POST /tokens/revoke": lambda _, body: {"revoked": grants.revoke_all(world, **body)},
            "POST /tokens/expire": lambda _, body: {"expired": self._expire(**body)},
            "GET /records": lambda request, _: self._records(request.query),
            "POST /records": lambda _, body: hand.change(world, **body),
            "GET /marketo/people": lambda request, _: self._people(request.query),
            "GET /marketo/digest": lambda _, __: {"count": people.count(world.db), "digest": people.digest(world.db)},
            "POST /marketo/api-users": lambda _, body: self._api_user(**body),
            **{call: answer for room in ROOMS for call, answer in room.answers(world).items()},
            "GET /calls": lambda request, _: {
                **{side: calls.totals(side) for side in SIDES},
                "log": calls.newest(int(request.query.get("log", 100))),
            },
            "DELETE /calls": lambda _, __: calls.clear(),
        }

    async def _index(self, _: web.Request) -> web.Response:
        world = self._world
        return show(
            "index.html",
            site="Simulated world",
            urls=world.urls,
            orgs=orgs.all_orgs(world),
            people=[
                (user, passwords.security_token(world, user), orgs.find_org(world, user.org_id))
                for user in orgs.all_users(world.db)
            ],
            client=api_users.find(world.db, api_users.DEFAULT_CLIENT_ID),
            calls=CALLS,
            curl=curl,
            pages=PAGES,
            here="/",
            error="",
        )

    def _describe(self) -> dict[str, Any]:
        world = self._world
        return {
            "urls": world.urls,
            "seed": world.seed,
            "now": world.now(),
            "orgs": [asdict(org) for org in orgs.all_orgs(world)],
            "users": [
                {**_user(user), "security_token": passwords.security_token(world, user)}
                for user in orgs.all_users(world.db)
            ],
        }

    def _pass(self, seconds: float) -> dict[str, float]:
        CALLS["POST /clock"].form.check({"advance": seconds}, "POST /clock")
        self._world.advance(seconds)
        queue.drain(self._world)
        return {"now": self._world.now()}

    def _reset(
        self, *, seed: int | None = None, leads: int | None = None, contacts: int | None = None
    ) -> dict[str, Any]:
        self._size = {
            "leads": self._size["leads"] if leads is None else leads,
            "contacts": self._size["contacts"] if contacts is None else contacts,
        }
        self._population.give_up()
        self._world.reset(seed=seed)
        self._population.begin(**self._size)
        self._faults.reset()
        self._calls.clear()
        return {"seed": self._world.seed, **self._size}

    def _mail(self, query: Mapping[str, str]) -> dict[str, Any]:
        found = mailbox.messages(self._world.db, query.get("to", ""), limit=int(query.get("limit", 50)))
        return {"messages": [message.view() for message in found]}

    def _register(
        self,
        *,
        name: str = "Syncline",
        contact_email: str = "sync@acme.example",
        callback_url: str = "",
        org_id: str = "",
        **settings: Any,  # noqa: ANN401 - any setting of an app
    ) -> dict[str, Any]:
        urls = settings.pop("callback_urls", None) or callback_url.split()
        # Unlike on the set-up page, users of other orgs are let in unless the test wants it otherwise.
        made = apps.read_settings({"distribution": "packaged", **settings, "callback_urls": urls})
        owner = org_id or orgs.all_orgs(self._world)[0].id
        return asdict(apps.register(self._world, owner, name, contact_email, made))

    def _change_app(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        app = apps.find(self._world.db, key)
        if app is None:
            raise KeyError(key)
        return asdict(apps.change(self._world, app, **body))

    def _expire(self, *, side: str = "") -> int:
        now, expired = self._world.now(), 0
        if side in ("", "salesforce"):
            query = "UPDATE salesforce_access_tokens SET expires_at = ? WHERE expires_at > ?"
            expired += self._world.db.execute(query, (now, now)).rowcount
        if side in ("", "marketo"):
            query = "UPDATE marketo_tokens SET expires_at = ? WHERE expires_at > ?"
            expired += self._world.db.execute(query, (now, now)).rowcount
        return expired

    def _records(self, query: Mapping[str, str]) -> dict[str, Any]:
        limit, offset = int(query.get("limit", 100)), int(query.get("offset", 0))
        return hand.show(self._world, query.get("object", "Lead"), limit=limit, offset=offset)

    def _people(self, query: Mapping[str, str]) -> dict[str, Any]:
        table = people.People(self._world.db)
        page = table.page(limit=int(query.get("limit", 100)), offset=int(query.get("offset", 0)))
        names = list(fields.load(self._world.db))
        shown = [{n: value for n, value in person.view(names).items() if value is not None} for person in page]
        return {"count": people.count(self._world.db), "people": shown}

    def _api_user(self, *, client_id: str = "", permissions: list[str] | None = None) -> dict[str, Any]:
        wanted = api_users.CONNECTOR_ROLE if permissions is None else tuple(permissions)
        if client_id and api_users.find(self._world.db, client_id):
            api_users.grant(self._world.db, client_id, wanted)
            user = api_users.find(self._world.db, client_id)
        else:
            user = api_users.create(self._world.db, wanted)
        return {**asdict(user), "permissions": sorted(user.permissions)} if user else {}


def _door(call: str, answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    entry = CALLS[call]

    async def handle(request: web.Request) -> web.Response:
        text = await request.read()
        body = msgspec.json.decode(text, type=dict[str, Any]) if text else {}
        if not entry.open:
            entry.form.check(body, call)
            entry.check_query(request.query)
        found = answer(request, body)
        return web.Response(body=msgspec.json.encode({} if found is None else found), content_type="application/json")

    return handle


def _number(request: web.Request) -> int:
    text = request.match_info["id"]
    if not text.isdecimal():
        raise KeyError(f"number {text}")
    return int(text)


def _user(user: orgs.User) -> dict[str, Any]:
    barred = {"hidden": user.hidden, "read_only": user.read_only}
    listed = {kind: {name: sorted(fields) for name, fields in each.items()} for kind, each in barred.items()}
    return {**asdict(user), "permissions": sorted(user.permissions), **listed}


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SalesforceError as error:
        return web.json_response({"error": f"{error.code}: {error.message}"}, status=error.status)
    except KeyError as error:
        return web.json_response({"error": f"there is no {error.args[0]}"}, status=404)
    except sqlite3.IntegrityError as error:
        return web.json_response({"error": f"{error}: there is one already; name another"}, status=409)
    except (TypeError, ValueError, OverflowError, sqlite3.Error, msgspec.MsgspecError) as error:
        return web.json_response({"error": str(error)}, status=400)
