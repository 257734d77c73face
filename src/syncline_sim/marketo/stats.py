"""The endpoints by which an API user meters itself: calls and errors, today and for a week (page "Usage")."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from syncline_sim.marketo import traffic
from syncline_sim.marketo.call import Call, Endpoint

_WEEK = 7


def _report(kind: Callable[[Connection, str], dict[str, Any]], days: int) -> Callable[[Call], dict[str, Any]]:
    def answer(call: Call) -> dict[str, Any]:
        world = call.world
        return {"result": [kind(world.db, date) for date in traffic.last_days(world.now(), days)]}

    return answer


ENDPOINTS = (
    Endpoint("GET", "/rest/v1/stats/usage.json", _report(traffic.usage, 1)),
    Endpoint("GET", "/rest/v1/stats/usage/last7days.json", _report(traffic.usage, _WEEK)),
    Endpoint("GET", "/rest/v1/stats/errors.json", _report(traffic.errors, 1)),
    Endpoint("GET", "/rest/v1/stats/errors/last7days.json", _report(traffic.errors, _WEEK)),
)
