"""The pages of the control door, for people: what its calls set and show, in tables and forms without scripts.

Law: a form does what one of the calls does, and says what is wrong in the same words.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim import hand, mailbox, switching
from syncline_sim.faults.fault import KINDS, LIMITS, MEMBERS
from syncline_sim.marketo import fields, people
from syncline_sim.pages import show
from syncline_sim.salesforce import objects
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.calls import Calls
    from syncline_sim.faults.faults import Faults
    from syncline_sim.world import World

#: Every page with its name; the first two and the one of what is sent out are elsewhere.
PAGES = {
    "/": "Overview",
    "/page/records": "Records",
    "/page/mailbox": "Mailbox",
    "/sent": "Sent out",
    "/page/switches": "Switches",
    "/page/faults": "Faults",
    "/page/calls": "Calls",
    "/page/clock": "Clock",
}
_PEOPLE = "People of Marketo"
_ON_PAGE = 50
_SHOWN_CALLS = 200
_AHEAD = 10
#: The members of a fault that its form asks for; the kind decides which of them it takes.
_FAULT_FIELDS = ("match", "object", "times", "skip", "pages", "status", "seconds", "code", "message", "limit")

_Form = Mapping[str, str]


class ControlPages:
    """The pages of one world; `advance` lets its time pass."""

    def __init__(self, world: "World", calls: "Calls", faults: "Faults", advance: Callable[[float], object]) -> None:
        self._world = world
        self._calls = calls
        self._faults = faults
        self._advance = advance

    def add_routes(self, app: web.Application) -> None:
        """Mount the pages and what their forms lead to."""
        app.router.add_get("/page/records", self._records)
        app.router.add_get("/page/mailbox", self._mailbox)
        for path, page, act in (
            ("switches", self._switches, self._switch),
            ("faults", self._fault_page, self._change_faults),
            ("calls", self._call_page, lambda _: self._calls.clear()),
            ("clock", self._clock, lambda form: self._advance(_number(form, "advance"))),
        ):
            app.router.add_get(f"/page/{path}", _shown(page))
            app.router.add_post(f"/page/{path}", _acted(f"/page/{path}", page, act))

    async def _records(self, request: web.Request) -> web.Response:
        name, start = request.query.get("object", "Lead"), request.query.get("offset", "0")
        offset = int(start) if start.isdecimal() else 0
        found = self._people(offset) if name == _PEOPLE else hand.show(self._world, name, limit=_ON_PAGE, offset=offset)
        columns = dict.fromkeys(column for record in found["records"] for column in _filled(record))
        return self._show(
            "records.html",
            "/page/records",
            names=[*(spec.name for spec in objects.OBJECTS if spec.stored), _PEOPLE],
            name=name,
            offset=offset,
            columns=list(columns),
            size=_ON_PAGE,
            **found,
        )

    def _people(self, offset: int) -> dict[str, Any]:
        page = people.People(self._world.db).page(limit=_ON_PAGE, offset=offset)
        names = list(fields.load(self._world.db))
        return {"count": people.count(self._world.db), "records": [person.view(names) for person in page]}

    async def _mailbox(self, _: web.Request) -> web.Response:
        return self._show("control_mailbox.html", "/page/mailbox", messages=mailbox.messages(self._world.db), when=when)

    def _switches(self, **values: Any) -> web.Response:  # noqa: ANN401 - whatever a form has come to
        kinds = {
            side: {name: _kind(default) for name, default in defaults.items()}
            for side, defaults in switching.DEFAULTS.items()
        }
        return self._show(
            "switches.html",
            "/page/switches",
            switches=self._world.switches,
            kinds=kinds,
            defaults=switching.DEFAULTS,
            **values,
        )

    def _switch(self, form: _Form) -> None:
        side = form.get("side", "")
        found: dict[str, Any] = {"side": side}
        for name, default in switching.DEFAULTS.get(side, {}).items():
            found[name] = _read(name, _kind(default), form.get(name))
        switching.switch(self._world, found)

    def _fault_page(self, **values: Any) -> web.Response:  # noqa: ANN401 - as above
        schedules = [self._faults.ahead(each["id"], count=1000) for each in self._faults.schedules()]
        return self._show(
            "faults.html",
            "/page/faults",
            faults=self._faults.view(),
            schedules=[{**each, "ahead": each["ahead"][:_AHEAD]} for each in schedules],
            kinds=KINDS,
            sides=list(LIMITS),
            members={name: MEMBERS[name] for name in _FAULT_FIELDS},
            **values,
        )

    def _change_faults(self, form: _Form) -> None:
        match form.get("do"):
            case "add":
                sent = {name: form[name].strip() for name in ("side", "kind", *_FAULT_FIELDS) if form.get(name)}
                self._faults.add({name: _typed(name, text) for name, text in sent.items()})
            case "remove":
                self._faults.remove(int(_number(form, "id")))
            case "schedule":
                kind = form.get("kind", "")
                kinds = {kind: _number(form, "chance")}
                seed = {"seed": int(_number(form, "seed"))} if form.get("seed") else {}
                wanted = {name: form[name] for name in ("match", "object") if form.get(name)}
                self._faults.schedule({"side": form.get("side"), "kinds": kinds, **seed, **wanted})
            case "start" | "stop":
                self._faults.switch(int(_number(form, "id")), {"running": form["do"] == "start"})
            case "unschedule":
                self._faults.unschedule(int(_number(form, "id")))
            case other:
                raise ValueError(f"nobody knows how to {other}")

    def _call_page(self, **values: Any) -> web.Response:  # noqa: ANN401 - as above
        return self._show(
            "calls.html",
            "/page/calls",
            totals={side: self._calls.totals(side) for side in LIMITS},
            newest=self._calls.newest(_SHOWN_CALLS)[::-1],
            when=when,
            **values,
        )

    def _clock(self, **values: Any) -> web.Response:  # noqa: ANN401 - as above
        return self._show("clock.html", "/page/clock", now=when(self._world.now()), **values)

    def _show(self, template: str, here: str, **values: Any) -> web.Response:  # noqa: ANN401 - whatever it shows
        values.setdefault("error", "")
        return show(template, **values, site="Simulated world", pages=PAGES, here=here)


def when(moment: float) -> str:
    """Answer a moment as people read it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _shown(page: Callable[..., web.Response]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_: web.Request) -> web.Response:
        return page()

    return handle


def _acted(
    path: str, page: Callable[..., web.Response], act: Callable[[_Form], object]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="forms of other sites change nothing here")
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        try:
            act(form)
        except KeyError as error:
            answer = page(error=f"there is no {error.args[0]}")
        except (ValueError, SalesforceError) as error:
            answer = page(error=str(error))
        else:
            raise web.HTTPSeeOther(path)
        answer.set_status(400)
        return answer

    return handle


def _number(form: _Form, name: str) -> float:
    try:
        return float(form.get(name, ""))
    except ValueError:
        raise ValueError(f"{name} must be a number") from None


def _typed(name: str, text: str) -> object:
    kind = MEMBERS[name]["type"]
    if kind == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    try:
        return float(text) if kind == "number" else text
    except ValueError:
        return text  # Which is refused, as what it is.


def _kind(default: object) -> str:
    if isinstance(default, bool):
        return "truth"
    if isinstance(default, int | float):
        return "number"
    return "text" if isinstance(default, str) else "json"


def _read(name: str, kind: str, text: str | None) -> object:
    if kind == "truth":
        return text is not None
    text = text or ""
    if kind == "text":
        return text
    try:
        return json.loads(text or "null")
    except ValueError:
        raise ValueError(f"{name} must be {'a number' if kind == 'number' else 'JSON, such as null or true'}") from None


def _filled(record: Mapping[str, Any]) -> list[str]:
    return [name for name, value in record.items() if value not in (None, "") and name != "attributes"]
