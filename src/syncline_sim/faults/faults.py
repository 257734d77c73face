"""The faults and schedules of one world, and the way of every call through them.

Law: a fault counts only the calls that it has hit; the first fault in the order of their making wins, and a schedule
looks only at calls that no fault has met.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from syncline_sim.calls import operation
from syncline_sim.faults import fault as faults
from syncline_sim.faults import limits, objects
from syncline_sim.faults.fault import Fault
from syncline_sim.faults.kinds import MADE
from syncline_sim.faults.paging import Pages
from syncline_sim.faults.schedule import PATCH, Schedule, plan
from syncline_sim.salesforce.gate import plain_path

if TYPE_CHECKING:
    from syncline_sim.salesforce.rest.call import Call
    from syncline_sim.world import World

#: Of these kinds a fault on an object hits the parts of a composite call that are about it, and no others.
_OF_PARTS = ("error", "limit")
_COMPOSITE = re.compile(r"/services/data/v[^/]+/composite(/batch)?/?")
_LISTED = 1000
_Kept = TypeVar("_Kept", Fault, Schedule)


class Faults:
    """All that is in the way of calls, oldest first."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._faults: list[Fault] = []
        self._schedules: list[Schedule] = []
        self._pages = Pages()
        self._made = 0
        world.on_part = self._meet_part

    def add(self, document: Mapping[str, Any]) -> Fault:
        """Put a fault in the way; raises `ValueError`."""
        fault = faults.read(document)
        self._check_object(fault.side, fault.object)
        self._made += 1
        fault.id = self._made
        fault.chance = f"{self._world.seed}:{fault.id}"
        self._faults.append(fault)
        return fault

    def view(self) -> list[dict[str, Any]]:
        """Answer all faults."""
        return [fault.view() for fault in self._faults]

    def remove(self, number: int) -> None:
        """Take one fault away; raises `KeyError`."""
        self._faults.remove(_numbered(self._faults, number, "fault"))

    def clear(self, side: str = "") -> None:
        """Take all faults away, or those of a side."""
        self._faults = [fault for fault in self._faults if side and fault.side != side]

    def schedule(self, document: Mapping[str, Any]) -> Schedule:
        """Make a schedule; raises `ValueError`."""
        made = plan(document, self._world.seed)
        self._check_object(made.side, made.object)
        self._made += 1
        made.id = self._made
        self._schedules.append(made)
        return made

    def schedules(self) -> list[dict[str, Any]]:
        """Answer all schedules."""
        return [schedule.view() for schedule in self._schedules]

    def ahead(self, number: int, first: int = 0, count: int = 100) -> dict[str, Any]:
        """Answer a schedule and what it has in store, from the next call on or from another; raises `KeyError`."""
        schedule = _numbered(self._schedules, number, "schedule")
        if not 1 <= count <= _LISTED or first < 0:
            raise ValueError(f"count is from 1 to {_LISTED}, and first 1 or more: send for example ?first=1&count=100")
        return {**schedule.view(), "ahead": schedule.listed(first or schedule.seen + 1, count)}

    def switch(self, number: int, document: Mapping[str, Any]) -> Schedule:
        """Let a schedule run or stand still; raises `KeyError` and `ValueError`."""
        PATCH.check(document, "a change of a schedule")
        schedule = _numbered(self._schedules, number, "schedule")
        schedule.running = document["running"]
        return schedule

    def unschedule(self, number: int) -> None:
        """Take a schedule away; raises `KeyError`."""
        self._schedules.remove(_numbered(self._schedules, number, "schedule"))

    def reset(self) -> None:
        """Take everything away and count from the beginning."""
        self._faults.clear()
        self._schedules.clear()
        self._pages.clear()
        self._made = 0

    def inject(self, side: str) -> Middleware:
        """Answer the middleware that hands calls of a side to the faults they meet."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            before = await self._pages.before(side, request)
            fault = await self._meet(side, request, before)
            if fault is None:
                return await handler(request)
            return await MADE[fault.kind](self._world, fault, request, handler)

        return middleware

    def greet(self, side: str) -> bool:
        """Whether a TLS handshake is to go well."""
        meant = (fault for fault in self._faults if (fault.side, fault.kind) == (side, "handshake"))
        return not any(_hit(fault) for fault in meant)

    async def _meet(self, side: str, request: web.Request, before: int) -> Fault | None:
        path, name = plain_path(request), operation(request)
        everything: list[Fault | Schedule] = [*self._faults, *self._schedules]
        met = [each for each in everything if each.side == side and each.fits(path, name, before)]
        named = await objects.named(self._world, side, request) if any(each.object for each in met) else frozenset()
        for each in met:
            if each.object and each.object.lower() not in named:
                continue
            if isinstance(each, Schedule):
                drawn = each.meet() if each.running and not each.over else None
                if drawn is not None:
                    return drawn
            elif await self._concerns(each, request, path) and _hit(each):
                return each
        return None

    async def _concerns(self, fault: Fault, request: web.Request, path: str) -> bool:
        if fault.kind == "handshake" or _is_of_parts(fault, path):
            return False
        return fault.kind != "limit" or await limits.concerns(self._world, fault, request)

    def _meet_part(self, part: "Call") -> None:
        """Refuse a call inside a composite one if a fault on its object says so; raises `SalesforceError`."""
        wanted = [each for each in self._faults if each.side == "salesforce" and each.object and each.kind in _OF_PARTS]
        if not wanted:
            return
        named = objects.of_salesforce(self._world, part.path, part.query, part.body)
        for fault in wanted:
            meant = fault.object.lower() in named and fault.fits(f"{part.address}/composite", "composite", fault.pages)
            if meant and _hit(fault):
                raise limits.of_part(fault)

    def _check_object(self, side: str, name: str) -> None:
        known = objects.known(self._world, side)
        if name and name.lower() not in known:
            raise ValueError(f"{side} has no object {name}; it has {', '.join(known)}")


def _hit(fault: Fault) -> bool:
    """Count a call that a fault fits, and answer whether it is hit."""
    if fault.times == 0:
        return False
    if fault.skip:
        fault.skip -= 1
        return False
    fault.times -= fault.times > 0
    fault.hits += 1
    return True


def _is_of_parts(fault: Fault, path: str) -> bool:
    return bool(fault.object) and fault.kind in _OF_PARTS and bool(_COMPOSITE.fullmatch(path))


def _numbered(all_of_them: list[_Kept], number: int, noun: str) -> _Kept:
    for each in all_of_them:
        if each.id == number:
            return each
    raise KeyError(f"{noun} {number}")
