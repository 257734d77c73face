"""What the instance lets through and counts: calls per 20 seconds, calls at once, calls a day, and errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo.failure import VendorError

if TYPE_CHECKING:
    from syncline_sim.marketo.api_users import ApiUser
    from syncline_sim.world import World

#: Days end at midnight Central Standard Time, in summer too (page "Error Codes", 607).
_CENTRAL = timedelta(hours=-6)


class Traffic:
    """The counters of one running instance."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._active = 0

    @contextmanager
    def admit(self, user: "ApiUser") -> Iterator[None]:
        """Count a call while it runs; raises `VendorError` 606, 607 or 615 for one too many, which is not counted."""
        self._check()
        self._count(user)
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1

    def fail(self, code: str) -> None:
        """Count an error."""
        self._world.db.execute(
            """
            INSERT INTO marketo_errors (day, code, count) VALUES (?, ?, 1)
            ON CONFLICT (day, code) DO UPDATE SET count = count + 1
            """,
            (day(self._world.now()), code),
        )

    def _check(self) -> None:
        db, now, switches = self._world.db, self._world.now(), self._world.switches["marketo"]
        db.execute("DELETE FROM marketo_calls WHERE at <= ?", (now - switches["rate_window"],))
        if db.execute("SELECT count(*) FROM marketo_calls").fetchone()[0] >= switches["rate_limit"]:
            raise VendorError("606", switches["rate_limit"], switches["rate_window"])
        if self._active >= switches["concurrency_limit"]:
            raise VendorError("615", switches["concurrency_limit"])
        if switches["daily_limit_reached"] or calls_today(db, now) >= switches["daily_limit"]:
            raise VendorError("607")

    def _count(self, user: "ApiUser") -> None:
        db, now = self._world.db, self._world.now()
        db.execute("INSERT INTO marketo_calls (at) VALUES (?)", (now,))
        db.execute(
            """
            INSERT INTO marketo_usage (day, user_id, count) VALUES (?, ?, 1)
            ON CONFLICT (day, user_id) DO UPDATE SET count = count + 1
            """,
            (day(now), user.user_id),
        )


def day(now: float) -> str:
    """Answer the instance's day at a moment."""
    return (datetime.fromtimestamp(now, UTC) + _CENTRAL).strftime("%Y-%m-%d")


def last_days(now: float, number: int) -> list[str]:
    """Answer that many days, today first."""
    today = datetime.fromtimestamp(now, UTC) + _CENTRAL
    return [(today - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(number)]


def calls_today(db: sqlite3.Connection, now: float) -> int:
    """Answer how many calls count against today's quota."""
    query = "SELECT coalesce(sum(count), 0) FROM marketo_usage WHERE day = ?"
    return int(db.execute(query, (day(now),)).fetchone()[0])


def usage(db: sqlite3.Connection, date: str) -> dict[str, Any]:
    """Answer one day of the usage report."""
    rows = db.execute("SELECT user_id, count FROM marketo_usage WHERE day = ? ORDER BY user_id", (date,)).fetchall()
    users = [{"userId": row["user_id"], "count": row["count"]} for row in rows]
    return {"date": date, "total": sum(row["count"] for row in rows), "users": users}


def errors(db: sqlite3.Connection, date: str) -> dict[str, Any]:
    """Answer one day of the error report."""
    rows = db.execute("SELECT code, count FROM marketo_errors WHERE day = ? ORDER BY code", (date,)).fetchall()
    codes = [{"errorCode": row["code"], "count": row["count"]} for row in rows]
    return {"date": date, "total": sum(row["count"] for row in rows), "errors": codes}
