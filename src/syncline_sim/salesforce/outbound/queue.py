"""The notifications of outbound messages: put into the queue by a write, taken out by an acknowledgement or by age.

Law: a notification says which record was written, not how it was then; what is sent is the record as it is at that
moment. It is sent at least once, in no promised order, and is given up after a day
(https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import ids, orgs
from syncline_sim.salesforce.outbound import messages
from syncline_sim.salesforce.outbound.messages import CREATED_OR_CHANGED, Message

if TYPE_CHECKING:
    from syncline_sim.salesforce.writes import Write
    from syncline_sim.world import World

MOST = 100
#: "Send Outbound Messages": who writes without it sets off none, so that an answer to a message makes no other.
PERMISSION = "EnableNotifications"
_PREFIX = "04l"
_INSERT = """
INSERT INTO salesforce_outbound_notifications (message, record_id, queued_at, next_at) VALUES (?, ?, ?, ?)
"""
_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Notification:
    """One that is being sent."""

    number: int
    record_id: str
    attempts: int
    queued_at: float

    @property
    def id(self) -> str:
        """Its id, by which a listener knows it again."""
        return ids.make(_PREFIX, self.number)


def listen(world: "World", write: "Write") -> None:
    """Queue a notification for every message that a write sets off."""
    if write.kind not in ("create", "change"):
        return
    query = """
    SELECT number FROM salesforce_outbound_messages
    WHERE object = ? AND org_id = ? AND active AND (? = 'create' OR fires = ?)
    """
    wanted = world.db.execute(query, (write.spec.name, write.org_id, write.kind, CREATED_OR_CHANGED)).fetchall()
    if wanted and orgs.find_user(world.db, write.user_id).may(PERMISSION):
        now = world.now()
        due = now + world.switches["salesforce"]["outbound_latency"]
        world.db.executemany(_INSERT, [(row["number"], write.id, now, due) for row in wanted])


def due(world: "World") -> list[int]:
    """Answer the numbers of the messages that have something to send."""
    query = """
    SELECT number FROM salesforce_outbound_messages m WHERE EXISTS (
        SELECT 1 FROM salesforce_outbound_notifications n
        WHERE n.message = m.number AND n.failed_at IS NULL AND n.next_at <= ?
    )
    """
    return [row["number"] for row in world.db.execute(query, (world.now(),))]


def take(world: "World", message: Message) -> list[Notification]:
    """Answer what a message has to send now, so much as one envelope holds, and give up what is too old."""
    oldest = world.now() - world.switches["salesforce"]["outbound_lifetime"]
    while found := _next(world, message):
        old = [one for one in found if one.queued_at <= oldest]
        if not old:
            return found
        _give_up(world, message, old)
    return []


def acknowledge(world: "World", sent: Sequence[Notification]) -> None:
    """Take out what was acknowledged, unless it is to come twice."""
    switches = world.switches["salesforce"]
    if switches["outbound_repeats"] > 0:
        switches["outbound_repeats"] -= 1
        return
    query = "DELETE FROM salesforce_outbound_notifications WHERE number = ?"
    world.db.executemany(query, [(one.number,) for one in sent])


def postpone(world: "World", sent: Sequence[Notification], failure: str) -> None:
    """Wait longer after each attempt, but never past the end."""
    switches, now = world.switches["salesforce"], world.now()
    longest, lifetime = switches["outbound_longest_retry"], switches["outbound_lifetime"]
    rows = []
    for one in sent:
        # The exponent has a bound because there are numbers that no float holds.
        wait = min(switches["outbound_first_retry"] * 2 ** min(one.attempts, 60), longest)
        rows.append((min(now + wait, max(one.queued_at + lifetime, now)), failure, one.number))
    query = """
    UPDATE salesforce_outbound_notifications SET attempts = attempts + 1, next_at = ?, failure = ? WHERE number = ?
    """
    world.db.executemany(query, rows)


def hurry(world: "World") -> int:
    """Let everything in the queue be due now, and answer how much that was."""
    query = "UPDATE salesforce_outbound_notifications SET next_at = ? WHERE failed_at IS NULL AND next_at > ?"
    return world.db.execute(query, (world.now(), world.now())).rowcount


def retry(world: "World", notification_ids: Iterable[str] | None = None) -> int:
    """Put failed notifications, or all of them, back into the queue for another day; answer how many those were."""
    _forget(world)
    numbers = None if notification_ids is None else json.dumps([ids.number(one) for one in notification_ids])
    query = """
    UPDATE salesforce_outbound_notifications
    SET failed_at = NULL, queued_at = :now, next_at = :now, attempts = 0
    WHERE failed_at IS NOT NULL AND (:numbers IS NULL OR number IN (SELECT value FROM json_each(:numbers)))
    """
    return world.db.execute(query, {"now": world.now(), "numbers": numbers}).rowcount


def remove(world: "World", notification_id: str) -> None:
    """Take a notification out of the queue or the list of failed ones; raises `KeyError`."""
    query = "DELETE FROM salesforce_outbound_notifications WHERE number = ?"
    if not world.db.execute(query, (ids.number(notification_id),)).rowcount:
        raise KeyError(notification_id)


def view(world: "World") -> dict[str, Any]:
    """Answer what is defined, and what waits and has failed: how much that is, and the oldest of each."""
    _forget(world)
    named = {message.number: message for message in messages.every(world.db)}
    shown: dict[str, Any] = {"messages": [message.view() for message in named.values()], "counts": {}}
    for name, state in (("queued", "IS NULL"), ("failed", "IS NOT NULL")):
        rest = f"FROM salesforce_outbound_notifications WHERE failed_at {state}"
        shown["counts"][name] = world.db.execute(f"SELECT count(*) {rest}").fetchone()[0]
        rows = [dict(row) for row in world.db.execute(f"SELECT * {rest} ORDER BY number LIMIT ?", (_SHOWN,))]
        shown[name] = [
            {"id": ids.make(_PREFIX, row.pop("number")), "message": named[row.pop("message")].id, **row} for row in rows
        ]
    return shown


def _next(world: "World", message: Message) -> list[Notification]:
    order = "DESC" if world.switches["salesforce"]["outbound_disorder"] else "ASC"
    query = f"""
    SELECT number, record_id, attempts, queued_at FROM salesforce_outbound_notifications
    WHERE message = ? AND failed_at IS NULL AND next_at <= ? ORDER BY next_at {order}, number {order} LIMIT {MOST}
    """  # noqa: S608 - ours
    return [Notification(*row) for row in world.db.execute(query, (message.number, world.now()))]


def _give_up(world: "World", message: Message, old: Sequence[Notification]) -> None:
    if message.keep_failed:
        query = "UPDATE salesforce_outbound_notifications SET failed_at = ? WHERE number = ?"
        world.db.executemany(query, [(world.now(), one.number) for one in old])
    else:
        query = "DELETE FROM salesforce_outbound_notifications WHERE number = ?"
        world.db.executemany(query, [(one.number,) for one in old])


def _forget(world: "World") -> None:
    oldest = world.now() - world.switches["salesforce"]["outbound_failed_lifetime"]
    world.db.execute("DELETE FROM salesforce_outbound_notifications WHERE failed_at <= ?", (oldest,))
