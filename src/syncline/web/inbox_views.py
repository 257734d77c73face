"""The inbox as people and programs see it: what is on the log and what was turned away, as one list in time."""

from functools import partial

from syncline.core.audit import Row
from syncline.store import inbox as stored
from syncline.store.inbox import DoorName, Refused, Verdict, Wanted
from syncline.web.hook_models import InboxAsked, InboxItem, InboxPage
from syncline.web.site import Site

#: What an item's id begins with: a row of the log, or one of the requests that were turned away.
ROW, KEPT = "row-", "kept-"
_END = 2**62
_DOORS: dict[str, DoorName] = {"hook": "events", "notice": "source", "call": "target"}


async def inbox_page(site: Site, asked: InboxAsked, *, only: tuple[str, ...]) -> InboxPage:
    """Answer a page, the newest first; `only` are the integrations that the key is for, none for all."""
    await site.inbox.flush()
    position, _, id_ = asked.before.partition("-")
    start = (min(int(position), _END), min(int(id_), _END)) if asked.before else (_END, _END)
    wanted = Wanted(*start, integration=asked.integration, only=only, limit=asked.limit)
    found = await site.store.read(partial(stored.page, wanted=wanted))
    rows, refused = list(found.arrived), list(found.refused)
    items: list[InboxItem] = []
    last = start
    # Behind the last row of the log that was looked at, no refused one is told yet: there may be others before it.
    whole = len(rows) < asked.limit and not found.floor
    while len(items) < asked.limit and (rows or (refused and whole)):
        if rows and (not refused or rows[0].row.at >= refused[0].at):
            row = rows.pop(0)
            last = (row.position, last[1])
            items.append(of_row(await site.privacy.reveal(row.row), row.position))
        else:
            one = refused.pop(0)
            last = (last[0], one.id)
            items.append(of_refused(one))
    if not rows and not whole and len(found.arrived) < asked.limit:
        last = (found.floor, last[1])
    more = bool(rows or refused) or not whole or len(found.refused) == asked.limit
    shown = tuple(item for item in items if asked.verdict in {None, item.verdict})
    return InboxPage(items=shown, next=f"{last[0]}-{last[1]}" if more else None)


def of_row(row: Row, position: int) -> InboxItem:
    """Answer what became an event."""
    family, _, name = row.key.partition(":")
    door = _DOORS.get(family, "callback")
    verdict = _verdict(row)
    return InboxItem(
        id=f"{ROW}{position}",
        at=row.at,
        door=door,
        integration=row.integration,
        verdict=verdict,
        problem=str(row.data.get("refused_as", "")),
        detail=row.reason,
        type=row.type,
        disposition=row.disposition,
        seq=row.seq,
        name=name if family in _DOORS else "",
        address=row.actor.address,
        request=row.request,
        media_type="",
        size=0,
        digest="",
        times=1,
        replayable=family in _DOORS or verdict in {"accepted", "duplicate"},
        replayed_at=None,
        replayed_as="",
    )


def of_refused(one: Refused) -> InboxItem:
    """Answer what was turned away."""
    return InboxItem(
        id=f"{KEPT}{one.id}",
        at=one.at,
        door=one.door,
        integration=one.integration,
        verdict=one.verdict,
        problem=one.problem,
        detail=one.detail,
        type="",
        disposition="",
        seq=0,
        name=one.name,
        address=one.address,
        request=one.request,
        media_type=one.media_type,
        size=one.size,
        digest=one.digest,
        times=one.times,
        replayable=one.replayable,
        replayed_at=one.replayed_at,
        replayed_as=one.replayed_as,
    )


def _verdict(row: Row) -> Verdict:
    if row.disposition == "duplicate":
        return "duplicate"
    if row.disposition == "refused":
        return "reused" if row.repeats else "refused"
    return "accepted"
